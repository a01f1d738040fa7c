"""What comes out of the engine: disposals with the lots they took, income, what is left, what is missing. Pure.

Money is kept in units of 10^-18 (fields `…_e18`) and read as decimals by properties. None is unknown.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from backend.tax.engine.events import IncomeKind, Kind
from backend.tax.engine.money import money_or_none


class Rule(StrEnum):
    """Why a disposal takes these units."""

    LOT = "lot"  # by the order of the method, or because it was chosen
    SAME_DAY = "same_day"
    LATER_30_DAYS = "later_30_days"
    EARLIER_9_DAYS = "earlier_9_days"
    FOUR_WEEKS = "four_weeks"
    POOL = "pool"
    PORTFOLIO = "portfolio"
    MISSING = "missing"  # nothing was held: nobody knows what it cost


@dataclass(frozen=True, slots=True)
class Gift:
    """Units that were given when they were worth less than they had cost the giver: both, in units of 10^-18."""

    at: datetime
    day: date
    worth_e18: int
    cost_e18: int


@dataclass(slots=True, eq=False)
class Lot:
    """Units that came in together: `cost_e18` is of all `amount_raw` of them, with fees. What is used is counted.

    `id` is the event's that brought them in first; it and the date go along when they change wallets or are wrapped.
    """

    id: str
    acquired_at: datetime
    day: date  # of acquisition, in the time zone of the rules; holding periods count from it
    amount_raw: int
    cost_e18: int | None
    wallet: str = ""
    used_raw: int = 0
    used_e18: int = 0
    ring_fenced_e18: int = 0  # a loss that counts against gains on these units only (Ireland, section 581)
    is_replacement: bool = False  # in a wash sale: `day` was set back by as long as what it replaced was held
    gift: Gift | None = None  # goes along with every part of the lot: a loss is reckoned from what it was worth then
    note: str = ""  # why the cost is another than that of the purchase

    @property
    def left_raw(self) -> int:
        """Units that are left."""
        return self.amount_raw - self.used_raw

    @property
    def left_e18(self) -> int | None:
        """What the units that are left cost."""
        return None if self.cost_e18 is None else self.cost_e18 - self.used_e18

    @property
    def cost(self) -> Decimal | None:
        """What all units cost."""
        return money_or_none(self.cost_e18)

    def use(self, amount_raw: int) -> int | None:
        """Take units out, no more than are left; return what they cost.

        cost = all cost x units used so far / all units, less the same before: parts always sum to the whole.
        """
        before, cost, whole = self.used_e18, self.cost_e18, self.amount_raw
        self.used_raw += amount_raw
        if cost is None:
            return None
        self.used_e18 = cost if self.used_raw == whole else cost * self.used_raw // whole
        return self.used_e18 - before


@dataclass(slots=True, eq=False)
class Part:
    """A part of a disposal: so many units of a lot (or pool, as it stood then)."""

    lot: Lot | None
    amount_raw: int
    cost_e18: int | None
    proceeds_e18: int | None = None
    rule: Rule = Rule.LOT
    disallowed_e18: int = 0  # of a loss: what the law does not allow now; below zero: such a loss that counts now

    @property
    def cost(self) -> Decimal | None:
        """What the units cost, with fees."""
        return money_or_none(self.cost_e18)

    @property
    def proceeds(self) -> Decimal | None:
        """Their share of the proceeds, after the costs of disposal."""
        return money_or_none(self.proceeds_e18)

    @property
    def gain_e18(self) -> int | None:
        """Proceeds less cost, in units of 10^-18, before what is disallowed."""
        return None if self.proceeds_e18 is None or self.cost_e18 is None else self.proceeds_e18 - self.cost_e18

    @property
    def allowed_e18(self) -> int | None:
        """The gain or loss that counts, in units of 10^-18."""
        gain = self.gain_e18
        return None if gain is None else gain + self.disallowed_e18

    @property
    def gain(self) -> Decimal | None:
        """Proceeds less cost; None when either is unknown."""
        return money_or_none(self.gain_e18)


@dataclass(slots=True, eq=False)
class Disposal:
    """Units of an asset that left, as the rules count them: all of one day together where the law says so."""

    event_ids: tuple[str, ...]
    kind: Kind
    asset: str
    wallet: str
    at: datetime
    day: date
    amount_raw: int
    proceeds_e18: int | None
    parts: list[Part]
    is_taxable: bool
    spent_e18: int | None = 0  # costs of disposal: the proceeds are less by them

    @property
    def proceeds(self) -> Decimal | None:
        """What was received, after the costs of disposal."""
        return money_or_none(self.proceeds_e18)

    @property
    def cost_e18(self) -> int | None:
        """What the units cost, in units of 10^-18; None when it is unknown of some."""
        total = 0
        for part in self.parts:
            if part.cost_e18 is None:
                return None
            total += part.cost_e18
        return total

    @property
    def cost(self) -> Decimal | None:
        """What the units cost; None when it is unknown of some."""
        return money_or_none(self.cost_e18)

    @property
    def gain_e18(self) -> int | None:
        """Proceeds less cost, in units of 10^-18."""
        cost = self.cost_e18
        return None if self.proceeds_e18 is None or cost is None else self.proceeds_e18 - cost

    @property
    def gain(self) -> Decimal | None:
        """Proceeds less cost, before what is disallowed; None when either is unknown."""
        return money_or_none(self.gain_e18)

    @property
    def disallowed_e18(self) -> int:
        """How much of a loss the law does not allow now, in units of 10^-18."""
        return sum(part.disallowed_e18 for part in self.parts)

    @property
    def disallowed(self) -> Decimal:
        """How much of a loss the law does not allow now."""
        return money_or_none(self.disallowed_e18) or Decimal(0)

    @property
    def allowed_gain(self) -> Decimal | None:
        """The gain or loss that counts: a loss without what is disallowed of it."""
        gain = self.gain_e18
        return None if gain is None else money_or_none(gain + self.disallowed_e18)


@dataclass(slots=True, eq=False)
class Income:
    """Something that was earned, at its worth then."""

    event_id: str
    kind: IncomeKind
    asset: str
    wallet: str
    at: datetime
    day: date
    amount_raw: int
    value_e18: int | None

    @property
    def value(self) -> Decimal | None:
        """What it was worth when it came; None when nobody knows."""
        return money_or_none(self.value_e18)


@dataclass(frozen=True, slots=True)
class Held:
    """Units that are left, of one lot or pool. `wallet` is None where all wallets count together.

    Holding periods count from `day`, in the time zone of the rules; of a pool it is that of its first units.
    """

    asset: str
    wallet: str | None
    lot_id: str
    acquired_at: datetime
    day: date
    amount_raw: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that nobody knows, and what rests on it."""

    event_id: str
    asset: str
    amount_raw: int
    reason: str
    proceeds: Decimal | None = None


@dataclass(slots=True, eq=False)
class Outcome:
    """All of a history under the rules: disposals and income in their order, and what is left at its end."""

    disposals: list[Disposal] = field(default_factory=list)
    incomes: list[Income] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def missing(self) -> list[Missing]:
        """Return every disposal and income of which something is unknown, with the reason."""
        found = []
        for disposal in self.disposals:
            for part in disposal.parts:
                if part.cost_e18 is None or part.proceeds_e18 is None:
                    found.append(_missing(disposal, part))
        for income in self.incomes:
            if income.value_e18 is None:
                reason = "nobody knows what this income was worth"
                found.append(Missing(income.event_id, income.asset, income.amount_raw, reason))
        return found


def _missing(disposal: Disposal, part: Part) -> Missing:
    if part.rule is Rule.MISSING:
        reason = "nothing says how these units were acquired, so there is no basis: the gain is unknown"
    elif part.cost_e18 is None:
        reason = "nobody knows what these units cost: the gain is unknown"
    else:
        reason = "nobody knows what was received: the gain is unknown"
    return Missing(disposal.event_ids[0], disposal.asset, part.amount_raw, reason, part.proceeds)
