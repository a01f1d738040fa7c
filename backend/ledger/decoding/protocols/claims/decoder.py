"""Rewards and airdrops that a wallet claims: from distributors by Merkle proof, and from reward contracts.

Events: https://github.com/Uniswap/merkle-distributor/blob/master/contracts/interfaces/IMerkleDistributor.sol,
https://github.com/AngleProtocol/merkl-contracts/blob/main/contracts/Distributor.sol,
https://github.com/aave/aave-v3-periphery/blob/master/contracts/rewards/interfaces/IRewardsDistributor.sol,
https://github.com/compound-finance/comet/blob/main/contracts/CometRewards.sol. Nobody vouches for such a contract. It
is believed of the wallet's own transactions when the amount (and the token, where it names one) is what came: a
stranger who sends tokens and logs a claim has sent tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.chain.blocks import Log
from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.movements import NOBODY
from backend.ledger.decoding.purse import Piece
from backend.ledger.decoding.shapes import Shape
from backend.ledger.events import Kind


@dataclass(frozen=True, slots=True)
class _Claim:
    """Which of an event's values are who got it, how much, and which token, None where it names none."""

    shape: Shape
    who: int
    amount: int
    token: int | None = None


_CLAIMS = (
    _Claim(Shape("Claimed(uint256 index, address account, uint256 amount)"), 1, 2),
    _Claim(Shape("Claimed(address indexed account, uint256 amount)"), 0, 1),
    _Claim(Shape("Claimed(address indexed user, address indexed token, uint256 amount)"), 0, 2, 1),
    _Claim(
        Shape(
            "RewardsClaimed(address indexed user, address indexed reward, address indexed to, address claimer, "
            "uint256 amount)"
        ),
        2,
        4,
        1,
    ),
    _Claim(
        Shape("RewardClaimed(address indexed src, address indexed recipient, address indexed token, uint256 amount)"),
        1,
        3,
        2,
    ),
)


class Decoder(Port):
    """Implements the port."""

    topics = frozenset(each.shape.topic for each in _CLAIMS)

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet claimed."""
        if not case.acts:
            return ()
        found: list[Finding] = []
        for claim in _CLAIMS:
            for log, values in case.logs(claim.shape):
                token = None if claim.token is None else values[claim.token]
                moved = _came(case, log, values[claim.amount], token) if values[claim.who] == case.wallet else None
                if moved is not None:
                    found.append(
                        Finding(
                            kind=Kind.CLAIM,
                            legs=(case.purse.take(moved, "reward"),),
                            log_index=log.log_index,
                            protocol=case.protocol(log.address),
                            counterparty=log.address,
                        )
                    )
        return found


def _came(case: Case, log: Log, amount: int, token: str | None) -> Piece | None:
    """Return what came: from the contract or minted, or where it names the token also from its treasury."""
    if token is None:
        return case.purse.one(True, amount, None, {log.address, NOBODY})
    return case.purse.one(True, amount, {token})
