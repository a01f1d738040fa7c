"""What pages show: strings, ready to read. Numbers were formatted on the server, so no digit is lost on the way."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class KpiTile:
    """One number that matters. `direction` is up, down, flat or unknown; `path` an SVG path or empty."""

    key: str
    label: str
    value: str
    change: str = ""
    direction: str = "unknown"
    note: str = ""
    source: str = ""
    as_of: str = ""
    path: str = ""
    path_label: str = ""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert as lists show it; `at` is the block's time in ISO 8601."""

    id: str
    at: str
    rule_id: str
    rule_name: str
    kind: str
    kind_label: str
    icon: str
    message: str
    value: str
    detail: str
    exact: str
    chain: str
    block: str
    tx_short: str
    tx: str
    tx_url: str
    withdrawn: bool
    status: str
    status_tone: str
    status_why: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule as the table shows it."""

    id: str
    name: str
    sentence: str
    kind: str
    kind_label: str
    enabled: bool
    status: str
    status_tone: str
    channels: str
    rhythm: str
    last_at: str
    history_to: str
    page_to: str
    edit_to: str
    copy_to: str


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One transfer worth looking at."""

    key: str
    at: str
    token: str
    value: str
    amount: str
    exact: str
    source: str
    from_short: str
    from_full: str
    from_url: str
    to_short: str
    to_full: str
    to_url: str
    tx: str
    tx_url: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message to a channel and how it went; `held_until` is ISO 8601, empty for what is not held."""

    id: str
    at: str
    what: str
    channel: str
    destination: str
    status: str
    status_tone: str
    attempts: str
    problem: str
    held_until: str
    can_resend: bool
    can_send_now: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line across a chart: where it lies and what it says."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class ChartView:
    """A series for the chart: points of (Unix seconds, value or None), lines across it, and when something fired.

    `trades` are (Unix seconds, 1 for a purchase or -1 for a sale).
    `look` is line or bars; `unit` is $, % or a name; `source` says where the numbers are from.
    """

    points: list[list[float | None]] = field(default_factory=list)
    thresholds: list[Threshold] = field(default_factory=list)
    marks: list[float] = field(default_factory=list)
    unit: str = ""
    look: str = "line"
    trades: list[list[float]] = field(default_factory=list)
    title: str = ""
    summary: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class LinesView:
    """Several series over the same days: rows of (Unix seconds, a value or None for each of `names`)."""

    names: list[str] = field(default_factory=list)
    rows: list[list[float | None]] = field(default_factory=list)
    unit: str = ""
    title: str = ""
    summary: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a list of facts."""

    label: str
    value: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One period of a bar chart: how many, and the heights of its parts as CSS lengths."""

    label: str
    start: str
    told: str
    suppressed: str
    withdrawn: str
    told_height: str
    suppressed_height: str
    withdrawn_height: str
    title: str


@dataclass(frozen=True, slots=True)
class CountRow:
    """One line of a ranking: its name, how many, and its share of the largest as a CSS length."""

    key: str
    name: str
    count: str
    share: str
    href: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """How the messages of one channel fared."""

    key: str
    name: str
    sent: str
    dead: str
    waiting: str
    rate: str


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """Something worth doing, and why."""

    id: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """How long one part of the way from event to delivery took."""

    name: str
    half: str
    most: str
    sample: str


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: its text, the address it leads to, and whether it is on."""

    text: str
    href: str
    active: bool


@dataclass(frozen=True, slots=True)
class ListHead:
    """One column of the long list: what it sorts by (empty: nothing), which way first, and both addresses."""

    key: str
    text: str
    css: str
    sort: str
    first: str
    first_to: str
    other_to: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a long list stands; empty addresses mean there is no such page."""

    text: str = ""
    previous_to: str = ""
    next_to: str = ""


LEAST_SPAN = 0.004


def sparkline_path(values: list[float], width: float = 120.0, height: float = 32.0, margin: float = 2.0) -> str:
    """Return the SVG path of `values` scaled into a width by height box; empty for fewer than two values.

    A line that moves less than 0.4 % of its height is drawn as flat as it is, not blown up to look like a swing.
    """
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    middle, span = (low + high) / 2, max(high - low, LEAST_SPAN * abs(low + high) / 2)
    low = middle - span / 2
    step = width / (len(values) - 1)
    points = []
    for index, value in enumerate(values):
        share = 0.5 if span == 0 else (value - low) / span
        points.append(f"{index * step:.1f},{height - margin - share * (height - 2 * margin):.1f}")
    return "M" + "L".join(points)
