"""What the follower and the price book need of each other, so that neither imports the other's insides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.blocks import Header, Log
from backend.chain.decode import PoolChange
from backend.chain.events import Event, PriceUpdate
from backend.chain.pools import Pool
from backend.chain.rpc.pool import RpcPool
from backend.chain.tokens import Token


@dataclass(frozen=True, slots=True)
class Valuation:
    """A price in US dollars and where it is from."""

    price_usd: Decimal
    source: str


class ChainReader(Protocol):
    """What the price book may ask of a chain."""

    chain_id: int
    rpc: RpcPool
    multicall3: str | None

    async def tokens(self, addresses: set[str]) -> dict[str, Token]:
        """Return metadata by address, read from the contracts when not known yet."""
        ...

    def token(self, address: str) -> Token | None:
        """Return a token's metadata if it is known, without asking the chain."""
        ...

    async def stored_pools(self, session: AsyncSession) -> dict[str, Pool]:
        """Return the pools that were identified before, by address."""
        ...

    def is_known_pool(self, address: str) -> bool:
        """True when an address was looked at before, whatever came of it."""
        ...

    def remember_pools(self, pools: Iterable[Pool], looked_at: Iterable[str] = ()) -> None:
        """Keep newly identified pools; they are stored with the next block. `looked_at` may hold what is no pool."""
        ...


class Pricing(Protocol):
    """What the follower asks of the price book. Errors are RpcError or the database's."""

    async def start(self, session: AsyncSession, at: Header) -> None:
        """Forget everything and start as of this block."""
        ...

    async def observe(self, header: Header, changes: list[PoolChange]) -> int:
        """Take in the next block; return its number of readings."""
        ...

    def value(self, token: str, taken_at: int) -> Valuation | None:
        """Return a token's price as of the block just observed."""
        ...

    async def store(self, session: AsyncSession, header: Header) -> None:
        """Write the readings of the block just observed."""
        ...

    async def updates(self, session: AsyncSession, header: Header) -> list[PriceUpdate]:
        """Return the price updates of a stored block."""
        ...

    async def value_as_of(self, session: AsyncSession, header: Header) -> dict[str, Valuation]:
        """Return every token's price as of a stored block."""
        ...

    async def withdraw(self, session: AsyncSession, block_hashes: list[str]) -> None:
        """Delete the readings of orphaned blocks."""
        ...


class Readings(Protocol):
    """What the follower asks of whoever reads more of a block than its prices. Errors as those of Pricing."""

    async def start(self, session: AsyncSession, at: Header) -> None:
        """Forget everything and start as of this block, after the price book did."""
        ...

    def before(self, events: Sequence[Event]) -> None:
        """Look at the next block's decoded events before the price book takes it in."""
        ...

    async def observe(self, header: Header, logs: Sequence[Log], events: Sequence[Event]) -> int:
        """Take in the next block after the price book did; return how many events it adds to it."""
        ...

    async def store(self, session: AsyncSession, header: Header) -> None:
        """Write what was read of the block just observed."""
        ...

    async def events(self, session: AsyncSession, header: Header) -> list[Event]:
        """Return the readings and occurrences of a stored block."""
        ...

    async def withdraw(self, session: AsyncSession, block_hashes: list[str]) -> None:
        """Delete what was read in orphaned blocks."""
        ...


class NoPricing:
    """The price book of a chain without anchors: everything is of unknown worth."""

    async def start(self, session: AsyncSession, at: Header) -> None:
        """Nothing to build."""

    async def observe(self, header: Header, changes: list[PoolChange]) -> int:
        """Return 0: no readings."""
        return 0

    def value(self, token: str, taken_at: int) -> Valuation | None:
        """Return None: unknown."""
        return None

    async def store(self, session: AsyncSession, header: Header) -> None:
        """Nothing to write."""

    async def updates(self, session: AsyncSession, header: Header) -> list[PriceUpdate]:
        """Return no updates."""
        return []

    async def value_as_of(self, session: AsyncSession, header: Header) -> dict[str, Valuation]:
        """Return nothing: unknown."""
        return {}

    async def withdraw(self, session: AsyncSession, block_hashes: list[str]) -> None:
        """Nothing to withdraw."""
