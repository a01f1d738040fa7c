"""The event ledger: the one door for the portfolio, tax, pages and the API.

Reading takes the session of whoever asks (row security shows a user's own rows); whether they may is decided at the
edge that calls. Writing is for workers. The ledger knows no portfolio: whose wallets are imported is told to it.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.service import orphaned_since
from backend.core.clock import utc_now
from backend.ledger import records, repository
from backend.ledger.events import Coverage, Event, Kind
from backend.ledger.importing.repricing import reprice
from backend.ledger.importing.run import Imports, close_shared_imports
from backend.ledger.records import Place, event_id, place_of

__all__ = [
    "Coverage",
    "Event",
    "Imports",
    "Kind",
    "Place",
    "Wanted",
    "close_shared_imports",
    "count_of",
    "coverage_of",
    "event_id",
    "event_of",
    "events_of",
    "forget_wallet",
    "mark_of",
    "open_coverage",
    "place_of",
    "protocols_of",
    "reprice",
    "tokens_of",
    "withdraw_orphaned",
]

_AT_ONCE = 5_000
# Longer than a transaction that writes events may take: one that began before a block was dropped is seen.
_OVERLAP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events: all that meet everything that is said. Empty or None says nothing.

    Wallets and tokens are lower-case addresses (NATIVE_TOKEN for a chain's own currency; fees are not legs and do not
    count). `identifiers` are some of a position's. `since` is included, `until` is not.
    `without`: no transfers of nothing but these (chain, token).
    """

    wallets: Iterable[str] = ()
    chains: Iterable[int] = ()
    token: str | None = None
    kinds: Iterable[Kind] = ()
    protocol: str | None = None
    identifiers: Mapping[str, str] = field(default_factory=dict)
    tx_hash: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    without: Iterable[tuple[int, str]] = ()

    def conditions(self) -> dict[str, Any]:
        """Return what is said, as the repository takes it."""
        said: dict[str, Any] = {
            "wallets": sorted({wallet.lower() for wallet in self.wallets}),
            "chains": sorted(set(self.chains)),
            "token": self.token.lower() if self.token else None,
            "kinds": sorted({kind.value for kind in self.kinds}),
            "protocol": self.protocol,
            "identifiers": orjson.dumps(dict(self.identifiers)).decode() if self.identifiers else None,
            "tx_hash": self.tx_hash.lower() if self.tx_hash else None,
            "since": self.since,
            "until": self.until,
            "without": sorted({f"{chain_id}:{token.lower()}" for chain_id, token in self.without}),
        }
        return {name: value for name, value in said.items() if value not in (None, [])}


EVERYTHING = Wanted()


async def events_of(
    session: AsyncSession,
    user_id: UUID,
    wanted: Wanted = EVERYTHING,
    *,
    after: Place | None = None,
    newest_first: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> list[Event]:
    """Return a user's events in their order (by time; in a block by transaction and number), oldest first.

    `after`: from behind that place on, in the direction of the list; `limit` None: all. Events whose block was dropped
    are not among them.
    """
    rows = await repository.list_events(
        session, user_id, wanted.conditions(), after=after, newest_first=newest_first, limit=limit, offset=offset
    )
    events: list[Event] = []
    for start in range(0, len(rows), _AT_ONCE):
        events += records.events_of(rows[start : start + _AT_ONCE])
        if len(rows) > _AT_ONCE:
            await asyncio.sleep(0)  # a long history does not hold everybody else up
    return events


async def count_of(session: AsyncSession, user_id: UUID, wanted: Wanted = EVERYTHING) -> int:
    """Return how many events `events_of` has without a limit."""
    return await repository.count_events(session, user_id, wanted.conditions())


async def event_of(session: AsyncSession, user_id: UUID, event_id: UUID) -> Event | None:
    """Return one event of a user, None when there is none."""
    row = await repository.find_event(session, user_id, event_id)
    return records.event_of(row) if row is not None else None


async def coverage_of(session: AsyncSession, user_id: UUID, wallets: Sequence[str] | None = None) -> list[Coverage]:
    """Return what the ledger holds of a user's wallets (None: all), by wallet and chain.

    Where `to_block` is below `from_block` nothing was read yet.
    """
    named = None if wallets is None else sorted({wallet.lower() for wallet in wallets})
    return [records.coverage_of(row) for row in await repository.coverage(session, user_id, named)]


async def tokens_of(session: AsyncSession, user_id: UUID) -> list[tuple[int, str]]:
    """Return (chain, token) of all that a user's events are about, in order; fees do not count."""
    return await repository.tokens_of(session, user_id)


async def mark_of(session: AsyncSession, user_id: UUID, wallets: Iterable[str]) -> str:
    """Return a text that is another one when any event of these wallets of a user, or a price of one, is."""
    return await repository.mark(session, user_id, sorted({wallet.lower() for wallet in wallets}))


async def protocols_of(session: AsyncSession, user_id: UUID) -> list[str]:
    """Return the protocols that a user has events with, by name."""
    return await repository.protocols_of(session, user_id)


async def open_coverage(session: AsyncSession, user_id: UUID, wanted: Iterable[tuple[str, int]]) -> None:
    """Note, as the worker, that the history of these (wallet, chain) is wanted; again, it changes nothing.

    Whoever asks holds the wallets in the same transaction, so that none is removed meanwhile.
    """
    await repository.open_coverage(session, user_id, sorted({(wallet.lower(), chain) for wallet, chain in wanted}))


async def forget_wallet(session: AsyncSession, user_id: UUID, wallet: str) -> None:
    """Delete all events of a wallet of a user, and what was known of its coverage."""
    await repository.forget_wallet(session, user_id, wallet.lower())


async def withdraw_orphaned(session: AsyncSession, since: datetime) -> set[UUID]:
    """Withdraw, as the worker, the events on blocks that were dropped since then; return whose they were.

    Their wallets are covered up to before those blocks only: the next import reads on from there, and what stands in
    other blocks now comes back.
    """
    blocks = await orphaned_since(session, since - _OVERLAP)
    if not blocks:
        return set()
    first: dict[tuple[UUID, str, int], int] = {}
    for row in await repository.withdraw(session, blocks, utc_now()):
        key = (row.user_id, row.wallet, row.chain_id)
        first[key] = min(row.block_number, first.get(key, row.block_number))
    await repository.lower_coverage(
        session,
        [
            {"user_id": str(user_id), "wallet": wallet, "chain_id": chain_id, "first_block": block}
            for (user_id, wallet, chain_id), block in first.items()
        ],
    )
    return {user_id for user_id, _, _ in first}
