"""NFTs from the chain to the API: found by discovery, counted as of a block, valued by CoinGecko's floor, judged."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import MULTICALL3
from backend.chain.rpc.pool import RpcPool
from backend.core.db import Database
from backend.core.jobs import JobContext
from backend.core.settings import Settings
from backend.demo.accounts import ACCOUNTS
from backend.demo.artifacts import multicall3_runtime
from backend.demo.rpc import Rpc
from backend.market.ladder.service import close_shared_ladders
from backend.portfolio import tasks
from backend.portfolio.balances.pairs import Pairs
from backend.portfolio.balances.reader import read_chain
from backend.portfolio.chains import close_shared_pools
from backend.portfolio.nfts.logs import MOST_IDS
from backend.portfolio.nfts.pieces import Pieces, Wanted
from backend.portfolio.nfts.reading import ChainNfts, nfts_of
from tests.doubles.nfts import (
    BURN,
    BYTES,
    CONTRADICTION,
    HUGE,
    REVERT,
    deploy_collections,
    mint,
    mint_batch,
    sent,
    transfer,
)
from tests.doubles.price_sources import PriceDouble, price_double
from tests.integration.api.conftest import Api, Client, serving
from tests.integration.chain.harness import Anvil

LINEA = 59144  # no protocol that a plug-in reads is in a known place there
VERDICT = "/v1/portfolio/nfts/verdict"
FLOOR = (Decimal("4.67"), Decimal("9713.91"))
SENDER = ACCOUNTS["trader_1"].lower()


@pytest.fixture(scope="module")
async def linea(tmp_path_factory: pytest.TempPathFactory):
    """A chain that says it is Linea: CoinGecko knows no floors of the demo market."""
    directory: Path = tmp_path_factory.mktemp("linea")
    running = Anvil(directory, chain_id=LINEA)
    running.start()
    await running.call("anvil_setCode", MULTICALL3, multicall3_runtime())
    await running.mine()
    yield running
    running.stop()


@dataclass
class Held:
    """A user with one wallet of their own, and the jobs that look at it."""

    api: Api
    user: CurrentUser
    client: Client
    wallet: str
    chain: Anvil
    double: PriceDouble
    job: JobContext

    async def discover(self) -> None:
        await tasks.discover(self.job, str(self.user.id))

    async def take(self) -> dict[str, dict[str, Any]]:
        """Take a snapshot; return its NFTs by collection."""
        await tasks.take(self.job, [str(self.user.id)])
        return await self.nfts()

    async def nfts(self) -> dict[str, dict[str, Any]]:
        items = (await self.client.get("/v1/portfolio/nfts")).data["items"]
        return {each["collection"]: each for each in items}

    async def collections(self) -> dict[str, dict[str, Any]]:
        items = (await self.client.get("/v1/portfolio/nfts/collections")).data["items"]
        return {each["collection"]: each for each in items}

    async def portfolio(self) -> dict[str, Any]:
        return (await self.client.get("/v1/portfolio")).data

    async def deploy(self, *wanted: tuple[str, str, str]) -> list[str]:
        async with Rpc(self.chain.url) as rpc:
            return await deploy_collections(rpc, list(wanted))


@pytest.fixture
async def held(
    make_settings: Callable[..., Settings], linea: Anvil, worker_database: Database, redis
) -> AsyncIterator["Held"]:
    async with price_double() as double:
        settings = make_settings(
            chains={LINEA: [linea.url]},
            defillama_coins_url="",
            coingecko_api_key=SecretStr(double.key),
            coingecko_api_url=double.coingecko_url,
            coingecko_requests_per_minute=10_000,
        )
        async with serving(settings) as api:
            user = await api.new_user("pro")
            wallet = "0x" + user.id.hex[-40:].rjust(40, "7")
            client = api.client_of(user)
            reply = await client.post("/v1/portfolio/wallets", json={"address": wallet})
            assert reply.status == 201
            job = JobContext(settings=settings, database=worker_database, redis=redis, job_id=1, attempt=1)
            yield Held(api, user, client, wallet, linea, double, job)
        await close_shared_ladders()
        await close_shared_pools()


def give_floor(held: Held, collection: str, floor: tuple[Decimal, Decimal] | None = FLOOR) -> None:
    held.double.floors[f"linea/{collection}"] = floor


async def test_pieces_are_found_counted_and_valued_by_the_floor(held: Held):
    plain, counted, items = await held.deploy(
        ("Collectible", "Penguins", "PPG"), ("CountedCollectible", "Counted", "CNT"), ("Items", "Swords", "SWD")
    )
    await held.chain.mine(
        [
            *(mint(plain, held.wallet, token_id) for token_id in (3, 2**255)),
            mint(plain, SENDER, 9),
            mint(counted, held.wallet, 5),
            mint_batch(items, held.wallet, {1: 10, 7: 3}),
        ]
    )
    await held.chain.mine([transfer(plain, SENDER, held.wallet, 9)])
    await held.chain.mine([sent(items, "mint(address,uint256,uint256)", held.wallet, 2, 4)])
    give_floor(held, plain)
    give_floor(held, items, None)
    await held.discover()
    nfts = await held.nfts()
    number, block_hash = await held.chain.head()
    penguins = nfts[plain]
    assert (penguins["name"], penguins["symbol"], penguins["standard"]) == ("Penguins", "PPG", "erc721")
    assert (penguins["pieces"], penguins["tokenIds"], penguins["hasMore"]) == ("3", ["3", "9", str(2**255)], False)
    assert (penguins["floorUsd"], penguins["valueUsd"]) == ("9713.91", "29141.73") and penguins["isCounted"]
    assert (penguins["floorSource"], penguins["floorDetail"]) == ("CoinGecko", "collection floor, 4.67 ETH")
    assert (penguins["blockNumber"], penguins["blockHash"]) == (number, block_hash) and penguins["floorTakenAt"]
    swords = nfts[items]
    assert (swords["pieces"], swords["tokenIds"], swords["standard"]) == ("17", ["1", "2", "7"], "erc1155")
    assert (swords["valueUsd"], swords["isCounted"], nfts[counted]["pieces"]) == (None, False, "1")

    # Those without a floor hide nothing and count nowhere.
    portfolio = await held.portfolio()
    assert portfolio["isComplete"] and portfolio["totalValueUsd"] == "29141.73"
    assert portfolio["categories"] == [{"category": "nft", "valueUsd": "29141.73", "sharePct": "100"}]
    assert portfolio["assets"] == 1
    (asset,) = (await held.client.get("/v1/portfolio/assets")).data["items"]
    assert (asset["token"], asset["amount"], asset["category"]) == (plain, "3", "nft")
    assert (await held.client.get("/v1/portfolio/nfts?wallet=" + SENDER)).data["items"] == []

    # What goes away is gone; the piece that stays is known by its number.
    await held.chain.call("anvil_impersonateAccount", held.wallet)
    await held.chain.call("anvil_setBalance", held.wallet, hex(10**21))
    await held.chain.mine([transfer(plain, held.wallet, SENDER, token_id) for token_id in (3, 9)])
    nfts = await held.take()
    assert (nfts[plain]["pieces"], nfts[plain]["tokenIds"]) == ("1", [str(2**255)])

    # A floor that is gone makes one snapshot incomplete: something was worth something an hour ago.
    give_floor(held, plain, None)
    await forget_floors(held)
    nfts = await held.take()
    assert nfts[plain]["valueUsd"] is None and "not known now" in nfts[plain]["problem"]
    assert (await held.portfolio())["isComplete"] is False
    nfts = await held.take()
    assert nfts[plain]["problem"] is None and not nfts[plain]["isCounted"]
    assert (await held.portfolio())["isComplete"] is True


async def forget_floors(held: Held) -> None:
    """Let what is kept of floors grow too old to be used."""
    for key in await held.job.redis.keys("price:v1:coingecko_nft:*"):
        await held.job.redis.delete(key)
    await close_shared_ladders()


async def test_contracts_that_lie_refuse_or_burn_spoil_nothing(held: Held):
    named = [("Liar", f"Liar {place}", "LIE") for place in (HUGE, CONTRADICTION, REVERT, BURN, BYTES)]
    honest, *liars = await held.deploy(("Collectible", "Honest", "HON"), *named)
    await held.chain.mine(
        [
            *(sent(liar, "set(uint8)", answer) for answer, liar in enumerate(liars)),
            *(mint(liar, held.wallet, token_id) for liar in liars for token_id in (1, 2)),
            mint(honest, held.wallet, 1),
        ]
    )
    give_floor(held, honest)
    for liar in liars:
        give_floor(held, liar)
    await held.discover()
    assert set(await held.collections()) == {honest, *liars}
    nfts = await held.nfts()
    assert set(nfts) == {honest}, "what was never held and is not said is nobody's holding"
    assert nfts[honest]["valueUsd"] == "9713.91" and (await held.portfolio())["isComplete"] is True

    # One that was held and then refuses is unknown, and not gone.
    code = await held.chain.call("eth_getCode", liars[REVERT], "latest")
    await held.chain.call("anvil_setCode", honest, code)
    await held.chain.call("anvil_setStorageAt", honest, "0x" + "0" * 64, "0x" + f"{REVERT:064x}")
    await held.chain.mine()
    nfts = await held.take()
    assert (nfts[honest]["pieces"], nfts[honest]["valueUsd"], nfts[honest]["isCounted"]) == (None, None, True)
    assert "did not say" in nfts[honest]["problem"] and (await held.portfolio())["isComplete"] is False


async def test_spam_is_set_aside_with_reasons_and_comes_back(held: Held):
    lure, crowd, mine = await held.deploy(
        ("Items", "Claim at pepe-gift.xyz", "FREE"), ("Collectible", "Crowd", "CRD"), ("Collectible", "Mine", "MIN")
    )
    await held.chain.call("anvil_impersonateAccount", held.wallet)
    await held.chain.call("anvil_setBalance", held.wallet, hex(10**21))
    await held.chain.mine([sent(lure, "mint(address,uint256,uint256)", held.wallet, 1, 1)])
    await held.chain.mine([sent(crowd, "airdrop(uint256,uint256,address)", 0, 110, held.wallet)])
    await held.chain.mine([mint(mine, held.wallet, 1, sender=held.wallet)])
    await held.chain.mine([sent(mine, "airdrop(uint256,uint256,address)", 100, 110, SENDER)])
    await held.discover()
    found = await held.collections()
    assert {each: found[each]["isSpam"] for each in found} == {lure: True, crowd: True, mine: False}
    assert [reason.split(".")[0] for reason in found[lure]["reasons"]] == [
        "Its name or symbol carries a web address",
        "Its name or symbol asks you to do something",
        "No source has a floor price for it",
    ]
    assert "a hundred others" in found[crowd]["reasons"][0]
    assert set(await held.nfts()) == {mine}

    decision = {"chainId": LINEA, "collection": crowd}
    assert (await held.client.send("PUT", VERDICT, json={**decision, "isSpam": False})).status == 200
    await held.discover()
    assert set(await held.nfts()) == {mine, crowd} and (await held.collections())[crowd]["decidedBy"] == "user"
    assert (await held.client.send("PUT", VERDICT, json={**decision, "isSpam": None})).status == 200
    await held.discover()
    assert set(await held.nfts()) == {mine}
    stranger = held.api.client_of(await held.api.new_user())
    for client, body, status in (
        (stranger, {**decision, "isSpam": True}, 404),
        (held.client, {**decision, "isSpam": None}, 404),
        (held.client, {**decision, "collection": "0x12", "isSpam": True}, 422),
    ):
        assert (await client.send("PUT", VERDICT, json=body)).status == status


async def test_old_pieces_are_found_where_the_contract_counts_them(held: Held, worker_database: Database):
    (counted,) = await held.deploy(("CountedCollectible", "Counted", "CNT"))
    await held.chain.mine([mint(counted, held.wallet, 41)])
    first, _ = await held.chain.head()
    await held.chain.mine([mint(counted, held.wallet, 42)])
    async with worker_database.unit_of_work() as session:
        await session.execute(
            text(
                "insert into portfolio_wallet_chains (wallet_id, user_id, chain_id, is_active, checked_at, next_block)"
                " select id, user_id, :chain, true, now(), :next from portfolio_wallets where user_id = :user"
            ),
            {"chain": LINEA, "next": first + 1, "user": held.user.id},
        )
    await held.discover()
    assert (await held.nfts())[counted]["tokenIds"] == ["41", "42"]
    # More than are kept: the number is exact, the ids are as many as there is room for.
    many = dict.fromkeys(range(MOST_IDS + 5), 1)
    (items,) = await held.deploy(("Items", "Many", "MNY"))
    await held.chain.mine([mint_batch(items, held.wallet, many)])
    await held.discover()
    many_items = (await held.nfts())[items]
    assert (many_items["pieces"], many_items["hasMore"], len(many_items["tokenIds"])) == (str(MOST_IDS), True, 50)


async def test_pieces_are_of_the_balances_block_or_unknown(held: Held, make_pool: Callable[..., RpcPool]) -> None:
    (plain,) = await held.deploy(("Collectible", "Penguins", "PPG"))
    await held.chain.mine([mint(plain, held.wallet, 1)])
    pool = make_pool(held.chain.url, chain_id=LINEA)
    sheet = await read_chain(pool, Pairs.of([(held.wallet, NATIVE_TOKEN)]), MULTICALL3)
    await held.chain.mine([mint(plain, held.wallet, 2)])
    wanted = [Wanted(held.wallet, plain, "erc721", (1, 2))]
    for multicall3 in (MULTICALL3, None):
        assert await nfts_of(pool, sheet, wanted, multicall3) == ChainNfts({(held.wallet, plain): Pieces(1, (1,))})
    assert sheet.block is not None
    sheet.block = replace(sheet.block, hash="0x" + "0" * 64)  # another block stands there by now
    found = await nfts_of(pool, sheet, wanted, MULTICALL3)
    assert found.by_pair == {} and found.problem is not None


async def test_what_a_reorganisation_takes_back_is_not_held(held: Held):
    (plain,) = await held.deploy(("Collectible", "Penguins", "PPG"))
    give_floor(held, plain)
    await held.chain.mine([mint(plain, held.wallet, 1)])
    saved = await held.chain.call("evm_snapshot")
    await held.chain.mine([mint(plain, held.wallet, 2)])
    await held.discover()
    assert (await held.nfts())[plain]["pieces"] == "2"
    assert await held.chain.call("evm_revert", saved)
    await held.chain.mine(blocks=2)
    nfts = await held.take()
    assert (nfts[plain]["pieces"], nfts[plain]["tokenIds"], nfts[plain]["blockHash"]) == (
        "1",
        ["1"],
        (await held.chain.head())[1],
    )
