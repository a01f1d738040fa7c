"""Wrapping the chain's own currency, and unwrapping: equal amounts, to and from the token's contract.

The contracts are those of `Facts.wrapped_native` (WETH9, https://github.com/gnosis/canonical-weth, and its likes).
"""

from collections.abc import Sequence

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import NATIVE_UNKNOWN, Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.movements import NOBODY
from backend.ledger.decoding.purse import Piece
from backend.ledger.decoding.shapes import Shape
from backend.ledger.events import Kind

_DEPOSIT = Shape("Deposit(address indexed dst, uint256 wad)")
_WITHDRAWAL = Shape("Withdrawal(address indexed src, uint256 wad)")
_TRANSFER = Shape("Transfer(address indexed from, address indexed to, uint256 value)")


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({_DEPOSIT.topic, _WITHDRAWAL.topic, _TRANSFER.topic})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return a wrap for every mint and burn of the wrapped currency that the wallet paid or was paid for."""
        pieces = [piece for piece in case.purse.all() if piece.token in case.wrapped_native and piece.other == NOBODY]
        return [finding for piece in pieces if (finding := _wrap(case, piece)) is not None]


def _wrap(case: Case, wrapped: Piece) -> Finding | None:
    candidates = case.purse.outs() if wrapped.is_in else case.purse.ins()
    paid = [
        piece
        for piece in candidates
        if piece.token == NATIVE_TOKEN and piece.other == wrapped.token and piece.left_raw == wrapped.left_raw
    ]
    is_hidden = not paid and not wrapped.is_in and not case.tx.native_is_known and case.acts
    if not paid and not is_hidden:
        return None
    legs = case.purse.take_all([*paid[:1], wrapped])
    return Finding(
        kind=Kind.WRAP,
        legs=tuple(legs),
        log_index=wrapped.movement.log_index or 0,
        counterparty=wrapped.token,
        problem=NATIVE_UNKNOWN if is_hidden else None,
    )
