"""Uniswap V2 pairs and their likes. Pairs are those of `Facts.pools`, which a factory vouches for.

Events: https://github.com/Uniswap/v2-core/blob/master/contracts/interfaces/IUniswapV2Pair.sol. The LP token is the
pair itself.
"""

from collections.abc import Sequence

from backend.chain.blocks import Log
from backend.ledger.decoding.base import Case, Finding, Trade
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.purse import Piece, netted
from backend.ledger.decoding.shapes import Shape
from backend.ledger.decoding.sides import got, paid, problem_of
from backend.ledger.decoding.swaps import V2_SWAP, pool_trade
from backend.ledger.events import Kind, Leg

_MINT = Shape("Mint(address indexed sender, uint256 amount0, uint256 amount1)")
_BURN = Shape("Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)")


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({V2_SWAP.topic, _MINT.topic, _BURN.topic})

    def trades(self, case: Case) -> Sequence[Trade]:
        """Return the swaps of known pairs."""
        found = [
            pool_trade(case, log, in0 - out0, in1 - out1) for log, (_, in0, in1, out0, out1, _) in case.logs(V2_SWAP)
        ]
        return [trade for trade in found if trade is not None]

    def find(self, case: Case) -> Sequence[Finding]:
        """Return liquidity that the wallet put into known pairs and took out of them."""
        if not case.acts:
            return ()
        found = [_added(case, log, amount0, amount1) for log, (_, amount0, amount1) in case.logs(_MINT)]
        found += [_removed(case, log, amount0, amount1) for log, (_, amount0, amount1, _) in case.logs(_BURN)]
        return [finding for finding in found if finding is not None]


def _added(case: Case, log: Log, amount0: int, amount1: int) -> Finding | None:
    """LP tokens came, and what the pair got went; by a contract that trades first, whatever went to that contract."""
    pool = case.pools.get(log.address)
    shares = case.purse.ins(lambda piece: piece.token == log.address)
    if pool is None or not shares:
        return None
    sides = paid(case, pool.token0, amount0, log.address), paid(case, pool.token1, amount1, log.address)
    legs = [leg for side in sides for leg in side.legs]
    if not legs:
        legs = _to_and_fro(case)
    if not any(leg.amount_raw < 0 for leg in legs):
        return None
    legs += case.purse.take_all(shares, "receipt")
    return _finding(Kind.LP_ADD, log, pool.protocol, legs, problem_of(*sides))


def _to_and_fro(case: Case) -> list[Leg]:
    """Return what went to the called contract, and what of the same tokens came back from it."""
    went = case.purse.outs(lambda piece: piece.is_fungible and piece.other == case.tx.recipient)
    tokens = {piece.token for piece in went}
    back = case.purse.ins(lambda piece: piece.token in tokens and piece.other == case.tx.recipient)
    return case.purse.take_all([*went, *back])


def _removed(case: Case, log: Log, amount0: int, amount1: int) -> Finding | None:
    """LP tokens went to the pair or to a router; what the pair paid came from it, or through whom they went."""
    pool = case.pools.get(log.address)
    shares = case.purse.outs(lambda piece: piece.token == log.address and _is_on_the_way(case, piece))
    if pool is None or not shares:
        return None
    others = {log.address, case.tx.recipient, *(piece.other for piece in shares)} - {None}
    sides = got(case, pool.token0, amount0, others), got(case, pool.token1, amount1, others)
    legs = [leg for side in sides for leg in side.legs]
    if not legs and case.tx.recipient != log.address:
        sent = case.purse.ins(lambda piece: piece.is_fungible and piece.other == case.tx.recipient)
        legs = case.purse.take_all(sent)
    if not legs and not any(side.is_hidden for side in sides):
        return None
    legs += case.purse.take_all(shares, "receipt")
    return _finding(Kind.LP_REMOVE, log, pool.protocol, legs, problem_of(*sides))


def _is_on_the_way(case: Case, shares: Piece) -> bool:
    return shares.other in (shares.token, case.tx.recipient)


def _finding(kind: Kind, log: Log, protocol: str, legs: list[Leg], problem: str | None) -> Finding:
    return Finding(
        kind=kind,
        legs=netted(legs),
        log_index=log.log_index,
        protocol=protocol,
        counterparty=log.address,
        identifiers={"pool": log.address},
        problem=problem,
    )
