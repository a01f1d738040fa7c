"""A discovery's part about NFTs: what the wallets' logs tell of collections is stored, and each is looked at closer.

Everything that is asked of chains is asked outside of transactions; each part is stored as soon as it is known.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.rpc.errors import AllProvidersDownError, RpcError, RpcMissingError
from backend.chain.rpc.pool import RpcPool
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.portfolio.nfts import repository
from backend.portfolio.nfts.facts import counted_ids, read_collections
from backend.portfolio.nfts.logs import Found
from backend.portfolio.nfts.origin import recipients_of

FACTS_READ = 200  # new collections of a chain that are asked what they are in one run
COUNTED_READ = 50  # wallets with a collection that counts pieces, of a chain
ORIGINS_READ = 40  # new collections of a chain whose way to the wallet is looked at in one run
log = get_logger(__name__)


async def store_found(
    session: AsyncSession,
    chain_id: int,
    wallet_ids: Mapping[str, UUID],
    found: Found,
    protocols: Collection[tuple[int, str]],
) -> None:
    """Note what a scan found. The pieces of `protocols` (chain, address) are positions, which plug-ins read."""
    rows = [
        {
            "wallet_id": str(wallet_ids[wallet]),
            "chain_id": chain_id,
            "collection": collection,
            "token_ids": [str(each) for each in sorted(received.token_ids)],
            "has_more": received.has_more,
            "first_tx": received.first_tx,
            "first_block": received.first_block,
        }
        for (wallet, collection), received in found.items()
        if (chain_id, collection) not in protocols
    ]
    if rows:
        await repository.add_collections(session, rows)


class CollectionFinder:
    """Looks closer at the collections that were found for one user."""

    def __init__(
        self, database: Database, pools: Mapping[int, RpcPool], multicall3: Mapping[int, str | None], user_id: UUID
    ) -> None:
        self._database = database
        self._pools = pools
        self._multicall3 = multicall3
        self._user_id = user_id

    async def run(self) -> None:
        """Ask new collections what they are, those that count pieces for them, and how each came to the wallet.

        A chain that does not answer is asked again at the next discovery.
        """
        for step in (self._read_facts, self._count, self._find_origins):
            rows: dict[int, list[Any]] = defaultdict(list)
            for row in await self._rows():
                if row.chain_id in self._pools:
                    rows[row.chain_id].append(row)
            await asyncio.gather(*(self._on_chain(step, chain_id, each) for chain_id, each in rows.items()))

    async def _on_chain(
        self, step: Callable[[int, Sequence[Any]], Awaitable[None]], chain_id: int, rows: Sequence[Any]
    ) -> None:
        try:
            await step(chain_id, rows)
        except (RpcError, AllProvidersDownError) as error:
            log.warning("collections not looked at", chain_id=chain_id, reason=error.message[:200])

    async def _rows(self) -> Sequence[Any]:
        async with self._database.unit_of_work() as session:
            return await repository.collections_of(session, [self._user_id])

    async def _read_facts(self, chain_id: int, rows: Sequence[Any]) -> None:
        unread = list(dict.fromkeys(row.collection for row in rows if not row.is_read))[:FACTS_READ]
        if not unread:
            return
        found = await read_collections(self._pools[chain_id], unread, self._multicall3.get(chain_id))
        facts = [
            {
                "chain_id": chain_id,
                "address": each.address,
                "standard": each.standard,
                "is_enumerable": each.is_enumerable,
                "symbol": each.symbol,
                "name": each.name,
            }
            for each in found
        ]
        async with self._database.unit_of_work() as session:
            await repository.note_facts(session, facts)

    async def _count(self, chain_id: int, rows: Sequence[Any]) -> None:
        """Find pieces that came before the logs that are looked through, where the contract counts them."""
        wanted = {(row.wallet, row.collection): row for row in rows if row.is_enumerable and not row.is_spam}
        pairs = list(wanted)[:COUNTED_READ]
        if not pairs:
            return
        found = await counted_ids(self._pools[chain_id], pairs, self._multicall3.get(chain_id))
        more = [
            {
                "wallet_id": str(wanted[pair].wallet_id),
                "chain_id": chain_id,
                "collection": pair[1],
                "token_ids": [str(each) for each in token_ids],
                "has_more": has_more,
                "first_tx": wanted[pair].first_tx,
                "first_block": wanted[pair].first_block,
            }
            for pair, (token_ids, has_more) in found.items()
        ]
        async with self._database.unit_of_work() as session:
            await repository.add_collections(session, more)

    async def _find_origins(self, chain_id: int, rows: Sequence[Any]) -> None:
        found = []
        rpc = self._pools[chain_id]
        try:
            for row in [row for row in rows if row.recipients is None][:ORIGINS_READ]:
                try:
                    count = await recipients_of(rpc, row.wallet, row.collection, row.first_tx, row.first_block)
                except RpcMissingError:
                    continue  # that transaction was dropped, or the provider keeps no old ones
                found.append(
                    {
                        "wallet_id": str(row.wallet_id),
                        "chain_id": chain_id,
                        "collection": row.collection,
                        "recipients": count,
                    }
                )
        finally:
            if found:
                async with self._database.unit_of_work() as session:
                    await repository.note_recipients(session, found)
