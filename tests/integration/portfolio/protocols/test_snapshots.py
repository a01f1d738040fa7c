"""Snapshots count positions by what they stand for, once; what could not be read is unknown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.chain.rpc.pool import RpcPool
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.accounts import ACCOUNTS
from backend.demo.calldata import MAX_UINT256
from backend.demo.uniswap_math import TICK_SPACING
from backend.portfolio.aggregator import Aggregator
from backend.portfolio.engine.valuation import known_value_usd
from backend.portfolio.positions import shared_plugins
from backend.portfolio.prices import Key, Price
from backend.portfolio.protocols.base import Wallet
from backend.portfolio.sink import StoreSink
from backend.portfolio.snapshots.records import Snapshot
from backend.portfolio.snapshots.service import worker_home
from tests.doubles.protocols import deploy, send
from tests.integration.portfolio.protocols.conftest import Chain, Read
from tests.integration.portfolio.test_uniswap_positions import POOL, approvals, ask, mint, read_pool

GUEST = ACCOUNTS["guest"].lower()


@dataclass(frozen=True)
class Given:
    price_usd: Decimal
    source: str = "test"
    taken_at: datetime = datetime(2026, 1, 2, tzinfo=UTC)
    detail: str = ""


class GivenPrices:
    def __init__(self, prices: dict[str, str]) -> None:
        self.prices = prices

    async def quotes(self, keys: Sequence[Key]) -> dict[Key, Price]:
        return {key: Given(Decimal(self.prices[key[1]])) for key in keys if key[1] in self.prices}


@dataclass
class Portfolio:
    user_id: UUID
    aggregator: Aggregator
    sink: StoreSink
    prices: dict[str, str]
    vault: str
    pair: str

    async def take(self) -> Snapshot:
        await self.aggregator.take([self.user_id])
        return (await self.sink.last([self.user_id]))[self.user_id]


async def user_of(
    database: Database, wallet: str, found: Sequence[str], spam: Sequence[str], decimals: dict[str, int]
) -> UUID:
    """Add a user with a wallet, the tokens found for it, and which of them the filter takes for spam."""
    user_id, wallet_id = new_id(), new_id()
    values = {"id": wallet_id, "user": user_id, "wallet": wallet, "chain": DEMO_CHAIN_ID}
    async with database.unit_of_work() as session:
        await session.execute(
            text("insert into premium_users (id, email, tier) values (:id, :email, 'pro')"),
            {"id": user_id, "email": f"{user_id}@example.com"},
        )
        await session.execute(
            text(
                "insert into portfolio_wallets (id, user_id, address, added_by) values (:id, :user, :wallet, 'address')"
            ),
            {name: values[name] for name in ("id", "user", "wallet")},
        )
        await session.execute(
            text(
                "insert into portfolio_wallet_tokens (wallet_id, user_id, chain_id, token, found_by)"
                " select :id, :user, :chain, t, 'transfer' from unnest(cast(:tokens as text[])) t"
            ),
            {"id": wallet_id, "user": user_id, "chain": DEMO_CHAIN_ID, "tokens": [*found, *spam]},
        )
        await session.execute(
            text(
                "insert into portfolio_wallet_chains (wallet_id, user_id, chain_id, is_active, checked_at)"
                " values (:id, :user, :chain, true, now())"
            ),
            {name: values[name] for name in ("id", "user", "chain")},
        )
        await session.execute(
            text(
                "insert into portfolio_token_verdicts (user_id, chain_id, token, is_spam, reasons, decided_by)"
                " select :user, :chain, t, true, '[]', 'filter' from unnest(cast(:tokens as text[])) t"
            ),
            {"user": user_id, "chain": DEMO_CHAIN_ID, "tokens": list(spam)},
        )
        for token, places in decimals.items():
            await session.execute(
                text(
                    "insert into chain_tokens (chain_id, address, symbol, decimals) values (:chain, :token, 'T', :d)"
                    " on conflict do nothing"
                ),
                {"chain": DEMO_CHAIN_ID, "token": token, "d": places},
            )
    return user_id


@pytest.fixture
async def portfolio(
    chain: Chain,
    make_settings: Callable[..., Settings],
    admin_database: Database,
    worker_database: Database,
    redis,
):
    rpc, market = chain.rpc, chain.market
    usdc = market.tokens["USDC"].address.lower()
    vault = await deploy(rpc, "Vault", ["address"], [usdc])
    await send(rpc, GUEST, usdc, "approve(address,uint256)", vault, MAX_UINT256)
    await send(rpc, GUEST, vault, "deposit(uint256,address)", 5_000_000_000, GUEST)
    await approvals(rpc, market)
    spacing = TICK_SPACING[3_000]
    middle = (await read_pool(rpc, market.pools[POOL].address)).tick // spacing * spacing
    await mint(rpc, market, middle - 10 * spacing, middle + 10 * spacing, (10**13, 10**13))
    tokens = {token.address.lower(): token.decimals for token in market.tokens.values()}
    pair = market.pools["WETH-USDC-V2"].address.lower()
    user_id = await user_of(admin_database, GUEST, [usdc, vault], [pair], tokens)
    prices = dict.fromkeys(tokens, "2.5") | {pair: "9", vault: "9"}  # what a shop may ask for shares
    pool = RpcPool(DEMO_CHAIN_ID, [chain.url])
    home = worker_home(make_settings(chains={DEMO_CHAIN_ID: [chain.url]}), worker_database)
    sink = StoreSink(home, redis)
    aggregator = Aggregator(
        worker_database,
        {DEMO_CHAIN_ID: pool},
        {DEMO_CHAIN_ID: market.multicall3},
        GivenPrices(prices),
        sink,
        plugins=shared_plugins(chain.addresses_file),
    )
    yield Portfolio(user_id, aggregator, sink, prices, vault, pair)
    await home.close()
    await pool.close()


async def test_positions_are_counted_once_by_what_they_stand_for(
    portfolio: Portfolio, chain: Chain, read: Read
) -> None:
    taken = await portfolio.take()
    assert taken.is_complete
    plain = {part.token for part in taken.assets if part.protocol is None}
    assert not plain & {portfolio.vault, portfolio.pair}
    inside = [part for part in taken.assets if part.position is not None]
    assert {(part.protocol, part.category) for part in inside} == {
        ("ERC-4626", "vault"),
        ("Uniswap V2", "lp"),
        ("Uniswap V3", "lp"),
    }
    _, positions = await read(Wallet(GUEST, (portfolio.vault, portfolio.pair)))
    expected = sorted(
        (each.protocol, part.token, part.amount_raw)
        for each in positions
        for part in (*each.parts, *each.fees)
        if part.amount_raw
    )
    assert sorted((part.protocol, part.token, part.amount_raw) for part in inside) == expected
    for part in inside:
        price = Decimal(portfolio.prices[part.token])
        assert part.value_usd == known_value_usd(part.amount_raw, part.decimals, price)
    assert taken.total_value_usd == sum((part.value_usd or Decimal(0) for part in taken.assets), Decimal(0))
    lp = next(part for part in inside if part.protocol == "Uniswap V2")
    assert lp.position is not None
    assert (lp.position.role, lp.position.identifiers) == ("principal", {"pool": portfolio.pair})


async def test_positions_that_cannot_be_read_are_unknown_and_not_zero(portfolio: Portfolio, chain: Chain) -> None:
    before = await portfolio.take()
    code = await chain.rpc.call("eth_getCode", portfolio.pair, "latest")
    slot = chain.market.tokens["USDC"].address
    token_code = await chain.rpc.call("eth_getCode", slot, "latest")
    await chain.rpc.call("anvil_setCode", slot, "0x60006000fd")
    after = await portfolio.take()
    await chain.rpc.call("anvil_setCode", slot, token_code)
    assert code != "0x"
    assert not after.is_complete
    lp = [part for part in after.assets if part.protocol == "Uniswap V2"]
    assert {(part.amount_raw, part.value_usd) for part in lp} == {(None, None)}
    assert len(lp) == len([part for part in before.assets if part.protocol == "Uniswap V2"]) == 2
    assert all(part.position and part.position.problem for part in lp)


async def test_what_the_user_says_is_spam_is_not_counted_as_a_position_either(
    portfolio: Portfolio, admin_database: Database
) -> None:
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("update portfolio_token_verdicts set decided_by = 'user' where user_id = :user"),
            {"user": portfolio.user_id},
        )
    taken = await portfolio.take()
    assert "Uniswap V2" not in {part.protocol for part in taken.assets}
    assert "Uniswap V3" in {part.protocol for part in taken.assets}


async def test_shares_and_balances_agree_with_the_chain(portfolio: Portfolio, chain: Chain) -> None:
    taken = await portfolio.take()
    (vault,) = [part for part in taken.assets if part.protocol == "ERC-4626"]
    (shares,) = await ask(chain.rpc, portfolio.vault, ["uint256"], "balanceOf(address)", GUEST)
    (worth,) = await ask(chain.rpc, portfolio.vault, ["uint256"], "convertToAssets(uint256)", shares)
    assert vault.amount_raw == worth == 5_000_000_000
