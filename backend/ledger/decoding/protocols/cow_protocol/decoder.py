"""CoW Protocol: a solver settles orders, so the wallet does not send the transaction.

The settlement is a contract for `cow_settlement`; its Trade names the owner and both amounts, exactly:
https://github.com/cowprotocol/contracts/blob/main/src/contracts/GPv2Settlement.sol. Orders that sell the chain's own
currency belong to the contract that it was paid to in another transaction: the two stay transfers.
"""

from collections.abc import Sequence

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import NATIVE_UNKNOWN, Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.shapes import Shape
from backend.ledger.events import Kind

SETTLEMENT = "cow_settlement"
_TRADE = Shape(
    "Trade(address indexed owner, address sellToken, address buyToken, uint256 sellAmount, uint256 buyAmount, "
    "uint256 feeAmount, bytes orderUid)"
)


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({_TRADE.topic})
    purposes = frozenset({SETTLEMENT})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return the wallet's orders that were settled."""
        found: list[Finding] = []
        for log, (owner, sell, buy, sold, bought, _, _) in case.logs(_TRADE, SETTLEMENT):
            given = case.purse.one(False, sold, {sell}, {log.address}) if owner == case.wallet else None
            taken = case.purse.one(True, bought, {buy}, {log.address})
            is_hidden = taken is None and buy == NATIVE_TOKEN and not case.tx.native_is_known
            if given is not None and (taken is not None or is_hidden):
                found.append(
                    Finding(
                        kind=Kind.SWAP,
                        legs=tuple(case.purse.take_all([given, *([taken] if taken else [])])),
                        log_index=log.log_index,
                        protocol=case.protocol(log.address),
                        counterparty=log.address,
                        problem=NATIVE_UNKNOWN if is_hidden else None,
                    )
                )
        return found
