"""How the portfolio did: returns and risk of a range, beside benchmarks, month by month, wallet by wallet."""

from dataclasses import dataclass, replace
from typing import Any, get_args
from urllib.parse import urlencode

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from backend.market.ladder.service import shared_ladder
from backend.portfolio.figures import service as figures
from backend.portfolio.figures.schemas import PerformanceRange
from backend.portfolio.snapshots.service import history
from components.i18n import t
from state import performance_rows as rows
from state.guard import signed_in
from state.performance_rows import CompareRow, WalletCompareRow, YearRow
from state.portfolio_rows import chart_of
from state.shell_state import ShellState
from state.view_models import ChartView, Chip, KpiTile, LinesView

ADDRESS = "/portfolio/performance/"
RANGES: tuple[PerformanceRange, ...] = get_args(PerformanceRange)
FIRST_RANGE: PerformanceRange = "30d"
COMPARED: tuple[PerformanceRange, ...] = ("30d", "90d", "1y")
CHARTS = ("return", "value")


@dataclass(frozen=True, slots=True)
class View:
    """What an address of the page names: the range, and which chart."""

    range: PerformanceRange = FIRST_RANGE
    chart: str = "return"

    def address(self) -> str:
        """Return the page's address."""
        named = {
            "range": "" if self.range == FIRST_RANGE else self.range,
            "chart": "" if self.chart == "return" else self.chart,
        }
        query = urlencode({name: value for name, value in named.items() if value})
        return f"{ADDRESS}?{query}" if query else ADDRESS


def view_of(query: dict[str, str]) -> View:
    """Return what an address names; what it names wrongly is left out."""
    span, chart = query.get("range", ""), query.get("chart", "")
    return View(range=span if span in RANGES else FIRST_RANGE, chart=chart if chart in CHARTS else "return")


class PortfolioPerformanceState(rx.State):
    """What the performance page shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    ranges: list[Chip] = []
    charts: list[Chip] = []
    chart_kind: str = "return"
    problems: list[str] = []
    note: str = ""
    tiles: list[KpiTile] = []
    lines: LinesView = LinesView()
    sources: list[str] = []
    value: ChartView = ChartView()
    falls: ChartView = ChartView()
    years: list[YearRow] = []
    compared: list[CompareRow] = []
    wallets: list[WalletCompareRow] = []
    wallets_note: str = ""
    wallets_problem: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what the address says."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        await self._read(user)
        self.failure = self.failure_id = ""
        self.loaded = True

    async def _read(self, user: CurrentUser) -> None:
        view, held, now = view_of(dict(self.router.url.query_parameters)), resources(), utc_now()
        ladder = shared_ladder(held.settings, held.timeseries, held.counters)
        names = tuple(dict.fromkeys((*COMPARED, view.range)))
        async with held.snapshots.open(user.id) as store, held.database.unit_of_work(user.id) as session:
            found = await figures.compared(store, session, user, held.settings, ladder, names)
            wallets = await figures.wallets_compared(store, session, user, view.range)
            course = await history(store, user, view.range) if view.chart == "value" else None
        points, benchmarks, lines = found[view.range]
        read = figures.performance(view.range, points, now)
        self.ranges = [
            Chip(t(f"portfolio.range_{each}"), replace(view, range=each).address(), each == view.range)
            for each in RANGES
        ]
        self.charts = [
            Chip(t(f"performance.chart_{each}"), replace(view, chart=each).address(), each == view.chart)
            for each in CHARTS
        ]
        self.chart_kind, self.problems = view.chart, read.problems
        self.note = t("performance.days", known=formats.number(read.days_known), days=formats.number(read.days))
        self.tiles = rows.figure_tiles(read)
        self.lines = rows.lines_view(view.range, lines, benchmarks)
        self.sources = rows.source_lines(benchmarks)
        self.value = ChartView() if course is None else chart_of(view.range, course)
        self.falls = rows.falls_view(view.range, points, read)
        self.years = rows.year_rows(read.months)
        self.compared = rows.compare_rows(
            [(each, figures.performance(each, found[each][0], now), found[each][1]) for each in COMPARED]
        )
        self.wallets = rows.wallet_rows(wallets)
        self.wallets_problem = wallets.problem or ""
        self.wallets_note = (
            t(
                "performance.wallets_between",
                start=f"{wallets.before_at:%Y-%m-%d %H:%M}",
                end=f"{wallets.after_at:%Y-%m-%d %H:%M}",
            )
            if wallets.before_at and wallets.after_at
            else ""
        )
