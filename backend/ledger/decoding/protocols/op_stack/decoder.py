"""The standard bridges of Optimism, Base and other chains of the OP stack: contracts for `op_standard_bridge`.

Events: https://specs.optimism.io/protocol/bridges.html, and the older ones, which newer bridges log as well.
A crossing has no number that both chains log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.bridging import arrival, departure
from backend.ledger.decoding.shapes import Shape

BRIDGE = "op_standard_bridge"


@dataclass(frozen=True, slots=True)
class _Way:
    """An event, whether the amount comes, which of its values is the token here (None: the chain's own)."""

    shape: Shape
    is_in: bool
    token: int | None = None


def _of_native(name: str) -> Shape:
    return Shape(f"{name}(address indexed from, address indexed to, uint256 amount, bytes extraData)")


def _of_token(name: str) -> Shape:
    return Shape(
        f"{name}(address indexed localToken, address indexed remoteToken, address indexed from, address to, "
        "uint256 amount, bytes extraData)"
    )


_WAYS = (
    _Way(_of_native("ETHBridgeInitiated"), False),
    _Way(_of_native("ETHBridgeFinalized"), True),
    _Way(_of_token("ERC20BridgeInitiated"), False, 0),
    _Way(_of_token("ERC20BridgeFinalized"), True, 0),
    _Way(_of_native("ETHDepositInitiated"), False),
    _Way(_of_native("ETHWithdrawalFinalized"), True),
    _Way(_of_token("ERC20DepositInitiated"), False, 0),
    _Way(_of_token("ERC20WithdrawalFinalized"), True, 0),
    # Those of the second layer name the token of the first layer first, and the chain's own currency as a token.
    _Way(_of_token("WithdrawalInitiated"), False, 1),
    _Way(_of_token("DepositFinalized"), True, 1),
)
_LEGACY_ETHER = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0000"


class Decoder(Port):
    """Implements the port."""

    topics = frozenset(way.shape.topic for way in _WAYS)
    purposes = frozenset({BRIDGE})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet sent to the other layer and got from it, each once though logged twice."""
        found: list[Finding] = []
        for way in _WAYS:
            for log, values in case.logs(way.shape, BRIDGE):
                sender, recipient, amount = values[-4], values[-3], values[-2]
                token = NATIVE_TOKEN if way.token is None or values[1] == _LEGACY_ETHER else values[way.token]
                if not way.is_in and sender == case.wallet:
                    found += departure(case, log, amount, {token})
                elif way.is_in and recipient == case.wallet and not any(each.problem for each in found):
                    found += arrival(case, log, amount, {token})
        return found
