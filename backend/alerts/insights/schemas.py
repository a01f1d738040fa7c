"""What the dashboard and the analytics answer. Days, weeks (from Monday) and months are those of UTC, by block time."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from backend.alerts.schemas import AlertRead
from backend.core.schemas import ApiModel, Instant
from backend.notifications.schemas import HeldMessages

Unit = Literal["day", "week", "month"]


class CountedAlerts(ApiModel):
    """How many alerts there were. `alerts` counts all; `told` is what is left without the other two.

    `suppressed`: above the plan's alerts of their hour, told to nobody; `withdrawn`: their block was dropped.
    """

    alerts: int = 0
    told: int = 0
    suppressed: int = 0
    withdrawn: int = 0


class PeriodAlerts(CountedAlerts):
    """The alerts of one day, week or month, by its first day."""

    start: date


class HourAlerts(CountedAlerts):
    """The alerts of one hour, by its beginning."""

    start: Instant


class KindAlerts(CountedAlerts):
    """The alerts of one kind of rule."""

    kind: str


class ChainAlerts(CountedAlerts):
    """The alerts of one chain; chain 0 stands for what belongs to no chain."""

    chain_id: int
    chain: str


class RuleAlerts(CountedAlerts):
    """The alerts of one rule; `name` is None when the rule was deleted long ago."""

    rule_id: UUID
    name: str | None
    kind: str


class DeliveryFigures(ApiModel):
    """How messages fared. `rate_pct` is sent ÷ (sent + dead) in percent, None while none of them has ended."""

    sent: int = 0
    dead: int = 0
    waiting: int = 0
    rate_pct: float | None = None


class ChannelDeliveries(DeliveryFigures):
    """How the messages of one channel fared."""

    channel: str


class Quantiles(ApiModel):
    """Half and 95% of `sample` took at most so long, in milliseconds; None when there is nothing to tell from."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    sample: int = 0


class Latency(ApiModel):
    """How long it took, from the newest alerts and messages of the period (at most 10,000 of each).

    An event's time is that of its block, which chains give in whole seconds: the first and the last figure include
    what the block itself waited to be known. `stored_to_delivered` is ours alone.
    """

    event_to_stored: Quantiles
    stored_to_delivered: Quantiles
    event_to_delivered: Quantiles


class KindRules(ApiModel):
    """The rules of one kind, how many are active, and what they told in the last 7 days."""

    kind: str
    rules: int
    active: int
    alerts_7d: int


class SilentAlerts(ApiModel):
    """Alerts of this hour or day (UTC) above what the plan tells of; a summary comes at `until`."""

    per: Literal["hour", "day"]
    limit: int
    alerts: int
    until: Instant
    upgrade_to: str | None = Field(description="The cheapest plan that tells of more; null: none does")


class HeldBack(ApiModel):
    """What was not told yet, and until when: messages that wait as you chose, and alerts above your plan's number."""

    messages: list[HeldMessages]
    silent: list[SilentAlerts]


class AlertDashboard(ApiModel):
    """All kinds on one page; `as_of` is when it was counted. Deliveries and latency are those of the last 24 hours."""

    rules_total: int
    rules_active: int
    rules_paused: int
    rules_paused_by_plan: int
    kinds: list[KindRules]
    last_24h: CountedAlerts
    last_7d: CountedAlerts
    last_30d: CountedAlerts
    hours: list[HourAlerts] = Field(description="The last 24 hours, oldest first, quiet ones too")
    deliveries: DeliveryFigures
    latency: Latency
    held: HeldBack
    newest: list[AlertRead]
    as_of: Instant


class AlertAnalytics(ApiModel):
    """Figures of a span of days (`first` to `last`, both counted), oldest period first, quiet periods too."""

    first: date
    last: date
    unit: Unit
    total: CountedAlerts
    periods: list[PeriodAlerts]
    kinds: list[KindAlerts]
    chains: list[ChainAlerts]
    top_rules: list[RuleAlerts]
    deliveries: DeliveryFigures
    channels: list[ChannelDeliveries]
    latency: Latency
    as_of: Instant
