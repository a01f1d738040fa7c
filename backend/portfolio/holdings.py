"""What is held where: the types that the parts of the portfolio hand to each other."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class AssetKey(NamedTuple):
    """A token on a chain: its lower-case address, NATIVE_TOKEN for the chain's own currency."""

    chain_id: int
    token: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What a wallet held of one asset as of one block, in smallest units.

    `amount_raw` is None when it could not be read; `problem` then says why. Unknown is never zero.
    """

    wallet: str
    asset: AssetKey
    amount_raw: int | None
    block_number: int
    block_hash: str
    taken_at: datetime
    problem: str | None = None
