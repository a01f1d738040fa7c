"""Liquidity that the demo account has in the market: some of a V2 pool, and a V3 position around the price.

It puts it in itself, with tokens that the treasury gives it before: what it held otherwise stays as it was, but for gas
and what a pool leaves of one side.
"""

from collections.abc import Sequence

from backend.demo import plan
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses, DemoPool
from backend.demo.calldata import call_data, decode_words
from backend.demo.liquidity import MINT_SIGNATURE, NEVER, POOL_GAS
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction, send_and_mine
from backend.demo.uniswap_math import TICK_SPACING

V2_POOL, V3_POOL = "WETH-USDC-V2", "WETH-USDC-V3-3000"
SIDE_USD = 20_000.0
SPACINGS_AROUND = 30  # 30 spacings of 60 ticks: about 20 % up and down


async def give_positions(rpc: Rpc, market: DemoAddresses) -> DemoAddresses:
    """Put the demo account's liquidity in; return the market with the id of its V3 position.

    Raises UnavailableError when a transaction fails.
    """
    demo = ACCOUNTS["demo"]
    pair, pool = market.pools[V2_POOL], market.pools[V3_POOL]
    (_, tick) = decode_words(["uint160", "int24"], await _ask(rpc, pool.address, call_data("slot0()")))
    spacing = TICK_SPACING[pool.fee_ppm]
    middle = tick // spacing * spacing
    bounds = middle - SPACINGS_AROUND * spacing, middle + SPACINGS_AROUND * spacing
    add = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
    shares = call_data(add, pair.token0, pair.token1, *_sides(market, pair.token0, pair.token1), 0, 0, demo, NEVER)
    sides = _sides(market, pool.token0, pool.token1)
    minted = call_data(MINT_SIGNATURE, (pool.token0, pool.token1, pool.fee_ppm, *bounds, *sides, 0, 0, demo, NEVER))
    entries = ((market.routers.uniswap_v2, pair, shares), (market.position_manager, pool, minted))
    await send_and_mine(
        rpc, _gifts(market, demo, [token for _, each, _ in entries for token in (each.token0, each.token1)])
    )
    await send_and_mine(
        rpc, [item for place, each, data in entries for item in _enters(market, demo, place, each, data)]
    )
    newest = call_data("tokenOfOwnerByIndex(address,uint256)", demo, await _count(rpc, market, demo) - 1)
    (token_id,) = decode_words(["uint256"], await _ask(rpc, market.position_manager, newest))
    return market.model_copy(update={"position_token_id": token_id})


def _gifts(market: DemoAddresses, demo: str, tokens: Sequence[str]) -> list[Transaction]:
    """Return what gives the demo account a side's worth of each token, by the treasury."""
    treasury, gifts = ACCOUNTS["treasury"], []
    for token in tokens:
        amount = plan.token_units(market.symbol_of(token), SIDE_USD)
        if token == market.wrapped_native:
            gifts.append(Transaction(treasury, token, call_data("deposit()"), POOL_GAS, amount))
            data = call_data("transfer(address,uint256)", demo, amount)
        else:
            data = call_data("mint(address,uint256)", demo, amount)
        gifts.append(Transaction(treasury, token, data, POOL_GAS))
    return gifts


def _enters(market: DemoAddresses, demo: str, place: str, pool: DemoPool, data: str) -> list[Transaction]:
    """Return the leaves to take both sides, and the call that takes them."""
    leaves = [
        Transaction(demo, token, call_data("approve(address,uint256)", place, amount), POOL_GAS)
        for token, amount in zip((pool.token0, pool.token1), _sides(market, pool.token0, pool.token1), strict=True)
    ]
    return [*leaves, Transaction(demo, place, data, POOL_GAS)]


def _sides(market: DemoAddresses, token0: str, token1: str) -> list[int]:
    return [plan.token_units(market.symbol_of(token), SIDE_USD) for token in (token0, token1)]


async def _count(rpc: Rpc, market: DemoAddresses, owner: str) -> int:
    data = call_data("balanceOf(address)", owner)
    (count,) = decode_words(["uint256"], await _ask(rpc, market.position_manager, data))
    return count


async def _ask(rpc: Rpc, to: str, data: str) -> str:
    return await rpc.call("eth_call", {"to": to, "data": data}, "latest")
