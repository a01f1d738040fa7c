"""The list of tax transactions: its filters live in the address, its rows come as the reader scrolls to them."""

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from backend.tax.listing import service
from backend.tax.listing.schemas import FilterChoices, Order, TaxTransactionList
from backend.tax.listing.service import Filters
from backend.tax.settings import service as settings_service
from components.i18n import t
from state.guard import signed_in
from state.shell_state import ShellState
from state.tax_transaction_rows import TaxRow, tax_row
from state.view_models import Chip, ListHead, Option

WINDOW = 100
MOST_WINDOWS = 10_000
ADDRESS = "/tax/transactions/"
EXPORT = "/v1/tax/transactions/export"
FILTERS = ("year", "asset", "kind", "wallet", "source", "only")
SOURCES = ("wallet", "file", "manual")
ONLY = ("open", "edited")
KINDS = tuple(kind.value for kind in service.TransactionKind)
INCOMES = tuple(kind.value for kind in service.IncomeKind)
_HEADS = (
    ("when", "vt-day"),
    ("kind", "vt-event"),
    ("moved", "vt-mobile"),
    ("went", "vt-wide"),
    ("came", "vt-wide"),
    ("value", "vt-worth vt-wide vt-end"),
    ("fee", "vt-fee vt-large vt-end"),
    ("wallet", "vt-wallet vt-large"),
)
_TEXT = re.compile(r"[^\x00-\x1f]{1,140}")


@dataclass(frozen=True, slots=True)
class View:
    """The filters as the address has them; empty means not filtered, and so does anything malformed."""

    year: str = ""
    asset: str = ""
    kind: str = ""
    wallet: str = ""
    source: str = ""
    only: str = ""
    imported: str = ""
    sort: Order = "newest"

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is on."""
        return replace(self, sort="newest") != View()

    def address(self, shown: str = "", write: str = "") -> str:
        """Return the page's address with these filters; `shown` is in the drawer, `write` in the form."""
        named = {
            **{name: getattr(self, name) for name in FILTERS},
            "import": self.imported,
            "sort": "" if self.sort == "newest" else self.sort,
            "id": shown,
            "write": write,
        }
        query = urlencode({name: value for name, value in named.items() if value})
        return f"{ADDRESS}?{query}" if query else ADDRESS

    def export_address(self) -> str:
        """Return where a file of what these filters show is downloaded."""
        named = {name: getattr(self, name) for name in ("year", "asset", "kind", "wallet", "source")}
        named |= {"importId": self.imported, f"{self.only or 'open'}Only": "true" if self.only else ""}
        query = urlencode({name: value for name, value in named.items() if value})
        return f"{EXPORT}?{query}" if query else EXPORT

    def filters(self) -> Filters:
        """Return what the service is asked for."""
        return Filters(
            year=int(self.year) if self.year else None,
            asset=self.asset or None,
            kinds=(service.TransactionKind(self.kind),) if self.kind else (),
            wallet=self.wallet or None,
            source=self.source or None,  # type: ignore[arg-type]
            import_id=UUID(self.imported) if self.imported else None,
            open_only=self.only == "open",
            edited_only=self.only == "edited",
        )


def view_of(query: dict[str, str]) -> View:
    """Return the filters that an address names."""
    year = query.get("year", "")
    return View(
        year=year if year.isascii() and year.isdigit() and 2009 <= int(year) <= 2100 else "",
        asset=_text(query.get("asset", "")),
        kind=_one_of(query.get("kind", ""), KINDS),
        wallet=_text(query.get("wallet", "")),
        source=_one_of(query.get("source", ""), SOURCES),
        only=_one_of(query.get("only", ""), ONLY),
        imported=_uuid(query.get("import", "")),
        sort="oldest" if query.get("sort") == "oldest" else "newest",
    )


def write_of(query: dict[str, str]) -> str:
    """Return what an address wants to be written: "new", the id of a transaction, or nothing."""
    wanted = query.get("write", "")
    return wanted if wanted == "new" else _uuid(wanted)


class TaxTransactionsState(rx.State):
    """What the list shows: one window of rows at a time, which the list in the browser keeps."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    rows: list[TaxRow] = []
    total: int = 0
    window: int = 0
    list_key: str = ""
    data_key: str = ""
    sort: str = "-when"
    heads: list[ListHead] = []
    note: str = ""
    synced_at: str = ""
    left_out: str = ""
    is_syncing: bool = False
    year_options: list[Option] = []
    asset_options: list[Option] = []
    wallet_options: list[Option] = []
    chips: list[Chip] = []
    filter_year: str = ""
    filter_asset: str = ""
    filter_kind: str = ""
    filter_wallet: str = ""
    filter_source: str = ""
    filter_only: str = ""
    is_filtered: bool = False
    write_address: str = f"{ADDRESS}?write=new"
    export_address: str = EXPORT
    _zone: str = "UTC"
    _shown: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what the address says, from the top; another transaction in the drawer moves nothing."""
        await ShellState._show(self, user)
        query = dict(self.router.url.query_parameters)
        view, shown = self._view(), _uuid(query.get("id", "")) or write_of(query)
        before, self._shown = self._shown, shown
        if self.loaded and self.list_key == view.address() and (shown or before) and not self.failure:
            return
        await self._read(user, view)

    @signed_in
    async def reload(self, user: CurrentUser) -> Any:
        """Show the list as it is now; the reader stays where they are."""
        await self._read(user, self._view())

    @signed_in
    async def need(self, user: CurrentUser, window: int) -> Any:
        """Read the rows that the reader scrolls to; `window` counts from 1."""
        if isinstance(window, bool) or not isinstance(window, int) or not 1 <= window <= MOST_WINDOWS:
            raise InvalidInputError(t("form.invalid"))
        view = self._view()
        async with resources().database.unit_of_work(user.id) as session:
            page = await service.page(session, user, view.filters(), view.sort, (window - 1) * WINDOW, WINDOW)
        self.rows, self.window = self._rows(page), window

    @signed_in
    async def change_filter(self, user: CurrentUser, name: str, value: str) -> Any:
        """Go to the address with one filter changed."""
        if name not in FILTERS:
            raise InvalidInputError(t("form.invalid"))
        query = {**dict(self.router.url.query_parameters), name: str(value)}
        return rx.redirect(view_of(query).address())

    @signed_in
    async def open(self, user: CurrentUser, transaction_id: str) -> Any:
        """Go to the address of one transaction."""
        return rx.redirect(self._view().address(_uuid(str(transaction_id))))

    def _view(self) -> View:
        return view_of(dict(self.router.url.query_parameters))

    async def _read(self, user: CurrentUser, view: View) -> None:
        self.limit_message = self.upgrade_to = ""
        async with resources().database.unit_of_work(user.id) as session:
            page = await service.page(session, user, view.filters(), view.sort, 0, WINDOW)
            choices = await service.choices(session, user)
            self._zone = settings_service.zone_of(await settings_service.settings_of(session, user.id))
        self.rows, self.window, self.total = self._rows(page), 1, page.total
        self.list_key = view.address()
        self.data_key = f"{self.list_key}#{formats.iso(utc_now())}"
        self._show_state(page)
        self._show_filters(view, choices)
        self.failure = self.failure_id = ""
        self.loaded = True

    def _rows(self, page: TaxTransactionList) -> list[TaxRow]:
        zone = ZoneInfo(self._zone)
        return [tax_row(each, page.currency, zone) for each in page.items]

    def _show_state(self, page: TaxTransactionList) -> None:
        count = formats.number(page.total)
        words = "tax_transactions.note_one" if page.total == 1 else "tax_transactions.note"
        self.note = t(words, total=count, currency=page.currency, zone=self._zone)
        self.synced_at = formats.iso(page.synced_at)
        self.is_syncing = page.synced_at is None
        self.left_out = t("tax_transactions.left_out", count=formats.number(page.left_out)) if page.left_out else ""

    def _show_filters(self, view: View, choices: FilterChoices) -> None:
        self.filter_year, self.filter_asset, self.filter_kind = view.year, view.asset, view.kind
        self.filter_wallet, self.filter_source, self.filter_only = view.wallet, view.source, view.only
        self.is_filtered = view.is_filtered
        self.write_address = view.address(write="new")
        self.export_address = view.export_address()
        self.sort = "-when" if view.sort == "newest" else "when"
        newest, oldest = (replace(view, sort=way).address() for way in ("newest", "oldest"))
        self.heads = [
            ListHead(key, t(f"tax_transactions.{key}"), css, "when", "descending", newest, oldest)
            if key == "when"
            else ListHead(key, t(f"tax_transactions.{key}"), css, "", "", "", "")
            for key, css in _HEADS
        ]
        self.year_options = [Option(str(year), str(year)) for year in choices.years]
        self.asset_options = [Option(each.value, each.title) for each in choices.assets]
        self.wallet_options = [Option(each.value, each.title) for each in choices.wallets]
        self.chips = []
        if view.imported:
            self.chips = [Chip(t("tax_transactions.one_import"), replace(view, imported="").address(), active=True)]


def _one_of(text: str, allowed: tuple[str, ...]) -> str:
    return text if text in allowed else ""


def _text(text: str) -> str:
    return text if _TEXT.fullmatch(text) else ""


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
