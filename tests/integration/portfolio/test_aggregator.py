"""Snapshots agree with the chain to the last unit, and say what is not known; from the job to the API."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import text

from backend.chain.events import NATIVE_TOKEN
from backend.chain.rpc.pool import RpcPool
from backend.core.clock import use_clock, utc_now
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.jobs import JobContext, registered_tasks
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.accounts import ACCOUNTS
from backend.demo.rpc import Rpc
from backend.portfolio import tasks
from backend.portfolio.aggregator import Aggregator
from backend.portfolio.prices import Key, Price
from backend.portfolio.sink import StoreSink
from backend.portfolio.snapshots.records import Snapshot
from backend.portfolio.snapshots.service import worker_home
from tests.doubles.rpc_proxy import Fault, RpcProxy
from tests.doubles.tokens import deploy_tokens, mint
from tests.integration.api.conftest import Api, serving
from tests.integration.chain.harness import Anvil

SILENT_CHAIN = 8453
WALLETS = [ACCOUNTS["trader_5"].lower(), ACCOUNTS["trader_6"].lower()]


@dataclass(frozen=True)
class Given:
    price_usd: Decimal
    source: str
    taken_at: datetime
    detail: str = "a pool"


class GivenPrices:
    def __init__(self, prices: dict[Key, str]) -> None:
        self.prices = prices

    async def quotes(self, keys: Sequence[Key]) -> dict[Key, Price]:
        at = datetime(2026, 1, 2, tzinfo=UTC)
        return {key: Given(Decimal(self.prices[key]), "test", at) for key in keys if key in self.prices}


@dataclass
class Portfolio:
    """A user with two wallets, the aggregator, and what the store has of them."""

    user_id: object
    aggregator: Aggregator
    sink: StoreSink
    prices: GivenPrices
    tokens: dict[str, str]

    async def take(self) -> Snapshot:
        await self.aggregator.take([self.user_id])  # type: ignore[list-item]
        return (await self.sink.last([self.user_id]))[self.user_id]  # type: ignore[index,list-item]


@pytest.fixture
def portfolio_settings(make_settings: Callable[..., Settings], proxy: RpcProxy) -> Settings:
    return make_settings(chains={DEMO_CHAIN_ID: [proxy.url]}, rpc_timeout_seconds=1.0, defillama_coins_url="")


@pytest.fixture
async def portfolio(
    portfolio_settings: Settings,
    anvil: Anvil,
    proxy: RpcProxy,
    admin_database: Database,
    worker_database: Database,
    redis,
    make_pool: Callable[..., RpcPool],
):
    async with Rpc(anvil.url) as rpc:
        named = {"SIX": ("PlainToken", ("SIX", 6)), "WIDE": ("PlainToken", ("WIDE", 36)), "BAD": ("RevertingToken", ())}
        made = await deploy_tokens(rpc, list(named.values()))
    tokens = dict(zip(named, made, strict=True))
    await anvil.mine(
        [
            mint(tokens["SIX"], WALLETS[0], 1_234_567),
            mint(tokens["SIX"], WALLETS[1], 1),
            mint(tokens["WIDE"], WALLETS[1], 3 * 10**36 + 1),
        ]
    )
    user_id = new_id()
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("insert into premium_users (id, email, tier) values (:id, :email, 'pro')"),
            {"id": user_id, "email": f"{user_id}@example.com"},
        )
        for wallet in WALLETS:
            values = {"id": new_id(), "user": user_id, "wallet": wallet, "chain": DEMO_CHAIN_ID, "tokens": made}
            for statement in (
                "insert into portfolio_wallets (id, user_id, address, added_by)"
                " values (:id, :user, :wallet, 'address')",
                "insert into portfolio_wallet_chains (wallet_id, user_id, chain_id, is_active, checked_at)"
                " values (:id, :user, :chain, true, now())",
                "insert into portfolio_wallet_tokens (wallet_id, user_id, chain_id, token, found_by)"
                " select :id, :user, :chain, t, 'transfer' from unnest(cast(:tokens as text[])) t",
            ):
                used = {name: value for name, value in values.items() if f":{name}" in statement}
                await session.execute(text(statement), used)
        for symbol, decimals in (("SIX", 6), ("WIDE", 36)):
            await session.execute(
                text("insert into chain_tokens (chain_id, address, symbol, decimals) values (:chain, :token, :s, :d)"),
                {"chain": DEMO_CHAIN_ID, "token": tokens[symbol], "s": symbol, "d": decimals},
            )
    home = worker_home(portfolio_settings, worker_database)
    sink = StoreSink(home, redis)
    prices = GivenPrices(
        {
            (DEMO_CHAIN_ID, tokens["SIX"]): "0.999999",
            (DEMO_CHAIN_ID, tokens["WIDE"]): "12345.678901234567",
            (DEMO_CHAIN_ID, NATIVE_TOKEN): "2000",
        }
    )
    pools = {DEMO_CHAIN_ID: make_pool(proxy.url, timeout_seconds=1.0)}
    stable = [(DEMO_CHAIN_ID, tokens["SIX"])]
    aggregator = Aggregator(worker_database, pools, {}, prices, sink, stablecoins=stable, chain_seconds=2.5)
    yield Portfolio(user_id, aggregator, sink, prices, tokens)
    await home.close()


async def test_a_snapshot_is_the_chain_to_the_last_unit(portfolio: Portfolio, anvil: Anvil):
    taken = await portfolio.take()
    number, block_hash = await anvil.head()
    (chain,) = taken.chains
    assert (chain.chain_id, chain.block_number, chain.block_hash) == (DEMO_CHAIN_ID, number, block_hash)
    assert (chain.state, chain.problem, taken.is_complete) == ("fresh", None, True)
    held = {(part.wallet, part.token): part for part in taken.assets}
    # What refuses to say its balance and was never held is nobody's holding, and hides nothing.
    assert portfolio.tokens["BAD"] not in {token for _, token in held}
    six, wide = portfolio.tokens["SIX"], portfolio.tokens["WIDE"]
    assert {key: part.amount_raw for key, part in held.items() if key[1] != NATIVE_TOKEN} == {
        (WALLETS[0], six): 1_234_567,
        (WALLETS[1], six): 1,
        (WALLETS[1], wide): 3 * 10**36 + 1,
    }
    assert held[WALLETS[0], six].value_usd == Decimal("1.234567") * Decimal("0.999999")
    worth = Fraction(held[WALLETS[1], wide].value_usd or 0)
    assert worth == Fraction(3 * 10**36 + 1) * Fraction("12345.678901234567") / 10**36, "to the last digit"
    assert held[WALLETS[0], six].category == "stablecoin" and held[WALLETS[1], wide].category == "token"
    for wallet in WALLETS:
        native = int(await anvil.call("eth_getBalance", wallet, hex(number)), 16)
        part = held[wallet, NATIVE_TOKEN]
        assert (part.amount_raw, part.symbol, part.category) == (native, "ETH", "native")
        assert (part.price_source, part.price_detail) == ("test", "a pool")
        assert part.price_taken_at == datetime(2026, 1, 2, tzinfo=UTC)
    parts = sum(Fraction(part.value_usd or 0) for part in taken.assets)
    assert Fraction(taken.total_value_usd) == parts == Fraction(chain.value_usd or 0)


async def test_a_failed_chain_shows_what_was_known_with_its_age(portfolio: Portfolio, proxy: RpcProxy, anvil: Anvil):
    before = await portfolio.take()
    await anvil.mine([mint(portfolio.tokens["SIX"], WALLETS[0], 10**9)])
    proxy.fault = Fault.SERVER_ERROR
    for _ in range(2):  # what was known stays known however often it is shown again
        after = await portfolio.take()
        (then,), (now,) = before.chains, after.chains
        assert now.state == "stale" and now.problem == "The chain's providers cannot be reached."
        assert (now.block_number, now.block_hash, now.taken_at) == (then.block_number, then.block_hash, then.taken_at)
        assert after.assets == before.assets and after.total_value_usd == before.total_value_usd > 0
        assert after.is_complete is False
    proxy.fault = Fault.NONE
    again = await portfolio.take()
    assert (again.chains[0].state, again.chains[0].block_number) == ("fresh", (await anvil.head())[0])
    assert again.total_value_usd > before.total_value_usd


async def test_a_held_token_that_refuses_is_unknown_and_not_gone(portfolio: Portfolio, anvil: Anvil):
    six = portfolio.tokens["SIX"]
    assert (await portfolio.take()).is_complete
    await anvil.call("anvil_setCode", six, await anvil.call("eth_getCode", portfolio.tokens["BAD"], "latest"))
    await anvil.mine()
    taken = await portfolio.take()
    amounts = {part.wallet: (part.amount_raw, part.value_usd) for part in taken.assets if part.token == six}
    assert amounts == dict.fromkeys(WALLETS, (None, None)) and not taken.is_complete


async def test_a_chain_that_was_never_read_is_unknown_and_not_zero(portfolio: Portfolio, proxy: RpcProxy):
    proxy.fault = Fault.STALL
    taken = await portfolio.take()
    (chain,) = taken.chains
    assert (chain.state, chain.value_usd, chain.block_number) == ("unknown", None, None)
    assert chain.problem == "The chain's providers did not answer in time." and not taken.is_complete


async def test_a_lost_price_makes_it_incomplete_and_one_that_never_was_does_not(portfolio: Portfolio):
    wide = (DEMO_CHAIN_ID, portfolio.tokens["WIDE"])
    price = portfolio.prices.prices.pop(wide)
    taken = await portfolio.take()
    assert taken.is_complete and {p.value_usd for p in taken.assets if p.token == wide[1]} == {None}
    portfolio.prices.prices[wide] = price
    assert (await portfolio.take()).is_complete
    del portfolio.prices.prices[wide]
    assert not (await portfolio.take()).is_complete


async def test_a_halted_chain_is_stale_as_of_its_last_block(portfolio: Portfolio, anvil: Anvil):
    number, _ = await anvil.head()
    use_clock(lambda: datetime.now(UTC).timestamp() + 1_200)
    try:
        taken = await portfolio.take()
    finally:
        use_clock(None)
    (chain,) = taken.chains
    assert (chain.state, chain.block_number) == ("stale", number) and chain.problem is not None
    assert chain.problem.startswith("The chain has made no block since")
    assert taken.total_value_usd > 0 and not taken.is_complete


async def test_spam_is_left_out_until_the_user_says_otherwise(portfolio: Portfolio, admin_database: Database):
    six = portfolio.tokens["SIX"]

    async def judge(is_spam: bool) -> set[str]:
        async with admin_database.unit_of_work() as session:
            await session.execute(
                text(
                    "insert into portfolio_token_verdicts (user_id, chain_id, token, is_spam, decided_by)"
                    " values (:user, :chain, :token, :spam, 'user')"
                    " on conflict (user_id, chain_id, token) do update set is_spam = :spam"
                ),
                {"user": portfolio.user_id, "chain": DEMO_CHAIN_ID, "token": six, "spam": is_spam},
            )
        return {part.token for part in (await portfolio.take()).assets}

    assert six not in await judge(True)
    assert six in await judge(False)


async def test_the_job_of_the_hour_takes_everybody(
    portfolio: Portfolio, portfolio_settings: Settings, worker_database: Database, redis, admin_database: Database
):
    context = JobContext(portfolio_settings, worker_database, redis, 1, 1)
    await tasks.take_all(context, 0)
    async with admin_database.unit_of_work() as session:
        rows = await session.execute(
            text("select args from procrastinate.procrastinate_jobs where task_name = 'portfolio.take'")
        )
        users = [user for args in rows.scalars() for user in args["user_ids"]]
    assert str(portfolio.user_id) in users and "portfolio.take" in {each.name for each in registered_tasks()}
    await tasks.take(context, users)
    taken = (await portfolio.sink.last([portfolio.user_id]))[portfolio.user_id]  # type: ignore[index,list-item]
    assert taken.chains[0].state == "fresh" and (utc_now() - taken.taken_at).total_seconds() < 60


async def test_a_snapshot_on_demand_is_counted_by_plan(portfolio_settings: Settings):
    api: Api
    async with serving(portfolio_settings) as api:
        for tier, seconds in (("free", 900), ("enterprise", 15)):
            client = api.client_of(await api.new_user(tier))
            first = await client.post("/v1/portfolio/refresh")
            assert (first.status, first.data) == (202, {"nextInSeconds": seconds})
            second = await client.post("/v1/portfolio/refresh")
            assert second.status == 429 and 0 < second.error["details"]["retryAfter"] <= seconds
