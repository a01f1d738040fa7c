"""What the alerts part takes and answers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    computed_field,
    field_validator,
)

from backend.alerts.engine.hours import minute_of
from backend.alerts.kinds.registry import kind_names
from backend.alerts.limits import (
    MAX_ACTIONS,
    MAX_COOLDOWN_SECONDS,
    MAX_HYSTERESIS_PCT,
    MAX_NAME,
    MIN_HYSTERESIS_PCT,
)
from backend.core.cron import zone
from backend.core.schemas import ApiModel, Instant, OneOf

RuleType = Annotated[str, OneOf(kind_names, "There is no such kind of rule.")]
Frequency = Literal["once", "recurring"]
Trigger = Literal["edge", "level"]
AlertStatus = Literal["active", "withdrawn", "suppressed"]
ExportFormat = Literal["csv", "json"]
# What the history is ordered by, the largest (newest) first with a minus.
HistorySort = Literal["-time", "time", "-value", "value", "-rule", "rule", "-type", "type"]


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


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def _hysteresis(value: Decimal) -> Decimal:
    if not MIN_HYSTERESIS_PCT <= value <= MAX_HYSTERESIS_PCT:
        raise ValueError(f"Choose a percentage between {MIN_HYSTERESIS_PCT} and {MAX_HYSTERESIS_PCT}.")
    return value


def _minute(value: Any) -> Any:
    try:
        minute_of(str(value))
    except ValueError:
        raise ValueError("Write the time of day as 08:30.") from None
    return value


Moment = Annotated[Instant, AfterValidator(_aware)]
Percent = Annotated[Decimal, AfterValidator(_hysteresis), PlainSerializer(float, return_type=float, when_used="json")]
TimeOfDay = Annotated[str, AfterValidator(_minute)]


class ActiveHours(ApiModel):
    """When a rule may fire: days (1 Monday … 7 Sunday) and wall-clock times in a time zone; may span midnight."""

    days: list[Annotated[int, Field(ge=1, le=7)]] = Field(default=[1, 2, 3, 4, 5, 6, 7], min_length=1, max_length=7)
    begin: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    time_zone: str = Field(max_length=64)

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            zone(value)
        except (ValueError, KeyError, OSError):
            raise ValueError("Give a time zone's name, such as Europe/Berlin.") from None
        return value

    def stored(self) -> dict[str, Any]:
        """Return the hours as they are stored and answered."""
        return {"days": sorted(set(self.days)), "from": self.begin, "to": self.end, "timeZone": self.time_zone}


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


RULE_ACTIONS = ("enable_rule", "disable_rule", "trigger_rule")


class AlertAction(ApiModel):
    """What to do: tell in the app, by a webhook to `destination` (an https:// address), by a channel, or act on a rule.

    `notify` tells by every channel that the user's preferences say for the kind.
    `rule_id` is the rule to enable, disable or trigger; it is one of the same user.
    """

    type: Literal[
        "in_app", "webhook", "notify", "email", "push", "telegram", "discord", "slack",
        "enable_rule", "disable_rule", "trigger_rule",
    ]  # fmt: skip
    destination: str | None = Field(default=None, max_length=2000)
    rule_id: UUID | None = None


ElseActions = Annotated[list[AlertAction], Field(max_length=MAX_ACTIONS)]
Actions = Annotated[list[AlertAction], Field(min_length=1, max_length=MAX_ACTIONS)]


class RuleCreate(ApiModel):
    """A new rule. `conditions` is a list of `{field, operator, value}` that must all hold, or an object by field.

    `guard` is judged when the rule fires: a tree of `{"all": […]}`, `{"any": […]}`, `{"not": …}` and leaves
    `{"type", "conditions", "within"}` (seconds). Where it does not hold, `else_actions` are done instead of `actions`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]}, extra="ignore")

    name: Name
    type: RuleType
    conditions: RawConditions
    actions: Actions = Field(default_factory=lambda: [AlertAction(type="in_app")])
    enabled: bool = True
    frequency: Frequency = "recurring"
    cooldown_seconds: Cooldown = 0
    trigger: Trigger = "edge"
    hysteresis_pct: Percent | None = None
    active_hours: ActiveHours | None = None
    expires_at: Moment | None = None
    snoozed_until: Moment | None = None
    guard: dict[str, Any] | None = None
    else_actions: ElseActions = Field(default_factory=list)


class RuleUpdate(ApiModel):
    """Changes of a rule: what is absent stays. With `version`, refused when the rule was changed since then.

    Of hysteresisPct, activeHours, expiresAt, snoozedUntil and guard a null takes the option away.
    """

    model_config = ConfigDict(extra="ignore")

    name: Name | None = None
    type: RuleType | None = None
    conditions: RawConditions | None = None
    actions: Actions | None = None
    enabled: bool | None = None
    frequency: Frequency | None = None
    cooldown_seconds: Cooldown | None = None
    trigger: Trigger | None = None
    hysteresis_pct: Percent | None = None
    active_hours: ActiveHours | None = None
    expires_at: Moment | None = None
    snoozed_until: Moment | None = None
    guard: dict[str, Any] | None = None
    else_actions: ElseActions | None = None
    version: int | None = None


class ChoiceRead(ApiModel):
    """One answer that a field takes, and how it is called."""

    value: str
    label: str


class FieldRead(ApiModel):
    """One condition of a kind: `name` is its `field`, `operators` those it takes, the usual one first."""

    name: str
    label: str
    input: str
    unit: str
    required: bool
    operators: list[str]
    choices: list[ChoiceRead]
    help: str


class KindRead(ApiModel):
    """A kind of rule and the conditions it takes."""

    name: str
    title: str
    summary: str
    fields_: list[FieldRead] = Field(validation_alias="fields", serialization_alias="fields")


class RuleSnooze(ApiModel):
    """Until when a rule is to be kept still; null wakes it."""

    until: Moment | None


class RuleRead(ApiModel):
    """A rule. `description` says its conditions in one sentence, `guard_description` what must also hold for `actions`.

    `paused_by_plan`: active again with a larger plan.
    """

    id: UUID
    name: str
    type: RuleType
    conditions: list[dict[str, Any]]
    actions: list[AlertAction]
    enabled: bool
    paused_by_plan: bool = False
    frequency: Frequency
    cooldown_seconds: int
    trigger: Trigger = "edge"
    hysteresis_pct: Percent | None = None
    active_hours: ActiveHours | None = None
    expires_at: Instant | None = None
    snoozed_until: Instant | None = None
    guard: dict[str, Any] | None = None
    guard_description: str | None = None
    else_actions: list[AlertAction] = Field(default_factory=list)
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
    """Which alerts to show, in which order: `since` inclusive, `until` exclusive, both on the block's time."""

    type: RuleType | None = None
    rule_id: UUID | None = None
    chain_id: int | None = None
    token: str | None = Field(default=None, max_length=64, description="Address or symbol")
    status: AlertStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: HistorySort = "-time"


class AlertCounts(ApiModel):
    """How many rules and alerts the user has; `rules_limit` and `wallets_limit` are None where the plan has none.

    `alerts_24h` counts alerts by block time, `withdrawn_24h` those of them that were withdrawn; `alerts_hour` those of
    this hour (UTC) that were told, `suppressed_hour` those that were not, being above `alerts_hour_limit`; likewise
    those of this day (UTC), of which what was above a full hour is a part.
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
    alerts_day: int = 0
    suppressed_day: int = 0
    alerts_day_limit: int | None = None
    newest_alert_at: Instant | None
