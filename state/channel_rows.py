"""What the channels page shows, as text: channels, the table of what goes where, and a test's request and answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.core import formats
from components.i18n import t
from state.alert_rows import kind_label

ICONS = {
    "email": "mail",
    "webhook": "webhook",
    "push": "bell-ring",
    "telegram": "send",
    "discord": "message-circle",
    "slack": "hash",
}
_TONES = {"active": "gain", "pending": "warn", "broken": "loss"}
_RESULT_TONES = {"sent": "gain", "dead": "loss", "maybe_sent": "warn"}


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel. `used_at` is empty while nothing went there; `problem` is empty while all is well."""

    id: str
    channel: str
    icon: str
    name: str
    label: str
    shown: str
    status: str
    tone: str
    problem: str
    used_at: str
    can_change: bool
    can_test: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether alerts of a kind go to a channel; `about` is read out for the box."""

    kind: str
    channel: str
    about: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of alert, with a cell for each channel."""

    kind: str
    label: str
    cells: list[Cell]
    is_critical: bool
    critical_about: str


@dataclass(frozen=True, slots=True)
class TestResult:
    """What was asked and answered in a test."""

    __test__ = False  # its name looks like a test to pytest

    title: str = ""
    status: str = ""
    tone: str = "neutral"
    problem: str = ""
    asked: str = ""
    sent: str = ""
    answered: str = ""
    answer: str = ""
    took: str = ""


def channel_row(read: Any) -> ChannelRow:
    """Return the row of a channel as the service reads it."""
    is_own_address = read.created_at is None
    return ChannelRow(
        id=str(read.id),
        channel=read.channel,
        icon=ICONS.get(read.channel, "bell"),
        name=t(f"channels.name_{read.channel}"),
        label=read.label or t("channels.own_address"),
        shown=read.shown_target if read.shown_target != read.label else "",
        status=t(f"channels.status_{read.status}"),
        tone=_TONES[read.status],
        problem=read.last_error or "",
        used_at=formats.iso(read.last_used_at),
        can_change=not is_own_address,
        can_test=read.status != "pending",
    )


def kind_rows(
    choices: Mapping[str, Mapping[str, bool]], channels: Sequence[str], critical: Sequence[str]
) -> list[KindRow]:
    """Return the table of what goes where."""
    rows = []
    for kind, switches in choices.items():
        label = kind_label(kind)
        cells = [
            Cell(kind, name, t("channels.cell", kind=label, channel=t(f"channels.name_{name}")), switches[name])
            for name in channels
            if name in switches
        ]
        rows.append(KindRow(kind, label, cells, kind in critical, t("channels.critical_cell", kind=label)))
    return rows


def test_result(delivery: Any, title: str) -> TestResult:
    """Return what a test's delivery says."""
    receipt: dict[str, Any] = delivery.receipt or {}
    code = f"HTTP {receipt['status']}" if receipt.get("status") else ""
    seconds = receipt.get("seconds")
    return TestResult(
        title=title,
        status=t(f"channels.test_{delivery.status}" if delivery.status in _RESULT_TONES else "channels.test_waiting"),
        tone=_RESULT_TONES.get(delivery.status, "neutral"),
        problem=delivery.last_error or "",
        asked=" ".join(part for part in (receipt.get("method"), receipt.get("url")) if part),
        sent=_lines(receipt.get("request_headers"), receipt.get("request_body")),
        answered=code,
        answer=_lines(receipt.get("headers"), receipt.get("body")),
        took=t("channels.took", milliseconds=formats.number(round(float(seconds) * 1000))) if seconds else "",
    )


def _lines(headers: Any, body: Any) -> str:
    head = "\n".join(f"{name}: {value}" for name, value in (headers or {}).items())
    return "\n\n".join(part for part in (head, str(body or "")) if part)
