"""Uniswap V3 pools and their likes: swaps. Pools are those of `Facts.pools`, which a factory vouches for.

Events: https://github.com/Uniswap/v3-core/blob/main/contracts/interfaces/pool/IUniswapV3PoolEvents.sol
"""

from collections.abc import Sequence

from backend.ledger.decoding.base import Case, Trade
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.swaps import V3_SWAP, pool_trade


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({V3_SWAP.topic})

    def trades(self, case: Case) -> Sequence[Trade]:
        """Return the swaps of known pools."""
        found = [pool_trade(case, log, paid0, paid1) for log, (_, _, paid0, paid1, *_) in case.logs(V3_SWAP)]
        return [trade for trade in found if trade is not None]
