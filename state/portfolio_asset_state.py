"""One asset of the portfolio: what it is worth, cost and made, where it is held, its lots, trades and events."""

from datetime import datetime, timedelta
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import find_chain
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.settings import DEMO_CHAIN_ID
from backend.ledger import service as ledger
from backend.market import service as market
from backend.market.ladder.service import Step, history_or_fill, parse_assets, shared_ladder
from backend.portfolio import service as portfolio
from backend.portfolio.profit import service as profits
from backend.portfolio.profit.schemas import TradeRead
from backend.portfolio.wallets import service as wallets
from components.i18n import t
from state import portfolio_asset_rows as rows
from state.guard import signed_in
from state.portfolio_asset_rows import HeldRow, LotRow, MoveRow
from state.portfolio_rows import NATIVE, page_of
from state.shell_state import ShellState
from state.view_models import ChartView, Chip, KpiTile

RANGES: dict[str, timedelta] = {
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "1y": timedelta(days=365),
}
FIRST_RANGE = "30d"
BY_HOUR_WITHIN = timedelta(days=30)
POINTS = 400
_MOVING = tuple(kind for kind in ledger.Kind if kind is not ledger.Kind.APPROVE)  # an allowance moves nothing
_ADDRESS_LENGTH = 42


def asset_of(query: dict[str, str]) -> tuple[int, str] | None:
    """Return the asset that an address names, None when it names none."""
    chain, token = query.get("chain", ""), query.get("token", "").strip().lower()
    if not (chain.isascii() and chain.isdigit() and len(chain) < 17):
        return None
    if token == NATIVE:
        return int(chain), NATIVE_TOKEN
    is_address = token.startswith("0x") and len(token) == _ADDRESS_LENGTH and token[2:].isalnum() and token.isascii()
    return (int(chain), token) if is_address else None


class PortfolioAssetState(rx.State):
    """What the page of one asset shows."""

    loaded: bool = False
    missing: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    symbol: str = ""
    chain: str = ""
    token: str = ""
    token_short: str = ""
    token_url: str = ""
    taken_at: str = ""
    is_counted: bool = False
    tiles: list[KpiTile] = []
    notes: list[str] = []
    held: list[HeldRow] = []
    lots: list[LotRow] = []
    lots_note: str = ""
    moves: list[MoveRow] = []
    moves_note: str = ""
    chart: ChartView = ChartView()
    ranges: list[Chip] = []

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the asset that the address names."""
        await ShellState._show(self, user)
        self.failure = self.failure_id = self.limit_message = self.upgrade_to = ""
        query = dict(self.router.url.query_parameters)
        named = asset_of(query)
        self.missing = named is None or not await self._read(user, *named, query.get("range", FIRST_RANGE))
        self.loaded = True

    async def _read(self, user: CurrentUser, chain_id: int, token: str, span: str) -> bool:
        """Read everything of an asset; return False when the portfolio has none of it."""
        span = span if span in RANGES else FIRST_RANGE
        async with resources().snapshots.open(user.id) as store:
            newest = await portfolio.latest(store, user)
        async with resources().database.unit_of_work(user.id) as session:
            found = await profits.asset_profit(session, user, chain_id, token)
            mine = await wallets.list_wallets(session, user)
            wanted = ledger.Wanted(chains=[chain_id], token=token, kinds=_MOVING)
            events = await ledger.events_of(session, user.id, wanted, newest_first=True, limit=rows.MOST_EVENTS)
            count = await ledger.count_of(session, user.id, wanted)
        names = {each.address.lower(): each.label or each.ens_name or "" for each in mine}
        parts = portfolio.asset_list(newest, chain_id, None, 1, rows.MOST_LOTS, token=token).items
        if found is None and not parts:
            return False
        figures, lots, trades, taken_at = found or (None, [], [], newest.taken_at if newest else None)
        symbol = next((part.symbol for part in parts if part.symbol), figures.symbol if figures else None)
        self.symbol, self.chain = rows.title_of(chain_id, symbol, token)
        about = find_chain(chain_id)
        if token == NATIVE_TOKEN:
            self.token = self.token_short = self.token_url = ""
            self.symbol = self.symbol if symbol or about is None else about.currency.symbol
        else:
            self.token, self.token_short = token, formats.address(token)
            self.token_url = (about.address_url(token) or "") if about else ""
        self.taken_at, self.is_counted = formats.iso(taken_at), figures is not None
        self.tiles = rows.tiles_of(figures, taken_at) if figures else []
        self.notes = rows.notes_of(figures) if figures else []
        self.held, self.lots = rows.held_rows(parts, names), rows.lot_rows(lots, utc_now())
        self.lots_note = t("asset.lots_note", count=formats.number(len(lots)))
        decimals = figures.decimals if figures else next((part.decimals for part in parts), None)
        self.moves = rows.move_rows(events, token, decimals, self.symbol, names)
        self.moves_note = t("asset.moves_note", shown=formats.number(len(events)), count=formats.number(count))
        self.ranges = [
            Chip(
                t(f"portfolio.range_{each}"),
                page_of(chain_id, token, "" if each == FIRST_RANGE else each),
                each == span,
            )
            for each in RANGES
        ]
        self.chart = await _chart(user, (chain_id, token), self.symbol, span, trades)
        return True


async def _chart(user: CurrentUser, key: tuple[int, str], symbol: str, span: str, trades: list[TradeRead]) -> ChartView:
    """Return the asset's price in time with what the user bought and sold of it."""
    now = utc_now()
    since = now - RANGES[span]
    points, source = await _prices(user, key, since, now)
    title = t("asset.chart", symbol=symbol, span=t(f"portfolio.range_{span}"))
    known = [point[1] for point in points if point[1] is not None]
    marks = rows.trade_marks(trades, since)
    if not known:
        return ChartView(title=title, unit="$", source=source)
    summary = t(
        "chart.summary",
        title=title,
        count=len(known),
        low=f"${min(known):,.2f}",
        high=f"${max(known):,.2f}",
        last=f"${known[-1]:,.2f}",
    )
    return ChartView(points=points, unit="$", title=title, summary=summary, source=source, trades=marks)


async def _prices(
    user: CurrentUser, key: tuple[int, str], since: datetime, now: datetime
) -> tuple[list[list[float | None]], str]:
    """Return the prices of a range: of a followed chain its readings, else the stored hours or days."""
    held = resources()
    if key[0] == DEMO_CHAIN_ID:
        async with held.timeseries.unit_of_work() as session:
            series = await market.price_series(session, *key, since, POINTS)
        return [[each.taken_at.timestamp(), each.price_usd] for each in series], t("asset.chart_pools")
    step = Step.HOUR if now - since <= BY_HOUR_WITHIN else Step.DAY
    ladder = shared_ladder(held.settings, held.timeseries, held.counters)
    (asset,) = parse_assets(f"{key[0]}:{key[1]}", NATIVE_TOKEN)
    async with held.database.unit_of_work(user.id) as session:
        found = await history_or_fill(session, ladder, asset.key, since, now, step)
    points: list[list[float | None]] = [[each.taken_at.timestamp(), float(each.price_usd)] for each in found.points]
    sources = ", ".join(sorted({point.source for point in found.points}))
    words = t(f"asset.chart_{step.value}", sources=sources or "—")
    return points, words + (" " + t("asset.chart_filling") if found.is_filling else "")
