"""What a reading of a chain's balances comes to."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.chain.blocks import Header
from backend.core.clock import from_unix, utc_now
from backend.portfolio.balances.pairs import Pairs
from backend.portfolio.holdings import AssetKey, Balance


@dataclass(slots=True)
class ChainBalances:
    """The balances of one chain, all as of `block`, in smallest units and in the order of `pairs`.

    An amount is None when it could not be read: `problems` then says why by place, or `problem` for the whole chain
    (then there is no block).
    """

    chain_id: int
    pairs: Pairs
    block: Header | None
    amounts: list[int | None]
    problems: dict[int, str] = field(default_factory=dict)
    problem: str | None = None

    @classmethod
    def unknown(cls, chain_id: int, pairs: Pairs, problem: str) -> "ChainBalances":
        """Return that nothing is known, and why."""
        return cls(chain_id, pairs, None, [None] * len(pairs), {}, problem)

    def __iter__(self) -> Iterator[Balance]:
        """Yield each balance; without a block its time is now, when it was tried."""
        taken_at = utc_now() if self.block is None else from_unix(self.block.taken_at)
        number, block_hash = (0, "") if self.block is None else (self.block.number, self.block.hash)
        keys = [AssetKey(self.chain_id, token) for token in self.pairs.tokens]
        places = zip(self.pairs.wallet_at.tolist(), self.pairs.token_at.tolist(), self.amounts, strict=True)
        for place, (wallet_at, token_at, amount) in enumerate(places):
            problem = self.problems.get(place, self.problem) if amount is None else None
            wallet = self.pairs.wallets[wallet_at]
            yield Balance(wallet, keys[token_at], amount, number, block_hash, taken_at, problem)
