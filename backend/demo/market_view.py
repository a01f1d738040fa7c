"""Reads the demo market in one batch: the newest block, every pool through Multicall3, and nonces or balances."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses
from backend.demo.calldata import call_data, decode_words, multicall_data, multicall_results
from backend.demo.plan import NATIVE
from backend.demo.rpc import Call, Rpc
from backend.demo.trader_model import PoolView
from backend.demo.uniswap_math import virtual_reserves

_WORD = 32


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading of the chain. Nonces count what waits in the pool."""

    block: int
    timestamp: int
    base_fee_wei: int
    pools: dict[str, PoolView]
    nonces: dict[str, int]


def _pool_calls(market: DemoAddresses) -> list[tuple[str, str]]:
    calls: list[tuple[str, str]] = []
    for pool in market.pools.values():
        if pool.kind == "uniswap_v2":
            calls.append((pool.address, call_data("getReserves()")))
        else:
            calls += [(pool.address, call_data("slot0()")), (pool.address, call_data("liquidity()"))]
    return calls


def _pool_views(market: DemoAddresses, results: Sequence[bytes]) -> dict[str, PoolView]:
    remaining = iter(results)
    views: dict[str, PoolView] = {}
    for name, pool in market.pools.items():
        if pool.kind == "uniswap_v2":
            reserve0, reserve1 = decode_words(["uint112", "uint112"], next(remaining)[: 2 * _WORD])
            reserves = (float(reserve0), float(reserve1))
        else:
            (sqrt_price,) = decode_words(["uint160"], next(remaining)[:_WORD])
            (liquidity,) = decode_words(["uint128"], next(remaining))
            reserves = virtual_reserves(liquidity, sqrt_price)
        symbols = (market.symbol_of(pool.token0), market.symbol_of(pool.token1))
        views[name] = PoolView(name, symbols, pool.fee_ppm, reserves)
    return views


async def read_market(rpc: Rpc, market: DemoAddresses, senders: Sequence[str] = ()) -> Snapshot:
    """Return the newest block's prices and fees and the next nonces of `senders`. Raises as Rpc does."""
    pools = {"to": market.multicall3, "data": multicall_data(_pool_calls(market))}
    calls: list[Call] = [("eth_getBlockByNumber", ("latest", False)), ("eth_call", (pools, "latest"))]
    calls += [("eth_getTransactionCount", (sender, "pending")) for sender in senders]
    block, returned, *counts = await rpc.all(calls)
    return Snapshot(
        block=int(block["number"], 16),
        timestamp=int(block["timestamp"], 16),
        base_fee_wei=int(block["baseFeePerGas"], 16),
        pools=_pool_views(market, multicall_results(returned)),
        nonces={sender: int(count, 16) for sender, count in zip(senders, counts, strict=True)},
    )


async def read_balances(rpc: Rpc, market: DemoAddresses) -> dict[tuple[str, str], int]:
    """Return every account's balance by (role, symbol), ETH included, in smallest units."""
    keys: list[tuple[str, str]] = []
    calls: list[tuple[str, str]] = []
    for role, address in ACCOUNTS.items():
        keys.append((role, NATIVE))
        calls.append((market.multicall3, call_data("getEthBalance(address)", address)))
        for symbol, token in market.tokens.items():
            keys.append((role, symbol))
            calls.append((token.address, call_data("balanceOf(address)", address)))
    returned = await rpc.call("eth_call", {"to": market.multicall3, "data": multicall_data(calls)}, "latest")
    amounts = (int.from_bytes(item, "big") for item in multicall_results(returned))
    return dict(zip(keys, amounts, strict=True))
