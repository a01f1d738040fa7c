"""What the performance page shows: figures with what they mean, lines, months, and comparisons; ready to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal

from backend.core import formats
from backend.core.clock import utc_now
from backend.portfolio.figures.schemas import (
    BenchmarkRead,
    ComparisonPoint,
    DrawdownRead,
    MonthRead,
    PerformanceRange,
    PerformanceRead,
    WalletComparison,
)
from backend.portfolio.figures.service import course_of, daily_index, drawdowns
from backend.portfolio.snapshots.service import Point
from components.i18n import t
from state.view_models import ChartView, KpiTile, LinesView

MONTHS = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")


@dataclass(frozen=True, slots=True)
class MonthCell:
    """A month's return; `tone` is gain, loss or none, `mark` an asterisk where it is not whole."""

    key: str
    text: str
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class YearRow:
    """A year of months, January first, and all that is known of it together."""

    year: str
    months: list[MonthCell]
    whole: MonthCell


@dataclass(frozen=True, slots=True)
class CompareRow:
    """The portfolio or a benchmark over one range."""

    key: str
    span: str
    name: str
    is_ours: bool
    made: str
    tone: str
    volatility: str
    drawdown: str
    beta: str
    correlation: str
    note: str
    why: str


@dataclass(frozen=True, slots=True)
class WalletCompareRow:
    """A wallet or a group between two snapshots."""

    key: str
    name: str
    is_group: bool
    before: str
    after: str
    by_price: str
    pct: str
    tone: str
    by_amount: str
    note: str


def figure_tiles(read: PerformanceRead) -> list[KpiTile]:
    """Return the returns, then the risk of a range; each with what it means."""
    return [*_return_tiles(read), *_risk_tiles(read)]


def _return_tiles(read: PerformanceRead) -> list[KpiTile]:
    since = _since(read.returns_from)
    apart = t("performance.guess") if read.apy_pct is not None and _is_short(read) else since
    return [
        _tile("twr", formats.percent(read.time_weighted_pct), since, read.time_weighted_pct),
        _tile("gain", _signed_usd(read.gain_usd), _invested(read), read.gain_usd),
        _tile("roi", formats.percent(read.roi_pct), since, read.roi_pct),
        _tile(
            "mwr",
            _pct(read.money_weighted_annual_pct),
            _whole(read),
            read.money_weighted_annual_pct,
        ),
        _tile(
            "apy",
            formats.percent(read.apy_pct),
            apart if read.apy_pct is not None else t("performance.apy_short"),
            read.apy_pct,
        ),
        _tile("change", _signed_usd(read.change_usd), _flows(read), read.change_usd),
    ]


def _risk_tiles(read: PerformanceRead) -> list[KpiTile]:
    of_days = t("performance.of_days", count=formats.number(read.statistics_days)) if read.statistics_days else ""
    fall = read.max_drawdown
    shortfall = read.expected_shortfall_normal_day_pct
    deepest = _pct(fall.pct) if fall is not None else t("performance.never_fell") if read.never_fell else ""
    return [
        _tile("volatility", _pct(read.volatility_annual_pct, signed=False), of_days),
        _tile("sharpe", _ratio(read.sharpe), of_days),
        _tile("sortino", _ratio(read.sortino), _downside(read)),
        _tile("drawdown", deepest or formats.UNKNOWN, _dates(fall) if fall else ""),
        _tile("var", _pct(read.value_at_risk_day_pct, signed=False), _normal(read.value_at_risk_normal_day_pct)),
        _tile("es", _pct(read.expected_shortfall_day_pct, signed=False), _normal(shortfall)),
    ]


def _dates(fall: DrawdownRead) -> str:
    at = fall.recovered_at
    back = t("performance.recovered", day=f"{at:%Y-%m-%d}") if at else t("performance.not_recovered")
    return t("performance.fall", peak=f"{fall.peak_at:%Y-%m-%d}", low=f"{fall.trough_at:%Y-%m-%d}", back=back)


def _tile(key: str, value: str, note: str = "", sign: Decimal | float | None = None) -> KpiTile:
    return KpiTile(
        key=f"performance-{key}",
        label=t(f"performance.{key}"),
        value=value,
        direction="unknown" if sign is None else "up" if sign > 0 else "down" if sign < 0 else "flat",
        note=note if value != formats.UNKNOWN or key in ("apy", "mwr") else "",
        source=t(f"performance.{key}_means"),
    )


def lines_view(
    name: PerformanceRange, points: Sequence[ComparisonPoint], benchmarks: Sequence[BenchmarkRead]
) -> LinesView:
    """Return the returns since the first day, of the portfolio and of the benchmarks, as lines."""
    rows: list[list[float | None]] = [
        [
            datetime.combine(point.day, time(), UTC).timestamp(),
            *(
                None if value is None else round(value, 2)
                for value in (point.portfolio_pct, point.btc_pct, point.eth_pct, point.sp500_pct)
            ),
        ]
        for point in points
    ]
    is_known = any(value is not None for row in rows for value in row[1:])
    title = t("performance.lines", span=t(f"portfolio.range_{name}"))
    names = [t("performance.portfolio"), *(each.name for each in benchmarks)]
    last = [next((row[place] for row in reversed(rows) if row[place] is not None), None) for place in range(1, 5)]
    said = [f"{who} {_pct(value)}" for who, value in zip(names, last, strict=True)]
    return LinesView(
        names=names,
        rows=rows if is_known else [],
        unit="%",
        title=title,
        summary=f"{title}: {', '.join(said)}",
        source=t("performance.lines_source"),
    )


def source_lines(benchmarks: Sequence[BenchmarkRead]) -> list[str]:
    """Return where each benchmark's prices are from and as of when, or why they are not known."""
    found = []
    for each in benchmarks:
        if each.source and each.as_of:
            words = t("performance.source", name=each.name, source=each.source, at=f"{moment(each.as_of)} UTC")
            found.append(f"{words} {t('performance.filling')}" if each.is_filling else words)
        else:
            found.append(f"{each.name}: {each.problem or t('performance.no_source')}")
    return found


def falls_view(name: PerformanceRange, points: Sequence[Point], read: PerformanceRead) -> ChartView:
    """Return how far below its highest the portfolio was at the end of each whole day, by time-weighted returns."""
    index = daily_index(course_of(points, utc_now()))
    falls = drawdowns([level for _, level in index])
    rows: list[list[float | None]] = [
        [at.timestamp(), round(fall * 100, 2)] for (at, _), fall in zip(index, falls, strict=True)
    ]
    title = t("performance.falls", span=t(f"portfolio.range_{name}"))
    if len(rows) < 2:
        return ChartView(unit="%", title=title, source=t("performance.falls_source"))
    return ChartView(
        points=rows,
        unit="%",
        title=title,
        summary=t(
            "chart.summary",
            title=title,
            count=len(rows),
            low=_pct(min(falls) * 100),
            high=_pct(max(falls) * 100),
            last=_pct(falls[-1] * 100),
        ),
        source=t("performance.falls_deepest", pct=_pct(read.max_drawdown.pct), dates=_dates(read.max_drawdown))
        if read.max_drawdown
        else t("performance.falls_source"),
    )


def year_rows(months: Sequence[MonthRead]) -> list[YearRow]:
    """Return monthly returns as a table of years, the newest first."""
    by_month = {each.month: each for each in months}
    years = sorted({each.month[:4] for each in months}, reverse=True)
    return [
        YearRow(
            year,
            [_month_cell(f"{year}-{month}", by_month.get(f"{year}-{month}")) for month in MONTHS],
            _year_cell(year, [by_month[key] for key in sorted(by_month) if key.startswith(year)]),
        )
        for year in years
    ]


def _month_cell(key: str, read: MonthRead | None) -> MonthCell:
    if read is None or read.return_pct is None:
        return MonthCell(key, formats.UNKNOWN if read else "", "", t("performance.month_unknown") if read else "")
    mark = "" if read.is_whole else "*"
    title = "" if read.is_whole else t("performance.month_part")
    return MonthCell(key, f"{formats.percent(read.return_pct)}{mark}", _tone(read.return_pct), title)


def _year_cell(year: str, months: Sequence[MonthRead]) -> MonthCell:
    made = Decimal(1)
    for each in months:
        if each.return_pct is None:
            return MonthCell(year, formats.UNKNOWN, "", t("performance.month_unknown"))
        made *= 1 + each.return_pct / 100
    is_whole = len(months) == len(MONTHS) and all(each.is_whole for each in months)
    pct = (made - 1) * 100
    return MonthCell(year, f"{formats.percent(pct)}{'' if is_whole else '*'}", _tone(pct), "")


def compare_rows(
    found: Sequence[tuple[PerformanceRange, PerformanceRead, Sequence[BenchmarkRead]]],
) -> list[CompareRow]:
    """Return the portfolio and the benchmarks over several ranges; what is known of none of them has one row."""
    known = {each.benchmark for _, _, reads in found for each in reads if each.return_pct is not None}
    is_known = any(ours.time_weighted_pct is not None for _, ours, _ in found)
    rows = [] if is_known else [_ours_row(None, ours) for _, ours, _ in found[:1]]
    for name, ours, reads in found:
        rows += [_ours_row(name, ours)] if is_known else []
        rows += [_benchmark_row(name, each) for each in reads if each.benchmark in known]
    unknown = {each.benchmark: each for _, _, reads in found for each in reads if each.benchmark not in known}
    return rows + [_benchmark_row(None, each) for each in unknown.values()]


def _ours_row(name: PerformanceRange | None, ours: PerformanceRead) -> CompareRow:
    fall = ours.max_drawdown.pct if ours.max_drawdown else 0.0 if ours.never_fell else None
    return CompareRow(
        key=f"{name}-ours",
        span=t(f"portfolio.range_{name}") if name else t("performance.span_any"),
        name=t("performance.portfolio"),
        is_ours=True,
        made=formats.percent(ours.time_weighted_pct),
        tone=_tone(ours.time_weighted_pct),
        volatility=_pct(ours.volatility_annual_pct, signed=False),
        drawdown=_pct(fall),
        beta="",
        correlation="",
        note=_since(ours.returns_from),
        why=ours.problems[0] if ours.problems else "",
    )


def _benchmark_row(name: PerformanceRange | None, each: BenchmarkRead) -> CompareRow:
    return CompareRow(
        key=f"{name}-{each.benchmark}",
        span=t(f"portfolio.range_{name}") if name else t("performance.span_any"),
        name=each.name,
        is_ours=False,
        made=_pct(each.return_pct),
        tone=_tone(each.return_pct),
        volatility=_pct(each.volatility_annual_pct, signed=False),
        drawdown=_pct(each.max_drawdown_pct),
        beta=_ratio(each.beta),
        correlation=_ratio(each.correlation),
        note=t("performance.since", day=f"{each.from_day:%Y-%m-%d}") if each.from_day else "",
        why=each.problem or "",
    )


def wallet_rows(found: WalletComparison) -> list[WalletCompareRow]:
    """Return wallets and groups as rows, groups first."""
    return [
        WalletCompareRow(
            key=f"{each.kind}-{each.key}",
            name=each.name,
            is_group=each.kind == "group",
            before=formats.usd(each.before_usd),
            after=formats.usd(each.after_usd),
            by_price=_signed_usd(each.by_price_usd),
            pct=formats.percent(each.by_price_pct),
            tone=_tone(each.by_price_usd),
            by_amount=_signed_usd(each.by_amount_usd),
            note="" if each.is_complete else t("performance.wallet_partly"),
        )
        for each in found.items
    ]


def moment(at: datetime) -> str:
    """Return a moment as it stands in a sentence, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _tone(value: Decimal | float | None) -> str:
    return "" if not value else "gain" if value > 0 else "loss"


def _since(at: datetime | None) -> str:
    return t("performance.since", day=f"{at:%Y-%m-%d}") if at else ""


def _is_short(read: PerformanceRead) -> bool:
    return read.returns_from is not None and read.end_at is not None and (read.end_at - read.returns_from).days < 365


def _invested(read: PerformanceRead) -> str:
    if read.invested_usd is None:
        return ""
    return t("performance.invested", value=formats.usd_short(read.invested_usd))


def _whole(read: PerformanceRead) -> str:
    if read.money_weighted_pct is None:
        return read.money_weighted_problem or ""
    return t("performance.whole_time", value=_pct(read.money_weighted_pct))


def _flows(read: PerformanceRead) -> str:
    if read.net_flow_usd is None:
        return t("performance.flows_unknown")
    return t("performance.flows", value=_signed_usd(read.net_flow_usd))


def _downside(read: PerformanceRead) -> str:
    value = read.downside_annual_pct
    return t("performance.downside", value=_pct(value, signed=False)) if value is not None else ""


def _normal(value: float | None) -> str:
    return t("performance.normal", value=_pct(value, signed=False)) if value is not None else ""


def _pct(value: float | None, *, signed: bool = True) -> str:
    return formats.percent(None if value is None else Decimal(str(value)), signed=signed)


def _ratio(value: float | None) -> str:
    return formats.UNKNOWN if value is None else f"{value:.2f}".replace("-", formats.MINUS)


def _signed_usd(value: Decimal | None) -> str:
    return f"+{formats.usd(value)}" if value is not None and value > 0 else formats.usd(value)
