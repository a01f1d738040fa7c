"""What the page of optimisation shows, as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.core import formats
from backend.core.money import plain
from backend.tax.optimisation.schemas import (
    ChangeRead,
    HarvestRead,
    LineRead,
    MethodRead,
    OptimisationRead,
    PositionRead,
    PriceRead,
    WhatIfRead,
)
from backend.tax.settings.service import METHOD_TITLES
from components.i18n import t
from state.tax_words import place_name, signed, tone_of
from state.view_models import Chip, Option

ADDRESS = "/tax/optimisation/"
ANY = "|"  # between asset and wallet in a value; neither holds one
SHOWN_YEARS = 6


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One method: what the year comes to under it, and how far that is from the one in force."""

    key: str
    name: str
    means: str
    headline: str
    difference: str
    tone: str
    unknown: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure under every method."""

    title: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class LotRow:
    """Units that are left, or that a sale takes."""

    key: str
    asset: str
    wallet: str
    wallet_full: str
    acquired: str
    amount: str
    cost: str
    worth: str
    gain: str
    tone: str
    term: str
    days: str
    long_from: str
    notes: list[str]
    choice: str
    plain_amount: str
    lot_id: str


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A price with its source."""

    key: str
    asset: str
    price: str
    source: str
    taken_at: str
    is_stale: bool


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A figure before and after the sale."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the sale."""

    label: str
    value: str
    tone: str


def address(year: int, scope: str) -> str:
    """Return the page's address of a year and scope."""
    return f"{ADDRESS}?year={year}" + ("&scope=year" if scope == "year" else "")


def year_chips(read: OptimisationRead) -> list[Chip]:
    """Return the newest years, and the one that is shown if it is an earlier one."""
    shown = read.years[:SHOWN_YEARS]
    years = shown if read.year in shown else [*shown, read.year]
    return [Chip(str(year), address(year, read.scope), year == read.year) for year in years]


def year_options(read: OptimisationRead) -> list[Option]:
    """Return the years that have no chip."""
    return [Option(str(year), str(year)) for year in read.years[SHOWN_YEARS:]]


def scope_chips(read: OptimisationRead) -> list[Chip]:
    """Return the two scopes, none where a method cannot change from a year on."""
    if not read.can_change_by_year:
        return []
    return [
        Chip(t(f"optimisation.scope_{scope}"), address(read.year, scope), scope == read.scope)
        for scope in ("history", "year")
    ]


def method_name(each: MethodRead) -> str:
    """Return a method's name for people."""
    return METHOD_TITLES[each.method]


def method_rows(read: OptimisationRead) -> list[MethodRow]:
    """Return the methods that the place allows."""
    return [_method(each, read.currency) for each in read.methods if each.is_allowed]


def _method(each: MethodRead, currency: str) -> MethodRow:
    difference = ""
    if each.is_current:
        difference = t("optimisation.base")
    elif each.difference is not None:
        difference = signed(each.difference, currency) if each.difference else t("optimisation.same")
    unknown = t("optimisation.open_count", count=formats.number(each.unknown))
    return MethodRow(
        key=each.method,
        name=method_name(each),
        means=each.reason or t(f"optimisation.{each.method}_means"),
        headline="" if each.headline is None else formats.money(each.headline, currency),
        difference=difference,
        # Less to tax is the better one for whoever pays: no colour says so, since later years pay for it.
        tone="neutral",
        unknown="" if each.headline is None else unknown if each.unknown else t("optimisation.none_open"),
        is_current=each.is_current,
    )


def refused_rows(read: OptimisationRead) -> list[Option]:
    """Return the methods that the place refuses, with its reason."""
    return [Option(method_name(each), each.reason) for each in read.methods if not each.is_allowed]


def figure_heads(read: OptimisationRead) -> list[str]:
    """Return the methods that have figures."""
    return [method_name(each) for each in read.methods if each.figures]


def figure_rows(read: OptimisationRead) -> list[FigureRow]:
    """Return every figure under every method that has figures."""
    having = [each for each in read.methods if each.figures]
    if not having:
        return []
    rows = []
    for place, figure in enumerate(having[0].figures):
        cells = [
            plain(each.figures[place].amount)
            if figure.is_count
            else formats.money(each.figures[place].amount, read.currency)
            for each in having
        ]
        rows.append(FigureRow(figure.title, cells))
    return rows


def harvest_rows(read: OptimisationRead) -> list[LotRow]:
    """Return the losses, each with what is true of it alone."""
    shared = harvest_notes(read)
    return [
        _lot(each, read.currency, place, [note for note in _warnings(each) if note not in shared])
        for place, each in enumerate(read.harvest)
    ]


def harvest_notes(read: OptimisationRead) -> list[str]:
    """Return what is true of every loss: it is said once."""
    if not read.harvest:
        return []
    others = [set(_warnings(each)) for each in read.harvest]
    return [note for note in _warnings(read.harvest[0]) if all(note in other for other in others)]


def soon_rows(read: OptimisationRead) -> list[LotRow]:
    """Return the lots that wait for their day."""
    return [_lot(each, read.currency, place, []) for place, each in enumerate(read.soon_long)]


def _warnings(each: HarvestRead) -> list[str]:
    notes = []
    if each.blocked_by:
        count = len(each.blocked_by)
        notes.append(
            t("optimisation.blocked_one") if count == 1 else t("optimisation.blocked", count=formats.number(count))
        )
    if each.rule:
        notes.append(t("optimisation.rule", rule=each.rule))
    if each.free_from is not None:
        notes.append(t("optimisation.free_from", day=each.free_from.isoformat()))
    return notes


def symbol_of(text: str) -> str:
    """Return a symbol fit to show: it may come from a contract."""
    return formats.untrusted_text(text)


def _lot(each: PositionRead, currency: str, place: int, notes: list[str]) -> LotRow:
    return LotRow(
        key=f"{place}",
        asset=symbol_of(each.symbol),
        wallet=place_name(each.wallet or ""),
        wallet_full=each.wallet or "",
        acquired=each.acquired_on.isoformat(),
        amount=formats.amount(each.amount),
        cost=formats.money(each.cost, currency),
        worth=formats.money(each.worth, currency),
        gain=signed(each.gain, currency),
        tone=tone_of(each.gain),
        term=term_words(each.days_to_long),
        days=formats.number(each.days_to_long),
        long_from="" if each.long_from is None else each.long_from.isoformat(),
        notes=notes,
        choice=choice_of(each),
        plain_amount=plain(each.amount),
        lot_id=each.lot_id,
    )


def term_words(days: int | None) -> str:
    """Return how long is left until something counts as held for long."""
    if days is None:
        return t("optimisation.no_term")
    if days == 0:
        return t("optimisation.is_long")
    return t("optimisation.long_in_day") if days == 1 else t("optimisation.long_in", days=formats.number(days))


def choice_of(each: PositionRead) -> str:
    """Return a holding as the value of a choice."""
    return f"{each.asset}{ANY}{each.wallet or ''}"


def holding_options(read: OptimisationRead) -> list[Option]:
    """Return what may be thought of as sold."""
    return [
        Option(
            choice_of(each),
            formats.amount(each.amount, symbol_of(each.symbol))
            + (f" · {place_name(each.wallet)}" if each.wallet else ""),
        )
        for each in read.holdings
    ]


def price_rows(read: OptimisationRead) -> list[PriceRow]:
    """Return the prices that are known."""
    return [_price(each, read.currency) for each in read.prices if each.price is not None]


def _price(each: PriceRead, currency: str) -> PriceRow:
    source = f"{each.source} · {each.detail}" if each.detail else each.source or ""
    if each.rate_day is not None:
        source += f" · {t('optimisation.rate_day', day=each.rate_day.isoformat())}"
    return PriceRow(
        key=each.asset,
        asset=symbol_of(each.symbol),
        price=formats.money(each.price, currency),
        source=source,
        taken_at=formats.iso(each.taken_at),
        is_stale=each.is_stale,
    )


def tiles_of(read: WhatIfRead) -> list[Tile]:
    """Return the numbers of a sale."""
    tiles = [
        Tile(t("optimisation.proceeds"), formats.money(read.proceeds, read.currency), "neutral"),
        Tile(t("optimisation.cost"), formats.money(read.cost, read.currency), "neutral"),
        Tile(t("optimisation.gain"), signed(read.gain, read.currency), tone_of(read.gain)),
    ]
    if read.disallowed:
        tiles.append(Tile(t("optimisation.disallowed"), formats.money(read.disallowed, read.currency), "neutral"))
    return tiles


def line_rows(read: WhatIfRead) -> list[LotRow]:
    """Return the units that a sale takes."""
    return [_line(each, read, place) for place, each in enumerate(read.lines)]


def _line(each: LineRead, read: WhatIfRead, place: int) -> LotRow:
    terms = {"short": t("optimisation.short"), "long": t("optimisation.long")}
    term = terms.get(str(each.term or ""), formats.UNKNOWN if each.cost is None else t("optimisation.no_term"))
    what = t("optimisation.unknown_lot")
    if each.acquired_on is not None:
        what = t("optimisation.pool") if each.rule in ("pool", "portfolio") else each.acquired_on.isoformat()
    return LotRow(
        key=f"{place}",
        asset=symbol_of(read.symbol),
        wallet="",
        wallet_full="",
        acquired=what,
        amount=formats.amount(each.amount),
        cost=formats.money(each.cost, read.currency),
        worth=formats.money(each.proceeds, read.currency),
        gain=signed(each.gain, read.currency),
        tone=tone_of(each.gain),
        term=term,
        days="",
        long_from="",
        notes=[],
        choice="",
        plain_amount=plain(each.amount),
        lot_id=each.lot_id or "",
    )


def change_rows(changes: Sequence[ChangeRead], currency: str) -> list[ChangeRow]:
    """Return the figures of the year that a sale changes."""

    def text(amount: Decimal, *, is_count: bool) -> str:
        return plain(amount) if is_count else formats.money(amount, currency)

    return [
        ChangeRow(each.title, text(each.before, is_count=each.is_count), text(each.after, is_count=each.is_count))
        for each in changes
    ]
