"""`/v1/tax/optimization` on a real book: methods, losses at prices of a source, and a sale thought of."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.market.fiat import repository
from backend.tax import store
from backend.tax.books import TaxSettings
from backend.tax.optimisation.kept import Kept, KeptBooks
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind, Worth
from tests.doubles.price_sources import PriceDouble, price_double
from tests.integration.api.conftest import Api, Client, serving

PATH = "/v1/tax/optimization"


def trade(kind: TransactionKind, at: datetime, asset: str, amount: str, value: str, wallet: str = "Coinbase"):
    sign = -1 if kind is TransactionKind.SELL else 1
    worth = Worth(Decimal(value), "USD", "a file")
    legs = (
        TaxLeg(asset, asset, sign * Decimal(amount), worth),
        TaxLeg("fiat:USD", "USD", -sign * Decimal(value), worth),
    )
    return TaxTransaction(id=new_id(), source="file", happened_at=at, kind=kind, wallet=wallet, legs=legs)


BUY, SELL = TransactionKind.BUY, TransactionKind.SELL
LAST_YEAR = utc_now().year - 1
SOON = utc_now() - timedelta(days=200)
HISTORY = [
    trade(BUY, datetime(LAST_YEAR, 3, 1, tzinfo=UTC), "ETH", "1", "1000"),
    trade(BUY, datetime(LAST_YEAR, 3, 2, tzinfo=UTC), "ETH", "1", "3000"),
    trade(SELL, datetime(LAST_YEAR, 5, 1, tzinfo=UTC), "ETH", "1", "2000"),
    trade(BUY, SOON, "BTC", "0.5", "50000"),
    trade(BUY, SOON, "RARE", "10", "100"),
]


@pytest.fixture
async def double() -> AsyncIterator[PriceDouble]:
    async with price_double() as running:
        running.prices = {"coingecko:bitcoin": Decimal("90000"), "coingecko:ethereum": Decimal("2500")}
        yield running


@pytest.fixture
async def api(make_settings: Callable[..., Settings], double: PriceDouble) -> AsyncIterator[Api]:
    made = make_settings(
        chains={2: ["http://127.0.0.1:1"]}, defillama_coins_url=double.defillama_url, price_timeout_seconds=1.0
    )
    async with serving(made) as running:
        yield running


@dataclass
class Taxpayer:
    client: Client
    id: object


async def taxpayer(api: Api, database: Database, tier: str = "pro", history=HISTORY) -> Taxpayer:
    user = await api.new_user(tier)
    async with database.unit_of_work(user.id) as session:
        await store.add_transactions(session, user.id, [*history])
    return Taxpayer(api.client_of(user), user.id)


async def test_methods_losses_and_terms_of_one_s_own_history(api: Api, app_database: Database) -> None:
    client = (await taxpayer(api, app_database)).client
    read = (await client.get(f"{PATH}?year={LAST_YEAR}")).data
    assert (read["jurisdiction"], read["currency"], read["label"]) == ("US", "USD", str(LAST_YEAR))
    shown = {each["method"]: each for each in read["methods"]}
    assert {name: Decimal(each["headline"]) for name, each in shown.items() if each["headline"]} == {
        "fifo": 1000, "lifo": -1000, "hifo": -1000, "lofo": 1000
    }  # fmt: skip
    assert (shown["fifo"]["isCurrent"], Decimal(shown["hifo"]["difference"])) == (True, -2000)
    assert shown["average"]["isAllowed"] is False and "funds only" in shown["average"]["reason"]
    losses = {each["asset"]: Decimal(each["loss"]) for each in read["harvest"]}
    assert losses == {"BTC": 5000, "ETH": 500}
    assert {each["asset"] for each in read["soonLong"]} >= {"BTC", "RARE"}
    prices = {each["asset"]: each for each in read["prices"]}
    assert (prices["ETH"]["price"], prices["ETH"]["source"]) == ("2500", "DefiLlama")
    assert prices["ETH"]["takenAt"].endswith("Z")
    assert (prices["RARE"]["price"], read["unpriced"]) == (None, 1)
    this = (await client.get(PATH)).data
    assert this["year"] == LAST_YEAR + 1 and this["years"] == [LAST_YEAR + 1, LAST_YEAR]
    by_year = (await client.get(f"{PATH}?scope=year")).data
    assert by_year["scope"] == "year"


async def test_a_sale_is_thought_through_and_stored_nowhere(api: Api, app_database: Database) -> None:
    client = (await taxpayer(api, app_database)).client
    read = (await client.post(f"{PATH}/what-if", json={"asset": "BTC", "amount": "0.25"})).data
    assert (Decimal(read["gain"]), read["lines"][0]["term"], read["priceSource"]) == (-2500, "short", "DefiLlama")
    changes = {each["name"]: (Decimal(each["before"]), Decimal(each["after"])) for each in read["changes"]}
    assert changes["short_term_gain"] == (0, -2500)
    assert (await client.post(f"{PATH}/what-if", json={"asset": "BTC", "amount": "0.25"})).data == read
    reply = await client.post(f"{PATH}/what-if", json={"asset": "BTC", "amount": "9"})
    assert (reply.status, reply.error["details"]) == (422, {"amount": "you hold 0.5 there"})
    reply = await client.post(f"{PATH}/what-if", json={"asset": "RARE", "amount": "1"})
    assert (reply.status, list(reply.error["details"])) == (422, ["price"])
    own = (await client.post(f"{PATH}/what-if", json={"asset": "RARE", "amount": "1", "price": "30"})).data
    assert (Decimal(own["gain"]), own["priceSource"]) == (20, "your price")


async def test_prices_come_in_the_reporting_currency_by_the_rate_of_a_day(api: Api, app_database: Database) -> None:
    """Without a rate nothing is priced; with one the price says whose day it is of, and the wallet is named."""
    mine = await taxpayer(api, app_database)
    reply = await mine.client.send("PUT", "/v1/tax/settings", json={"jurisdiction": "DE", "currency": "EUR"})
    assert reply.status == 200, reply.json
    before = (await mine.client.get(PATH)).data
    assert (before["jurisdiction"], before["currency"], before["unpriced"]) == ("DE", "EUR", 3)
    today = utc_now().date()
    days = [today - timedelta(days=number) for number in range(3)]
    async with api.admin.unit_of_work() as session:
        for day in days:
            await repository.insert_rates(session, [("USD", day, Decimal("1.25"))], "European Central Bank", utc_now())
    after = (await mine.client.get(PATH)).data
    prices = {each["asset"]: each for each in after["prices"]}
    assert (Decimal(prices["ETH"]["price"]), prices["ETH"]["rateDay"]) == (2000, today.isoformat())
    assert {each["wallet"] for each in after["holdings"]} == {"Coinbase"}
    assert after["methods"][0]["method"] == "fifo" and after["canChangeByYear"]


async def test_a_change_of_the_book_is_seen_at_once(api: Api, app_database: Database) -> None:
    mine = await taxpayer(api, app_database)
    first = (await mine.client.get(f"{PATH}?year={LAST_YEAR}")).data
    more = trade(SELL, datetime(LAST_YEAR, 6, 1, tzinfo=UTC), "ETH", "1", "3500")
    async with app_database.unit_of_work(mine.id) as session:  # type: ignore[arg-type]
        await store.add_transactions(session, mine.id, [more])  # type: ignore[arg-type]
    second = (await mine.client.get(f"{PATH}?year={LAST_YEAR}")).data
    gains = [Decimal(read["methods"][0]["headline"]) for read in (first, second)]
    assert gains == [1000, 1500]
    assert second["bookVersion"] > first["bookVersion"]


async def test_who_may_and_what_is_refused(api: Api, app_database: Database) -> None:
    starter = (await taxpayer(api, app_database, "starter", [])).client
    reply = await starter.get(PATH)
    assert (reply.status, reply.error["code"]) == (403, "TIER_LIMIT_REACHED")
    assert (await starter.post(f"{PATH}/what-if", json={"asset": "X", "amount": "1"})).status == 403
    assert (await api.anonymous.get(PATH)).status == 401
    nobody = (await taxpayer(api, app_database, "pro", [])).client
    empty = (await nobody.get(PATH)).data
    assert (empty["holdings"], empty["harvest"], empty["years"]) == ([], [], [LAST_YEAR + 1])
    assert (await nobody.get(f"{PATH}?year=2012")).error["details"].keys() == {"year"}
    assert (await nobody.get(f"{PATH}?scope=never")).status == 422
    for body in ({"asset": "X", "amount": "0"}, {"asset": "X", "amount": "NaN"}, {"amount": "1"}):
        assert (await nobody.post(f"{PATH}/what-if", json=body)).status == 422


async def test_books_are_kept_by_version_and_make_room(api: Api, app_database: Database) -> None:
    """The same book is the same object; a new version, other settings or too many events are computed anew."""
    one, other = await taxpayer(api, app_database), await taxpayer(api, app_database)
    books = KeptBooks(most_events=6)

    async def kept(who: Taxpayer) -> Kept:
        async with app_database.unit_of_work(who.id) as session:  # type: ignore[arg-type]
            return await books.of(session, who.id)  # type: ignore[arg-type]

    first = await kept(one)
    assert await kept(one) is first and first.settings == TaxSettings()
    async with app_database.unit_of_work(one.id) as session:  # type: ignore[arg-type]
        await store.bump(session, one.id)  # type: ignore[arg-type]
    second = await kept(one)
    assert second is not first
    await kept(other)  # five events more than there is room for
    assert await kept(one) is not second
