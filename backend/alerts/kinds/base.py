"""What a kind of alert is: how its conditions are written, stored, found, and said."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.engine.conditions import (
    ChangeConditions,
    Conditions,
    MetricChangeConditions,
    MetricConditions,
    PriceConditions,
)
from backend.alerts.engine.points import Placement, place
from backend.alerts.engine.watching import StateLeaf, is_state, series_of, watched
from backend.chain.events import Event
from backend.core.settings import Settings

FieldInput = Literal[
    "chain",
    "token",
    "wallets",
    "address",
    "number",
    "percent",
    "choice",
    "duration",
    "cron",
    "rule",
    "text",
    "tree",
    "wallet_amounts",
    "flag",
]
Stored = list[dict[str, Any]]
RawConditions = list[dict[str, Any]] | dict[str, Any]
Symbols = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a field takes, and how it is called."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One condition that a kind of rule takes: forms, the API's list of kinds and the documents are made from it.

    `name` is the condition's `field`; `operators` are those it takes, the usual one first; `choices` only with the
    input `choice` and `duration`. A form that asks for it drops the fields it stands `instead_of`, asks for those it
    `needs` too, and proposes `default`.
    """

    name: str
    label: str
    input: FieldInput
    unit: str = ""
    required: bool = False
    operators: tuple[str, ...] = ("eq",)
    choices: tuple[Choice, ...] = ()
    help: str = ""
    instead_of: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class ParseContext:
    """Where a kind may look things up while it reads what a user sent; `rule_id` is None for a new rule."""

    session: AsyncSession
    settings: Settings
    user_id: UUID
    rule_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ReadingOf:
    """The series of numbers that a rule looks at, for charts, hysteresis and back-evaluation.

    `metric` is `price_usd` for token prices (table price_readings), else a metric of table metric_readings. `window`
    is 0 for the value itself, else the change over so many seconds is meant, and `threshold` is in percent. `test` is
    gt, gte, lt, lte; for changes rise, fall, move.
    """

    metric: str
    chain_id: int
    subject: str
    test: str
    threshold: Decimal
    window: int = 0


def reading_of(conditions: Conditions) -> ReadingOf | None:
    """Return the series that the engine's conditions are about; None when they are about something that happens."""
    if not is_state(conditions):
        return None
    metric, chain_id, subject = series_of(conditions)  # type: ignore[arg-type]
    if isinstance(conditions, PriceConditions | MetricConditions):
        return ReadingOf(metric, chain_id, subject, conditions.test, conditions.threshold)
    if isinstance(conditions, ChangeConditions | MetricChangeConditions):
        return ReadingOf(metric, chain_id, subject, conditions.test, conditions.percent, conditions.window_seconds)
    return None


class Kind(ABC):
    """A kind of alert rule. Conditions are frozen values of the kind's own making; nobody else looks into them."""

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    # The name in badges and tables, where the title is too long for them.
    label: ClassVar[str] = ""
    # A lucide icon.
    icon: ClassVar[str] = "bell"
    order: ClassVar[int] = 100
    # For how long its alerts are worth being told to a device that was off.
    news_seconds: ClassVar[int] = 24 * 3600
    fields: ClassVar[tuple[FieldSpec, ...]]
    # Whether the event alone says what its alerts say, so that storing needs none of the rule's conditions.
    event_speaks: ClassVar[bool] = False
    # Whether `asked` looks at the id of the rule or of its owner: others are placed without making these.
    knows_rule: ClassVar[bool] = False

    @abstractmethod
    async def parse(self, raw: RawConditions, context: ParseContext) -> Any:
        """Return the conditions that a user sent. Raises InvalidInputError (details by field)."""

    @abstractmethod
    def stored(self, conditions: Any) -> Stored:
        """Return conditions as the list `[{"field", "operator", "value"}]` that is stored and answered."""

    @abstractmethod
    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> Any:
        """Return the conditions of a stored list. Raises KeyError, TypeError, ValueError or ArithmeticError."""

    def asked(self, conditions: Any, rule_id: UUID, owner: UUID) -> Conditions:
        """Return what the engine is to look for, for the rule of the user `owner`; here: the conditions themselves."""
        return conditions

    def placements(self, conditions: Any, rule_id: UUID, owner: UUID, *, level: bool = False) -> Placement:
        """Return where the rule stands in the engine's index; `level`: it repeats as long as it is true."""
        asked = self.asked(conditions, rule_id, owner)
        return watched(StateLeaf(asked), level=True) if level and is_state(asked) else place(asked)  # type: ignore[arg-type]

    @abstractmethod
    def message(self, conditions: Any, event: Event) -> str:
        """Return what an alert says; `conditions` is None where `event_speaks`. Raises ValueError for another event."""

    @abstractmethod
    def sentence(self, conditions: Any, symbols: Symbols) -> str:
        """Return the rule in one sentence, such as `WETH on Ethereum rises above $4,000`."""

    def reading_of(self, conditions: Any) -> ReadingOf | None:
        """Return the series the rule looks at; None when it is about something that happens, or about several."""
        return reading_of(conditions)

    def next_due(self, conditions: Any, after: datetime) -> datetime | None:
        """Return when the clock has the rule fire next; None for all kinds but schedules."""
        return None

    def watched_rules(self, conditions: Any) -> frozenset[UUID]:
        """Return the rules whose alerts the rule is about."""
        return frozenset()

    def has_level(self, conditions: Any) -> bool:
        """Return whether the conditions can stay true for a while, so that the trigger `level` has a meaning."""
        return self.reading_of(conditions) is not None

    def tokens(self, conditions: Any) -> frozenset[str]:
        """Return the token addresses whose symbols the sentence wants."""
        return frozenset()

    def wallets(self, conditions: Any) -> frozenset[str]:
        """Return the wallets the rule watches; they count against the plan."""
        return frozenset()
