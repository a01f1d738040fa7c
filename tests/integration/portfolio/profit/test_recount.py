"""Counting a user on real parts: flows beside their snapshots, figures by asset, what alerts hear, whose it is."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from backend.ledger.events import Kind
from backend.portfolio.profit import service
from tests.integration.portfolio.profit.conftest import CASH, COIN, Book, event, held, leg
from tests.integration.portfolio.snapshots.test_readings import heard, rule

pytestmark = pytest.mark.usefixtures("_a_day_in_may", "empty_store")

PAID_IN = event(5.5, Kind.TRANSFER, leg(CASH, 1_000, "1"))
BOUGHT = event(3.5, Kind.SWAP, leg(CASH, -600, "1"), leg(COIN, 6, "100"))
SOLD = event(1.5, Kind.SWAP, leg(COIN, -2, "150"), leg(CASH, 300, "1"))


async def four_snapshots(book: Book) -> None:
    await book.snapshot(5, held(CASH, 1_000, "1"))
    await book.snapshot(3, held(CASH, 400, "1"), held(COIN, 6, "110"))
    await book.snapshot(2, held(CASH, 400, "1"), held(COIN, 6, "140"), is_complete=False)
    await book.snapshot(1, held(CASH, 700, "1"), held(COIN, 4, "160"))


async def test_flows_of_snapshots_come_of_the_ledger_and_follow_it(book: Book) -> None:
    await four_snapshots(book)
    await book.count()
    assert await book.flows() == {5: None, 3: None, 2: 0, 1: None}, "nothing was read yet"
    await book.past(PAID_IN, BOUGHT, SOLD)
    await book.count()
    assert await book.flows() == {5: None, 3: 0, 2: 0, 1: 0}
    late = event(1.2, Kind.TRANSFER, leg(CASH, 50, "1"))
    await book.past(PAID_IN, BOUGHT, SOLD, late)
    await book.snapshot(1, held(CASH, 750, "1"), held(COIN, 4, "160"))
    await book.count()
    assert (await book.flows())[1] == 50
    await book.past(PAID_IN, BOUGHT, SOLD)
    await book.count()
    assert (await book.flows())[1] == 0, "what was withdrawn is no transfer: units came by themselves"
    async with book.database.unit_of_work(book.user.id) as session:
        totals = await service.profit(session, book.user)
    assert totals is not None
    assert ["no transfer explains" in gap for gap in totals.gaps] == [True]


async def test_what_did_not_change_is_not_computed_again(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    await four_snapshots(book)
    await book.past(PAID_IN, BOUGHT, SOLD)
    await book.count()
    computed: list[Any] = []
    monkeypatch.setattr(service, "flow_row", lambda each, *rest: computed.append(each))
    await book.count()
    assert computed == []


async def test_figures_by_asset(book: Book) -> None:
    await four_snapshots(book)
    await book.past(PAID_IN, BOUGHT, SOLD)
    await book.count()
    async with book.database.unit_of_work(book.user.id) as session:
        totals = await service.profit(session, book.user)
        coin = (await service.asset_profits(session, book.user))[31337, COIN]
        _, lots, trades, _ = await service.asset_profit(session, book.user, 31337, COIN) or (None, [], [], None)
    assert totals is not None
    assert (coin.cost_usd, coin.average_cost_usd, coin.value_usd) == (400, 100, 640)
    assert (coin.unrealised_usd, coin.unrealised_pct, coin.realised.usd) == (240, 60, 100)
    assert [(lot.amount, lot.cost_usd, lot.origin, lot.gain_usd) for lot in lots] == [(4, 400, "bought", 240)]
    assert [(trade.side, trade.amount, trade.price_usd) for trade in trades] == [("buy", 6, 100), ("sell", 2, 150)]
    assert (totals.unrealised.usd, totals.realised.usd, totals.cost.usd, totals.gaps) == (240, 100, 1_100, [])
    worth, paid_in = 700 + 640, 1_000
    assert worth - paid_in == totals.unrealised.usd + totals.realised.usd


async def test_what_was_held_before_has_no_cost(book: Book) -> None:
    await four_snapshots(book)
    await book.past(SOLD, reached_start=False)
    await book.count()
    async with book.database.unit_of_work(book.user.id) as session:
        totals = await service.profit(session, book.user)
        coin = (await service.asset_profits(session, book.user))[31337, COIN]
    assert totals is not None
    assert (coin.cost_usd, coin.unrealised_usd, coin.unknown_amount) == (None, None, 4)
    assert (coin.realised.usd, coin.realised.unknown, coin.notes) == (0, 1, ["held before"])
    assert sum("known from block" in gap for gap in totals.gaps) == 1
    assert sum("no transfer explains" in gap for gap in totals.gaps) == 1


async def test_nobody_sees_another_ones_figures(book: Book, app_database, new_user) -> None:
    await four_snapshots(book)
    await book.past(PAID_IN, BOUGHT, SOLD)
    await book.count()
    other = await new_user()
    for person, seen in ((book.user, True), (other, False)):
        async with app_database.unit_of_work(person.id) as session:
            for table in ("portfolio_profits", "portfolio_profit_assets", "portfolio_flows"):
                count = (await session.execute(text(f"select count(*) from {table}"))).scalar_one()
                assert bool(count) is seen, table


async def test_alerts_hear_the_return_once_a_snapshot(book: Book, admin_database) -> None:
    await rule(admin_database, book.user)
    await four_snapshots(book)
    await book.past(PAID_IN, BOUGHT, SOLD)
    await book.count()
    await book.count()
    found = [each for each in (await heard(admin_database, book.user)).values() if "roi" in each["metric"]]
    assert [(each["value"], each["previous_value"], each["subject"]) for each in found] == [
        ("34", None, str(book.user.id))
    ]
    await book.snapshot(0, held(CASH, 700, "1"), held(COIN, 4, "200"))
    await book.count()
    found = [each for each in (await heard(admin_database, book.user)).values() if "roi" in each["metric"]]
    assert [(each["value"], each["previous_value"]) for each in found] == [("34", None), ("50", "34")]
    assert Decimal(found[1]["previous_taken_at"]) < found[1]["taken_at"]
