"""What the alerts part takes and answers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, computed_field

from backend.alerts.limits import MAX_ACTIONS, MAX_COOLDOWN_SECONDS, MAX_NAME
from backend.core.schemas import ApiModel, Instant

RuleType = Literal["whale", "price"]
Frequency = Literal["once", "recurring"]
AlertStatus = Literal["active", "withdrawn", "suppressed"]
ExportFormat = Literal["csv", "json"]


def _name(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    name = " ".join(value.split())
    if not name:
        raise ValueError("Give the rule a name.")
    if len(name) > MAX_NAME:
        raise ValueError(f"Use at most {MAX_NAME} characters; this has {len(name)}.")
    if not name.isprintable():
        raise ValueError("Use printable characters only.")
    return name


def _cooldown(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= MAX_COOLDOWN_SECONDS:
        raise ValueError("Choose a pause between 0 seconds and 30 days (2592000 seconds).")
    return value


Name = Annotated[str, BeforeValidator(_name)]
Cooldown = Annotated[int, BeforeValidator(_cooldown)]
RawConditions = list[dict[str, Any]] | dict[str, Any]

_EXAMPLE = {
    "name": "Whales in USDC",
    "type": "whale",
    "conditions": [
        {"field": "value_usd", "operator": "gte", "value": 100000},
        {"field": "chain", "operator": "eq", "value": 31337},
        {"field": "token", "operator": "eq", "value": "USDC"},
    ],
    "actions": [{"type": "in_app"}],
    "frequency": "recurring",
    "cooldownSeconds": 0,
}


class AlertAction(ApiModel):
    """How to tell: in the app, or by a webhook to `destination` (an https:// address)."""

    type: Literal["in_app", "webhook"]
    destination: str | None = Field(default=None, max_length=2000)


Actions = Annotated[list[AlertAction], Field(min_length=1, max_length=MAX_ACTIONS)]


class RuleCreate(ApiModel):
    """A new rule. `conditions` is a list of `{field, operator, value}` that must all hold, or an object by field."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]}, extra="ignore")

    name: Name
    type: RuleType
    conditions: RawConditions
    actions: Actions = Field(default_factory=lambda: [AlertAction(type="in_app")])
    enabled: bool = True
    frequency: Frequency = "recurring"
    cooldown_seconds: Cooldown = 0


class RuleUpdate(ApiModel):
    """Changes of a rule: what is absent stays. With `version`, refused when the rule was changed since then."""

    model_config = ConfigDict(extra="ignore")

    name: Name | None = None
    type: RuleType | None = None
    conditions: RawConditions | None = None
    actions: Actions | None = None
    enabled: bool | None = None
    frequency: Frequency | None = None
    cooldown_seconds: Cooldown | None = None
    version: int | None = None


class RuleRead(ApiModel):
    """A rule. `description` says its conditions in one sentence; `paused_by_plan`: active again with a larger plan."""

    id: UUID
    name: str
    type: RuleType
    conditions: list[dict[str, Any]]
    actions: list[AlertAction]
    enabled: bool
    paused_by_plan: bool = False
    frequency: Frequency
    cooldown_seconds: int
    version: int
    description: str
    last_triggered_at: Instant | None
    created_at: Instant
    updated_at: Instant


class AlertRead(ApiModel):
    """One alert. `triggered_at` is the time of the event's block; `event` is the event as it was decoded.

    Of a `suppressed` one nobody was told: it was above the plan's alerts of that hour.
    """

    id: UUID
    rule_id: UUID
    rule_name: str
    rule_version: int
    type: RuleType
    message: str
    chain_id: int
    block_number: int
    block_hash: str
    tx_hash: str | None
    token: str | None
    event_id: str
    event: dict[str, Any]
    triggered_at: Instant
    recorded_at: Instant
    withdrawn_at: Instant | None = None
    withdrawn_reason: str | None = None
    suppressed: bool = False

    @computed_field
    @property
    def alert_id(self) -> UUID:
        """The alert's id, under the name the live stream's messages have for it."""
        return self.id

    @computed_field
    @property
    def timestamp(self) -> Instant:
        """When it happened, under the name the live stream's messages have for it."""
        return self.triggered_at


class HistoryFilter(ApiModel):
    """Which alerts to show: `since` inclusive, `until` exclusive, both on the block's time."""

    type: RuleType | None = None
    rule_id: UUID | None = None
    chain_id: int | None = None
    token: str | None = Field(default=None, max_length=64, description="Address or symbol")
    status: AlertStatus | None = None
    since: datetime | None = None
    until: datetime | None = None


class AlertCounts(ApiModel):
    """How many rules and alerts the user has; `rules_limit` and `wallets_limit` are None where the plan has none.

    `alerts_24h` counts alerts by block time, `withdrawn_24h` those of them that were withdrawn; `alerts_hour` those of
    this hour (UTC) that were told, `suppressed_hour` those that were not, being above `alerts_hour_limit`.
    """

    rules_total: int
    rules_active: int
    rules_limit: int | None
    wallets_watched: int
    wallets_limit: int | None
    alerts_24h: int
    withdrawn_24h: int
    alerts_hour: int = 0
    suppressed_hour: int = 0
    alerts_hour_limit: int | None = None
    newest_alert_at: Instant | None
