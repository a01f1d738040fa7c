"""Rules about return and impermanent loss fire when a count of the portfolio crosses their limit."""

from dataclasses import replace

import pytest

from backend.ledger.events import Kind
from backend.portfolio.position_list import position_list
from backend.portfolio.snapshots.records import AssetPart, HeldIn
from tests.integration.api.conftest import Api
from tests.integration.api.test_alert_kinds import Market, history, made, market
from tests.integration.portfolio.profit.conftest import CASH, COIN, MakeBook, event, held, leg

__all__ = ["market"]

pytestmark = pytest.mark.usefixtures("_a_day_in_may", "empty_store")
POOL = "0x" + "70" * 20
IN_POOL = HeldIn(kind="lp", role="principal", identifiers={"pool": POOL})


def inside(part: AssetPart) -> AssetPart:
    return replace(part, category="lp", protocol="Uniswap V2", position=IN_POOL)


async def test_return_and_impermanent_loss(make_book: MakeBook, api: Api, market: Market) -> None:
    user = await api.new_user("starter")
    client = api.client_of(user)
    book = await make_book(user)
    named = {"protocol": "Uniswap V2", "identifiers": {"pool": POOL}}
    paid_in = event(5.5, Kind.TRANSFER, leg(CASH, 1_000, "1"), leg(COIN, 10, "100"))
    put_in = event(
        5.2, Kind.LP_ADD, leg(CASH, -1_000, "1"), leg(COIN, -10, "100"), leg(POOL, 100, role="receipt"), **named
    )
    await book.past(paid_in, put_in)
    first = await book.snapshot(5, inside(held(CASH, 1_000, "1")), inside(held(COIN, 10, "100")))
    (position,) = position_list(first).items
    roi = await made(client, "portfolio", {"measure": "roi", "value": {"gt": 50}})
    loss = await made(
        client, "portfolio", {"measure": "impermanent_loss", "part": str(position.id), "value": {"lt": -10}}
    )
    await book.count()
    await book.snapshot(3, inside(held(CASH, 1_000, "1")), inside(held(COIN, 10, "101")))
    await book.count()
    # Four times the price: half of the coins, twice the cash. 4,000 where holding would be worth 5,000.
    await book.snapshot(1, inside(held(CASH, 2_000, "1")), inside(held(COIN, 5, "400")))
    await book.count()
    (alert,) = await history(client, roi, 1)
    assert alert["message"] == "The return of your portfolio rose above 50%: now 100%"
    (alert,) = await history(client, loss, 1)
    assert "The impermanent loss" in alert["message"] and "now -20%" in alert["message"].replace("\u2212", "-")
