"""Alerts and rules as rows of strings."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from backend.alerts.kinds.registry import Kind, all_kinds, kind_named, kind_names
from backend.alerts.schemas import RULE_ACTIONS, AlertAction, AlertRead, RuleRead
from backend.chain.registry import chain_name, find_chain
from backend.core import formats
from backend.core.money import plain
from components.i18n import t
from state.view_models import AlertRow, RuleRow

UNKNOWN = formats.UNKNOWN
BUILDER = "/alerts/new/?"


def transaction_url(chain_id: int, tx_hash: str | None) -> str:
    """Return the explorer's page of a transaction, empty when there is none."""
    chain = find_chain(chain_id)
    return (chain.transaction_url(tx_hash) or "") if chain and tx_hash else ""


def address_url(chain_id: int, address: str) -> str:
    """Return the explorer's page of an address, empty when there is none."""
    chain = find_chain(chain_id)
    return (chain.address_url(address) or "") if chain else ""


def kind_icons() -> tuple[str, ...]:
    """Return every icon that a rule's type may have, for pages, which know icons when they are built."""
    return tuple(sorted({kind.icon for kind in all_kinds()} | {Kind.icon}))


def kind_label(kind: str) -> str:
    """Return the name of a rule's type."""
    if kind not in kind_names():
        return kind
    found = kind_named(kind)
    return found.label or found.title


def kind_icon(kind: str) -> str:
    """Return the icon of a rule's type."""
    return kind_named(kind).icon if kind in kind_names() else Kind.icon


def alert_row(alert: AlertRead) -> AlertRow:
    """Return the row of an alert."""
    value, detail, exact = _figures(alert.type, alert.event)
    withdrawn = alert.withdrawn_at is not None
    status, tone, why = _status(alert)
    return AlertRow(
        id=str(alert.id),
        at=formats.iso(alert.triggered_at),
        rule_id=str(alert.rule_id),
        rule_name=alert.rule_name,
        kind=alert.type,
        kind_label=kind_label(alert.type),
        icon=kind_icon(alert.type),
        message=without_hash(alert.message),
        value=value,
        detail=detail,
        exact=exact,
        chain=chain_name(alert.chain_id),
        block=formats.number(alert.block_number) if alert.chain_id else "",
        tx_short=formats.address(alert.tx_hash or ""),
        tx=alert.tx_hash or "",
        tx_url=transaction_url(alert.chain_id, alert.tx_hash),
        withdrawn=withdrawn,
        status=status,
        status_tone=tone,
        status_why=why,
    )


def _status(alert: AlertRead) -> tuple[str, str, str]:
    """Return what became of an alert: the word, its tone and why; valid ones need no why."""
    if alert.withdrawn_at is not None:
        return t("status.withdrawn"), "warn", alert.withdrawn_reason or t("status.withdrawn_why")
    if alert.suppressed:
        return t("limits.suppressed"), "warn", t("limits.suppressed_why")
    return t("status.fired"), "neutral", ""


def rule_row(rule: RuleRead, here: str = "") -> RuleRow:
    """Return the row of a rule; who changes or copies it comes back `here` afterwards, else to the rule's page."""
    done = not rule.enabled and rule.frequency == "once" and rule.last_triggered_at is not None
    status, tone = ("done", "accent") if done else ("active", "gain") if rule.enabled else ("paused", "neutral")
    rule_id = str(rule.id)
    back = {"back": here} if here else {}
    return RuleRow(
        id=rule_id,
        name=rule.name if rule.name != rule.description[:255] else "",
        sentence=rule.description,
        kind=rule.type,
        kind_label=kind_label(rule.type),
        enabled=rule.enabled,
        status=t("limits.paused_by_plan") if rule.paused_by_plan else t(f"rules.{status}"),
        status_tone="warn" if rule.paused_by_plan else tone,
        channels=_channels(rule.actions),
        rhythm=_rhythm(rule.frequency, rule.cooldown_seconds),
        last_at=formats.iso(rule.last_triggered_at),
        history_to="/alerts/history/?" + urlencode({"rule": rule_id}),
        page_to=f"/alerts/rules/{rule_id}/",
        edit_to=BUILDER + urlencode({"edit": rule_id, **back}),
        copy_to=BUILDER + urlencode({"copy": rule_id, **back}),
    )


def without_hash(message: str) -> str:
    """Return the sentence without the transaction at its end, which every list shows as a chip of its own.

    Word joiners keep a shortened address on one line.
    """
    return message.partition(" · tx 0x")[0].replace("\u2026", "\u2060\u2026\u2060")


def _figures(kind: str, event: dict[str, Any]) -> tuple[str, str, str]:
    """Return what to show as the value of an event: dollars, the detail below, and the exact figure on hover."""
    if kind == "price":
        price = _decimal(event.get("price_usd"))
        return formats.usd(price), "", plain(price) if price is not None else ""
    value, amount = _decimal(event.get("value_usd")), _decimal(event.get("amount"))
    symbol = formats.untrusted_text(event.get("symbol") or "")
    exact = f"{plain(amount)} {symbol}" if amount is not None else ""
    return formats.usd(value), formats.amount(amount, symbol), exact


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _channels(actions: list[AlertAction]) -> str:
    types = dict.fromkeys(action.type for action in actions if action.type not in RULE_ACTIONS)
    return ", ".join(t(f"channel.{kind}") for kind in types)


def _rhythm(frequency: str, cooldown_seconds: int) -> str:
    if frequency == "once":
        return t("frequency.once")
    return t("cooldown.every", time=formats.duration(cooldown_seconds)) if cooldown_seconds else t("cooldown.none")
