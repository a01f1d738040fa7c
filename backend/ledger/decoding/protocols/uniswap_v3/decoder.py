"""Uniswap V3 pools, and positions held as tokens of the position manager.

Pools are those of `Facts.pools`, the manager a contract for `position_manager`. Its events name the position, those of
the pool just before them the pool and what really moved:
https://github.com/Uniswap/v3-core/blob/main/contracts/interfaces/pool/IUniswapV3PoolEvents.sol,
https://github.com/Uniswap/v3-periphery/blob/main/contracts/interfaces/INonfungiblePositionManager.sol.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.chain.blocks import Log
from backend.ledger.decoding.base import Case, Finding, Trade
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.purse import netted
from backend.ledger.decoding.shapes import Shape
from backend.ledger.decoding.sides import got, paid, problem_of
from backend.ledger.decoding.swaps import V3_SWAP, pool_trade
from backend.ledger.events import Kind, Leg
from backend.ledger.transactions import PoolFacts

MANAGER = "position_manager"
NOT_COLLECTED = (
    "Liquidity was taken out of its range and not collected in this transaction; "
    "what is collected of it in another one reads as fees."
)
_POOL_MINT = Shape(
    "Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, "
    "uint256 amount0, uint256 amount1)"
)
_POOL_BURN = Shape(
    "Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, "
    "uint256 amount1)"
)
_POOL_COLLECT = Shape(
    "Collect(address indexed owner, address recipient, int24 indexed tickLower, int24 indexed tickUpper, "
    "uint128 amount0, uint128 amount1)"
)
_INCREASE = Shape("IncreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)")
_DECREASE = Shape("DecreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)")
_COLLECT = Shape("Collect(uint256 indexed tokenId, address recipient, uint256 amount0, uint256 amount1)")


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({V3_SWAP.topic, _INCREASE.topic, _DECREASE.topic, _COLLECT.topic})
    purposes = frozenset({MANAGER})

    def trades(self, case: Case) -> Sequence[Trade]:
        """Return the swaps of known pools."""
        found = [pool_trade(case, log, paid0, paid1) for log, (_, _, paid0, paid1, *_) in case.logs(V3_SWAP)]
        return [trade for trade in found if trade is not None]

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet put into positions, took out of them, and collected."""
        if not case.acts:
            return ()
        found = [
            _added(case, log, token_id, liquidity, amount0, amount1)
            for log, (token_id, liquidity, amount0, amount1) in case.logs(_INCREASE, MANAGER)
        ]
        found += [_removed(case, each) for each in _takings(case)]
        return [finding for finding in found if finding is not None]


@dataclass(slots=True)
class _Taking:
    """What a transaction took out of one position: from its range, and out of the pool."""

    manager: str
    token_id: int
    pool: str
    log_index: int
    from_range: list[int]
    from_pool: list[int]
    was_in_range: bool = False
    liquidity: int = 0


def _pool_before(case: Case, shape: Shape, log: Log, owner_at: int) -> tuple[str, tuple[int, int]] | None:
    """Return the known pool that last logged this of the manager before a log of it, with the last two amounts."""
    before = [
        (each, values)
        for each, values in case.logs(shape)
        if each.log_index < log.log_index and values[owner_at] == log.address and each.address in case.pools
    ]
    if not before:
        return None
    each, values = before[-1]
    return each.address, (values[-2], values[-1])


def _added(case: Case, log: Log, token_id: int, liquidity: int, amount0: int, amount1: int) -> Finding | None:
    found = _pool_before(case, _POOL_MINT, log, 1)
    if found is None or found[1] != (amount0, amount1):
        return None
    pool = case.pools[found[0]]
    sides = paid(case, pool.token0, amount0, found[0]), paid(case, pool.token1, amount1, found[0])
    legs = [leg for side in sides for leg in side.legs]
    if not legs:
        return None
    legs += _token(case, log.address, token_id, is_in=True)
    return _finding(Kind.LP_ADD, log.log_index, pool, legs, (found[0], token_id), problem_of(*sides), liquidity)


def _takings(case: Case) -> list[_Taking]:
    """Return what was taken out of each position, in the order of the first logs."""
    found: dict[tuple[str, int], _Taking] = {}
    for shape, pool_shape in ((_DECREASE, _POOL_BURN), (_COLLECT, _POOL_COLLECT)):
        for log, (token_id, liquidity, *_) in case.logs(shape, MANAGER):
            pool = _pool_before(case, pool_shape, log, 0)
            if pool is None:
                continue
            taking = found.setdefault(
                (log.address, token_id), _Taking(log.address, token_id, pool[0], log.log_index, [0, 0], [0, 0])
            )
            if taking.pool != pool[0]:
                continue
            amounts = taking.from_range if shape is _DECREASE else taking.from_pool
            amounts[0], amounts[1] = amounts[0] + pool[1][0], amounts[1] + pool[1][1]
            if shape is _DECREASE:
                taking.was_in_range = True
                taking.liquidity += liquidity
    return list(found.values())


def _removed(case: Case, taking: _Taking) -> Finding | None:
    """What came from the pool or through the manager: principal what left the range, fees what is more than that."""
    pool = case.pools[taking.pool]
    others = {taking.pool, taking.manager}
    sides = [
        got(case, token, taking.from_pool[at], others, taking.from_range[at])
        for at, token in enumerate((pool.token0, pool.token1))
    ]
    legs = [leg for side in sides for leg in side.legs]
    token = _token(case, taking.manager, taking.token_id, is_in=False)
    if not legs and not token and not taking.was_in_range and problem_of(*sides) is None:
        return None
    kind = Kind.LP_REMOVE if taking.was_in_range or token else Kind.CLAIM
    is_left_there = taking.was_in_range and not any(taking.from_pool) and any(taking.from_range)
    problem = NOT_COLLECTED if is_left_there else problem_of(*sides)
    position = taking.pool, taking.token_id
    return _finding(kind, taking.log_index, pool, [*legs, *token], position, problem, -taking.liquidity)


def _token(case: Case, manager: str, token_id: int, *, is_in: bool) -> list[Leg]:
    """Return the position's own token when it came or went by a mint or a burn, or with it."""
    pieces = case.purse.ins() if is_in else case.purse.outs()
    own = [piece for piece in pieces if piece.token == manager and piece.movement.token_id == token_id]
    return case.purse.take_all(own, "receipt")


def _finding(
    kind: Kind,
    log_index: int,
    pool: PoolFacts,
    legs: list[Leg],
    position: tuple[str, int],
    problem: str | None,
    liquidity: int,
) -> Finding:
    """`liquidity` is what the position has more of now, or less: so it is known when all of it is out."""
    named = {"pool": position[0], "token_id": str(position[1])}
    return Finding(
        kind=kind,
        legs=netted(legs),
        log_index=log_index,
        protocol=pool.protocol,
        counterparty=position[0],
        identifiers=named | {"liquidity_delta": str(liquidity)} if liquidity else named,
        problem=problem,
    )
