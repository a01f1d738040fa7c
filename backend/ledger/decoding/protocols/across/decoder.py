"""Across V3. Spoke pools are contracts for `across_spoke_pool`.

Events: https://github.com/across-protocol/contracts/blob/master/contracts/interfaces/V3SpokePoolInterface.sol, in the
older form with addresses and the newer one with 32 bytes for chains of other kinds. A deposit's number is its origin's.
"""

from collections.abc import Sequence

from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.bridging import arrival, departure
from backend.ledger.decoding.shapes import Shape

SPOKE_POOL = "across_spoke_pool"
_DEPOSITS = tuple(
    Shape(
        f"{name}({account} inputToken, {account} outputToken, uint256 inputAmount, uint256 outputAmount, "
        f"uint256 indexed destinationChainId, {number} indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline, "
        f"uint32 exclusivityDeadline, {account} indexed depositor, {account} recipient, {account} exclusiveRelayer, "
        "bytes message)"
    )
    for name, account, number in (("V3FundsDeposited", "address", "uint32"), ("FundsDeposited", "bytes32", "uint256"))
)
_FILLS = tuple(
    Shape(
        f"{name}({account} inputToken, {account} outputToken, uint256 inputAmount, uint256 outputAmount, "
        f"uint256 repaymentChainId, uint256 indexed originChainId, {number} indexed depositId, uint32 fillDeadline, "
        f"uint32 exclusivityDeadline, {account} exclusiveRelayer, {account} indexed relayer, {account} depositor, "
        f"{account} recipient, {message}, ({account},{message.split()[0]},uint256,uint8) relayExecutionInfo)"
    )
    for name, account, number, message in (
        ("FilledV3Relay", "address", "uint32", "bytes message"),
        ("FilledRelay", "bytes32", "uint256", "bytes32 messageHash"),
    )
)


class Decoder(Port):
    """Implements the port."""

    topics = frozenset(shape.topic for shape in (*_DEPOSITS, *_FILLS))
    purposes = frozenset({SPOKE_POOL})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet sent to other chains and got from them."""
        found: list[Finding] = []
        for shape in _DEPOSITS:
            for log, values in case.logs(shape, SPOKE_POOL):
                token, amount, number = _account(values[0]), values[2], values[5]
                if _account(values[9]) == case.wallet or case.acts:
                    found += departure(case, log, amount, case.forms(token), _name(case.tx.chain_id, number))
        for shape in _FILLS:
            for log, values in case.logs(shape, SPOKE_POOL):
                token, amount, origin, number = _account(values[1]), values[3], values[5], values[6]
                if _account(values[12]) == case.wallet:
                    found += arrival(case, log, amount, case.forms(token), _name(origin, number))
        return found


def _account(value: str) -> str:
    return "0x" + value[-40:]


def _name(origin_chain_id: int, number: int) -> dict[str, str]:
    return {"origin_chain_id": str(origin_chain_id), "deposit_id": str(number)}
