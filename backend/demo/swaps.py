"""Transactions for swaps and transfers through the demo market's routers. Pure: values in, transaction out."""

from collections.abc import Sequence

from backend.demo.addresses import DemoAddresses, DemoPool
from backend.demo.calldata import call_data
from backend.demo.plan import NATIVE
from backend.demo.transactions import DEFAULT_TIP_WEI, Transaction

SWAP_GAS = 500_000
TRANSFER_GAS = 80_000
ETHER_TRANSFER_GAS = 21_000
NO_DEADLINE = 2**63
_ROUTER_ITSELF = "0x" + "00" * 20
_V2_TOKENS = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
_V2_FROM_ETHER = "swapExactETHForTokens(uint256,address[],address,uint256)"
_V2_TO_ETHER = "swapExactTokensForETH(uint256,uint256,address[],address,uint256)"


def swap_transaction(
    market: DemoAddresses,
    sender: str,
    pools: Sequence[str],
    token_in: str,
    amount_in: int,
    min_out: int = 0,
    *,
    native_in: bool = False,
    native_out: bool = False,
    tip_wei: int = DEFAULT_TIP_WEI,
    deadline: int = NO_DEADLINE,
) -> Transaction:
    """Return the router transaction for a swap along `pools` (names, all of one Uniswap version).

    `token_in` is a symbol, amounts are in smallest units. native_in pays the WETH in ETH, native_out takes it in ETH.
    Raises KeyError for an unknown pool or symbol and ValueError for a route that does not fit together.
    """
    path, fees = _path([market.pools[name] for name in pools], market.tokens[token_in].address)
    if (native_in and path[0] != market.wrapped_native) or (native_out and path[-1] != market.wrapped_native):
        raise ValueError("only WETH can be paid in ETH or taken as ETH")
    if market.pools[pools[0]].kind == "uniswap_v2":
        router = market.routers.uniswap_v2
        if native_in:
            data = call_data(_V2_FROM_ETHER, min_out, path, sender, deadline)
        else:
            signature = _V2_TO_ETHER if native_out else _V2_TOKENS
            data = call_data(signature, amount_in, min_out, path, sender, deadline)
    else:
        router = market.routers.uniswap_v3
        data = _v3_data(path, fees, sender, amount_in, min_out, native_out, deadline)
    return Transaction(sender, router, data, SWAP_GAS, value_wei=amount_in if native_in else 0, tip_wei=tip_wei)


def _path(pools: Sequence[DemoPool], token_in: str) -> tuple[list[str], list[int]]:
    """Return the tokens along the route and the fee of each hop."""
    if len({pool.kind for pool in pools}) != 1:
        raise ValueError("a route stays within one version of Uniswap")
    path = [token_in]
    for pool in pools:
        if path[-1] not in (pool.token0, pool.token1):
            raise ValueError(f"pool {pool.address} does not trade {path[-1]}")
        path.append(pool.token1 if path[-1] == pool.token0 else pool.token0)
    return path, [pool.fee_ppm for pool in pools]


def _v3_data(
    path: Sequence[str],
    fees: Sequence[int],
    sender: str,
    amount_in: int,
    min_out: int,
    native_out: bool,
    deadline: int,
) -> str:
    packed = bytes.fromhex(path[0][2:])
    for fee_ppm, token in zip(fees, path[1:], strict=True):
        packed += fee_ppm.to_bytes(3, "big") + bytes.fromhex(token[2:])
    recipient = _ROUTER_ITSELF if native_out else sender
    swap = call_data(
        "exactInput((bytes,address,uint256,uint256,uint256))", (packed, recipient, deadline, amount_in, min_out)
    )
    if not native_out:
        return swap
    unwrap = call_data("unwrapWETH9(uint256,address)", min_out, sender)
    return call_data("multicall(bytes[])", [bytes.fromhex(item[2:]) for item in (swap, unwrap)])


def transfer_transaction(
    market: DemoAddresses, sender: str, recipient: str, token: str, amount: int, *, tip_wei: int = DEFAULT_TIP_WEI
) -> Transaction:
    """Return a transfer of `amount` smallest units of a token by symbol; the symbol ETH sends the native coin."""
    if token == NATIVE:
        return Transaction(sender, recipient, "0x", ETHER_TRANSFER_GAS, value_wei=amount, tip_wei=tip_wei)
    data = call_data("transfer(address,uint256)", recipient, amount)
    return Transaction(sender, market.tokens[token].address, data, TRANSFER_GAS, tip_wei=tip_wei)


def load_transaction(market: DemoAddresses, sender: str, gas: int, *, tip_wei: int = DEFAULT_TIP_WEI) -> Transaction:
    """Return a transaction that uses about `gas` units of gas in the BlockLoad contract.

    Memory of w words costs 3 w + w^2 / 512 gas (yellow paper, appendix H), on top of 21,000 and the calldata.
    """
    for_memory = max(0, gas - 22_000)
    words = int(256 * (-3 + (9 + for_memory / 128) ** 0.5))
    data = "0x" + max(0, 32 * (words - 1)).to_bytes(32, "big").hex()
    return Transaction(sender, market.block_load, data, gas + 60_000, tip_wei=tip_wei)
