"""Tokens that cross by LayerZero V2 (OFT, and the pools of Stargate V2, which log the same).

Events: https://github.com/LayerZero-Labs/LayerZero-v2/blob/main/packages/layerzero-v2/evm/oapp/contracts/oft/interfaces/IOFT.sol.
Sending is believed of the wallet's own transactions, when the amount is what moved; receiving, which a stranger
executes, only of contracts for `stargate_pool` or `oft`.
"""

from collections.abc import Sequence

from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.bridging import arrival, departure
from backend.ledger.decoding.shapes import Shape

PURPOSES = frozenset({"stargate_pool", "oft"})
_SENT = Shape(
    "OFTSent(bytes32 indexed guid, uint32 dstEid, address indexed fromAddress, uint256 amountSentLD, "
    "uint256 amountReceivedLD)"
)
_RECEIVED = Shape(
    "OFTReceived(bytes32 indexed guid, uint32 srcEid, address indexed toAddress, uint256 amountReceivedLD)"
)


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({_SENT.topic, _RECEIVED.topic})
    purposes = PURPOSES

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet sent to other chains and got from them."""
        found: list[Finding] = []
        for log, (guid, _, sender, amount, _) in case.logs(_SENT):
            if sender == case.wallet and (case.acts or case.purpose(log.address) in PURPOSES):
                found += departure(case, log, amount, None, {"guid": guid})
        for log, (guid, _, recipient, amount) in case.logs(_RECEIVED):
            if recipient == case.wallet and case.purpose(log.address) in PURPOSES:
                found += arrival(case, log, amount, None, {"guid": guid})
        return found
