"""The demo account's whole portfolio: everything it has is counted, once; leaving every protocol pays just that."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from backend.chain.events import NATIVE_TOKEN
from backend.chain.rpc.pool import RpcPool
from backend.core.db import Database
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo import plan
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAave, DemoEarning
from backend.demo.calldata import MAX_UINT256, call_data
from backend.demo.liquidity import NEVER
from backend.demo.transactions import Transaction, send_and_mine
from backend.portfolio.aggregator import Aggregator
from backend.portfolio.positions import contracts_of, shared_plugins
from backend.portfolio.protocols.base import NOT_SAID, Places, Position, Wallet
from backend.portfolio.protocols.reader import read_positions
from backend.portfolio.protocols.staking_rewards.plugin import Plugin
from backend.portfolio.sink import StoreSink
from backend.portfolio.snapshots.records import Snapshot
from backend.portfolio.snapshots.service import worker_home
from tests.doubles.protocols import deploy
from tests.integration.portfolio.protocols.conftest import Chain, Read
from tests.integration.portfolio.protocols.test_snapshots import GivenPrices, user_of
from tests.integration.portfolio.test_uniswap_positions import ask

DEMO = ACCOUNTS["demo"].lower()
MAX_UINT128 = 2**128 - 1
GAS = 1_500_000
STAKED, LP = "WETH-DAI-V2", "WETH-USDC-V2"


@dataclass
class Account:
    """The demo user, as a discovery leaves it: the vault is the protocol's own, LP and debt tokens look like spam."""

    user_id: UUID
    aggregator: Aggregator
    sink: StoreSink
    pool: RpcPool

    async def take(self) -> Snapshot:
        await self.aggregator.take([self.user_id])
        return (await self.sink.last([self.user_id]))[self.user_id]


def places(chain: Chain) -> tuple[DemoAave, DemoEarning]:
    assert chain.market.aave is not None and chain.market.earning is not None
    return chain.market.aave, chain.market.earning


async def receipts(chain: Chain, read: Read) -> set[str]:
    """Return the tokens of the wallet that stand for positions, but the vault's shares and what is no token."""
    _, positions = await read(Wallet(DEMO, (chain.market.pools[LP].address.lower(),)))
    return {token for each in positions for token in each.receipts or {}}


@pytest.fixture
async def account(
    chain: Chain,
    read: Read,
    make_settings: Callable[..., Settings],
    admin_database: Database,
    worker_database: Database,
    redis,
) -> AsyncIterator[Account]:
    vault = places(chain)[1].savings.lower()
    tokens = {token.address.lower(): token.decimals for token in chain.market.tokens.values()}
    spam = sorted(await receipts(chain, read))
    user_id = await user_of(admin_database, DEMO, [*tokens, vault], spam, tokens)
    prices = {token.address.lower(): str(plan.TOKENS[name].price_usd) for name, token in chain.market.tokens.items()}
    pool = RpcPool(DEMO_CHAIN_ID, [chain.url])
    home = worker_home(make_settings(chains={DEMO_CHAIN_ID: [chain.url]}), worker_database)
    sink = StoreSink(home, redis)
    aggregator = Aggregator(
        worker_database,
        {DEMO_CHAIN_ID: pool},
        {DEMO_CHAIN_ID: chain.market.multicall3},
        GivenPrices({**prices, NATIVE_TOKEN: str(plan.TOKENS["WETH"].price_usd)}),
        sink,
        plugins=shared_plugins(chain.addresses_file),
    )
    yield Account(user_id, aggregator, sink, pool)
    await home.close()
    await pool.close()


async def leave_everything(chain: Chain) -> None:
    """Let the account take out all that it has anywhere, and pay back what it owes, in one block."""
    (aave, earning), market = places(chain), chain.market
    usdc, manager = market.tokens["USDC"].address, market.position_manager
    staked, lp = market.pools[STAKED], market.pools[LP]
    (shares,) = await ask(chain.rpc, earning.savings, ["uint256"], "balanceOf(address)", DEMO)
    (in_staking,) = await ask(chain.rpc, earning.staking, ["uint256"], "balanceOf(address)", DEMO)
    (pooled,) = await ask(chain.rpc, lp.address, ["uint256"], "balanceOf(address)", DEMO)
    kept = await ask(chain.rpc, manager, ["uint256"] * 12, "positions(uint256)", market.position_token_id)
    router, nft = market.routers.uniswap_v2, market.position_token_id
    remove = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"

    def sent(to: str, signature: str, *arguments: Any) -> Transaction:
        return Transaction(DEMO, to, call_data(signature, *arguments), GAS)

    out = [
        sent(usdc, "approve(address,uint256)", aave.pool, MAX_UINT256),
        sent(aave.pool, "repay(address,uint256,uint256,address)", usdc, MAX_UINT256, 2, DEMO),
        *(
            sent(aave.pool, "withdraw(address,uint256,address)", market.tokens[name].address, MAX_UINT256, DEMO)
            for name in ("WETH", "WBTC")
        ),
        sent(earning.savings, "redeem(uint256,address,address)", shares, DEMO, DEMO),
        sent(earning.staking, "exit()"),
    ]
    for pair, amount in ((staked, in_staking), (lp, pooled)):
        out.append(sent(pair.address, "approve(address,uint256)", router, amount))
        out.append(sent(router, remove, pair.token0, pair.token1, amount, 0, 0, DEMO, NEVER))
    out.append(
        sent(manager, "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))", (nft, kept[7], 0, 0, NEVER))
    )
    out.append(sent(manager, "collect((uint256,address,uint128,uint128))", (nft, DEMO, MAX_UINT128, MAX_UINT128)))
    await send_and_mine(chain.rpc, out)


async def test_what_leaving_every_protocol_pays_is_what_the_snapshot_says(account: Account, chain: Chain) -> None:
    await chain.rpc.call("evm_increaseTime", 3_600)
    await chain.rpc.call("evm_mine")
    before = await account.take()
    assert before.is_complete
    inside = [part for part in before.assets if part.position is not None]
    assert {(part.protocol, part.category) for part in inside} == {
        ("Aave V3", "supply"),
        ("Aave V3", "borrow"),
        ("ERC-4626", "vault"),
        ("Staking rewards", "staked"),
        ("Uniswap V2", "lp"),
        ("Uniswap V3", "lp"),
    }
    symbols = {token.address.lower() for token in chain.market.tokens.values()}
    assert {part.token for part in before.assets} == {*symbols, NATIVE_TOKEN}, "no LP, debt or vault token beside them"
    assert {part.position.role for part in inside if part.position and part.category == "staked"} == {
        "principal",
        "rewards",
    }
    said: dict[str, int] = {}
    for part in before.assets:
        said[part.token] = said.get(part.token, 0) + (part.amount_raw or 0)
    state = await chain.rpc.call("evm_snapshot")
    await leave_everything(chain)
    after = await account.take()
    assert [part for part in after.assets if part.position is not None] == []
    held = {part.token: part.amount_raw or 0 for part in after.assets}
    assert held.keys() == said.keys()
    for token, amount in said.items():
        if token != NATIVE_TOKEN:  # it paid the gas
            # A second of interest and rewards lies between both.
            assert abs(held[token] - amount) <= max(10, amount // 10**6), token
    await chain.rpc.call("evm_revert", state)


async def test_what_is_staked_and_earned_is_what_the_contract_pays(chain: Chain, read: Read) -> None:
    _, earning = places(chain)
    (then,) = (await read(Wallet(DEMO), protocols=["Staking rewards"]))[1]
    await chain.rpc.call("evm_increaseTime", 10_000)
    await chain.rpc.call("evm_mine")
    _, (position,) = await read(Wallet(DEMO), Wallet("0x" + "5a" * 20), protocols=["Staking rewards"])
    (reward,) = position.fees
    (earned,) = await ask(chain.rpc, earning.staking, ["uint256"], "earned(address)", DEMO)
    (rate,) = await ask(chain.rpc, earning.staking, ["uint256"], "rewardRate()")
    (staked,) = await ask(chain.rpc, earning.staking, ["uint256"], "balanceOf(address)", DEMO)
    (total,) = await ask(chain.rpc, earning.staking, ["uint256"], "totalSupply()")
    assert (reward.token, reward.amount_raw) == (chain.market.tokens["UNI"].address.lower(), earned)
    grown = earned - (then.fees[0].amount_raw or 0)
    assert abs(grown / (rate * 10_000 * staked / total) - 1) < 0.001, "its share of the rewards of these seconds"
    # Burning the LP tokens would pay the parts: the pair is asked what it pays to somebody who has them.
    pair = chain.market.pools[STAKED]
    state = await chain.rpc.call("evm_snapshot")
    transfer = call_data("transfer(address,uint256)", pair.address, staked)
    await chain.rpc.call("anvil_impersonateAccount", earning.staking)
    await chain.rpc.call("anvil_setBalance", earning.staking, hex(10**18))
    await send_and_mine(chain.rpc, [Transaction(earning.staking, pair.address, transfer, GAS)])
    paid = await ask(chain.rpc, pair.address, ["uint256", "uint256"], "burn(address)", DEMO)
    await chain.rpc.call("evm_revert", state)
    assert tuple(part.amount_raw for part in position.parts) == paid
    assert (position.receipts, position.identifiers) == (
        None,
        {"contract": earning.staking.lower(), "pool": pair.address.lower()},
    )


async def test_a_staked_token_that_is_no_pair_counts_as_itself(chain: Chain) -> None:
    """A deployment without a factory: the staked token is what it is; one that says nothing is unknown."""
    _, earning = places(chain)
    liar = await deploy(chain.rpc, "StakedEther")
    await chain.rpc.call("anvil_setCode", liar, "0x60006000fd")
    pool = RpcPool(DEMO_CHAIN_ID, [chain.url])

    async def positions(**where: str) -> list[Position]:
        plugin = Plugin(Places("a test", "now", {DEMO_CHAIN_ID: (where,)}))
        return (await read_positions(pool, [plugin], [Wallet(DEMO)], chain.market.multicall3))[1]

    (staked,) = await ask(chain.rpc, earning.staking, ["uint256"], "balanceOf(address)", DEMO)
    (plain,) = await positions(staking=earning.staking.lower())
    assert [(each.token, each.amount_raw) for each in plain.parts] == [
        (chain.market.pools[STAKED].address.lower(), staked)
    ]
    (unknown,) = await positions(staking=liar)
    assert (unknown.parts, unknown.fees, unknown.problem) == ((), (), NOT_SAID)
    assert await positions(staking="0x" + "dd" * 20) == []
    await pool.close()


async def test_the_vault_and_staking_contracts_are_known_by_address(chain: Chain) -> None:
    _, earning = places(chain)
    known = contracts_of(shared_plugins(chain.addresses_file), [DEMO_CHAIN_ID])
    assert {(DEMO_CHAIN_ID, earning.savings.lower()), (DEMO_CHAIN_ID, earning.staking.lower())} <= known


async def test_the_health_of_the_demo_account_stands_with_its_supply_and_debt(account: Account) -> None:
    parts = [part for part in (await account.take()).assets if part.protocol == "Aave V3"]
    factors = {part.position.health_factor for part in parts if part.position}
    assert len(parts) == 3 and len(factors) == 1
    (factor,) = factors
    assert factor is not None and Decimal(2) < factor < Decimal(4)
    assert [part.value_usd < 0 for part in parts if part.category == "borrow" and part.value_usd] == [True]
