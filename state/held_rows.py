"""What is held back now, as rows of strings: what, why, until when, and where to change it."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.alerts.insights.schemas import HeldBack, SilentAlerts
from backend.core import formats
from backend.notifications.schemas import HeldMessages
from components.i18n import catalogue, t


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One line of what is held back; `until` is ISO 8601, `last_until` too where not all goes out at once."""

    key: str
    icon: str
    text: str
    why: str
    until: str
    last_until: str
    href: str
    link_text: str
    plans: bool = False


def held_rows(held: HeldBack) -> list[HeldRow]:
    """Return the rows, what the plan keeps silent first."""
    return [*_silent(held.silent), *(_held(each) for each in held.messages)]


def _silent(found: Sequence[SilentAlerts]) -> list[HeldRow]:
    return [
        HeldRow(
            key=each.per,
            icon="lock",
            text=t("held.alerts_one" if each.alerts == 1 else "held.alerts", count=formats.number(each.alerts)),
            why=t(f"held.why_plan_{each.per}", limit=formats.number(each.limit)),
            until=formats.iso(each.until),
            last_until="",
            href="/alerts/history/?status=suppressed",
            link_text=t("held.show_alerts"),
            plans=each.upgrade_to is not None,
        )
        for each in found
    ]


def _held(each: HeldMessages) -> HeldRow:
    channel = catalogue().get(f"channels.name_{each.channel}", each.channel)
    words = "held.messages_one" if each.messages == 1 else "held.messages"
    return HeldRow(
        key=f"{each.held_for} {each.channel}",
        icon={"quiet": "moon", "digest": "newspaper", "group": "layers"}[each.held_for],
        text=t(words, count=formats.number(each.messages), channel=channel),
        why=t(f"held.why_{each.held_for}"),
        until=formats.iso(each.until),
        last_until=formats.iso(each.last_until) if each.last_until != each.until else "",
        href=f"/settings/channels/?status=held&channel={each.channel}#deliveries",
        link_text=t("held.show_messages"),
    )
