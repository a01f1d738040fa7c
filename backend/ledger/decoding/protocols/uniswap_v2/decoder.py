"""Uniswap V2 pairs and their likes: swaps. Pairs are those of `Facts.pools`, which a factory vouches for.

Events: https://github.com/Uniswap/v2-core/blob/master/contracts/interfaces/IUniswapV2Pair.sol
"""

from collections.abc import Sequence

from backend.ledger.decoding.base import Case, Trade
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.swaps import V2_SWAP, pool_trade


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({V2_SWAP.topic})

    def trades(self, case: Case) -> Sequence[Trade]:
        """Return the swaps of known pairs."""
        found = [
            pool_trade(case, log, in0 - out0, in1 - out1) for log, (_, in0, in1, out0, out1, _) in case.logs(V2_SWAP)
        ]
        return [trade for trade in found if trade is not None]
