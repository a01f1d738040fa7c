"""What the engine says of liquidity positions, against the contracts' own burn and collect, to the wei."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from eth_utils.crypto import keccak

from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses
from backend.demo.calldata import MAX_UINT256, call_data, decode_words
from backend.demo.deploy import deploy_market
from backend.demo.liquidity import MINT_SIGNATURE, NEVER
from backend.demo.rpc import Rpc
from backend.demo.swaps import swap_transaction
from backend.demo.transactions import Transaction, send_and_mine
from backend.demo.uniswap_math import TICK_SPACING
from backend.embedded.ports import free_port
from backend.portfolio.engine.uniswap.fee_growth import FeeGrowth
from backend.portfolio.engine.uniswap.liquidity_amounts import amounts_for_liquidity, liquidity_for_amounts
from backend.portfolio.engine.uniswap.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from backend.portfolio.engine.uniswap.v2_position import V2Pool, burn_amounts, liquidity_x64, split_fees
from backend.portfolio.engine.uniswap.v3_position import V3Pool, V3Position, position_amounts
from tests.doubles.local_chain import local_chain

GUEST, WHALE = ACCOUNTS["guest"], ACCOUNTS["whale"]
MAX_UINT128 = 2**128 - 1
GAS = 6_000_000
POOL = "WETH-USDC-V3-3000"
PAIR = "WETH-USDC-V2"


@pytest.fixture(scope="module")
async def chain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Rpc, DemoAddresses]]:
    directory = tmp_path_factory.mktemp("positions")
    async with local_chain(directory, free_port()) as running, Rpc(running.url) as rpc:
        yield rpc, await deploy_market(running.url, directory / "addresses.json")


async def ask(rpc: Rpc, to: str, types: list[str], signature: str, *arguments: Any, sender: str = GUEST) -> tuple:
    answer = await rpc.call("eth_call", {"from": sender, "to": to, "data": call_data(signature, *arguments)}, "latest")
    return decode_words(types, answer)


def sent(to: str, signature: str, *arguments: Any, sender: str = GUEST) -> Transaction:
    return Transaction(sender, to, call_data(signature, *arguments), GAS)


async def approvals(rpc: Rpc, market: DemoAddresses) -> None:
    spenders = (market.position_manager, market.routers.uniswap_v2, market.routers.uniswap_v3)
    tokens = [token.address for token in market.tokens.values()]
    allow = [sent(token, "approve(address,uint256)", spender, MAX_UINT256) for token in tokens for spender in spenders]
    await send_and_mine(rpc, allow)


# ---- ticks ----------------------------------------------------------------------------------------------------


async def test_ticks_are_those_of_the_contract(chain: tuple[Rpc, DemoAddresses]) -> None:
    """A pool is opened at a price and says its tick, again and again: at each tick's own price and just below it."""
    rpc, market = chain
    one, other = sorted(("0x" + "11" * 20, "0x" + "22" * 20))
    await send_and_mine(rpc, [sent(market.factories.uniswap_v3, "createPool(address,address,uint24)", one, other, 500)])
    (pool,) = await ask(
        rpc, market.factories.uniswap_v3, ["address"], "getPool(address,address,uint24)", one, other, 500
    )
    draw = random.Random(3)
    ticks = [MIN_TICK + 1, -1, 0, 1, MAX_TICK - 1, *(draw.randint(MIN_TICK + 1, MAX_TICK - 1) for _ in range(40))]
    ticks += [sign * 2**bit for bit in range(20) for sign in (1, -1)]
    prices = {sqrt_ratio_at_tick(tick) - below: tick - below for tick in ticks for below in (0, 1)}
    prices |= {price: tick_at_sqrt_ratio(price) for price in (MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1)}
    for price in [draw.randint(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1) >> draw.randint(0, 120) for _ in range(40)]:
        if price >= MIN_SQRT_RATIO:
            prices[price] = tick_at_sqrt_ratio(price)
    for price, tick in prices.items():
        before = await rpc.call("evm_snapshot")
        await send_and_mine(rpc, [sent(pool, "initialize(uint160)", price)])
        said = await ask(rpc, pool, ["uint160", "int24"], "slot0()")
        await rpc.call("evm_revert", before)
        assert said == (price, tick)


# ---- V3 -------------------------------------------------------------------------------------------------------


async def read_pool(rpc: Rpc, address: str) -> V3Pool:
    sqrt_price, tick = await ask(rpc, address, ["uint160", "int24"], "slot0()")
    (growth0,) = await ask(rpc, address, ["uint256"], "feeGrowthGlobal0X128()")
    (growth1,) = await ask(rpc, address, ["uint256"], "feeGrowthGlobal1X128()")
    return V3Pool(sqrt_price, tick, FeeGrowth(growth0, growth1))


async def read_position(rpc: Rpc, market: DemoAddresses, pool: str, token_id: int) -> V3Position:
    fields = ["uint96", "address", "address", "address", "uint24", "int24", "int24", "uint128"]
    fields += ["uint256", "uint256", "uint128", "uint128"]
    said = await ask(rpc, market.position_manager, fields, "positions(uint256)", token_id)
    lower, upper, liquidity, last0, last1, owed0, owed1 = said[5:]
    outside = []
    for tick in (lower, upper):
        told = await ask(rpc, pool, ["uint128", "int128", "uint256", "uint256"], "ticks(int24)", tick)
        outside.append(FeeGrowth(*told[2:]))
    return V3Position(lower, upper, liquidity, *outside, FeeGrowth(last0, last1), (owed0, owed1))


async def all_out(rpc: Rpc, market: DemoAddresses, token_id: int, liquidity: int) -> tuple[tuple, tuple]:
    """What taking all liquidity out and collecting would pay: (principal, principal and fees), by simulation."""
    decrease = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
    collect = "collect((uint256,address,uint128,uint128))"
    calls = [
        call_data(decrease, (token_id, liquidity, 0, 0, NEVER)),
        call_data(collect, (token_id, GUEST, MAX_UINT128, MAX_UINT128)),
    ]
    packed = [bytes.fromhex(data[2:]) for data in calls]
    (results,) = await ask(rpc, market.position_manager, ["bytes[]"], "multicall(bytes[])", packed)
    burned, collected = (decode_words(["uint256", "uint256"], result) for result in results)
    return burned, collected


async def mint(rpc: Rpc, market: DemoAddresses, lower: int, upper: int, amounts: tuple[int, int]) -> tuple[int, int]:
    """Open a position of the guest's and return its id and liquidity, which must be the engine's."""
    pool = market.pools[POOL]
    (sqrt_price,) = await ask(rpc, pool.address, ["uint160"], "slot0()")
    asked = (pool.token0, pool.token1, pool.fee_ppm, lower, upper, *amounts, 0, 0, GUEST, NEVER)
    fields = ["uint256", "uint128", "uint256", "uint256"]
    token_id, liquidity, *taken = await ask(rpc, market.position_manager, fields, MINT_SIGNATURE, asked)
    await send_and_mine(rpc, [sent(market.position_manager, MINT_SIGNATURE, asked)])
    bounds = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
    assert liquidity == liquidity_for_amounts(sqrt_price, *bounds, *amounts)
    assert tuple(taken) == amounts_for_liquidity(sqrt_price, *bounds, liquidity, round_up=True)
    return token_id, liquidity


async def test_v3_positions_pay_what_the_engine_says(chain: tuple[Rpc, DemoAddresses]) -> None:
    """Positions in, below and above the price, swaps through their ticks both ways, partial exits: equal to the wei."""
    rpc, market = chain
    await approvals(rpc, market)
    pool, spacing, draw = market.pools[POOL], TICK_SPACING[3_000], random.Random(11)
    start = await read_pool(rpc, pool.address)
    middle = start.tick // spacing * spacing
    ranges = [(-1, 1), (0, 1), (-5, -1), (1, 4), (-10, 10), (-1, 1)]
    positions = {}
    for below, above in ranges:
        amounts = draw.randint(10**8, 10**13), draw.randint(10**8, 10**13)
        weth_first = market.symbol_of(pool.token0) == "WETH"
        amounts = (amounts[0] * 10**6, amounts[1]) if weth_first else (amounts[0], amounts[1] * 10**6)
        bounds = middle + below * spacing, middle + above * spacing
        token_id, liquidity = await mint(rpc, market, *bounds, amounts)
        positions[token_id] = liquidity
    in_range, with_fees = set(), 0
    for step in range(14):
        sell = "WETH" if (step // 2) % 2 else "USDC"
        amount = draw.randint(10**20, 15 * 10**20) if sell == "WETH" else draw.randint(4 * 10**11, 5 * 10**12)
        await send_and_mine(rpc, [swap_transaction(market, WHALE, [POOL], sell, amount)])
        state = await read_pool(rpc, pool.address)
        for token_id in positions:
            position = await read_position(rpc, market, pool.address, token_id)
            found = position_amounts(state, position)
            principal, everything = await all_out(rpc, market, token_id, position.liquidity)
            assert found.principal == principal
            paid = tuple(one + other for one, other in zip(found.principal, found.fees, strict=True))
            assert paid == everything
            burn = "burn(int24,int24,uint128)"
            bounds = position.tick_lower, position.tick_upper
            fields = ["uint256", "uint256"]
            manager = market.position_manager
            asked = await ask(rpc, pool.address, fields, burn, *bounds, position.liquidity, sender=manager)
            assert found.principal == asked
            in_range.add(found.is_in_range)
            with_fees += any(found.fees)
        if step % 4 == 3:
            some = draw.choice(list(positions))
            less = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
            await send_and_mine(rpc, [sent(market.position_manager, less, (some, positions[some] // 3, 0, 0, NEVER))])
            positions[some] -= positions[some] // 3
    assert in_range == {True, False}
    assert with_fees > 40


async def test_a_position_of_the_pools_own_has_the_managers_key(chain: tuple[Rpc, DemoAddresses]) -> None:
    """The pool's `positions` of one owner and range, burned to nothing, adds the fees that the engine finds."""
    rpc, market = chain
    await approvals(rpc, market)
    pool = market.pools[POOL]
    state = await read_pool(rpc, pool.address)
    spacing = TICK_SPACING[3_000]
    middle = state.tick // spacing * spacing
    token_id, _liquidity = await mint(rpc, market, middle - 20 * spacing, middle + 20 * spacing, (10**12, 10**12))
    for sell, amount in (("WETH", 10**19), ("USDC", 10**10)):
        await send_and_mine(rpc, [swap_transaction(market, WHALE, [POOL], sell, amount)])
    state = await read_pool(rpc, pool.address)
    position = await read_position(rpc, market, pool.address, token_id)
    packed = bytes.fromhex(market.position_manager[2:])
    for tick in (position.tick_lower, position.tick_upper):
        packed += tick.to_bytes(3, "big", signed=True)
    fields = ["uint128", "uint256", "uint256", "uint128", "uint128"]
    liquidity, last0, last1, owed0, owed1 = await ask(rpc, pool.address, fields, "positions(bytes32)", keccak(packed))
    own = V3Position(
        position.tick_lower,
        position.tick_upper,
        liquidity,
        position.outside_lower,
        position.outside_upper,
        FeeGrowth(last0, last1),
        (owed0, owed1),
    )
    before = await rpc.call("evm_snapshot")
    await rpc.call("anvil_impersonateAccount", market.position_manager)
    await rpc.call("anvil_setBalance", market.position_manager, hex(10**21))
    poke = sent(
        pool.address, "burn(int24,int24,uint128)", own.tick_lower, own.tick_upper, 0, sender=market.position_manager
    )
    await send_and_mine(rpc, [poke])
    told = await ask(rpc, pool.address, fields, "positions(bytes32)", keccak(packed))
    await rpc.call("evm_revert", before)
    assert told[3:] == position_amounts(state, own).fees != (0, 0)


# ---- V2 -------------------------------------------------------------------------------------------------------


async def read_pair(rpc: Rpc, market: DemoAddresses, *, fee_is_on: bool) -> V2Pool:
    pair = market.pools[PAIR]
    reserve0, reserve1 = await ask(rpc, pair.address, ["uint112", "uint112"], "getReserves()")
    balances = []
    for token in (pair.token0, pair.token1):
        balances += await ask(rpc, token, ["uint256"], "balanceOf(address)", pair.address)
    (supply,) = await ask(rpc, pair.address, ["uint256"], "totalSupply()")
    (k_last,) = await ask(rpc, pair.address, ["uint256"], "kLast()")
    return V2Pool(reserve0, reserve1, *balances, supply, k_last if fee_is_on else 0)


@pytest.mark.parametrize("fee_is_on", [False, True])
async def test_v2_positions_pay_what_the_engine_says(chain: tuple[Rpc, DemoAddresses], fee_is_on: bool) -> None:
    rpc, market = chain
    await approvals(rpc, market)
    pair, router, draw = market.pools[PAIR], market.routers.uniswap_v2, random.Random(7)
    if fee_is_on:
        (setter,) = await ask(rpc, market.factories.uniswap_v2, ["address"], "feeToSetter()")
        await rpc.call("anvil_impersonateAccount", setter)
        on = sent(market.factories.uniswap_v2, "setFeeTo(address)", ACCOUNTS["treasury"], sender=setter)
        await send_and_mine(rpc, [on])
    await send_and_mine(rpc, [sent(pair.address, "approve(address,uint256)", router, MAX_UINT256)])
    (before,) = await ask(rpc, pair.address, ["uint256"], "balanceOf(address)", GUEST)
    add = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
    most = [10**20 if market.symbol_of(token) == "WETH" else 10**12 for token in (pair.token0, pair.token1)]
    asked = (pair.token0, pair.token1, *most, 0, 0, GUEST, NEVER)
    put_in = await ask(rpc, router, ["uint256", "uint256"], add, *asked)
    await send_and_mine(rpc, [sent(router, add, *asked)])
    (after,) = await ask(rpc, pair.address, ["uint256"], "balanceOf(address)", GUEST)
    owned = after - before
    remove = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"
    for step in range(6):
        sell = "WETH" if step % 2 else "USDC"
        amount = draw.randint(10**19, 10**21) if sell == "WETH" else draw.randint(10**10, 3 * 10**12)
        await send_and_mine(rpc, [swap_transaction(market, WHALE, [PAIR], sell, amount)])
        state = await read_pair(rpc, market, fee_is_on=fee_is_on)
        asked = (pair.token0, pair.token1, owned, 0, 0, GUEST, NEVER)
        paid = await ask(rpc, router, ["uint256", "uint256"], remove, *asked)
        found = burn_amounts(state, owned)
        assert found == paid
        principal, fees = split_fees(liquidity_x64((put_in[0], put_in[1])), found)
        assert min(fees) > 0
        # Liquidity that earned nothing stays on the curve it was put on: the product is the one of the entry.
        assert abs(principal[0] * principal[1] / (put_in[0] * put_in[1]) - 1) < 1e-6
