"""Tax optimisation: methods side by side, losses, terms, and a sale thought of. Year and scope live in the address."""

from typing import Any

import reflex as rx
from pydantic import ValidationError

from backend.accounts.service import CurrentUser, Feature
from backend.accounts.service import require as require_feature
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError, PremiumError
from backend.core.ids import request_id
from backend.core.logging import get_logger
from backend.core.money import parse_decimal
from backend.market.ladder.service import shared_ladder
from backend.tax.optimisation import service
from backend.tax.optimisation.schemas import OptimisationRead, Scope, WhatIfRead, WhatIfWrite
from components.i18n import t
from state import tax_optimisation_rows as rows
from state.background import signed_in_background
from state.guard import signed_in
from state.shell_state import ShellState
from state.tax_optimisation_rows import ChangeRow, FigureRow, LotRow, MethodRow, PriceRow, Tile
from state.view_models import Chip, Option

FIRST_LOTS = 10

log = get_logger(__name__)


class TaxOptimisationState(rx.State):
    """What the page shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    computing: bool = False
    problem: str = ""
    problem_id: str = ""
    has_book: bool = False
    is_empty: bool = False
    as_of: str = ""
    issues: str = ""
    years: list[Chip] = []
    more_years: list[Option] = []
    earlier: str = ""
    scopes: list[Chip] = []
    methods_note: str = ""
    headline: str = ""
    methods: list[MethodRow] = []
    refused: list[Option] = []
    figure_heads: list[str] = []
    figures: list[FigureRow] = []
    harvest: list[LotRow] = []
    harvest_note: str = ""
    harvest_rules: list[str] = []
    harvest_more: str = ""
    soon: list[LotRow] = []
    soon_note: str = ""
    soon_more: str = ""
    prices: list[PriceRow] = []
    prices_note: str = ""
    notes: list[str] = []
    holdings: list[Option] = []
    choice: str = ""
    amount: str = ""
    price: str = ""
    lot_id: str = ""
    lot_words: str = ""
    held_hint: str = ""
    price_hint: str = ""
    errors: dict[str, str] = {}
    busy: bool = False
    has_result: bool = False
    tiles: list[Tile] = []
    priced_by: str = ""
    lines: list[LotRow] = []
    changes: list[ChangeRow] = []
    changes_title: str = ""
    result_notes: list[str] = []
    _amounts: dict[str, str] = {}
    _hints: dict[str, str] = {}
    _can_choose: bool = False
    _scope: str = "history"
    _run: int = 0
    _harvest: list[LotRow] = []
    _soon: list[LotRow] = []

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the page, then have it computed."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = self.failure = self.failure_id = self.problem = self.problem_id = ""
        self.loaded = True
        require_feature(user, Feature.TAX)
        self.computing = True
        return TaxOptimisationState.compute

    @signed_in_background
    async def compute(self, user: CurrentUser) -> None:
        """Compute what the address asks for; only the newest run shows what it found."""
        async with self:
            self._run += 1
            run, self.computing = self._run, True
            query = dict(self.router.url.query_parameters)
        problem, problem_id, read = "", "", None
        scope: Scope = "year" if query.get("scope") == "year" else "history"
        try:
            read = await _read(user, _year(query.get("year", "")), scope)
        except PremiumError as error:
            problem = error.message
        except Exception:
            problem, problem_id = t("error.internal"), request_id()
            log.exception("page event failed", handler="TaxOptimisationState.compute", request_id=problem_id)
        async with self:
            if run != self._run:
                return
            self.computing, self.problem, self.problem_id = False, problem, problem_id
            if read is not None:
                self._show(read)

    @signed_in
    async def choose_year(self, user: CurrentUser, year: str) -> Any:
        """Go to a year that has no chip."""
        if _year(year) is None:
            return None
        return rx.redirect(rows.address(int(year), self._scope))

    @signed_in
    async def show_harvest(self, user: CurrentUser) -> Any:
        """Show all losses that were read."""
        self.harvest, self.harvest_more = self._harvest, ""

    @signed_in
    async def show_soon(self, user: CurrentUser) -> Any:
        """Show all lots that wait for their day and were read."""
        self.soon, self.soon_more = self._soon, ""

    @signed_in
    async def choose(self, user: CurrentUser, choice: str) -> Any:
        """Take another holding for the sale."""
        self._choose(choice, "", "", "")

    @signed_in
    async def try_lot(self, user: CurrentUser, choice: str, amount: str, lot_id: str, day: str) -> Any:
        """Fill the form with a lot from the list, and calculate."""
        chosen = lot_id if self._can_choose else ""
        words = t("optimisation.lot_chosen", day=day) if chosen else t("optimisation.any_lot")
        self._choose(str(choice), str(amount), chosen, words)
        self.busy = True
        return [TaxOptimisationState.calculate, rx.scroll_to("what-if")]

    @signed_in
    async def submit(self, user: CurrentUser, form: dict[str, Any]) -> Any:
        """Calculate what the form says."""
        self.amount, self.price = str(form.get("amount", "")).strip(), str(form.get("price", "")).strip()
        self.busy = True
        return TaxOptimisationState.calculate

    @signed_in_background
    async def calculate(self, user: CurrentUser) -> None:
        """Think the sale through."""
        async with self:
            asset, _, wallet = self.choice.partition(rows.ANY)
            said, errors = _said(asset, wallet, self.amount, self.price, self.lot_id)
            self.errors = errors
            if said is None:
                self.busy, self.has_result = False, False
                return
        try:
            read = await _think(user, said)
        except InvalidInputError as error:
            async with self:
                self.busy, self.has_result = False, False
                self.errors = {
                    name if name in ("amount", "price") else "form": f"{error.message} {_capital(text)}"
                    for name, text in (error.details or {"form": ""}).items()
                }
            return
        async with self:
            self.busy = False
            self._show_result(read)

    def _choose(self, choice: str, amount: str, lot_id: str, words: str) -> None:
        known = {option.value for option in self.holdings}
        if choice not in known:
            return
        self.choice, self.lot_id, self.lot_words = choice, lot_id, words
        self.amount, self.price, self.errors, self.has_result = amount, "", {}, False
        self.held_hint = t("optimisation.sell_all", amount=self._amounts.get(choice, formats.UNKNOWN))
        self.price_hint = self._hints.get(choice.partition(rows.ANY)[0], t("optimisation.price_unknown"))

    def _show(self, read: OptimisationRead) -> None:
        self.has_book, self.is_empty = True, not read.holdings and all(not each.figures for each in read.methods)
        self.is_empty = self.is_empty or (not read.holdings and len(read.years) == 1 and not _has_disposals(read))
        self.as_of = formats.iso(read.as_of)
        self.years, self.more_years, self.scopes = (
            rows.year_chips(read),
            rows.year_options(read),
            rows.scope_chips(read),
        )
        self._scope, self.headline = read.scope, read.headline_title
        self.earlier = str(read.year) if str(read.year) in {each.value for each in self.more_years} else ""
        self.methods_note = t("optimisation.methods_note", place=read.jurisdiction_name, label=read.label)
        self.methods, self.refused = rows.method_rows(read), rows.refused_rows(read)
        self.figure_heads, self.figures = rows.figure_heads(read), rows.figure_rows(read)
        self._show_lots(read)
        self.prices, self.notes = rows.price_rows(read), read.notes[1:]
        self.prices_note = t("optimisation.prices_note", currency=read.currency, unpriced=formats.number(read.unpriced))
        self.issues = ""
        if read.open_issues:
            count = formats.number(read.open_issues)
            self.issues = t("optimisation.issue") if read.open_issues == 1 else t("optimisation.issues", count=count)
        self._offer(read)

    def _show_lots(self, read: OptimisationRead) -> None:
        """Show the first of both lists of lots."""
        self._harvest, self._soon = rows.harvest_rows(read), rows.soon_rows(read)
        self.harvest, self.harvest_more = _first(self._harvest)
        self.soon, self.soon_more = _first(self._soon)
        self.harvest_rules = rows.harvest_notes(read)
        self.harvest_note, self.soon_note = t("optimisation.harvest_note_none"), t("optimisation.soon_note_none")
        if read.harvest:
            self.harvest_note = t(
                "optimisation.harvest_note",
                shown=formats.number(len(read.harvest)),
                total=formats.number(read.harvest_total),
                loss=formats.money(read.harvest_loss, read.currency),
                note=read.notes[0] if read.notes else "",
            )
        if read.soon_long:
            shown, total = formats.number(len(read.soon_long)), formats.number(read.soon_total)
            self.soon_note = t("optimisation.soon_note", shown=shown, total=total)

    def _offer(self, read: OptimisationRead) -> None:
        self.holdings = rows.holding_options(read)
        self._amounts = {
            rows.choice_of(each): formats.amount(each.amount, rows.symbol_of(each.symbol)) for each in read.holdings
        }
        self._hints = {
            each.asset: t("optimisation.price_hint", price=formats.money(each.price, read.currency))
            for each in read.prices
            if each.price is not None
        }
        self._can_choose = any(each.is_current and each.method == "specific" for each in read.methods)
        if self.choice not in self._amounts:
            self._choose(self.holdings[0].value if self.holdings else "", "", "", "")

    def _show_result(self, read: WhatIfRead) -> None:
        self.has_result, self.errors = True, {}
        self.tiles, self.lines = rows.tiles_of(read), rows.line_rows(read)
        self.changes = rows.change_rows(read.changes, read.currency)
        self.changes_title = t("optimisation.changes", label=read.label)
        self.priced_by = t(
            "optimisation.priced_by", price=formats.money(read.price, read.currency), source=read.price_source
        )
        self.result_notes = read.notes


def _first(lots: list[LotRow]) -> tuple[list[LotRow], str]:
    """Return the first lots of a list, and what shows the others."""
    if len(lots) <= FIRST_LOTS + 2:
        return lots, ""
    return lots[:FIRST_LOTS], t("optimisation.show_all", count=formats.number(len(lots)))


def _has_disposals(read: OptimisationRead) -> bool:
    return any(figure.name == "disposals" and figure.amount for each in read.methods for figure in each.figures)


def _market() -> service.Market:
    held = resources()
    return service.Market(held.settings, shared_ladder(held.settings, held.timeseries, held.counters))


async def _read(user: CurrentUser, year: int | None, scope: Scope) -> OptimisationRead:
    async with resources().database.unit_of_work(user.id) as session:
        return await service.optimisation(session, user, _market(), year, scope)


async def _think(user: CurrentUser, said: WhatIfWrite) -> WhatIfRead:
    async with resources().database.unit_of_work(user.id) as session:
        return await service.what_if(session, user, _market(), said)


def _said(asset: str, wallet: str, amount: str, price: str, lot_id: str) -> tuple[WhatIfWrite | None, dict[str, str]]:
    errors, numbers = {}, {}
    for name, text in (("amount", amount), ("price", price)):
        if name == "price" and not text:
            continue
        try:
            numbers[name] = parse_decimal(text)
        except ValueError:
            errors[name] = t("optimisation.bad_number")
    if errors:
        return None, errors
    try:
        return WhatIfWrite(asset=asset, wallet=wallet or None, lot_id=lot_id or None, **numbers), {}
    except ValidationError as error:
        names = {str(each["loc"][0]) for each in error.errors()}
        return None, {name if name in numbers else "form": t("optimisation.bad_number") for name in names}


def _year(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else None


def _capital(text: Any) -> str:
    words = str(text)
    return f"{words[:1].upper()}{words[1:]}." if words else ""
