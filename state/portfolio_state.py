"""The portfolio: worth, what it is made of, its course, and every holding; all of the newest snapshot."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, get_args
from urllib.parse import urlencode

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, RateLimitError, UnavailableError
from backend.portfolio import service as portfolio
from backend.portfolio.activity import service as activity
from backend.portfolio.discovery import service as tokens
from backend.portfolio.discovery.schemas import TokenDecision
from backend.portfolio.profit import service as profits
from backend.portfolio.service import SORTS, Range
from backend.portfolio.wallets import service as wallets
from components.i18n import t
from state import portfolio_rows as rows
from state.arguments import window_of
from state.guard import signed_in
from state.ledger_rows import LedgerRow, ledger_row
from state.portfolio_rows import AssetRow, ChainRow, Gap
from state.protocol_rows import AccountRow, account_rows
from state.shell_state import ShellState
from state.view_models import ChartView, Chip, CountRow, KpiTile, ListHead

WINDOW = 100
MOST_WINDOWS = 1_000
ADDRESS = "/portfolio/"
RANGES: tuple[Range, ...] = get_args(Range)
FIRST_RANGE: Range = "7d"
FIRST_SORT = "-value"
MOST_SEARCH = 60
LATEST = 5  # events on the overview
# A reading of all chains takes seconds; after this it is said that none came.
REFRESH_WAIT = timedelta(seconds=90)
_HEADS = (
    ("asset", "", "asset", "ascending"),
    ("amount", "vt-amount vt-wide vt-end", "", ""),
    ("price", "vt-price vt-wide vt-end", "price", "descending"),
    ("value", "vt-worth vt-end", "value", "descending"),
    ("cost", "vt-cost vt-xl vt-end", "", ""),
    ("gain", "vt-gain vt-large vt-end", "", ""),
    ("chain", "vt-wallet vt-large", "chain", "ascending"),
    ("wallet", "vt-wallet vt-xl", "wallet", "ascending"),
)


@dataclass(frozen=True, slots=True)
class View:
    """What an address of the page names: time shown, search, order of the holdings."""

    range: Range = FIRST_RANGE
    search: str = ""
    sort: str = FIRST_SORT

    def address(self) -> str:
        """Return the page's address."""
        named = {
            "range": "" if self.range == FIRST_RANGE else self.range,
            "q": self.search,
            "sort": "" if self.sort == FIRST_SORT else self.sort,
        }
        query = urlencode({name: value for name, value in named.items() if value})
        return f"{ADDRESS}?{query}" if query else ADDRESS


def view_of(query: dict[str, str]) -> View:
    """Return what an address names; what it names wrongly is left out."""
    sort = query.get("sort", "")
    span = query.get("range", "")
    return View(
        range=span if span in RANGES else FIRST_RANGE,
        search=query.get("q", "").strip()[:MOST_SEARCH],
        sort=sort if sort.removeprefix("-") in SORTS else FIRST_SORT,
    )


class PortfolioState(rx.State):
    """What the portfolio's overview shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    has_wallets: bool = False
    has_snapshot: bool = False
    is_complete: bool = False
    taken_at: str = ""
    tiles: list[KpiTile] = []
    chains: list[ChainRow] = []
    gaps: list[Gap] = []
    profit_gaps: list[str] = []
    chart: ChartView = ChartView()
    ranges: list[Chip] = []
    by_asset: list[CountRow] = []
    by_chain: list[CountRow] = []
    by_wallet: list[CountRow] = []
    by_category: list[CountRow] = []
    by_protocol: list[CountRow] = []
    accounts: list[AccountRow] = []
    rows: list[AssetRow] = []
    total: int = 0
    window: int = 0
    list_key: str = ""
    data_key: str = ""
    page_key: str = ""
    sort: str = FIRST_SORT
    heads: list[ListHead] = []
    search: str = ""
    search_key: int = 0
    assets_note: str = ""
    latest: list[LedgerRow] = []
    refreshing: bool = False
    _typed: str = ""
    _asked_at: datetime | None = None

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what the address says."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        await self._read(user)
        self.failure = self.failure_id = ""
        self.loaded = True

    @signed_in
    async def refresh(self, user: CurrentUser) -> Any:
        """Take the newest snapshot in place; say so when one that was asked for did not come."""
        if not self.loaded or self.router.url.path.strip("/") != "portfolio":
            return None
        await self._read(user)
        if self.refreshing and self._asked_at is not None and utc_now() - self._asked_at > REFRESH_WAIT:
            self.refreshing = False
            return rx.toast.warning(t("portfolio.refresh_late"))
        return None

    @signed_in
    async def refresh_now(self, user: CurrentUser) -> Any:
        """Have all wallets read now, as often as the plan allows."""
        asked_at = utc_now()
        async with resources().database.unit_of_work(user.id) as session:
            await portfolio.ask_refresh(session, user, resources().redis)
        self.refreshing, self._asked_at = True, asked_at

    @signed_in
    async def need(self, user: CurrentUser, window: int) -> Any:
        """Read the rows that the reader scrolls to; `window` counts from 1."""
        window = window_of(window, MOST_WINDOWS)
        async with resources().snapshots.open(user.id) as store:
            newest = await portfolio.latest(store, user)
        if newest is not None:
            self._show_rows(newest, await self._names(user), await self._costs(user), window)

    @signed_in
    async def change_search(self, user: CurrentUser, text: str) -> Any:
        """Go to the address with another search."""
        self._typed = str(text).strip()[:MOST_SEARCH]
        return rx.redirect(replace(self._view(), search=self._typed).address(), replace=True)

    @signed_in
    async def hide(self, user: CurrentUser, chain_id: int, token: str) -> Any:
        """Take a token for spam from now on: it is left out of the next snapshot."""
        async with resources().database.unit_of_work(user.id) as session:
            await tokens.decide(session, user, decision(chain_id, token, True))
        await reread(user)
        return rx.toast.success(t("portfolio.hidden_toast"))

    async def _read(self, user: CurrentUser) -> None:
        view = self._view()
        async with resources().snapshots.open(user.id) as store:
            newest, before = await portfolio.latest_and_day_before(store, user)
            course = await portfolio.history(store, user, view.range)
        names = await self._names(user)
        async with resources().database.unit_of_work(user.id) as session:
            newest_events = await activity.page_of(session, user, activity.Wanted(), 0, LATEST)
            profit = await profits.profit(session, user)
        self.latest = [ledger_row(each) for each in newest_events.events]
        self.profit_gaps = profit.gaps if profit else []
        self.has_snapshot = newest is not None
        self.ranges = [
            Chip(t(f"portfolio.range_{each}"), replace(view, range=each).address(), each == view.range)
            for each in RANGES
        ]
        self.chart = rows.chart_of(view.range, course)
        if newest is None:
            return
        if self._asked_at is not None and newest.taken_at >= self._asked_at:
            self.refreshing, self._asked_at = False, None
        self.is_complete, self.taken_at = newest.is_complete, formats.iso(newest.taken_at)
        self.tiles, self.chains, self.gaps = (
            rows.tiles_of(newest, before, profit),
            rows.chain_rows(newest),
            rows.gaps_of(newest),
        )
        self.by_asset, self.by_chain = rows.part_rows(newest, "asset", names), rows.part_rows(newest, "chain", names)
        self.by_wallet = rows.part_rows(newest, "wallet", names)
        self.by_category = rows.part_rows(newest, "category", names)
        self.by_protocol = rows.part_rows(newest, "protocol", names)
        self.accounts = account_rows(newest, names)
        self._show_rows(newest, names, await self._costs(user), 1)
        if view.search != self._typed:
            self._typed, self.search_key = view.search, self.search_key + 1
        self.search = view.search

    def _show_rows(
        self, newest: portfolio.Snapshot, names: dict[str, str], costs: portfolio.AverageCosts, window: int
    ) -> None:
        """Show one window of the holdings, in the order and with the search of the address."""
        view = self._view()
        found = portfolio.find_assets(newest, view.search, view.sort)
        self.rows = rows.asset_rows(newest, found[(window - 1) * WINDOW : window * WINDOW], names, costs)
        self.total, self.window, self.sort = len(found), window, view.sort
        self.list_key = f"{view.search}|{view.sort}"
        self.data_key = self.page_key = f"{self.list_key}|{formats.iso(newest.taken_at)}"
        self.heads = _heads(view)
        self.assets_note = t(
            "portfolio.assets_found" if view.search else "portfolio.assets_note",
            found=formats.number(len(found)),
            total=formats.number(len(newest.holdings)),
        )

    async def _costs(self, user: CurrentUser) -> portfolio.AverageCosts:
        """Return what a whole unit of each asset cost on average."""
        async with resources().database.unit_of_work(user.id) as session:
            return await profits.average_costs(session, user)

    async def _names(self, user: CurrentUser) -> dict[str, str]:
        """Return what the user calls their wallets, by address in lower case."""
        async with resources().database.unit_of_work(user.id) as session:
            mine = await wallets.list_wallets(session, user)
        self.has_wallets = bool(mine)
        return {each.address.lower(): each.label or each.ens_name or "" for each in mine}

    def _view(self) -> View:
        return view_of(dict(self.router.url.query_parameters))


def _heads(view: View) -> list[ListHead]:
    def to(sort: str, way: str) -> str:
        return replace(view, sort=f"-{sort}" if way == "descending" else sort).address() if sort else ""

    other = {"ascending": "descending", "descending": "ascending", "": ""}
    return [
        ListHead(key, t(f"portfolio.{key}"), css, sort, first, to(sort, first), to(sort, other[first]))
        for key, css, sort, first in _HEADS
    ]


def decision(chain_id: Any, token: Any, is_spam: bool | None) -> TokenDecision:
    """Return what a page says of a token. Raises InvalidInputError for what is none."""
    try:
        return TokenDecision(chain_id=chain_id, token=str(token)[:60], is_spam=is_spam)
    except ValueError:
        raise InvalidInputError(t("form.invalid")) from None


async def reread(user: CurrentUser) -> None:
    """Have the portfolio read anew if the plan allows it now; else the next hour does."""
    with suppress(RateLimitError, UnavailableError):
        async with resources().database.unit_of_work(user.id) as session:
            await portfolio.ask_refresh(session, user, resources().redis)
