"""Benchmarks, wallets and risk beside each other: worked by hand, unknown where one of the two is."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.market.ladder.history import Point as Price
from backend.market.ladder.service import Benchmark
from backend.portfolio.figures.benchmark_days import days_of
from backend.portfolio.figures.comparison import FEW_COMMON, NO_SOURCE, benchmark_read, lines_of
from backend.portfolio.figures.daily_returns import course_of
from backend.portfolio.figures.risk import risk_of
from backend.portfolio.figures.wallet_comparison import NO_TWO, Named, compare_wallets
from backend.portfolio.holdings import AssetKey
from backend.portfolio.snapshots.records import AssetPart, ChainPart, HeldIn, make_snapshot
from tests.unit.portfolio.test_performance import DAY, START, day

A, B, C = ("0x" + digit * 40 for digit in "abc")
ETH, USD = "0x" + "1" * 40, "0x" + "2" * 40


def prices(benchmark: Benchmark, *values: str | None, first: datetime = START) -> Any:
    """Prices at the ends of days; None: the exchange was closed, the close before stands on."""
    points: list[Price] = []
    for number, value in enumerate(values):
        at = first + (number + 1) * DAY
        if value is None:
            points.append(Price(at, points[-1].observed_at, points[-1].price_usd, "A source"))
        else:
            points.append(Price(at, at - timedelta(hours=4), Decimal(value), "A source"))
    return days_of(benchmark, points)


def test_both_over_the_same_days():
    """The portfolio doubles Bitcoin's every move: beta 2, correlation 1."""
    moves = [Decimal(1), *(Decimal(1) + Decimal(each) / 100 for each in (1, -2, 3, 1, -1, 2, -3, 4))]
    bitcoin, ours = [Decimal(100)], [Decimal(100)]
    for move in moves[1:]:
        bitcoin.append(bitcoin[-1] * move)
        ours.append(ours[-1] * (1 + 2 * (move - 1)))
    points = [day(number, str(value)) for number, value in enumerate(ours)]
    course = course_of(points, START + 9 * DAY)
    found = prices(Benchmark.BTC, *map(str, bitcoin))
    read = benchmark_read(found, course, START.date(), date(2026, 5, 9))
    assert (read.beta, read.correlation, read.common_returns) == (2, 1, 8)
    assert read.return_pct == pytest.approx(float(bitcoin[-1]) - 100, abs=1e-3)
    assert read.portfolio_return_pct == pytest.approx(float(ours[-1]) - 100, abs=1e-3)
    assert (read.source, read.problem) == ("A source", None)
    assert read.max_drawdown_pct == -3
    lines = lines_of(course, [found], START.date(), date(2026, 5, 9))
    assert (lines[0].portfolio_pct, lines[0].btc_pct, lines[0].eth_pct) == (0, 0, None)
    assert lines[1].btc_pct == 1 and lines[1].portfolio_pct == 2


def test_a_line_begins_where_both_are_known():
    points = [day(number, str(100 + 10 * number)) for number in range(4)]
    course = course_of(points, START + 4 * DAY)
    late = prices(Benchmark.ETH, "50", "100", first=START + 2 * DAY)
    lines = lines_of(course, [late], START.date(), date(2026, 5, 9))
    assert [each.eth_pct for each in lines] == [None, None, 20, 140]
    alone = lines_of(course_of([], START), [late], START.date(), date(2026, 5, 9))
    assert [(each.portfolio_pct, each.eth_pct) for each in alone] == [(None, 0), (None, 100)]
    single = lines_of(course_of(points[:1], START + 4 * DAY), [late], START.date(), date(2026, 5, 9))
    assert [each.portfolio_pct for each in single] == [None, None], "one day made nothing yet"


def test_days_without_trade_are_no_returns_of_the_index():
    """Seven closes and a weekend: six returns are too few, although there are eight days."""
    found = prices(Benchmark.SP500, "100", "101", "102", "103", "104", None, None, "105", "106")
    assert len(found.prices) == 9 and len(found.traded) == 7
    points = [day(number, str(100 + number)) for number in range(9)]
    read = benchmark_read(found, course_of(points, START + 9 * DAY), START.date(), date(2026, 5, 9))
    assert (read.return_pct, read.volatility_annual_pct, read.problem) == (6, None, FEW_COMMON)


def test_without_a_source_it_is_unknown():
    read = benchmark_read(replace(prices(Benchmark.BTC), source=None), course_of([], START), START.date(), START.date())
    assert (read.return_pct, read.source, read.problem) == (None, None, NO_SOURCE)


def held(wallet: str, token: str, amount: int, price: str | None, **more: Any) -> AssetPart:
    fields: dict[str, Any] = {"symbol": "T", "decimals": 0, "category": "token", "price_source": None, **more}
    worth = None if price is None else amount * Decimal(price)
    known = None if price is None else Decimal(price)
    return AssetPart(
        chain_id=1,
        token=token,
        wallet=wallet,
        amount_raw=amount,
        price_usd=known,
        value_usd=worth,
        price_taken_at=None,
        **fields,
    )


def snapshot(at: datetime, *parts: AssetPart) -> Any:
    chain = ChainPart(chain_id=1, value_usd=None, block_number=1, block_hash="0x", taken_at=at, state="fresh")
    user = "018f0000-0000-7000-8000-000000000001"
    return make_snapshot(user, at, [chain], parts, is_complete=True)  # type: ignore[arg-type]


def test_wallets_by_price_and_by_amount():
    """A keeps 2 ETH from 100 to 150 (by price 100 of 200: 50 %); B buys one more at 150; C is new."""
    before = snapshot(START, held(A, ETH, 2, "100"), held(B, ETH, 1, "100"))
    after = snapshot(START + DAY, held(A, ETH, 2, "150"), held(B, ETH, 2, "150"), held(C, USD, 5, "1"))
    names = [Named(A, "Cold", "Ours"), Named(B, "", "Ours"), Named(C, "", "Alone")]
    found = compare_wallets(before, after, names)
    group, first, second, third = found.items
    assert (group.kind, group.name, group.change_usd, group.by_price_usd) == ("group", "Ours", 300, 150)
    assert (first.name, first.by_price_usd, first.by_price_pct, first.by_amount_usd) == ("Cold", 100, 50, 0)
    assert (second.by_price_pct, second.by_amount_usd) == (50, 150)
    assert (third.change_usd, third.by_price_usd, third.by_price_pct, third.by_amount_usd) == (5, 0, None, 5)
    unknown = compare_wallets(before, snapshot(START + DAY, held(A, ETH, 2, None)), [])
    assert [(each.by_price_usd, each.is_complete) for each in unknown.items if each.key == A] == [(None, False)]
    assert compare_wallets(None, after, names).problem == compare_wallets(after, before, names).problem == NO_TWO


def test_risk_looks_through_positions_and_takes_debts_off():
    """3,000 of ETH (1,000 in a wallet, 2,000 in a pool), 2,000 of dollars in the pool, 1,000 of dollars owed."""
    lp = HeldIn(kind="lp", role="principal", identifiers={"pool": A})
    debt = HeldIn(kind="borrow", role="debt", identifiers={}, health_factor=Decimal("1.4"))
    found = risk_of(
        snapshot(
            START,
            held(A, ETH, 1, "1000"),
            held(A, ETH, 2, "1000", position=lp),
            held(A, USD, 2000, "1", position=lp),
            held(A, USD, -1000, "1", position=debt),
            held(B, C, 1, None),
        ),
        [AssetKey(1, USD)],
    )
    eth, usd = found.exposures
    assert (eth.in_wallets_usd, eth.in_positions_usd, eth.net_usd, eth.share_pct) == (1000, 2000, 3000, 75)
    assert (usd.in_positions_usd, usd.owed_usd, usd.net_usd) == (2000, -1000, 1000)
    assert (found.hhi, found.equal_parts) == (Decimal("0.625"), Decimal("1.6")), "0.75² + 0.25²"
    assert (found.stable_share_pct, found.debt_share_pct, found.largest_share_pct) == (25, 20, 75)
    assert (found.lowest_health_factor, found.unknown) == (Decimal("1.4"), 1)
    assert sum(each.net_usd for each in found.exposures) == 4000
    assert risk_of(None).hhi is None
