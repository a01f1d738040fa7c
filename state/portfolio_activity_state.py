"""The activity of the portfolio: its filters live in the address, its rows come as the reader scrolls to them."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.chain.registry import chain_name
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from backend.portfolio.activity import service
from backend.portfolio.activity.schemas import CoverageRead
from backend.portfolio.activity.service import Kind, Wanted
from backend.portfolio.wallets import service as wallets
from components.i18n import t
from state.arguments import window_of
from state.guard import signed_in
from state.ledger_rows import CoverageRow, LedgerRow, coverage_note, coverage_rows, ledger_row
from state.shell_state import ShellState
from state.view_models import Chip, ListHead, Option

WINDOW = 100
MOST_WINDOWS = 10_000
ADDRESS = "/portfolio/activity/"
FILTERS = ("wallet", "chain", "kind", "protocol", "from", "to")
FIRST_YEAR, LAST_YEAR = 2009, 2100
_ACCOUNT = re.compile(r"0x[0-9a-f]{40}")
_HEADS = (
    ("when", "vt-when"),
    ("kind", "vt-event"),
    ("moved", "vt-mobile"),
    ("went", "vt-wide"),
    ("came", "vt-wide"),
    ("value", "vt-worth vt-wide vt-end"),
    ("fee", "vt-fee vt-large vt-end"),
    ("wallet", "vt-wallet vt-large"),
)


@dataclass(frozen=True, slots=True)
class View:
    """The filters as the address has them; empty means not filtered, and so does anything malformed."""

    wallet: str = ""
    chain: str = ""
    token: str = ""
    kind: str = ""
    protocol: str = ""
    since: str = ""
    until: str = ""

    @property
    def is_any(self) -> bool:
        """Whether any filter is on."""
        return self != View()

    def address(self) -> str:
        """Return the page's address with these filters."""
        named = {
            "wallet": self.wallet,
            "chain": self.chain,
            "token": self.token,
            "kind": self.kind,
            "protocol": self.protocol,
            "from": self.since,
            "to": self.until,
        }
        query = urlencode({name: value for name, value in named.items() if value})
        return f"{ADDRESS}?{query}" if query else ADDRESS

    def wanted(self, as_of: datetime) -> Wanted:
        """Return what the ledger is asked for, nothing newer than the list."""
        until = _start_of(self.until)
        return Wanted(
            wallets=[self.wallet] if self.wallet else [],
            chains=[int(self.chain)] if self.chain else [],
            token=self.token or None,
            kinds=[Kind(self.kind)] if self.kind else [],
            protocol=self.protocol or None,
            since=_start_of(self.since),
            until=as_of if until is None else min(as_of, until + timedelta(days=1)),
        )


def view_of(query: dict[str, str]) -> View:
    """Return the filters that an address names."""
    chain = query.get("chain", "")
    return View(
        wallet=_account(query.get("wallet", "")),
        chain=chain if chain.isascii() and chain.isdigit() and 0 < int(chain or 0) < 2**53 else "",
        token=_account(query.get("token", "")),
        kind=query.get("kind", "") if query.get("kind") in {kind.value for kind in Kind} else "",
        protocol=_name(query.get("protocol", "")),
        since=_day(query.get("from", "")),
        until=_day(query.get("to", "")),
    )


class PortfolioActivityState(rx.State):
    """What the list of activity shows: one window of rows at a time, which the list in the browser keeps."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    has_wallets: bool = False
    is_reading: bool = False
    rows: list[LedgerRow] = []
    total: int = 0
    window: int = 0
    list_key: str = ""
    sort: str = "-when"
    heads: list[ListHead] = []
    note: str = ""
    news: str = ""
    coverage: list[CoverageRow] = []
    coverage_line: str = ""
    wallet_options: list[Option] = []
    chain_options: list[Option] = []
    protocol_options: list[Option] = []
    chips: list[Chip] = []
    filter_wallet: str = ""
    filter_chain: str = ""
    filter_kind: str = ""
    filter_protocol: str = ""
    filter_from: str = ""
    filter_to: str = ""
    is_filtered: bool = False
    _as_of: datetime | None = None

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what the address says, from the top."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        view, as_of = self._view(), utc_now()
        async with resources().database.unit_of_work(user.id) as session:
            page = await service.page_of(session, user, view.wanted(as_of), 0, WINDOW)
            covered = await service.activity_of(session, user)
            protocols = await service.protocols_of(session, user)
            mine = await wallets.list_wallets(session, user)
        self._as_of = as_of
        self.rows, self.window, self.total = [ledger_row(each) for each in page.events], 1, page.total
        self.list_key = f"{view.address()}#{formats.iso(as_of)}"
        self.note = t("ledger.note_one" if page.total == 1 else "ledger.note", total=formats.number(page.total))
        self.heads = [ListHead(key, t(f"ledger.{key}"), css, "", "", "", "") for key, css in _HEADS]
        self.has_wallets = bool(mine)
        self.wallet_options = [
            Option(each.address.lower(), each.label or each.ens_name or formats.address(each.address)) for each in mine
        ]
        self.protocol_options = [Option(each, formats.untrusted_text(each)) for each in protocols]
        self._show_coverage(covered)
        self._show_filters(view)
        self.failure = self.failure_id = self.news = ""
        self.loaded = True

    @signed_in
    async def refresh(self, user: CurrentUser) -> Any:
        """Say how much is new: nothing moves under the reader. An empty list is shown anew at once."""
        if not self.loaded or self.router.url.path.strip("/") != ADDRESS.strip("/"):
            return None
        async with resources().database.unit_of_work(user.id) as session:
            page = await service.page_of(session, user, self._view().wanted(utc_now()), 0, 0)
            covered = await service.activity_of(session, user)
        self._show_coverage(covered)
        more = page.total - self.total
        if more > 0 and self.total == 0:
            return PortfolioActivityState.load
        self.news = t("ledger.news_one" if more == 1 else "ledger.news", count=formats.number(more)) if more > 0 else ""
        return None

    @signed_in
    async def need(self, user: CurrentUser, window: int) -> Any:
        """Read the rows that the reader scrolls to; `window` counts from 1."""
        window = window_of(window, MOST_WINDOWS)
        wanted = self._view().wanted(self._as_of or utc_now())
        async with resources().database.unit_of_work(user.id) as session:
            page = await service.page_of(session, user, wanted, (window - 1) * WINDOW, WINDOW)
        self.rows, self.window = [ledger_row(each) for each in page.events], window

    @signed_in
    async def change_filter(self, user: CurrentUser, name: str, value: str) -> Any:
        """Go to the address with one filter changed."""
        if name not in FILTERS:
            raise InvalidInputError(t("form.invalid"))
        view = view_of({**dict(self.router.url.query_parameters), name: str(value)})
        return rx.redirect(view.address())

    def _view(self) -> View:
        return view_of(dict(self.router.url.query_parameters))

    def _show_coverage(self, covered: list[CoverageRead]) -> None:
        self.coverage, self.coverage_line = coverage_rows(covered), coverage_note(covered)
        self.is_reading = not covered or any(each.state == "reading" for each in covered)
        chains = sorted({each.chain_id for each in covered})
        self.chain_options = [Option(str(each), chain_name(each)) for each in chains]

    def _show_filters(self, view: View) -> None:
        self.filter_wallet, self.filter_chain, self.filter_kind = view.wallet, view.chain, view.kind
        self.filter_protocol, self.filter_from, self.filter_to = view.protocol, view.since, view.until
        self.is_filtered = view.is_any
        self.chips = []
        if view.token:
            text = t("ledger.only_token", token=formats.address(view.token))
            self.chips = [Chip(text, replace(view, token="").address(), active=True)]


def _account(text: str) -> str:
    lowered = text.lower()
    return lowered if _ACCOUNT.fullmatch(lowered) else ""


def _name(text: str) -> str:
    return text if text.isascii() and text.isprintable() and len(text) <= 60 else ""


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return day.isoformat() if FIRST_YEAR <= day.year <= LAST_YEAR else ""


def _start_of(day: str) -> datetime | None:
    return datetime.combine(date.fromisoformat(day), time(), UTC) if day else None
