"""The port of the ways to find a wallet's transactions: an explorer, a node with traces, a plain node."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from backend.core.errors import RemoteError
from backend.ledger.events import Source
from backend.ledger.transactions import Movement


class NotReadError(RemoteError):
    """A part of a wallet's history could not be read; the message says why, fit for its owner."""


@dataclass(frozen=True, slots=True)
class Part:
    """The transactions of a wallet from the first block that was asked for up to `last`.

    `blocks` are those of the transactions by their hashes, in order. `inside` are movements of the chain's own currency
    by calls inside of transactions to or from the wallet, by transaction, without those that were reverted; complete
    with `native_is_known`.
    """

    last: int
    blocks: Mapping[str, int]
    inside: Mapping[str, tuple[Movement, ...]] = field(default_factory=dict)
    native_is_known: bool = False
    source: Source = "chain"

    def at_most(self, count: int) -> "Part":
        """Return its first transactions, so many of them or the least number of whole blocks above."""
        numbers = list(self.blocks.values())
        if len(numbers) <= count:
            return self
        last = numbers[count] - 1
        if last < numbers[0]:
            last = numbers[0]
        kept = {tx_hash: number for tx_hash, number in self.blocks.items() if number <= last}
        return replace(self, last=last, blocks=kept)


class Way(Protocol):
    """Finds transactions."""

    async def find(self, wallet: str, first: int, last: int) -> Part:
        """Return what happened to a wallet (lower case) from block `first` on, up to `last` or earlier.

        Raises NotReadError.
        """
        ...
