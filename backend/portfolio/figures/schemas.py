"""What the API answers about how a portfolio did: returns, risk, and what it is compared with.

Null is unknown, never zero; `problems` say why. Returns and ratios are statistics, money is exact.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from backend.core.schemas import ApiModel, Exact, Instant

PerformanceRange = Literal["7d", "30d", "90d", "1y", "all"]


class DrawdownRead(ApiModel):
    """The deepest fall from a peak, by daily returns."""

    pct: float = Field(description="Negative")
    peak_at: Instant
    trough_at: Instant
    recovered_at: Instant | None


class MonthRead(ApiModel):
    """The time-weighted return of a calendar month (UTC)."""

    month: str = Field(description="Such as 2026-05")
    return_pct: Exact | None
    is_whole: bool = Field(description="False: returns begin within the month, or it is not over")


class PerformanceRead(ApiModel):
    """How a portfolio did over a range. Null is unknown; `problems` says why. Ratios are statistics, not money."""

    range: PerformanceRange
    start_at: Instant | None = None
    end_at: Instant | None = None
    start_usd: Exact | None = None
    end_usd: Exact | None = None
    change_usd: Exact | None = Field(default=None, description="Of the value, whatever came in and went out")
    change_pct: Exact | None = None
    returns_from: Instant | None = Field(default=None, description="Since when every flow is known")
    net_flow_usd: Exact | None = Field(default=None, description="What came in less what went out since then")
    invested_usd: Exact | None = Field(default=None, description="Value at the beginning and what came in since then")
    gain_usd: Exact | None = Field(default=None, description="The change without what came in and went out")
    roi_pct: Exact | None = Field(default=None, description="The gain in percent of what was invested")
    time_weighted_pct: Exact | None = None
    apy_pct: Exact | None = Field(
        default=None, description="That, made yearly; from 30 days on, of less than a year it is a guess"
    )
    money_weighted_pct: float | None = Field(default=None, description="Over the whole time")
    money_weighted_annual_pct: float | None = None
    money_weighted_problem: str | None = None
    statistics_from: Instant | None = Field(default=None, description="The day before the first of the daily returns")
    statistics_days: int = Field(default=0, description="How many daily returns there are")
    volatility_annual_pct: float | None = None
    downside_annual_pct: float | None = Field(default=None, description="Downside deviation, against zero")
    sharpe: float | None = Field(default=None, description="A year, against a safe rate of zero")
    sortino: float | None = Field(default=None, description="A year, against a target of zero")
    value_at_risk_day_pct: float | None = Field(default=None, description="Historical, of one day, at 95 %")
    value_at_risk_normal_day_pct: float | None = Field(default=None, description="By the normal distribution")
    expected_shortfall_day_pct: float | None = Field(default=None, description="Historical, of one day, at 95 %")
    expected_shortfall_normal_day_pct: float | None = Field(default=None, description="By the normal distribution")
    max_drawdown: DrawdownRead | None = Field(default=None, description="Null when it never fell, or unknown")
    never_fell: bool | None = Field(default=None, description="Null: unknown")
    months: list[MonthRead] = []
    days: int = Field(description="Of the range, the running one included")
    days_known: int = Field(description="With a complete snapshot")
    source: str = "the last complete snapshot of each day (UTC)"
    problems: list[str]


class BenchmarkRead(ApiModel):
    """What a benchmark did over a range, and how the portfolio stood to it.

    `portfolioReturnPct` is the portfolio's over the days that both know. Beta, alpha and the rest are of daily returns
    of the days that both have: of the S&P 500 those of the exchange.
    """

    benchmark: Literal["btc", "eth", "sp500"]
    name: str
    source: str | None = Field(description="Null: no source is configured, or none answered")
    as_of: Instant | None = Field(description="When the newest price was observed")
    is_filling: bool = Field(description="Missing days are being fetched: ask again in a moment")
    from_day: date | None = None
    to_day: date | None = None
    return_pct: float | None = None
    volatility_annual_pct: float | None = None
    max_drawdown_pct: float | None = None
    portfolio_return_pct: float | None = None
    beta: float | None = None
    alpha_annual_pct: float | None = None
    correlation: float | None = None
    tracking_error_annual_pct: float | None = None
    information_ratio: float | None = None
    common_returns: int = 0
    problem: str | None = None


class ComparisonPoint(ApiModel):
    """A day: the return since the first one, in percent, of the portfolio and of each benchmark."""

    day: date
    portfolio_pct: float | None
    btc_pct: float | None
    eth_pct: float | None
    sp500_pct: float | None


class WalletCompared(ApiModel):
    """A wallet, or a group of wallets, between two snapshots.

    `byPriceUsd` came of the prices of what was held all along, `byAmountUsd` of what was added or taken away.
    """

    kind: Literal["wallet", "group"]
    key: str = Field(description="The address, or the group's name")
    name: str
    before_usd: Exact
    after_usd: Exact
    change_usd: Exact
    by_price_usd: Exact | None
    by_price_pct: Exact | None
    by_amount_usd: Exact | None
    is_complete: bool


class WalletComparison(ApiModel):
    """The user's wallets and groups between two snapshots; null times where there are not two."""

    before_at: Instant | None
    after_at: Instant | None
    items: list[WalletCompared]
    problem: str | None


class ComparisonRead(ApiModel):
    """The portfolio beside Bitcoin, Ether and the S&P 500 over a range, and the wallets beside each other."""

    range: PerformanceRange
    portfolio: PerformanceRead
    benchmarks: list[BenchmarkRead]
    points: list[ComparisonPoint]
    wallets: WalletComparison


class ExposureRead(ApiModel):
    """What is held of an asset in the end: in wallets, inside positions (liquidity, vaults, lending), less debts."""

    chain_id: int
    chain: str
    token: str
    symbol: str | None = Field(description="As the contract says it: not to be trusted")
    in_wallets_usd: Exact
    in_positions_usd: Exact
    owed_usd: Exact = Field(description="Negative or zero")
    net_usd: Exact
    share_pct: Exact | None = Field(description="Of the total")


class CorrelationRead(ApiModel):
    """How alike the daily returns of the largest assets move, -1 to 1; null with fewer than 30 common days."""

    labels: list[str]
    rows: list[list[float | None]]
    days: int
    source: str
    is_filling: bool


class RiskRead(ApiModel):
    """What the newest snapshot says of risk. Only known values count; `unknown` holdings have none."""

    taken_at: Instant | None
    hhi: Exact | None = Field(description="Herfindahl-Hirschman index of assets, positions looked through: 1/n to 1")
    equal_parts: Exact | None = Field(description="How many equal parts would be as concentrated")
    largest_share_pct: Exact | None
    stable_share_pct: Exact | None
    debt_share_pct: Exact | None = Field(description="What is owed, of everything above zero")
    lowest_health_factor: Exact | None
    unknown: int
    exposures: list[ExposureRead]


class MetricsRead(ApiModel):
    """The metrics of a month, a quarter and a year, and the risk of what is held now."""

    ranges: list[PerformanceRead]
    risk: RiskRead
    correlation: CorrelationRead
