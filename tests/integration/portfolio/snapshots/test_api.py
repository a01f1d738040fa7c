"""`/v1/portfolio` and its stream over real sockets."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest
from websockets.asyncio.client import connect

from backend.accounts.tokens import issue_access_token
from backend.core.clock import utc_now
from backend.portfolio.figures.performance import ONE_DAY
from backend.portfolio.snapshots import service
from backend.portfolio.snapshots.records import HeldIn, make_snapshot
from tests.integration.api.conftest import Api
from tests.integration.api.test_stream import Socket
from tests.integration.portfolio.snapshots.conftest import HASH, TOKEN, WALLET, asset, chain, worth


async def two_days(save, user):
    now = utc_now() - timedelta(seconds=5)
    chains = [
        chain(31337, taken_at=now),
        chain(1, state="stale", taken_at=now - timedelta(hours=3)),
        chain(10, state="unknown", block_number=None, block_hash=None, taken_at=None, problem="No answer in 5 s"),
    ]
    parts = [
        asset("75.5", amount_raw=3 * 10**17, price_usd=Decimal("251.666666")),
        asset("24.5", 1, category="lending", protocol="aave-v3"),
        asset(None, token="0x" + "55" * 20, decimals=None, price_source=None, price_taken_at=None),
    ]
    await save(worth(user.id, now - timedelta(hours=24), "80"))
    await save(make_snapshot(user.id, now, chains, parts, is_complete=True))
    return now


async def test_what_there_is_with_block_time_and_source(api: Api, save):
    user = await api.new_user("starter")
    now = await two_days(save, user)
    client = api.client_of(user)
    found = (await client.get("/v1/portfolio")).data
    assert (found["totalValueUsd"], found["isComplete"], found["assets"]) == ("100", False, 3)
    assert 5 <= found["ageSeconds"] < 60
    assert (found["dayChange"]["changeUsd"], found["dayChange"]["changePct"]) == ("20", "25")
    assert [(each["chainId"], each["valueUsd"], each["sharePct"], each["state"]) for each in found["chains"]] == [
        (31337, "75.5", "75.5", "fresh"),
        (1, "24.5", "24.5", "stale"),
        (10, None, None, "unknown"),
    ]
    assert found["chains"][2]["problem"] == "No answer in 5 s"
    assert [each["category"] for each in found["categories"]] == ["token", "lending"]

    assets = (await client.get("/v1/portfolio/assets")).data
    first, last = assets["items"][0], assets["items"][-1]
    assert (first["token"], first["amount"], first["amountRaw"]) == (TOKEN, "0.3", "3" + "0" * 17)
    assert (first["priceSource"], first["blockNumber"], first["blockHash"]) == ("pool", 100, HASH)
    assert (last["valueUsd"], last["priceUsd"], last["amount"], last["amountRaw"]) == (None, None, None, "1" + "0" * 18)
    assert assets["total"] == 3
    of_chain = (await client.get("/v1/portfolio/assets?chainId=1&pageSize=1")).data
    assert (of_chain["total"], of_chain["items"][0]["protocol"]) == (1, "aave-v3")
    assert (await client.get(f"/v1/portfolio/assets?wallet={WALLET.upper()}&page=9")).data["items"] == []
    assert [each["chainId"] for each in (await client.get("/v1/portfolio/chains")).data["items"]] == [31337, 1, 10]

    glance = (await client.get("/v1/portfolio/dashboard")).data
    assert glance["portfolio"] == (await client.get("/v1/portfolio")).data
    assert glance["assets"]["items"] == (await client.get("/v1/portfolio/assets?pageSize=20")).data["items"]

    history = (await client.get("/v1/portfolio/history?range=7d")).data
    assert (history["step"], history["points"][0]["valueUsd"], history["points"][-1]["valueUsd"]) == (
        "hour",
        "80",
        "100",
    )
    assert [each["valueUsd"] for each in history["points"][1:-1]] == [None] * (len(history["points"]) - 2)
    assert history["points"][-1]["takenAt"][:19] == now.isoformat()[:19]

    done = (await client.get("/v1/portfolio/performance?range=7d")).data
    assert (done["days"], done["daysKnown"], done["startUsd"]) == (2, 1, None), "today's is not complete"


async def test_positions_are_put_together_from_their_parts(api: Api, save):
    user = await api.new_user("starter")
    named = {"pool": "0x" + "77" * 20, "token_id": "5"}
    lp = {"category": "lp", "protocol": "Uniswap V3"}
    principal, fees = (HeldIn(kind="lp", role=role, identifiers=named) for role in ("principal", "fees"))
    health = Decimal("1.25")
    debt = HeldIn(kind="borrow", role="debt", identifiers={"pool": WALLET}, health_factor=health, problem=None)
    other = "0x" + "55" * 20
    parts = [
        asset("10"),
        asset("7", **lp, position=principal),
        asset("5", token=other, **lp, position=principal),
        asset("0.25", **lp, position=fees),
        asset("-3", amount_raw=-(10**17), category="borrow", protocol="Aave V3", position=debt),
    ]
    await save(make_snapshot(user.id, utc_now(), [chain(31337)], parts, is_complete=True))
    client = api.client_of(user)
    first, second = (await client.get("/v1/portfolio/positions")).data["items"]
    assert (first["protocol"], first["kind"], first["valueUsd"], first["feesUsd"]) == (
        "Uniswap V3",
        "lp",
        "12.25",
        "0.25",
    )
    assert [(each["role"], each["valueUsd"]) for each in first["parts"]] == [
        ("principal", "7"),
        ("principal", "5"),
        ("fees", "0.25"),
    ]
    assert (first["identifiers"], first["blockNumber"], first["blockHash"]) == (named, 100, HASH)
    assert (second["valueUsd"], second["healthFactor"], second["parts"][0]["amount"]) == ("-3", "1.25", "-0.1")
    assert (await client.get("/v1/portfolio")).data["totalValueUsd"] == "19.25"
    assert (await client.get("/v1/portfolio/positions?chainId=1")).data["items"] == []
    stranger = api.client_of(await api.new_user("starter"))
    assert (await stranger.get("/v1/portfolio/positions")).data["items"] == []
    assert (await api.anonymous.get("/v1/portfolio/positions")).status == 401


async def test_before_the_first_snapshot_everything_is_unknown(api: Api):
    client = api.client_of(await api.new_user("free"))
    found = (await client.get("/v1/portfolio")).data
    assert (found["totalValueUsd"], found["takenAt"], found["dayChange"], found["chains"]) == (None, None, None, [])
    assert (await client.get("/v1/portfolio/assets")).data["items"] == []
    assert (await client.get("/v1/portfolio/chains")).data["totalValueUsd"] is None
    assert (await client.get("/v1/portfolio/history")).data["points"] == []
    done = (await client.get("/v1/portfolio/performance")).data
    assert (done["startUsd"], done["changePct"], done["days"], done["problems"]) == (None, None, 0, [ONE_DAY])


async def test_nobody_else_and_no_key_without_the_scope(api: Api, save):
    user, other = await api.new_user(), await api.new_user()
    await two_days(save, user)
    assert (await api.anonymous.get("/v1/portfolio")).status == 401
    assert (await api.client_of(other).get("/v1/portfolio")).data["totalValueUsd"] is None
    for scopes, status in ((["read:alerts"], 403), (["read:portfolio"], 200)):
        body = {"name": "K", "scopes": scopes}
        key = (await api.client_of(user).post("/v1/api-keys", json=body)).data
        reply = await api.client_with(Authorization=f"Bearer {key['secret']}").get("/v1/portfolio")
        assert reply.status == status
    for query in ("range=2d", "page=1", "range="):
        assert (await api.client_of(user).get(f"/v1/portfolio/history?{query}")).status == 422


async def test_an_open_page_has_a_snapshot_within_a_second(api: Api, save, worker, redis):
    user, other = await api.new_user("starter"), await api.new_user("starter")
    await save(worth(user.id, utc_now() - timedelta(hours=2), "1"))
    token = issue_access_token(user, user.id, api.key)
    url = api.url.replace("http://", "ws://") + f"/v1/portfolio/stream?token={token}"
    async with connect(url, proxy=None) as connection:
        socket = Socket(connection)
        assert (await socket.hear())["type"] == "connected"
        await socket.say({"type": "subscribe", "channel": "alerts"})
        assert (await socket.hear())["error"]["message"] == 'The only channel is "portfolio".'
        await socket.say({"type": "subscribe", "channel": "portfolio", "userId": str(other.id)})
        assert (await socket.hear())["error"]["code"] == "FORBIDDEN"
        await socket.say({"type": "subscribe", "channel": "portfolio"})
        assert await socket.hear() == {"type": "subscribed", "channel": "portfolio"}
        newest = await socket.hear()
        assert (newest["type"], newest["data"]["totalValueUsd"], newest["replayed"]) == ("snapshot", "1", True)
        await save(worth(other.id, utc_now(), "7"))
        async with asyncio.timeout(1):
            await service.save_snapshots(worker, redis, [worth(user.id, utc_now(), "2")])
            message = orjson.loads(await connection.recv())
        assert (message["type"], message["data"]["totalValueUsd"]) == ("snapshot", "2")
        await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        assert await socket.hear() == {"type": "reload"}


@pytest.mark.parametrize("place", ["stream", "stream?token=a.b.c", "ws"])
async def test_the_stream_asks_who_is_there(api: Api, place: str):
    async with connect(api.url.replace("http://", "ws://") + f"/v1/portfolio/{place}", proxy=None) as connection:
        assert await Socket(connection).closes() == 4401
