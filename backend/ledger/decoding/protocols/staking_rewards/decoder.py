"""Staking contracts in the manner of Synthetix' StakingRewards.

Events: https://github.com/Synthetixio/synthetix/blob/develop/contracts/StakingRewards.sol. Nobody vouches for most such
contracts. One is believed of the wallet's own transactions when the amount that it names is what moved between the two;
those for `staking_rewards` have a name besides. Where shares of a pool are staked, the pool is named too.
"""

from collections.abc import Sequence

from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.purse import Piece
from backend.ledger.decoding.shapes import Shape
from backend.ledger.events import Kind, LegRole

STAKING = "staking_rewards"
_STAKED = Shape("Staked(address indexed user, uint256 amount)")
_WITHDRAWN = Shape("Withdrawn(address indexed user, uint256 amount)")
_PAID = Shape("RewardPaid(address indexed user, uint256 reward)")
_MEANING: tuple[tuple[Shape, Kind, bool, LegRole], ...] = (
    (_STAKED, Kind.STAKE, False, "principal"),
    (_WITHDRAWN, Kind.UNSTAKE, True, "principal"),
    (_PAID, Kind.CLAIM, True, "reward"),
)


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({_STAKED.topic, _WITHDRAWN.topic, _PAID.topic})
    purposes = frozenset({STAKING})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet staked, took back, and was paid."""
        found: list[Finding] = []
        for shape, kind, is_in, role in _MEANING if case.acts else ():
            for log, (user, amount) in case.logs(shape):
                moved = case.purse.one(is_in, amount, None, {log.address}) if user == case.wallet else None
                if moved is not None:
                    found.append(
                        Finding(
                            kind=kind,
                            legs=(case.purse.take(moved, role),),
                            log_index=log.log_index,
                            protocol=case.protocol(log.address),
                            counterparty=log.address,
                            identifiers={"contract": log.address} | _pool(case, kind, moved),
                        )
                    )
        return found


def _pool(case: Case, kind: Kind, moved: Piece) -> dict[str, str]:
    return {"pool": moved.token} if kind is not Kind.CLAIM and moved.token in case.pools else {}
