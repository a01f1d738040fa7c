"""A sale that is only thought of, under all rules: what it takes, and what it changes of the year."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from backend.core.errors import InvalidInputError
from backend.ledger.engine.lots import LotChoice, LotNotHeldError
from backend.tax.engine.events import InvalidEventError, Kind, Leg, TaxEvent
from backend.tax.engine.incremental import Incremental
from backend.tax.engine.jurisdictions.base import YearResult
from backend.tax.engine.methods import Method
from backend.tax.engine.money import EXACT, money
from backend.tax.engine.optimise import what_if
from backend.tax.engine.results import Disposal, Held, Part
from backend.tax.optimisation.pricing import Priced
from backend.tax.optimisation.reading import Standing, current_method, held_of, places_of, whole, years_of
from backend.tax.optimisation.schemas import ChangeRead, LineRead, WhatIfRead, WhatIfWrite

SALE_ID = "what-if"
YOURS = "your price"
UNKNOWN_WORTH = (
    "The worth of the whole portfolio is not known, since prices are missing: the share of what it cost, and the gain,"
    " stay unknown."
)


def think(standing: Standing, said: WhatIfWrite, now: datetime) -> WhatIfRead:
    """Return what a sale would come to. Raises InvalidInputError with what is wrong, by field."""
    done, book = standing.done, standing.book
    held = [each for each in held_of(done, book) if each.asset == said.asset]
    if not held:
        raise InvalidInputError("You hold nothing of it.", {"asset": "choose something that you hold"})
    wallet = _wallet(held, said.wallet)
    units = _units(standing, said, [each for each in held if each.wallet is None or each.wallet == wallet])
    found = standing.prices.get(said.asset)
    price = said.price if said.price is not None else (None if found is None else found.price)
    if price is None:
        raise InvalidInputError("No price is known.", {"price": "no source knows a price: give one"})
    worth = EXACT.multiply(price, said.amount)
    year = done.rules.year_of(now.astimezone(ZoneInfo(done.timezone)).date())
    sale = TaxEvent(
        id=SALE_ID,
        at=now,
        sequence=2**31,
        kind=Kind.SELL,
        wallet=wallet,
        out=(Leg(said.asset, units, worth),),
        choices=_choices(standing, said, year, units),
        portfolio_value=_portfolio_worth(standing),
    )
    try:
        disposals, after = what_if(standing.kept.history, sale)
    except LotNotHeldError:
        raise InvalidInputError("The lot does not hold that much.", {"lotId": "choose a lot that holds it"}) from None
    except InvalidEventError as error:
        raise InvalidInputError(f"This sale cannot be: {error.why}.") from None
    source = YOURS if said.price is not None or found is None else _source(found)
    taken_at = None if said.price is not None or found is None else found.taken_at
    notes = []
    if done.rules.methods[0] is Method.PORTFOLIO and sale.portfolio_value is None:
        notes.append(UNKNOWN_WORTH)
    first = min(years_of(done, book, standing.today)[-1], year)
    before = standing.kept.history.assess_all(first, year)[-1]
    return _read(standing, said, disposals, after, before, year, price, worth, source, taken_at, notes)


def _wallet(held: list[Held], said: str | None) -> str:
    """Return the wallet that is sold from: what was said, else the one with the most where lots count per wallet."""
    wallets = {each.wallet for each in held if each.wallet is not None}
    if not wallets:
        return said or ""
    if said is not None:
        if said not in wallets:
            raise InvalidInputError("That wallet holds nothing of it.", {"wallet": "choose a wallet that holds it"})
        return said
    return max(sorted(wallets), key=lambda wallet: sum(each.amount_raw for each in held if each.wallet == wallet))


def _units(standing: Standing, said: WhatIfWrite, held: list[Held]) -> int:
    book = standing.book
    exact = EXACT.scaleb(said.amount, places_of(book, said.asset))
    units = int(exact)
    if units != exact or not units:
        places = places_of(book, said.asset)
        raise InvalidInputError("The amount is too fine.", {"amount": f"{places} decimal places at most"})
    total = sum(each.amount_raw for each in held)
    if units > total:
        most = f"{whole(book, said.asset, total).normalize(EXACT):f}"
        raise InvalidInputError("You do not hold that much.", {"amount": f"you hold {most} there"})
    return units


def _choices(standing: Standing, said: WhatIfWrite, year: int, units: int) -> tuple[LotChoice, ...]:
    if said.lot_id is None:
        return ()
    if current_method(standing.done, year) is not Method.SPECIFIC:
        raise InvalidInputError(
            "A lot can be chosen with specific identification only.",
            {"lotId": "your method takes lots in its own order; choose specific identification in the settings"},
        )
    return (LotChoice(said.lot_id, units),)


def _portfolio_worth(standing: Standing) -> Decimal | None:
    """Return what everything held is worth, which France asks for; None where a price is missing."""
    if standing.done.rules.methods[0] is not Method.PORTFOLIO:
        return None
    total = Decimal(0)
    for each in held_of(standing.done, standing.book):
        found = standing.prices.get(each.asset)
        if found is None:
            return None
        total = EXACT.add(total, EXACT.multiply(found.price, whole(standing.book, each.asset, each.amount_raw)))
    return total


def _source(found: Priced) -> str:
    return f"{found.source} ({found.detail})" if found.detail else found.source


def _read(
    standing: Standing, said: WhatIfWrite, disposals: list[Disposal], after: Incremental, before: YearResult,
    year: int, price: Decimal, worth: Decimal, source: str, taken_at: datetime | None, notes: list[str],
) -> WhatIfRead:  # fmt: skip
    book = standing.book
    first = min(years_of(standing.done, book, standing.today)[-1], year)
    result = after.assess_all(first, year)[-1]
    costs, gains = [each.cost for each in disposals], [each.gain for each in disposals]
    return WhatIfRead(
        asset=said.asset,
        symbol=book.symbols.get(said.asset, said.asset),
        currency=book.settings.currency,
        year=year,
        label=standing.done.rules.label(year),
        amount=said.amount,
        price=price,
        price_source=source,
        price_taken_at=taken_at,
        proceeds=worth,
        cost=_sum(costs),
        gain=_sum(gains),
        disallowed=sum((each.disallowed for each in disposals), Decimal(0)),
        lines=[_line(standing, each, part) for each in disposals for part in each.parts],
        changes=_changes(before, result),
        notes=[*notes, *(note for note in result.notes if note)],
    )


def _sum(values: list[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None


def _line(standing: Standing, disposal: Disposal, part: Part) -> LineRead:
    lot = part.lot
    return LineRead(
        lot_id=None if lot is None else lot.id,
        acquired_on=None if lot is None else lot.day,
        amount=whole(standing.book, disposal.asset, part.amount_raw),
        cost=part.cost,
        proceeds=part.proceeds,
        gain=part.gain,
        disallowed=money(part.disallowed_e18),
        term=standing.done.rules.term(part, disposal.day),
        rule=part.rule,
    )


def _changes(before: YearResult, after: YearResult) -> list[ChangeRead]:
    """Return the figures that the sale changes."""
    was = {figure.name: figure.amount for figure in before.figures}
    return [
        ChangeRead(
            name=figure.name, title=figure.title, before=was.get(figure.name, Decimal(0)), after=figure.amount,
            is_count=figure.is_count,
        )
        for figure in after.figures
        if figure.amount != was.get(figure.name)
    ]  # fmt: skip
