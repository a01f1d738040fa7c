"""Arbitrum's own bridge: gateways of tokens, the inbox for ether, and the way back.

Contracts are for `arbitrum_gateway`, `arbitrum_inbox`, `arbitrum_outbox` and `arb_sys`. Events:
https://github.com/OffchainLabs/token-bridge-contracts (L1ArbitrumGateway, L2ArbitrumGateway) and
https://github.com/OffchainLabs/nitro-contracts (IInbox, IOutbox, ArbSys). The way back has a position that both
chains log; the way there has none.
"""

from collections.abc import Sequence

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.bridging import arrival, departure
from backend.ledger.decoding.shapes import Shape

GATEWAY, INBOX, OUTBOX, ARB_SYS = "arbitrum_gateway", "arbitrum_inbox", "arbitrum_outbox", "arb_sys"
_NATIVE = frozenset({NATIVE_TOKEN})
_DEPOSIT = Shape(
    "DepositInitiated(address l1Token, address indexed _from, address indexed _to, uint256 indexed _sequenceNumber, "
    "uint256 _amount)"
)
_DEPOSITED = Shape(
    "DepositFinalized(address indexed l1Token, address indexed _from, address indexed _to, uint256 _amount)"
)
_WITHDRAWAL = Shape(
    "WithdrawalInitiated(address l1Token, address indexed _from, address indexed _to, uint256 indexed _l2ToL1Id, "
    "uint256 _exitNum, uint256 _amount)"
)
_WITHDRAWN = Shape(
    "WithdrawalFinalized(address l1Token, address indexed _from, address indexed _to, uint256 indexed _exitNum, "
    "uint256 _amount)"
)
_MESSAGE = Shape("InboxMessageDelivered(uint256 indexed messageNum, bytes data)")
_TO_L1 = Shape(
    "L2ToL1Tx(address caller, address indexed destination, uint256 indexed hash, uint256 indexed position, "
    "uint256 arbBlockNum, uint256 ethBlockNum, uint256 timestamp, uint256 callvalue, bytes data)"
)
_EXECUTED = Shape(
    "OutBoxTransactionExecuted(address indexed to, address indexed l2Sender, uint256 indexed zero, "
    "uint256 transactionIndex)"
)


class Decoder(Port):
    """Implements the port."""

    topics = frozenset(
        shape.topic for shape in (_DEPOSIT, _DEPOSITED, _WITHDRAWAL, _WITHDRAWN, _MESSAGE, _TO_L1, _EXECUTED)
    )
    purposes = frozenset({GATEWAY, INBOX, OUTBOX, ARB_SYS})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet sent to the other layer and got from it."""
        found: list[Finding] = []
        positions = [values[3] for _, values in case.logs(_EXECUTED, OUTBOX)]
        position = {"position": str(positions[0])} if len(positions) == 1 else None
        for log, (token, sender, _, _, amount) in case.logs(_DEPOSIT, GATEWAY):
            found += departure(case, log, amount, {token}) if sender == case.wallet else []
        for log, (_, _, recipient, amount) in case.logs(_DEPOSITED, GATEWAY):
            found += arrival(case, log, amount) if recipient == case.wallet else []
        for log, (_, sender, _, number, _, amount) in case.logs(_WITHDRAWAL, GATEWAY):
            if sender == case.wallet:
                found += departure(case, log, amount, None, {"position": str(number)})
        for log, (token, _, recipient, _, amount) in case.logs(_WITHDRAWN, GATEWAY):
            found += arrival(case, log, amount, {token}, position) if recipient == case.wallet else []
        return [*found, *_ether(case, position)]


def _ether(case: Case, position: dict[str, str] | None) -> list[Finding]:
    """Return ether that was paid into the inbox or to ArbSys, or paid out by the bridge."""
    found: list[Finding] = []
    for log, _ in case.logs(_MESSAGE, INBOX):
        sent = case.purse.outs(lambda piece, inbox=log.address: piece.token == NATIVE_TOKEN and piece.other == inbox)
        found += departure(case, log, sent[0].left_raw, _NATIVE) if sent else []
    for log, (caller, _, _, number, *_, amount, _) in case.logs(_TO_L1, ARB_SYS):
        if caller == case.wallet and amount:
            found += departure(case, log, amount, _NATIVE, {"position": str(number)})
    for log, (recipient, *_) in case.logs(_EXECUTED, OUTBOX):
        came = case.purse.ins(lambda piece: piece.token == NATIVE_TOKEN) if recipient == case.wallet else []
        found += arrival(case, log, came[0].left_raw, _NATIVE, position) if came else []
    return found
