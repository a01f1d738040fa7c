"""Hop. Its bridges are contracts for `hop_bridge`.

Events: https://github.com/hop-protocol/contracts/tree/master/contracts/bridges. What is sent between second layers, or
back to Ethereum, has a number on both chains; what goes from Ethereum to them has none.
"""

from collections.abc import Sequence

from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.bridging import arrival, departure
from backend.ledger.decoding.shapes import Shape

BRIDGE = "hop_bridge"
_TO_L2 = Shape(
    "TransferSentToL2(uint256 indexed chainId, address indexed recipient, uint256 amount, uint256 amountOutMin, "
    "uint256 deadline, address indexed relayer, uint256 relayerFee)"
)
_SENT = Shape(
    "TransferSent(bytes32 indexed transferId, uint256 indexed chainId, address indexed recipient, uint256 amount, "
    "bytes32 transferNonce, uint256 bonderFee, uint256 index, uint256 amountOutMin, uint256 deadline)"
)
_FROM_L1 = Shape(
    "TransferFromL1Completed(address indexed recipient, uint256 amount, uint256 amountOutMin, uint256 deadline, "
    "address indexed relayer, uint256 relayerFee)"
)
_BONDED = Shape("WithdrawalBonded(bytes32 indexed transferId, uint256 amount)")


class Decoder(Port):
    """Implements the port."""

    topics = frozenset(shape.topic for shape in (_TO_L2, _SENT, _FROM_L1, _BONDED))
    purposes = frozenset({BRIDGE})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet sent to other chains and got from them.

        Through Hop's pools the amount is not exactly that of the bridge: what goes then is whatever went to the
        contract that the wallet called, what comes is whatever came of one token.
        """
        found: list[Finding] = []
        for log, (_, _, amount, *_) in case.logs(_TO_L2, BRIDGE):
            found += departure(case, log, amount) if case.acts else []
        for log, (number, _, _, amount, *_) in case.logs(_SENT, BRIDGE):
            if case.acts:
                found += departure(case, log, self._sent(case, amount), None, {"transfer_id": number})
        for log, (recipient, amount, _, _, _, fee) in case.logs(_FROM_L1, BRIDGE):
            found += arrival(case, log, self._came(case, amount - fee)) if recipient == case.wallet else []
        for log, (number, _) in case.logs(_BONDED, BRIDGE):
            found += arrival(case, log, self._came(case, 0), None, {"transfer_id": number})
        return found

    def _sent(self, case: Case, amount: int) -> int:
        pieces = case.purse.outs(lambda piece: piece.is_fungible and piece.other == case.tx.recipient)
        return pieces[0].left_raw if len(pieces) == 1 else amount

    def _came(self, case: Case, amount: int) -> int:
        pieces = case.purse.ins(lambda piece: piece.is_fungible)
        return pieces[0].left_raw if len(pieces) == 1 else amount
