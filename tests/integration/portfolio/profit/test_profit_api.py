"""Profit and loss over the API."""

import pytest

from backend.portfolio.profit.api import NATIVE
from tests.integration.api.conftest import Api
from tests.integration.portfolio.profit.conftest import CASH, COIN, MakeBook
from tests.integration.portfolio.profit.test_recount import BOUGHT, PAID_IN, SOLD, four_snapshots

pytestmark = pytest.mark.usefixtures("_a_day_in_may", "empty_store")


async def test_profit_holdings_and_one_asset(make_book: MakeBook, api: Api) -> None:
    user = await api.new_user("starter")
    client = api.client_of(user)
    assert (await client.get("/v1/portfolio/pnl")).data is None
    assert (await client.get(f"/v1/portfolio/assets/31337/{COIN}")).status == 404
    book = await make_book(user)
    await four_snapshots(book)
    found = (await client.get(f"/v1/portfolio/assets/31337/{COIN}")).data
    assert (found["figures"], len(found["holdings"])) == (None, 1), "held, and not counted yet"
    await book.past(PAID_IN, BOUGHT, SOLD)
    await book.count()

    totals = (await client.get("/v1/portfolio/pnl")).data
    assert (totals["method"], totals["realised"]) == ("fifo", {"usd": "100", "known": 2, "unknown": 0})
    assert (totals["unrealised"]["usd"], totals["cost"]["usd"], totals["gaps"]) == ("240", "1100", [])
    assets = (await client.get("/v1/portfolio/assets")).data["items"]
    assert [(each["token"], each["costUsd"], each["unrealisedUsd"], each["unrealisedPct"]) for each in assets] == [
        (CASH, "700", "0", "0"),
        (COIN, "400", "240", "60"),
    ]
    found = (await client.get(f"/v1/portfolio/assets/31337/{COIN.upper().replace('0X', '0x')}")).data
    assert (found["figures"]["averageCostUsd"], found["figures"]["realised"]["usd"]) == ("100", "100")
    assert [(lot["amount"], lot["costUsd"], lot["gainUsd"]) for lot in found["lots"]] == [("4", "400", "240")]
    assert [(trade["side"], trade["priceUsd"]) for trade in found["trades"]] == [("buy", "100"), ("sell", "150")]
    assert [(each["amount"], each["valueUsd"], each["blockNumber"]) for each in found["holdings"]] == [
        ("4", "640", 9_940)
    ]
    assert (await client.get(f"/v1/portfolio/assets/31337/{NATIVE}")).status == 404
    assert (await client.get("/v1/portfolio/assets/31337/0x12")).status == 422
    other = api.client_of(await api.new_user("starter"))
    assert (await other.get(f"/v1/portfolio/assets/31337/{COIN}")).status == 404
