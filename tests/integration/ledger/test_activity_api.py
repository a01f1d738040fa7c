"""`/v1/portfolio/activity` over a real socket, filled by the portfolio's own job from a real chain."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.core.db import Database
from backend.core.jobs import JobContext, locks_in_line
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.accounts import ACCOUNTS
from backend.demo.swaps import swap_transaction, transfer_transaction
from backend.ledger.importing.run import close_shared_imports
from backend.portfolio.activity import tasks
from tests.integration.api.conftest import Api, serving
from tests.integration.chain.harness import Market

DEMO = ACCOUNTS["demo_trading"]


@pytest.fixture
def activity_settings(make_settings: Callable[..., Settings], market: Market) -> Settings:
    chains = {DEMO_CHAIN_ID: [market.anvil.url]}
    return make_settings(chains=chains, var_dir=market.addresses_file.parents[1], defillama_coins_url="")


@pytest.fixture
async def served(activity_settings: Settings) -> AsyncIterator[Api]:
    await close_shared_imports()
    async with serving(activity_settings) as running:
        yield running
    await close_shared_imports()


@pytest.fixture
def job(activity_settings: Settings, worker_database: Database, redis: Redis) -> JobContext:
    return JobContext(settings=activity_settings, database=worker_database, redis=redis, job_id=1, attempt=1)


async def test_what_happened_to_a_wallet_is_listed_filtered_and_forgotten(
    served: Api, job: JobContext, market: Market, worker_database: Database
):
    user, other = await served.new_user("starter"), await served.new_user("starter")
    mine, theirs = served.client_of(user), served.client_of(other)
    added = await mine.post("/v1/portfolio/wallets", json={"address": DEMO, "label": "Trading"})
    usdc = market.addresses.tokens["USDC"].address.lower()
    for amount in (1, 2, 3):
        await market.anvil.mine(
            [transfer_transaction(market.addresses, ACCOUNTS["whale"], DEMO, "USDC", amount * 10**6)]
        )
    await market.anvil.mine(
        [swap_transaction(market.addresses, DEMO, ["WETH-USDC-V2"], "USDC", 10**9, native_out=True)]
    )
    number, _ = await market.anvil.head()
    await tasks.import_activity(job, str(user.id))

    whole = (await mine.get("/v1/portfolio/activity")).data
    swap, *transfers = whole["items"][:4]
    assert (swap["kind"], swap["walletName"], swap["blockNumber"]) == ("swap", "Trading", number)
    legs = {leg["token"]: leg for leg in swap["legs"]}
    assert (legs[usdc]["symbol"], legs[usdc]["amount"]) == ("USDC", "-1000")
    (came,) = [leg for leg in swap["legs"] if int(leg["amountRaw"]) > 0]
    assert came["token"] == "0x" + "e" * 40 and Decimal(came["amount"]) > 0
    assert int(swap["feeWei"]) > 0 and swap["succeeded"] is True and swap["problem"] is None
    assert [each["legs"][0]["amount"] for each in transfers] == ["3", "2", "1"]
    assert {each["feeWei"] for each in transfers} == {"0"} and transfers[0]["feeUsd"] == "0"
    (covered,) = whole["coverage"]
    assert (covered["state"], covered["fromBlock"], covered["toBlock"]) == ("read", 0, number)
    assert covered["nativeIsKnown"] and covered["reachedStart"] and covered["walletName"] == "Trading"

    pages, cursor = [], ""
    while cursor is not None:
        page = (await mine.get(f"/v1/portfolio/activity?limit=2{cursor}")).data
        assert page["total"] == whole["total"]
        pages += page["items"]
        cursor = f"&cursor={page['nextCursor']}" if page["nextCursor"] else None
    assert pages == whole["items"]
    filtered = (await mine.get(f"/v1/portfolio/activity?kind=transfer&token={usdc}&chainId={DEMO_CHAIN_ID}")).data
    assert filtered["items"][:3] == transfers and "swap" not in {each["kind"] for each in filtered["items"]}
    assert (await mine.get("/v1/portfolio/activity?protocol=nobody")).data["items"] == []
    one = await mine.get(f"/v1/portfolio/activity/{swap['id']}")
    assert one.data == swap
    assert (await theirs.get(f"/v1/portfolio/activity/{swap['id']}")).status == 404
    assert (await theirs.get("/v1/portfolio/activity")).data["total"] == 0
    for wrong in ("cursor=x", "cursor=W10", "kind=nothing", "limit=0", "wallet=0x", "since=2026-01-01"):
        assert (await mine.get(f"/v1/portfolio/activity?{wrong}")).status == 422, wrong

    # A price that was unknown when the event was read is asked for again, and stays once it is known.
    async with worker_database.unit_of_work() as session:
        await session.execute(text("select ensure_month_partition('price_readings', now())"))
        await session.execute(
            text(
                "insert into price_readings (chain_id, token, taken_at, block_hash, block_number, price_usd, source)"
                " values (:chain, :token, cast(:at as timestamptz), '0x', :number, 3500, 'a pool')"
            ),
            {
                "chain": DEMO_CHAIN_ID,
                "token": market.addresses.wrapped_native.lower(),
                "at": swap["happenedAt"],
                "number": number,
            },
        )
        await session.execute(
            text(
                "update ledger_events set price_due_at = now() - interval '1 minute', fee_price_usd = null, legs = ("
                " select jsonb_agg(l - 'price_usd' - 'price_source' - 'priced_at') from jsonb_array_elements(legs) l)"
                " where user_id = :u and legs <> '[]'"
            ),
            {"u": user.id},
        )
    unpriced = (await mine.get(f"/v1/portfolio/activity/{swap['id']}")).data
    assert (unpriced["feeUsd"], unpriced["cameUsd"], unpriced["wentUsd"]) == (None, None, None)
    await tasks.price_activity(job, 0)
    priced = (await mine.get(f"/v1/portfolio/activity/{swap['id']}")).data
    assert Decimal(priced["feeUsd"]) == Decimal(swap["feeWei"]).scaleb(-18) * 3500
    assert Decimal(priced["cameUsd"]) == Decimal(came["amount"]) * 3500
    again = {leg["token"]: leg for leg in priced["legs"]}[came["token"]]
    assert (again["priceUsd"], again["pricedAt"]) == ("3500", swap["happenedAt"]) and again["priceSource"]
    # Reading the block again does not lose it.
    await tasks.import_activity(job, str(user.id))
    assert (await mine.get(f"/v1/portfolio/activity/{swap['id']}")).data == priced

    # Its block is dropped: the event is gone within a minute, and what stands there now is read again.
    async with worker_database.unit_of_work() as session:
        await session.execute(
            text(
                "insert into chain_blocks (chain_id, block_hash, block_number, parent_hash, taken_at, event_count,"
                " emit_seq, orphaned_at, recorded_at)"
                " values (:chain, :hash, :number, '0x', cast(:at as timestamptz), 0, :number, now(), now())"
            ),
            {"chain": DEMO_CHAIN_ID, "hash": swap["blockHash"], "number": number, "at": swap["happenedAt"]},
        )
    await tasks.withdraw_activity(job, 0)
    assert (await mine.get(f"/v1/portfolio/activity/{swap['id']}")).status == 404
    assert (await mine.get("/v1/portfolio/activity")).data["coverage"][0]["toBlock"] == number - 1
    async with worker_database.unit_of_work() as session:
        lock = f"{tasks.IMPORT}:{user.id}"
        assert await locks_in_line(session, [lock]) == {lock}
    await tasks.import_activity(job, str(user.id))
    assert (await mine.get(f"/v1/portfolio/activity/{swap['id']}")).status == 200

    removed = await mine.send("DELETE", f"/v1/portfolio/wallets/{added.data['id']}")
    assert removed.status == 200
    left = (await mine.get("/v1/portfolio/activity")).data
    assert (left["total"], left["coverage"]) == (0, [])


async def test_transfers_of_hidden_tokens_only_are_left_out(served: Api, job: JobContext, market: Market):
    user = await served.new_user("starter")
    mine = served.client_of(user)
    added = await mine.post("/v1/portfolio/wallets", json={"address": DEMO})
    await market.anvil.mine([transfer_transaction(market.addresses, ACCOUNTS["whale"], DEMO, "UNI", 5)])
    uni = market.addresses.tokens["UNI"].address.lower()
    await tasks.import_activity(job, str(user.id))
    before = (await mine.get("/v1/portfolio/activity")).data
    assert before["items"][0]["legs"][0]["token"] == uni
    body = {"chainId": DEMO_CHAIN_ID, "token": uni, "walletId": added.data["id"]}
    assert (await mine.post("/v1/portfolio/tokens", json=body)).status == 201
    hidden = {"chainId": DEMO_CHAIN_ID, "token": uni, "isSpam": True}
    assert (await mine.send("PUT", "/v1/portfolio/tokens/verdict", json=hidden)).status == 200
    after = (await mine.get("/v1/portfolio/activity")).data
    kept = [
        each
        for each in before["items"]
        if each["kind"] != "transfer" or {leg["token"] for leg in each["legs"]} != {uni}
    ]
    assert after["items"] == kept != [] and after["total"] == len(kept) < before["total"]
    asked = (await mine.get(f"/v1/portfolio/activity?token={uni}")).data
    assert asked["items"][0] == before["items"][0]
