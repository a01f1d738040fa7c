"""Balancer V2: swaps of its vault, a contract for `balancer_vault`, which holds the tokens of all pools.

Events: https://github.com/balancer/balancer-v2-monorepo/blob/master/pkg/interfaces/contracts/vault/IVault.sol.
Liquidity put in and taken out stays transfers.
"""

from collections.abc import Sequence

from backend.ledger.decoding.base import Case, Trade
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.shapes import Shape

VAULT = "balancer_vault"
_SWAP = Shape(
    "Swap(bytes32 indexed poolId, address indexed tokenIn, address indexed tokenOut, uint256 amountIn, "
    "uint256 amountOut)"
)


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({_SWAP.topic})
    purposes = frozenset({VAULT})

    def trades(self, case: Case) -> Sequence[Trade]:
        """Return the swaps of the vault."""
        return [
            Trade(
                venue=log.address,
                protocol=case.protocol(log.address) or "",
                token_in=token_in,
                token_out=token_out,
                log_index=log.log_index,
            )
            for log, (_, token_in, token_out, _, _) in case.logs(_SWAP, VAULT)
        ]
