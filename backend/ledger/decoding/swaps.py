"""Swaps by their shape: what a wallet gave against what it got in one transaction, where somebody vouches for it.

It takes all three: the transaction is the wallet's own doing; something went and something else came; and either pools
that are vouched for say that they changed the one into the other (over any number of pools), or the wallet called an
aggregator's router that is vouched for. What a stranger's contract logs, or sends along, proves nothing and stays a
transfer.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from backend.chain.blocks import Log
from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import NATIVE_UNKNOWN, Case, Finding, Trade
from backend.ledger.decoding.purse import Piece, netted
from backend.ledger.decoding.shapes import Shape
from backend.ledger.events import Kind

ROUTER = "router"  # what a contract is for: whoever is paid by it trades (routers of aggregators, Uniswap V4's manager)
V2_SWAP = Shape(
    "Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, "
    "address indexed to)"
)
V3_SWAP = Shape(
    "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, "
    "uint128 liquidity, int24 tick)"
)
_WITHDRAWAL = Shape("Withdrawal(address indexed src, uint256 wad)")


@dataclass(frozen=True, slots=True)
class _Group:
    """Trades that hang together by their tokens, the chain's own currency and its wrapped form being one."""

    trades: tuple[Trade, ...]
    given: frozenset[str]
    got: frozenset[str]


def pool_trade(case: Case, log: Log, paid0: int, paid1: int) -> Trade | None:
    """Return the trade of a known pool that got (positive) and gave (negative) these amounts of its tokens.

    None for an unknown pool, and where both tokens came or both went, as in a flash loan.
    """
    pool = case.pools.get(log.address)
    if pool is None or paid0 * paid1 >= 0:
        return None
    token_in, token_out = (pool.token0, pool.token1) if paid0 > 0 else (pool.token1, pool.token0)
    return Trade(
        venue=log.address, protocol=pool.protocol, token_in=token_in, token_out=token_out, log_index=log.log_index
    )


def find_swaps(case: Case, trades: Sequence[Trade]) -> list[Finding]:
    """Return the swaps of a wallet that acts: one by a router, and one for each group of trades beside it."""
    if not case.acts or case.purse.is_empty:
        return []
    router = _router(case)
    findings = [_by_router(case, router, trades)] if router is not None else []
    findings += [_by_pools(case, group) for group in _groups(case, trades)]
    return [finding for finding in findings if finding is not None]


def _router(case: Case) -> str | None:
    """Return the router that the wallet called, sent something to, or got something from."""
    if case.purpose(case.tx.recipient) == ROUTER:
        return case.tx.recipient
    return next((piece.other for piece in case.purse.all() if case.purpose(piece.other) == ROUTER), None)


def _by_router(case: Case, router: str, trades: Sequence[Trade]) -> Finding | None:
    """What went to the router, against what came from it or a pool, or is what a known pool sold.

    The native currency that paid the call belongs to it. When the wallet called the router itself, everything
    fungible that went, went by it: whoever got it from there (an
    executor, say) is one who gives.
    """
    pools = {log.address for shape in (V2_SWAP, V3_SWAP) for log, _ in case.logs(shape)}
    bought = frozenset[str]().union(*(case.forms(trade.token_in) for trade in trades))
    sold = frozenset[str]().union(*(case.forms(trade.token_out) for trade in trades))
    called = case.tx.recipient == router and case.tx.sender == case.wallet

    def belongs(piece: Piece, tokens: frozenset[str]) -> bool:
        known = piece.token in tokens or piece.other in pools or case.purpose(piece.other) == ROUTER
        pays_call = piece.token == NATIVE_TOKEN and piece.other == case.tx.recipient
        return piece.is_fungible and (known or (not piece.is_in and (called or pays_call)))

    given = case.purse.outs(lambda piece: belongs(piece, bought))
    executors = {piece.other for piece in given} if called else set[str]()
    got = case.purse.ins(lambda piece: belongs(piece, sold) or (piece.is_fungible and piece.other in executors))
    return _swap(case, given, got, trades, case.protocol(router), router)


def _by_pools(case: Case, group: _Group) -> Finding | None:
    given = case.purse.outs(lambda piece: piece.is_fungible and piece.token in group.given)
    got = case.purse.ins(lambda piece: piece.is_fungible and piece.token in group.got)
    protocols = {trade.protocol for trade in group.trades}
    return _swap(case, given, got, group.trades, protocols.pop() if len(protocols) == 1 else None, None)


def _swap(
    case: Case,
    given: list[Piece],
    got: list[Piece],
    trades: Sequence[Trade],
    protocol: str | None,
    router: str | None,
) -> Finding | None:
    """Return the swap with what came back of the tokens that were given, None when it has not both sides."""
    tokens = {piece.token for piece in (*given, *got)}
    pieces = [piece for piece in case.purse.all() if piece.is_fungible and piece.token in tokens]
    sums = {token: sum(_signed(piece) for piece in pieces if piece.token == token) for token in tokens}
    goes = any(sums[piece.token] < 0 for piece in given)
    comes = any(sums[piece.token] > 0 for piece in got)
    is_blind = not comes and _native_is_hidden(case, trades)
    if not goes or not (comes or is_blind):
        return None
    venues = sorted({trade.venue for trade in trades})
    first = min((trade.log_index for trade in trades), default=min((_place(piece) for piece in pieces), default=0))
    return Finding(
        kind=Kind.SWAP,
        legs=netted(case.purse.take_all(pieces)),
        log_index=first,
        protocol=protocol,
        counterparty=router or (venues[0] if len(venues) == 1 else case.tx.recipient),
        identifiers={"pool": venues[0]} if len(venues) == 1 else None,
        problem=NATIVE_UNKNOWN if is_blind else None,
    )


def _native_is_hidden(case: Case, trades: Iterable[Trade]) -> bool:
    """Return whether the chain's own currency was bought and paid out inside of calls that nobody traced."""
    if case.tx.native_is_known:
        return False
    buys_it = any(NATIVE_TOKEN in case.forms(trade.token_out) for trade in trades)
    unwraps = any(
        log.address in case.wrapped_native and values[0] != case.wallet for log, values in case.logs(_WITHDRAWAL)
    )
    return buys_it and unwraps


def _groups(case: Case, trades: Sequence[Trade]) -> list[_Group]:
    """Return the trades that are joined by their tokens, in the order of their first logs."""
    native = min(case.wrapped_native, default=NATIVE_TOKEN)
    key: Callable[[str], str] = lambda token: native if NATIVE_TOKEN in case.forms(token) else token  # noqa: E731
    groups: list[tuple[set[str], list[Trade]]] = []
    for trade in trades:
        tokens, members = {key(trade.token_in), key(trade.token_out)}, [trade]
        apart: list[tuple[set[str], list[Trade]]] = []
        for group in groups:
            if group[0] & tokens:
                tokens |= group[0]
                members = group[1] + members
            else:
                apart.append(group)
        groups = [*apart, (tokens, members)]
    return [
        _Group(
            tuple(members),
            frozenset[str]().union(*(case.forms(trade.token_in) for trade in members)),
            frozenset[str]().union(*(case.forms(trade.token_out) for trade in members)),
        )
        for _, members in groups
    ]


def _signed(piece: Piece) -> int:
    return piece.left_raw if piece.is_in else -piece.left_raw


def _place(piece: Piece) -> int:
    return -1 if piece.movement.log_index is None else piece.movement.log_index
