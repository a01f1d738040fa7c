"""Compound V3 (Comet): supply, repay, withdraw, borrow, collateral, liquidation. Markets are contracts for `comet`.

Events: https://github.com/compound-finance/comet/blob/main/contracts/CometMainInterface.sol. A market's own Transfer
says which part of what was supplied or withdrawn is a balance; the rest paid back or raised a debt. Collateral has no
token of its own.
"""

from collections.abc import Sequence
from typing import Any

from backend.chain.blocks import Log
from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.movements import NOBODY
from backend.ledger.decoding.purse import Piece
from backend.ledger.decoding.shapes import Shape
from backend.ledger.events import Kind, Leg

COMET = "comet"
ROUNDING_RAW = 4  # a balance is rounded down to the market's index; less than this is neither paid back nor borrowed
_SUPPLY = Shape("Supply(address indexed from, address indexed dst, uint256 amount)")
_WITHDRAW = Shape("Withdraw(address indexed src, address indexed to, uint256 amount)")
_COLLATERAL_IN = Shape(
    "SupplyCollateral(address indexed from, address indexed dst, address indexed asset, uint256 amount)"
)
_COLLATERAL_OUT = Shape(
    "WithdrawCollateral(address indexed src, address indexed to, address indexed asset, uint256 amount)"
)
_ABSORB = Shape("AbsorbDebt(address indexed absorber, address indexed borrower, uint256 basePaidOut, uint256 usdValue)")
SEIZED = "The market took the collateral of this account for its debt: neither is a token that could be seen to move."


class Decoder(Port):
    """Implements the port."""

    topics = frozenset(each.topic for each in (_SUPPLY, _WITHDRAW, _COLLATERAL_IN, _COLLATERAL_OUT, _ABSORB))
    purposes = frozenset({COMET})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet did with markets, by their logs."""
        found: list[Finding] = []
        for log, (_, for_whom, amount) in case.logs(_SUPPLY, COMET):
            if for_whom == case.wallet:
                found += _base(case, log, amount, is_in=False)
        for log, (source, _, amount) in case.logs(_WITHDRAW, COMET):
            if source == case.wallet:
                found += _base(case, log, amount, is_in=True)
        for shape, kind in ((_COLLATERAL_IN, Kind.SUPPLY), (_COLLATERAL_OUT, Kind.WITHDRAW)):
            for log, values in case.logs(shape, COMET):
                found += _collateral(case, log, values, kind)
        for log, values in case.logs(_ABSORB, COMET):
            if values[1] == case.wallet:
                gone = case.purse.outs(lambda piece, market=log.address: piece.token == market)
                found.append(_finding(case, Kind.LIQUIDATION, log, case.purse.take_all(gone, "receipt"), SEIZED))
        return found


def _moved(case: Case, log: Log, amount: int, *, is_in: bool, asset: str | None = None) -> Piece | None:
    """Return what moved between wallet and market, or, as the chain's own currency, somebody who wrapped it."""
    tokens = None if asset is None else {asset}
    wrapped = any(each.token in case.wrapped_native and each.amount_raw == amount for each in case.movements)
    native = case.forms(next(iter(case.wrapped_native))) - case.wrapped_native if wrapped else frozenset[str]()
    return case.purse.one(is_in, amount, tokens, {log.address}) or case.purse.one(is_in, amount, native)


def _base(case: Case, log: Log, amount: int, *, is_in: bool) -> list[Finding]:
    """Return the part that is a balance, and the part that is a debt."""
    moved = _moved(case, log, amount, is_in=is_in)
    if moved is None:
        return []
    pieces = case.purse.outs() if is_in else case.purse.ins()
    shares = [piece for piece in pieces if piece.token == log.address and piece.other == NOBODY]
    balance = min(shares[0].left_raw, amount) if shares else 0
    if amount - balance <= ROUNDING_RAW:
        balance = amount
    kinds = (Kind.WITHDRAW, Kind.BORROW) if is_in else (Kind.SUPPLY, Kind.REPAY)
    found: list[Finding] = []
    if balance:
        legs = [case.purse.take(moved, amount_raw=balance), *case.purse.take_all(shares[:1], "receipt")]
        found.append(_finding(case, kinds[0], log, legs))
    if amount > balance:
        found.append(_finding(case, kinds[1], log, [case.purse.take(moved)]))
    return found


def _collateral(case: Case, log: Log, values: tuple[Any, ...], kind: Kind) -> list[Finding]:
    source, to, asset, amount = values
    is_in = kind is Kind.WITHDRAW
    moved = _moved(case, log, amount, is_in=is_in, asset=asset) if case.wallet == (source if is_in else to) else None
    return [] if moved is None else [_finding(case, kind, log, [case.purse.take(moved)])]


def _finding(case: Case, kind: Kind, log: Log, legs: list[Leg], problem: str | None = None) -> Finding:
    return Finding(
        kind=kind,
        legs=tuple(legs),
        log_index=log.log_index,
        protocol=case.protocol(log.address),
        counterparty=log.address,
        identifiers={"pool": log.address},
        problem=problem,
    )
