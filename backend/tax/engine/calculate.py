"""The engine's door: events and settings in, disposals and income out, the same to the last byte every time. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256

from backend.core.garbage import no_search_for_cycles
from backend.tax.engine.averaging import match_average, match_total_average
from backend.tax.engine.entries import Entry, last_day, translating
from backend.tax.engine.events import TaxEvent, canonical
from backend.tax.engine.jurisdictions.base import Jurisdiction, MethodRefusedError, YearGains, YearResult
from backend.tax.engine.lot_matching import LotRules, match_lots
from backend.tax.engine.methods import LOT_METHODS, Method
from backend.tax.engine.opening import Allocation
from backend.tax.engine.order import in_order
from backend.tax.engine.portfolio_share import match_portfolio
from backend.tax.engine.registry import jurisdiction
from backend.tax.engine.results import Outcome
from backend.tax.engine.section_104 import match_section_104

ENGINE_VERSION = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a user chooses. `methods`: from which tax year on which holds; empty is the place's usual one.

    `per_wallet` None is what the place asks for. `timezone` None is the place's; days and years are counted in it.
    `separate_years` are tax years of which a married person files separately, where that makes a difference.
    """

    jurisdiction: str
    methods: Mapping[int, Method] = field(default_factory=dict)
    per_wallet: bool | None = None
    timezone: str | None = None
    wash_sales: bool = False
    opening: Allocation | None = None
    separate_years: tuple[int, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Calculation:
    """All of a history under a place's rules. `assess` says what a year of it comes to."""

    rules: Jurisdiction
    settings: Settings
    timezone: str
    outcome: Outcome

    def assess(self, year: int, carried: Mapping[str, Decimal] | None = None) -> YearResult:
        """Return what a tax year comes to, with the losses that earlier years carried into it."""
        return self.rules.assess(self.outcome, year, carried or {})

    def assess_all(self, first_year: int, last_year: int) -> list[YearResult]:
        """Return what each of some years comes to, losses carried from one to the next."""
        outcome = self.outcome
        return assess_years(
            self.rules, self.rules.gains_by_year(outcome.disposals, outcome.incomes), first_year, last_year
        )


def assess_years(
    rules: Jurisdiction, gains: Mapping[int, YearGains], first_year: int, last_year: int
) -> list[YearResult]:
    """Return what each of some years comes to, of their sums, losses carried from one to the next."""
    results: list[YearResult] = []
    carried: Mapping[str, Decimal] = {}
    for year in range(first_year, last_year + 1):
        results.append(rules.assess_gains(gains.get(year) or YearGains(), year, carried))
        carried = results[-1].carried
    return results


def calculate(events: Iterable[TaxEvent], settings: Settings) -> Calculation:
    """Return the disposals and income of a history under a place's rules.

    The order of `events` makes no difference. Raises UnknownJurisdictionError, MethodRefusedError (with the reason),
    InvalidEventError, LotNotHeldError and AllocationError.
    """
    rules = rules_of(settings)
    check(rules, settings)
    zone = settings.timezone or rules.timezone
    with no_search_for_cycles():
        ordered, incomes = in_order(events), []
        until = last_day(ordered, rules, zone)
        outcome = match(translating(ordered, rules, zone, incomes), rules, settings, until)
        outcome.incomes = incomes
    return Calculation(rules, settings, zone, outcome)


def fingerprint(events: Iterable[TaxEvent], settings: Settings) -> str:
    """Return the hash of all that a result depends on: engine, settings and events, in any order."""
    return fingerprint_of(map(canonical, events), settings)


def fingerprint_of(lines: Iterable[str], settings: Settings) -> str:
    """Return the fingerprint of events by what `canonical` says of each."""
    digest = sha256(f"{ENGINE_VERSION}\n{_canonical(settings)}\n".encode())
    for line in sorted(lines):
        digest.update(line.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def _canonical(settings: Settings) -> str:
    methods = sorted((year, method.value) for year, method in settings.methods.items())
    separate = f"separate {sorted(settings.separate_years)}" if settings.separate_years else ""
    return repr((methods, replace(settings, methods={}))) + separate


def rules_of(settings: Settings) -> Jurisdiction:
    """Return the rules of the place, for who files as the settings say. Raises UnknownJurisdictionError."""
    return jurisdiction(settings.jurisdiction).filed(settings.separate_years)


def methods_of(rules: Jurisdiction, settings: Settings) -> list[tuple[int, Method]]:
    """Return methods by tax year, the place's usual one before the first. Raises MethodRefusedError."""
    chosen = sorted(settings.methods.items())
    for _, method in chosen:
        rules.check_method(method)
    if not chosen:
        return [(date.min.year, rules.methods[0])]
    return [(date.min.year, chosen[0][1]), *chosen[1:]]


def check(rules: Jurisdiction, settings: Settings) -> None:
    """Raise MethodRefusedError for what a place does not allow."""
    used = {method for _, method in methods_of(rules, settings)}
    if len(used) > 1 and not used <= LOT_METHODS:
        raise MethodRefusedError("a change of method is possible between methods that keep lots, not to or from pools")
    if settings.wash_sales and not rules.wash_sale_option:
        raise MethodRefusedError(f"{rules.name} has no wash sale rule to choose")
    if settings.separate_years and not rules.separate_option:
        raise MethodRefusedError(f"{rules.name} makes no difference of married persons who file separately")
    if settings.per_wallet and not rules.per_wallet_choice:
        raise MethodRefusedError(f"{rules.name} counts all wallets as one")
    if settings.per_wallet is False and rules.per_wallet_from is not None:
        raise MethodRefusedError(f"{rules.name} counts each wallet apart")


def lot_rules(rules: Jurisdiction, settings: Settings) -> LotRules:
    """Return how lots are kept. Raises MethodRefusedError."""
    methods = methods_of(rules, settings)
    per_wallet = date.min if settings.per_wallet else rules.per_wallet_from
    changes = tuple((rules.year_days(year)[0] if year > 1 else date.min, each) for year, each in methods)
    return LotRules(changes, per_wallet, settings.opening, settings.wash_sales, rules.four_weeks, rules.no_loss_on)


def match(entries: Iterable[Entry], rules: Jurisdiction, settings: Settings, until: date) -> Outcome:
    """Return the outcome of entries in their order, without income. `until` is as in `match_lots`."""
    method = methods_of(rules, settings)[0][1]
    if method is Method.AVERAGE:
        return match_average(entries, superficial_losses=rules.superficial_losses)
    if method is Method.TOTAL_AVERAGE:
        return match_total_average(entries, rules.year_of)
    if method in (Method.SECTION_104, Method.SECTION_104_COMPANY):
        return match_section_104(entries, company=method is Method.SECTION_104_COMPANY)
    if method is Method.PORTFOLIO:
        return match_portfolio(entries)
    return match_lots(entries, lot_rules(rules, settings), until)
