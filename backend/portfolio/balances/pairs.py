"""Which wallet's balance of which token: many pairs, kept in columns so that they are packed without a loop."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.chain.events import NATIVE_TOKEN

Places = NDArray[np.intp]
_PRECOMPILES = 0x100  # addresses up to here are functions of the EVM, which answer anything that is asked


class Pairs:
    """(wallet, token) pairs of one chain, in the order given; addresses in lower case, NATIVE_TOKEN among the tokens.

    Raises ValueError when an address is none.
    """

    def __init__(self, wallets: Sequence[str], tokens: Sequence[str], wallet_at: Places, token_at: Places) -> None:
        self.wallets = tuple(wallets)
        self.tokens = tuple(tokens)
        self.wallet_at = wallet_at
        self.token_at = token_at
        self.wallet_bytes = _address_bytes(self.wallets)
        self.token_bytes = _address_bytes(self.tokens)
        self.is_native = np.array([token == NATIVE_TOKEN for token in self.tokens], dtype=bool)
        self.is_precompile = np.array([int(token, 16) <= _PRECOMPILES for token in self.tokens], dtype=bool)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Pairs":
        """Return the pairs of (wallet, token) tuples."""
        wallets: dict[str, int] = {}
        tokens: dict[str, int] = {}
        found = [
            (wallets.setdefault(wallet, len(wallets)), tokens.setdefault(token, len(tokens))) for wallet, token in pairs
        ]
        table = np.array(found, dtype=np.intp).reshape(-1, 2)
        return cls(list(wallets), list(tokens), table[:, 0].copy(), table[:, 1].copy())

    @classmethod
    def every(cls, wallets: Sequence[str], tokens: Sequence[str]) -> "Pairs":
        """Return each wallet with each token, the tokens of the first wallet first."""
        wallet_at = np.repeat(np.arange(len(wallets)), len(tokens))
        return cls(wallets, tokens, wallet_at, np.tile(np.arange(len(tokens)), len(wallets)))

    def __len__(self) -> int:
        return len(self.wallet_at)

    def pair(self, place: int) -> tuple[str, str]:
        """Return the wallet and the token of a place."""
        return self.wallets[self.wallet_at[place]], self.tokens[self.token_at[place]]

    def by_token(self) -> Places:
        """Return all places, those of a token together."""
        return np.argsort(self.token_at, kind="stable")


def _address_bytes(addresses: tuple[str, ...]) -> NDArray[np.uint8]:
    if any(len(address) != 42 or address[:2] != "0x" for address in addresses):
        raise ValueError("an address is not 0x and forty hexadecimal digits")
    packed = bytes.fromhex("".join(address[2:] for address in addresses))
    return np.frombuffer(packed, dtype=np.uint8).reshape(-1, 20)


def word_integers(words: NDArray[np.uint8]) -> list[int]:
    """Return the unsigned integers of rows of 32 bytes."""
    quarters = np.ascontiguousarray(words).view(">u8").reshape(-1, 4)
    values: list[int] = quarters[:, 3].tolist()
    for row in np.flatnonzero(quarters[:, :3].any(axis=1)).tolist():
        values[row] = int.from_bytes(words[row].tobytes(), "big")
    return values
