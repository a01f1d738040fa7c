"""Wallets are added, looked for on chains, and their tokens judged; all of it through the API and the job."""

from collections.abc import Callable
from uuid import UUID

import pytest
from aiohttp import web
from eth_utils.address import to_checksum_address
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.chain.rpc.pool import RpcPool
from backend.cli.seed import seed_database
from backend.core.db import Database
from backend.core.jobs import JobContext
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.accounts import ACCOUNTS
from backend.demo.calldata import call_data
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction
from backend.embedded.ports import free_port
from backend.portfolio import tasks
from backend.portfolio.discovery.finding import Finder, Wallet
from backend.portfolio.discovery.transfers import scan
from backend.portfolio.wallets import ens
from backend.portfolio.wallets.service import fit_to_plan
from tests.doubles.rpc_proxy import Fault, RpcProxy
from tests.doubles.tokens import DEPLOYER, deploy_tokens, mint, transfer
from tests.integration.api.conftest import Api, serving
from tests.integration.chain.harness import Anvil

SILENT_CHAIN = 8453
FRESH = "0x" + "5a" * 20  # never sent or got anything


@pytest.fixture
def portfolio_settings(make_settings: Callable[..., Settings], anvil: Anvil) -> Settings:
    """One chain that answers, and one whose provider is not there."""
    chains = {DEMO_CHAIN_ID: [anvil.url], SILENT_CHAIN: [f"http://127.0.0.1:{free_port()}"]}
    return make_settings(chains=chains, defillama_coins_url="")


@pytest.fixture
async def api(portfolio_settings: Settings):
    async with serving(portfolio_settings) as running:
        yield running


@pytest.fixture
def job_of_both(portfolio_settings: Settings, worker_database: Database, redis) -> JobContext:
    """Each discovery waits for the silent chain as long as the product does: about ten seconds."""
    return JobContext(settings=portfolio_settings, database=worker_database, redis=redis, job_id=1, attempt=1)


@pytest.fixture
def job(make_settings: Callable[..., Settings], anvil: Anvil, worker_database: Database, redis) -> JobContext:
    """The same with the chain that answers alone."""
    settings = make_settings(chains={DEMO_CHAIN_ID: [anvil.url]}, defillama_coins_url="")
    return JobContext(settings=settings, database=worker_database, redis=redis, job_id=1, attempt=1)


async def add(api: Api, user: CurrentUser, address: str, **more: str) -> dict:
    reply = await api.client_of(user).post("/v1/portfolio/wallets", json={"address": address, **more})
    assert reply.status == 201, reply.json
    return reply.data


async def test_a_wallet_is_added_named_and_removed(api: Api):
    user, other = await api.new_user("starter"), await api.new_user("starter")
    mine, theirs = api.client_of(user), api.client_of(other)
    wallet = await add(api, user, ACCOUNTS["demo"], label=" Cold ", group="Savings")
    assert (wallet["address"], wallet["label"], wallet["group"]) == (ACCOUNTS["demo"], "Cold", "Savings")
    assert (wallet["addedBy"], wallet["isWatchOnly"], wallet["chains"]) == ("address", True, [])
    again = await mine.post("/v1/portfolio/wallets", json={"address": ACCOUNTS["demo"].lower()})
    assert (again.status, again.error["message"]) == (409, "This wallet is in your portfolio already.")
    path = f"/v1/portfolio/wallets/{wallet['id']}"
    assert (await theirs.send("PATCH", path, json={"label": "x"})).status == 404
    assert (await theirs.send("DELETE", path)).status == 404
    changed = await mine.send("PATCH", path, json={"label": "Hot", "group": ""})
    assert (changed.data["label"], changed.data["group"]) == ("Hot", "")
    listed = (await mine.get("/v1/portfolio/wallets")).data
    assert [each["id"] for each in listed["items"]] == [wallet["id"]] and listed["limit"] == 5
    assert (await theirs.get("/v1/portfolio/wallets")).data["items"] == []
    assert (await mine.send("DELETE", path)).data == {"id": wallet["id"]}
    assert (await mine.get("/v1/portfolio/wallets")).data["total"] == 0


async def test_a_mistyped_address_is_refused_in_words(api: Api):
    user = await api.new_user()
    wrong = ACCOUNTS["demo"].replace("C", "c", 1)
    reply = await api.client_of(user).post("/v1/portfolio/wallets", json={"address": wrong})
    assert reply.status == 422 and "checksum" in reply.error["details"]["address"]
    for body in ({}, {"address": FRESH, "walletId": str(user.id)}):
        assert (await api.client_of(user).post("/v1/portfolio/wallets", json=body)).status == 422
    reply = await api.client_of(user).post("/v1/portfolio/wallets", json={"address": "name.eth"})
    assert reply.status == 422 and "does not read" in reply.error["message"]


async def test_the_plan_caps_wallets_and_a_smaller_one_leaves_the_newest_out(api: Api, worker_database: Database):
    user = await api.new_user("starter")
    for place in range(5):
        await add(api, user, f"0x{place + 1:040x}")
    full = await api.client_of(user).post("/v1/portfolio/wallets", json={"address": FRESH})
    assert (full.status, full.error["code"]) == (403, "TIER_LIMIT_REACHED")
    assert full.error["details"]["upgradeTo"] == "pro"

    async def paused() -> list[bool]:
        wallets = (await api.client_of(user).get("/v1/portfolio/wallets")).data["items"]
        return [each["isPausedByPlan"] for each in wallets]

    for tier, expected in (("free", [False] + [True] * 4), ("starter", [False] * 5), ("free", [False] + [True] * 4)):
        async with worker_database.unit_of_work() as session:
            await fit_to_plan(session, user.id, tier)
        assert await paused() == expected


async def test_a_wallet_that_signs_in_is_added_by_its_id_and_is_not_watch_only(api: Api):
    user = await api.new_user()
    address = to_checksum_address("0x" + user.id.hex[:40].ljust(40, "1"))
    async with api.admin.unit_of_work() as session:
        statement = (
            "insert into user_wallets (id, user_id, address, chain_id, kind) values (:id, :id, :address, 1, 'key')"
        )
        await session.execute(text(statement), {"id": user.id, "address": address})
    reply = await api.client_of(user).post("/v1/portfolio/wallets", json={"walletId": str(user.id)})
    assert reply.status == 201
    assert (reply.data["address"], reply.data["addedBy"], reply.data["isWatchOnly"]) == (address, "connected", False)
    stranger = await api.new_user()
    reply = await api.client_of(stranger).post("/v1/portfolio/wallets", json={"walletId": str(user.id)})
    assert reply.status == 404


async def test_chains_and_tokens_of_a_wallet_are_found_and_judged(
    api: Api, job: JobContext, job_of_both: JobContext, anvil: Anvil
):
    user = await api.new_user()
    client = api.client_of(user)
    async with Rpc(anvil.url) as rpc:
        honest, fake, dusty = await deploy_tokens(
            rpc, [("PlainToken", ("NEWT", 18)), ("PlainToken", ("USD\u0421", 6)), ("BurningToken", ())]
        )
    wallet = ACCOUNTS["trader_3"].lower()
    await anvil.mine([mint(honest, wallet, 5), mint(fake, wallet, 10**12)])
    held, idle = await add(api, user, wallet), await add(api, user, FRESH)
    await tasks.discover(job_of_both, str(user.id))

    wallets = {each["id"]: each for each in (await client.get("/v1/portfolio/wallets")).data["items"]}
    chains = {each["chainId"]: each for each in wallets[held["id"]]["chains"]}
    assert chains[DEMO_CHAIN_ID]["isActive"] is True and chains[DEMO_CHAIN_ID]["problem"] is None
    assert int(chains[DEMO_CHAIN_ID]["balanceRaw"]) > 0 and chains[DEMO_CHAIN_ID]["checkedAt"]
    assert chains[SILENT_CHAIN]["isActive"] is None and chains[SILENT_CHAIN]["problem"]
    assert wallets[held["id"]]["discoveredAt"] is not None
    assert {each["isActive"] for each in wallets[idle["id"]]["chains"]} == {False, None}

    tokens = {each["token"]: each for each in (await client.get("/v1/portfolio/tokens")).data["items"]}
    assert {honest, fake} <= tokens.keys() and dusty not in tokens
    assert (tokens[honest]["symbol"], tokens[honest]["foundBy"]) == ("NEWT", "transfer")
    assert tokens[fake]["isSpam"] and "well-known token" in " ".join(tokens[fake]["reasons"])

    # The user has the last word, and can take it back.
    decision = {"chainId": DEMO_CHAIN_ID, "token": fake}
    assert (await client.send("PUT", "/v1/portfolio/tokens/verdict", json={**decision, "isSpam": False})).status == 200
    await tasks.discover(job, str(user.id))
    (mine,) = [each for each in (await client.get("/v1/portfolio/tokens")).data["items"] if each["token"] == fake]
    assert (mine["isSpam"], mine["decidedBy"]) == (False, "user") and mine["reasons"]
    assert (await client.send("PUT", "/v1/portfolio/tokens/verdict", json={**decision, "isSpam": None})).status == 200
    await tasks.discover(job, str(user.id))
    (mine,) = [each for each in (await client.get("/v1/portfolio/tokens")).data["items"] if each["token"] == fake]
    assert (mine["isSpam"], mine["decidedBy"]) == (True, "filter")
    nothing = await client.send(
        "PUT", "/v1/portfolio/tokens/verdict", json={**decision, "token": FRESH, "isSpam": True}
    )
    assert nothing.status == 404


async def test_transfers_are_looked_through_once_and_what_comes_later_is_found(api: Api, job: JobContext, anvil: Anvil):
    user = await api.new_user()
    async with Rpc(anvil.url) as rpc:
        first, second = await deploy_tokens(rpc, [("PlainToken", ("AAA", 18)), ("PlainToken", ("BBB", 18))])
    wallet, sender = "0x" + "6b" * 20, ACCOUNTS["trader_4"].lower()
    await anvil.mine([mint(first, sender, 9), mint(second, sender, 9)])
    await anvil.mine([transfer(sender, first, wallet, 1)])
    await add(api, user, wallet)
    await tasks.discover(job, str(user.id))

    async def state() -> tuple[set[str], int, bool | None]:
        async with api.admin.unit_of_work() as session:
            tokens = await session.execute(
                text("select token from portfolio_wallet_tokens where user_id = :id"), {"id": user.id}
            )
            cursor = await session.execute(
                text(
                    "select next_block, is_active from portfolio_wallet_chains"
                    " where user_id = :id and chain_id = :chain"
                ),
                {"id": user.id, "chain": DEMO_CHAIN_ID},
            )
            row = cursor.one()
            return set(tokens.scalars()), row.next_block, row.is_active

    tokens, next_block, is_active = await state()
    assert tokens == {first} and is_active is True, "a wallet that only got tokens is active"
    await anvil.mine([transfer(sender, second, wallet, 1)], blocks=100)
    await tasks.discover(job, str(user.id))
    tokens, later, _ = await state()
    head, _ = await anvil.head()
    assert tokens == {first, second} and next_block <= later == head + 1 - 64, "it stays behind what may be dropped"


async def test_large_ranges_are_made_smaller(anvil: Anvil, proxy: RpcProxy, make_pool: Callable[..., RpcPool]):
    """A provider that refuses more than 200 blocks at once."""
    refused = []

    async def check(call: dict) -> None:
        if call["method"] == "eth_getLogs":
            wanted = call["params"][0]
            if int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) >= 200:
                refused.append(wanted)
                wanted["fromBlock"] = "too large"

    await anvil.mine(blocks=450)
    proxy.before = check
    found = await scan(make_pool(proxy.url), [ACCOUNTS["trader_3"].lower()], 0, 64)
    head, _ = await anvil.head()
    assert found.problem is None and found.reached_head and found.next_block == head + 1 - 64 and refused


async def test_a_token_is_added_by_hand_if_it_is_one(api: Api, job: JobContext, anvil: Anvil):
    user = await api.new_user()
    client = api.client_of(user)
    async with Rpc(anvil.url) as rpc:
        token, burning = await deploy_tokens(rpc, [("PlainToken", ("USDC", 6)), ("BurningToken", ())])
    wallet = await add(api, user, FRESH)
    body = {"walletId": wallet["id"], "chainId": DEMO_CHAIN_ID, "token": token}
    assert (await client.post("/v1/portfolio/tokens", json=body)).status == 201
    for wrong, status in (
        ({"token": burning}, 422),
        ({"token": FRESH}, 422),
        ({"chainId": 5}, 422),
        ({"chainId": SILENT_CHAIN}, 503),
        ({"walletId": str(user.id)}, 404),
    ):
        assert (await client.post("/v1/portfolio/tokens", json={**body, **wrong})).status == status, wrong
    await tasks.discover(job, str(user.id))
    (found,) = (await client.get("/v1/portfolio/tokens")).data["items"]
    assert (found["foundBy"], found["isSpam"], found["symbol"]) == ("user", False, "USDC")
    assert (await client.post("/v1/portfolio/tokens/remove", json=body)).status == 200
    assert (await client.post("/v1/portfolio/tokens/remove", json=body)).status == 404


async def test_token_lists_are_read_and_their_tokens_found_without_a_transfer(
    api: Api, job: JobContext, anvil: Anvil, make_settings: Callable[..., Settings], worker_database: Database, redis
):
    user = await api.new_user()
    async with Rpc(anvil.url) as rpc:
        (token,) = await deploy_tokens(rpc, [("RebasingToken", ())])
    # Balances that no log in reach tells of: the cursor stands behind them.
    await anvil.mine([mint(token, FRESH, 77)], blocks=2)
    entry = {"chainId": DEMO_CHAIN_ID, "address": token, "symbol": "REBASE", "name": "Rebase", "decimals": 9}
    served = {"tokens": [entry]}

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(served)

    application = web.Application()
    application.router.add_get("/list.json", answer)
    runner, port = web.AppRunner(application), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        settings = make_settings(
            chains={DEMO_CHAIN_ID: [anvil.url]},
            defillama_coins_url="",
            token_list_urls=f"http://127.0.0.1:{port}/list.json",
        )
        context = JobContext(settings=settings, database=worker_database, redis=redis, job_id=1, attempt=1)
        await tasks.read_token_lists(context, 0)
        served["tokens"] = []  # a list that breaks leaves what was known
        with pytest.raises(Exception, match="no usable token"):
            await tasks.read_token_lists(context, 0)
        await add(api, user, FRESH)
        async with worker_database.unit_of_work() as session:
            await session.execute(
                text(
                    "insert into portfolio_wallet_chains (wallet_id, user_id, chain_id, checked_at, next_block)"
                    " select id, user_id, :chain, now(), 1000000 from portfolio_wallets where user_id = :id"
                ),
                {"chain": DEMO_CHAIN_ID, "id": user.id},
            )
            await session.execute(
                text("update portfolio_wallet_chains set is_active = true where user_id = :id"), {"id": user.id}
            )
        await tasks.discover(context, str(user.id))
        (found,) = (await api.client_of(user).get("/v1/portfolio/tokens")).data["items"]
        assert (found["token"], found["foundBy"], found["isSpam"]) == (token, "list", False)
    finally:
        await runner.cleanup()


async def test_ens_names_are_looked_up_and_verified(
    anvil: Anvil, make_pool: Callable[..., RpcPool], api: Api, worker_database: Database
):
    async with Rpc(anvil.url) as rpc:
        registry, resolver = await deploy_tokens(rpc, [("EnsRegistry", ()), ("EnsResolver", ())])
        await rpc.call("anvil_setCode", ens.REGISTRY, await rpc.call("eth_getCode", registry, "latest"))
    owner, thief = ACCOUNTS["demo"].lower(), ACCOUNTS["whale"].lower()

    def call(to: str, signature: str, *arguments: object) -> Transaction:
        return Transaction(DEPLOYER, to, call_data(signature, *arguments), 200_000)

    nodes = {name: ens.namehash(name) for name in ("alice.eth", "empty.eth")}
    reverse = {address: ens.namehash(f"{address[2:]}.addr.reverse") for address in (owner, thief)}
    await anvil.mine(
        [
            *(
                call(ens.REGISTRY, "setResolver(bytes32,address)", node, resolver)
                for node in (*nodes.values(), *reverse.values())
            ),
            call(resolver, "setAddr(bytes32,address)", nodes["alice.eth"], owner),
            # Anybody may claim any name: only the way back proves it.
            *(call(resolver, "setName(bytes32,string)", node, "alice.eth") for node in reverse.values()),
        ]
    )
    pool = make_pool(anvil.url)
    assert await ens.address_of(pool, ens.normalised("Alice.eth")) == owner
    assert await ens.name_of(pool, owner) == "alice.eth"
    assert await ens.name_of(pool, thief) is None
    assert await ens.name_of(pool, ACCOUNTS["guest"].lower()) is None
    # A wallet that was added by its address gets the name that it proves.
    user = await api.new_user()
    for address in (owner, thief):
        await add(api, user, address)
    finder = Finder(worker_database, {ens.ENS_CHAIN_ID: pool}, {}, user.id)
    listed = (await api.client_of(user).get("/v1/portfolio/wallets")).data["items"]
    await finder.find_names([Wallet(UUID(each["id"]), each["address"].lower()) for each in listed])
    listed = (await api.client_of(user).get("/v1/portfolio/wallets")).data["items"]
    assert [each["ensName"] for each in listed] == ["alice.eth", None]
    for name, words in (("empty.eth", "names no address"), ("nobody.eth", "Nobody has set up")):
        with pytest.raises(Exception, match=words):
            await ens.address_of(pool, name)


async def test_ethereum_that_does_not_answer_is_said(proxy: RpcProxy, make_pool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ens, "BUDGET_SECONDS", 0.5)
    proxy.fault = Fault.STALL
    with pytest.raises(Exception, match="Ethereum does not answer"):
        await ens.address_of(make_pool(proxy.url), "alice.eth")


async def test_the_demo_account_has_its_wallets_until_it_takes_them_out(make_settings: Callable[..., Settings]):
    settings = make_settings(demo_email="demo-wallets@example.com")
    for _ in range(2):
        await seed_database(settings)
    async with serving(settings) as api:
        async with api.admin.unit_of_work() as session:
            statement = "select id, email, tier from premium_users where email = 'demo-wallets@example.com'"
            row = (await session.execute(text(statement))).one()
            await session.execute(
                text(
                    "insert into user_sessions (id, user_id, kind, expires_at)"
                    " values (:id, :id, 'program', now() + interval '1 hour')"
                ),
                {"id": row.id},
            )
            jobs = await session.execute(
                text("select count(*) from procrastinate.procrastinate_jobs where args->>'user_id' = :id"),
                {"id": str(row.id)},
            )
            assert jobs.scalar_one() == 1, "its chains and tokens are looked for"
        client = api.client_of(CurrentUser(row.id, row.email, row.tier))
        wallets = (await client.get("/v1/portfolio/wallets")).data["items"]
        found = {each["address"]: each["label"] for each in wallets}
        assert found == {ACCOUNTS["demo"]: "Savings", ACCOUNTS["demo_trading"]: "Trading"}
        assert (await client.send("DELETE", f"/v1/portfolio/wallets/{wallets[0]['id']}")).status == 200
        await seed_database(settings)
        assert (await client.get("/v1/portfolio/wallets")).data["total"] == 1
