"""What a place's rules say: which methods, when a year begins, what is taxed, and what a year comes to. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from backend.tax.engine.calendar import tax_year
from backend.tax.engine.events import IncomeKind, Kind
from backend.tax.engine.methods import Method
from backend.tax.engine.money import money
from backend.tax.engine.results import Disposal, Income, Outcome, Part

NO_GAIN = frozenset({Kind.GIFT_OUT, Kind.DONATION, Kind.LOSS})


class Term(StrEnum):
    """How long something was held, in a place's own division."""

    SHORT = "short"
    LONG = "long"


class MethodRefusedError(ValueError):
    """A method that a place does not allow: it says why."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a year. `amount` is in the reporting currency, or a count where `is_count`."""

    name: str
    title: str
    amount: Decimal
    is_count: bool = False


@dataclass(frozen=True, slots=True)
class YearResult:
    """What a tax year comes to.

    `carried` are losses that later years may use, by name, above zero. `unknown` counts disposals and income whose
    gain or worth nobody knows: they are in no figure, and `unknown_proceeds` is what was received for the former.
    """

    jurisdiction: str
    year: int
    label: str
    first_day: date
    last_day: date
    figures: tuple[Figure, ...]
    carried: Mapping[str, Decimal] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unknown: int = 0
    unknown_proceeds: Decimal = Decimal(0)

    def amount(self, name: str) -> Decimal:
        """Return a figure by its name. Raises KeyError."""
        return {figure.name: figure.amount for figure in self.figures}[name]


@dataclass(slots=True)
class YearGains:
    """A year's taxable disposals, summed in units of 10^-18. What is unknown is counted apart."""

    disposals: list[Disposal] = field(default_factory=list)
    incomes: list[Income] = field(default_factory=list)
    proceeds_e18: int = 0
    cost_e18: int = 0
    gains_e18: int = 0  # of the disposals with a gain
    losses_e18: int = 0  # of the others, above zero, without what is disallowed
    disallowed_e18: int = 0
    income_e18: int = 0
    unknown: int = 0
    unknown_proceeds_e18: int = 0
    own_e18: dict[str, int] = field(default_factory=dict)  # what only this place sums, by its own names

    @property
    def net_e18(self) -> int:
        """Gains less losses."""
        return self.gains_e18 - self.losses_e18

    def own(self, name: str) -> int:
        """Return a sum of the place's own, 0 where nothing was added to it."""
        return self.own_e18.get(name, 0)

    def add_own(self, name: str, units: int) -> None:
        """Add to a sum of the place's own."""
        self.own_e18[name] = self.own_e18.get(name, 0) + units

    def add(self, other: "YearGains") -> None:
        """Add another part of the same year: every sum is one over disposals, or over income."""
        self.disposals += other.disposals
        self.incomes += other.incomes
        self.proceeds_e18 += other.proceeds_e18
        self.cost_e18 += other.cost_e18
        self.gains_e18 += other.gains_e18
        self.losses_e18 += other.losses_e18
        self.disallowed_e18 += other.disallowed_e18
        self.income_e18 += other.income_e18
        self.unknown += other.unknown
        self.unknown_proceeds_e18 += other.unknown_proceeds_e18
        for name, units in other.own_e18.items():
            self.add_own(name, units)


class Jurisdiction(ABC):
    """The rules of a place. What stands here are the usual ones; places say what is different with them.

    `methods`: allowed, the usual one first. `refusals` say why the others are not; `why_not` is for the rest.
    """

    code: str
    name: str
    currency: str
    timezone: str = "UTC"
    headline: str = "taxable_gain"  # the figure that says in one number what a year comes to
    methods: tuple[Method, ...] = (Method.FIFO,)
    separate_option: bool = False  # whether it makes a difference that married persons file separately
    refusals: Mapping[Method, str] = {}
    why_not: str = "the law of this place does not know it"
    year_starts: tuple[int, int] = (1, 1)
    per_wallet_from: date | None = None  # None: all wallets are one, unless the user chooses otherwise
    per_wallet_choice: bool = True  # whether the user may choose
    wash_sale_option: bool = False
    superficial_losses: bool = False
    four_weeks: bool = False
    untaxed: frozenset[Kind] = NO_GAIN
    no_loss_on: frozenset[Kind] = frozenset()  # disposals whose gain counts, and whose loss does not
    cost_is_given: bool = False
    gift_keeps_basis: bool = False
    gift_has_two_bases: bool = False
    wrap_is_disposal: bool = False
    fees_count: bool = True
    buy_back_days: tuple[int, int] = (0, 0)  # a loss is hit by what is bought so many days before, and after
    buy_back_rule: str = ""  # what then happens to it
    no_income: frozenset[IncomeKind] = frozenset()  # acquired for nothing, and no income: taxed when sold

    def sold_leg_share(self, day: date) -> tuple[int, int]:
        """Return which share of a swap's costs is a cost of what was sold: all of it, unless a place differs."""
        del day
        return 1, 1

    def year_of(self, day: date) -> int:
        """Return the tax year of a day, named by the calendar year it begins in."""
        return tax_year(day, self.year_starts)

    def year_days(self, year: int) -> tuple[date, date]:
        """Return the first and the last day of a tax year."""
        return date(year, *self.year_starts), date(year + 1, *self.year_starts) - timedelta(days=1)

    def label(self, year: int) -> str:
        """Return how the place calls a tax year."""
        return str(year) if self.year_starts == (1, 1) else f"{year}/{(year + 1) % 100:02d}"

    def filed(self, separate_years: Collection[int]) -> "Jurisdiction":
        """Return the rules for who files separately of some tax years, being married: mostly the same."""
        del separate_years
        return self

    def check_method(self, method: Method) -> None:
        """Raise MethodRefusedError when the place does not allow a method: it says why, and what is allowed."""
        if method not in self.methods:
            allowed = ", ".join(each.value for each in self.methods)
            why = self.refusals.get(method, self.why_not)
            raise MethodRefusedError(f"{self.name} does not allow {method.value}: {why}. Allowed: {allowed}.")

    def term(self, part: Part, disposed: date) -> Term | None:
        """Return whether a part was held for long, None where that makes no difference or nobody knows."""
        del part, disposed
        return None

    def assess(self, outcome: Outcome, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return what a year comes to, with the losses that earlier years carried."""
        return self.assess_gains(self.gains_of(outcome, year), year, carried)

    @abstractmethod
    def assess_gains(self, gains: YearGains, year: int, carried: Mapping[str, Decimal]) -> YearResult:
        """Return what the sums of a year come to, with the losses that earlier years carried."""

    def sum_own(self, total: YearGains, disposal: Disposal) -> None:
        """Add what only this place sums of a taxable disposal; nothing, unless a place differs."""
        del total, disposal

    def gains_of(self, outcome: Outcome, year: int) -> YearGains:
        """Return a year's taxable disposals and income, summed."""
        first, last = self.year_days(year)
        disposals = [each for each in outcome.disposals if first <= each.day <= last]
        incomes = [each for each in outcome.incomes if first <= each.day <= last]
        return self.gains_by_year(disposals, incomes).get(year, YearGains())

    def gains_by_year(self, disposals: Iterable[Disposal], incomes: Iterable[Income]) -> dict[int, YearGains]:
        """Return the taxable disposals and income of every year that has some, summed."""
        years: dict[date, YearGains] = {}
        totals: dict[int, YearGains] = {}

        def of(day: date) -> YearGains:
            total = years.get(day)
            if total is None:
                total = years[day] = totals.setdefault(self.year_of(day), YearGains())
            return total

        for disposal in disposals:
            if disposal.is_taxable:
                total = of(disposal.day)
                total.disposals.append(disposal)
                _add(total, disposal)
                self.sum_own(total, disposal)
        for income in incomes:
            if income.kind not in self.no_income:
                total = of(income.day)
                total.incomes.append(income)
                if income.value_e18 is None:
                    total.unknown += 1
                else:
                    total.income_e18 += income.value_e18
        return totals

    def result(
        self, year: int, gains: YearGains, figures: list[Figure], carried: Mapping[str, int], *notes: str
    ) -> YearResult:
        """Return the result of a year; `carried` is in units of 10^-18, and what is zero is left out."""
        first, last = self.year_days(year)
        left = {name: money(units) for name, units in carried.items() if units}
        return YearResult(
            self.code, year, self.label(year), first, last, tuple(figures), left, tuple(note for note in notes if note),
            gains.unknown, money(gains.unknown_proceeds_e18),
        )  # fmt: skip


def _add(total: YearGains, disposal: Disposal) -> None:
    """Add a disposal as far as it is known. It counts as a gain or a loss as a whole."""
    known, is_unknown = 0, disposal.proceeds_e18 is None
    for part in disposal.parts:
        cost, proceeds = part.cost_e18, part.proceeds_e18
        if cost is None:
            is_unknown = True
            total.unknown_proceeds_e18 += proceeds or 0
        elif proceeds is not None:
            total.proceeds_e18 += proceeds
            total.cost_e18 += cost
            total.disallowed_e18 += part.disallowed_e18
            known += proceeds - cost + part.disallowed_e18
    total.unknown += is_unknown
    if known >= 0:
        total.gains_e18 += known
    else:
        total.losses_e18 -= known


def figure(name: str, title: str, units: int) -> Figure:
    """Return a figure of so many units of 10^-18."""
    return Figure(name, title, money(units))


def count(name: str, title: str, number: int) -> Figure:
    """Return a figure that is a number of things."""
    return Figure(name, title, Decimal(number), is_count=True)


def usual_figures(gains: YearGains) -> list[Figure]:
    """Return the figures that every place has."""
    return [
        count("disposals", "Disposals", len(gains.disposals)),
        figure("proceeds", "Proceeds after costs", gains.proceeds_e18),
        figure("cost", "Cost with fees", gains.cost_e18),
        figure("gains", "Gains", gains.gains_e18),
        figure("losses", "Losses", gains.losses_e18),
        figure("net_gain", "Gains less losses", gains.net_e18),
        figure("income", "Income", gains.income_e18),
    ]
