"""Pools of the demo market: the transactions that open and fill them, and where they ended up."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from eth_utils.address import to_checksum_address

from backend.demo import plan
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoPool
from backend.demo.calldata import call_data, decode_words
from backend.demo.plan import PoolPlan
from backend.demo.rpc import Call, Rpc
from backend.demo.transactions import Transaction
from backend.demo.uniswap_math import TICK_SPACING, position_amounts, sqrt_price_x96, tick_of

NEVER = 2**63
POOL_GAS = 8_000_000
MINT_SIGNATURE = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


def side_amounts(pools: Iterable[PoolPlan]) -> dict[str, int]:
    """Return at most how many units of each token the pools take, with a little over for rounding."""
    total: dict[str, int] = defaultdict(int)
    for pool in pools:
        for symbol in pool.tokens:
            total[symbol] += plan.token_units(symbol, pool.depth_usd * 1.01)
    return dict(total)


def pool_transactions(tokens: dict[str, str], router_v2: str, position_manager: str) -> list[Transaction]:
    """Return the treasury's transactions that open every pool at the starting price with its planned depth."""
    transactions: list[Transaction] = []
    for pool in plan.POOLS:
        symbols = sorted(pool.tokens, key=lambda symbol: int(tokens[symbol], 16))
        amounts = [plan.token_units(symbol, pool.depth_usd) for symbol in symbols]
        addresses = [tokens[symbol] for symbol in symbols]
        if pool.kind == "uniswap_v2":
            transactions.append(_v2_transaction(addresses, amounts, router_v2))
        else:
            transactions += _v3_transactions(addresses, amounts, pool.fee_ppm, position_manager)
    return transactions


def _v2_transaction(addresses: Sequence[str], amounts: Sequence[int], router: str) -> Transaction:
    treasury = ACCOUNTS["treasury"]
    signature = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
    data = call_data(signature, *addresses, *amounts, 0, 0, treasury, NEVER)
    return Transaction(treasury, router, data, POOL_GAS)


def _v3_transactions(
    addresses: Sequence[str], amounts: Sequence[int], fee_ppm: int, position_manager: str
) -> list[Transaction]:
    """Return the opening of one V3 pool and its positions, which share the depth equally."""
    treasury = ACCOUNTS["treasury"]
    opening = call_data(
        "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
        *addresses,
        fee_ppm,
        sqrt_price_x96(amounts[0], amounts[1]),
    )
    transactions = [Transaction(treasury, position_manager, opening, POOL_GAS)]
    spacing = TICK_SPACING[fee_ppm]
    price = amounts[1] / amounts[0]
    share0, share1 = (amount // len(plan.V3_RANGES) for amount in amounts)
    for factor in plan.V3_RANGES:
        lower, upper = tick_of(price / factor, spacing), tick_of(price * factor, spacing) + spacing
        amount0, amount1 = position_amounts(share0, share1, lower, upper)
        position = (*addresses, fee_ppm, lower, upper, amount0, amount1, 0, 0, treasury, NEVER)
        transactions.append(Transaction(treasury, position_manager, call_data(MINT_SIGNATURE, position), POOL_GAS))
    return transactions


async def deployed_pools(rpc: Rpc, tokens: dict[str, str], factory_v2: str, factory_v3: str) -> dict[str, DemoPool]:
    """Return every planned pool by name, its address as the factory knows it."""
    calls: list[Call] = []
    for pool in plan.POOLS:
        pair = [tokens[symbol] for symbol in pool.tokens]
        if pool.kind == "uniswap_v2":
            target, data = factory_v2, call_data("getPair(address,address)", *pair)
        else:
            target, data = factory_v3, call_data("getPool(address,address,uint24)", *pair, pool.fee_ppm)
        calls.append(("eth_call", ({"to": target, "data": data}, "latest")))
    answers = await rpc.all(calls)
    found: dict[str, DemoPool] = {}
    for pool, answer in zip(plan.POOLS, answers, strict=True):
        token0, token1 = sorted((tokens[symbol] for symbol in pool.tokens), key=lambda address: int(address, 16))
        (address,) = decode_words(["address"], answer)
        found[pool.name] = DemoPool(
            address=to_checksum_address(address), kind=pool.kind, token0=token0, token1=token1, fee_ppm=pool.fee_ppm
        )
    return found
