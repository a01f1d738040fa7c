"""From a calculated book and prices to what is shown of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from backend.tax.books import Book
from backend.tax.engine.calculate import Calculation
from backend.tax.engine.jurisdictions.base import YearResult
from backend.tax.engine.methods import LOT_METHODS, Method
from backend.tax.engine.money import EXACT
from backend.tax.engine.optimise import Harvest, MethodResult, Position, Price, harvest, positions
from backend.tax.engine.results import Held
from backend.tax.optimisation.kept import Kept
from backend.tax.optimisation.pricing import Priced
from backend.tax.optimisation.schemas import (
    FigureRead,
    HarvestRead,
    MethodRead,
    OptimisationRead,
    PositionRead,
    PriceRead,
    Scope,
)

MOST_ROWS = 100
PLACES = 18
FLOOR_NOTE = "A collection's floor is what its cheapest piece is offered for: yours may be worth more."
POOL_NOTE = "Units of one kind have one cost here: what a sale takes cannot be chosen."
CHOICE_NOTE = "A loss is that of its lot. Which lots a sale really takes is the method's matter: try it."
PORTFOLIO_NOTE = "In France a sale takes its share of what the whole portfolio cost: no holding has a loss of its own."
INCOMPLETE_NOTE = "Not every price is known: what rests on it is shown as unknown, and no loss is listed for it."


@dataclass(frozen=True, slots=True)
class Standing:
    """A kept book at prices of a day, in the place's time zone."""

    kept: Kept
    prices: Mapping[str, Priced]
    today: date

    @property
    def book(self) -> Book:
        """The book."""
        return self.kept.book

    @property
    def done(self) -> Calculation:
        """Its calculation."""
        return self.kept.done


def places_of(book: Book, asset: str) -> int:
    """Return the decimals of an asset's units in the engine."""
    return book.places.get(asset, PLACES)


def whole(book: Book, asset: str, amount_raw: int) -> Decimal:
    """Return units as whole tokens."""
    return EXACT.scaleb(Decimal(amount_raw), -places_of(book, asset))


def held_of(done: Calculation, book: Book) -> list[Held]:
    """Return what is held, by lot or pool; in France, where only the whole portfolio has a cost, units by asset."""
    if done.rules.methods[0] is not Method.PORTFOLIO or not done.outcome.held:
        return done.outcome.held
    units: dict[str, int] = {}
    for event in book.events:
        for sign, legs in ((1, event.into), (-1, event.out)):
            for leg in legs:
                units[leg.asset] = units.get(leg.asset, 0) + sign * leg.amount_raw
        for fee in event.fees:
            if fee.asset:
                units[fee.asset] = units.get(fee.asset, 0) - fee.amount_raw
    since = done.outcome.held[0]
    return [
        Held(asset, None, since.lot_id, since.acquired_at, since.day, amount, None)
        for asset, amount in sorted(units.items())
        if amount > 0
    ]


def held_assets(done: Calculation, book: Book) -> list[str]:
    """Return the assets that are held, those with the highest known cost first."""
    costs: dict[str, Decimal] = {}
    for each in held_of(done, book):
        costs[each.asset] = costs.get(each.asset, Decimal(0)) + (each.cost or 0)
    return sorted(costs, key=lambda asset: (-costs[asset], asset))


def years_of(done: Calculation, book: Book, today: date) -> list[int]:
    """Return the tax years from the first event's to today's, the newest first."""
    this = done.rules.year_of(today)
    if not book.events:
        return [this]
    first = min(event.at for event in book.events).astimezone(ZoneInfo(done.timezone)).date()
    return list(range(this, min(this, done.rules.year_of(first)) - 1, -1))


def current_method(done: Calculation, year: int) -> Method:
    """Return the method in force in a year."""
    chosen = [method for since, method in sorted(done.settings.methods.items()) if since <= year]
    first = [method for _, method in sorted(done.settings.methods.items())[:1]]
    return (chosen or first or [done.rules.methods[0]])[-1 if chosen else 0]


def read_optimisation(
    standing: Standing, year: int, scope: Scope, compared: Sequence[MethodResult]
) -> OptimisationRead:
    """Return all of it."""
    done, book = standing.done, standing.book
    held = held_of(done, book)
    found = _positions(standing, held)
    is_portfolio = done.rules.methods[0] is Method.PORTFOLIO
    losses = [] if is_portfolio else harvest(done, book.events, found, standing.today)
    soon = sorted((each for each in found if each.days_to_long), key=lambda each: (each.days_to_long or 0, _key(each)))
    assets = held_assets(done, book)
    methods = _methods(done, year, compared)
    shown = next((each.result for each in compared if each.result is not None), None)
    return OptimisationRead(
        jurisdiction=done.rules.code,
        jurisdiction_name=done.rules.name,
        currency=book.settings.currency,
        year=year,
        label=done.rules.label(year),
        years=years_of(done, book, standing.today),
        scope=scope,
        can_change_by_year=set(done.rules.methods) <= LOT_METHODS and len(done.rules.methods) > 1,
        headline_name=done.rules.headline,
        headline_title=_title(shown, done.rules.headline),
        methods=methods,
        harvest=[_harvest(standing, each) for each in losses[:MOST_ROWS]],
        harvest_total=len(losses),
        harvest_loss=sum((each.loss for each in losses), Decimal(0)),
        soon_long=[PositionRead(**_fields(standing, each)) for each in soon[:MOST_ROWS]],
        soon_total=len(soon),
        holdings=_holdings(standing, found)[:MOST_ROWS],
        prices=[_price(book, asset, standing.prices.get(asset)) for asset in assets[:MOST_ROWS]],
        unpriced=sum(1 for asset in assets if asset not in standing.prices),
        notes=_notes(standing, assets, is_portfolio=is_portfolio),
        open_issues=len(book.issues),
        as_of=book.as_of,
        book_version=book.version,
    )


def _positions(standing: Standing, held: Sequence[Held]) -> list[Position]:
    prices = {asset: Price(each.price, places_of(standing.book, asset)) for asset, each in standing.prices.items()}
    return positions(standing.done, prices, standing.today, held)


def _key(each: Position) -> tuple[str, str]:
    return each.held.asset, each.held.lot_id


def _methods(done: Calculation, year: int, compared: Sequence[MethodResult]) -> list[MethodRead]:
    current, name = current_method(done, year), done.rules.headline
    base = next((each.result for each in compared if each.method is current), None)
    reads = []
    for each in compared:
        amount = None if each.result is None else each.result.amount(name)
        is_current = each.method is current
        difference = None if amount is None or base is None else EXACT.subtract(amount, base.amount(name))
        reads.append(
            MethodRead(
                method=each.method,
                is_allowed=each.is_allowed,
                is_current=is_current,
                reason=each.reason,
                headline=amount,
                difference=difference,
                figures=[] if each.result is None else figures_of(each.result),
                unknown=0 if each.result is None else each.result.unknown,
            )
        )
    return reads


def figures_of(result: YearResult) -> list[FigureRead]:
    """Return the figures of a year."""
    return [FigureRead.model_validate(each) for each in result.figures]


def _title(result: YearResult | None, name: str) -> str:
    titles = {} if result is None else {figure.name: figure.title for figure in result.figures}
    return titles.get(name, name.replace("_", " ").capitalize())


def _fields(standing: Standing, each: Position) -> dict:
    held, book = each.held, standing.book
    return {
        "asset": held.asset,
        "symbol": book.symbols.get(held.asset, held.asset),
        "wallet": held.wallet,
        "lot_id": held.lot_id,
        "acquired_on": held.day,
        "amount": whole(book, held.asset, held.amount_raw),
        "cost": held.cost,
        "worth": each.worth,
        "gain": each.gain,
        "long_from": each.long_from,
        "days_to_long": each.days_to_long,
    }


def _harvest(standing: Standing, each: Harvest) -> HarvestRead:
    return HarvestRead(
        **_fields(standing, each.position),
        loss=each.loss,
        rule=each.rule,
        blocked_by=list(each.blocked_by),
        free_from=each.free_from,
    )


def _holdings(standing: Standing, found: Sequence[Position]) -> list[PositionRead]:
    """Return what is held by asset and wallet, the largest worth first: what a sale may be thought of."""
    groups: dict[tuple[str, str | None], list[Position]] = {}
    for each in found:
        groups.setdefault((each.held.asset, each.held.wallet), []).append(each)
    reads = []
    for (_, _), mine in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        one = min(mine, key=lambda each: each.held.day)
        fields = _fields(standing, one)
        fields["amount"] = sum(
            (whole(standing.book, each.held.asset, each.held.amount_raw) for each in mine), Decimal(0)
        )
        for name, values in (
            ("cost", [each.held.cost for each in mine]),
            ("worth", [each.worth for each in mine]),
            ("gain", [each.gain for each in mine]),
        ):
            fields[name] = None if any(value is None for value in values) else sum(values, Decimal(0))  # type: ignore[arg-type]
        reads.append(PositionRead(**fields))
    return sorted(reads, key=lambda read: -(read.worth or read.cost or Decimal(0)))


def _price(book: Book, asset: str, found: Priced | None) -> PriceRead:
    symbol = book.symbols.get(asset, asset)
    if found is None:
        return PriceRead(asset=asset, symbol=symbol, price=None)
    return PriceRead(
        asset=asset,
        symbol=symbol,
        price=found.price,
        source=found.source,
        detail=found.detail or None,
        taken_at=found.taken_at,
        is_stale=found.is_stale,
        rate_day=found.rate_day,
    )


def _notes(standing: Standing, assets: Sequence[str], *, is_portfolio: bool) -> list[str]:
    used = set(standing.done.settings.methods.values()) or {standing.done.rules.methods[0]}
    notes = []
    if is_portfolio:
        notes.append(PORTFOLIO_NOTE)
    else:
        notes.append(CHOICE_NOTE if used <= LOT_METHODS else POOL_NOTE)
    if any(asset not in standing.prices for asset in assets):
        notes.append(INCOMPLETE_NOTE)
    if any(asset.count(":") == 2 and asset in standing.prices for asset in assets):
        notes.append(FLOOR_NOTE)
    return notes
