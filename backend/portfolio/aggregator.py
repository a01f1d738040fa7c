"""The aggregator: reads what users hold on every chain, asks what it costs, and hands their snapshots to the store.

Many users are read together, so that a pair of wallet and token that several of them have is asked once, and a chain
has one pinned block for all of them.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.chain.rpc.pool import RpcPool
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.portfolio.balances.reader import CHAIN_SECONDS, start_reading
from backend.portfolio.balances.sheet import ChainBalances
from backend.portfolio.nfts.pieces import Wanted
from backend.portfolio.nfts.reading import ChainNfts, nfts_of
from backend.portfolio.positions import ChainPositions, positions_of
from backend.portfolio.prices import FloorPrices, Key, Price, Prices
from backend.portfolio.protocols.base import ProtocolPlugin
from backend.portfolio.reading import UserReading, facts_of, nfts_wanted, pairs_of, readings_of, suspects_of
from backend.portfolio.sink import StoreSink
from backend.portfolio.snapshots.records import Snapshot
from backend.portfolio.taking import Amounts, ChainTaken, Knowledge, chain_taken, needs_last, snapshot_of

USERS_AT_ONCE = 500
FIRST_WAVE = 0.3  # of a chain's time, after which what is there is valued while the rest is waited for
log = get_logger(__name__)
_ChainRead = tuple[ChainBalances, ChainPositions, ChainNfts]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a taking: snapshots written, pairs read, and chains that could not be read, with the reason."""

    snapshots: int
    pairs: int
    failed: Mapping[int, str]


class Aggregator:
    """Takes snapshots. `pools` and `multicall3` by chain; `stablecoins` are assets that are meant to be worth $1.

    `plugins` are the protocols whose positions are read, `floors` knows what NFTs are offered at (None: nobody does).
    """

    def __init__(
        self,
        database: Database,
        pools: Mapping[int, RpcPool],
        multicall3: Mapping[int, str | None],
        prices: Prices,
        sink: StoreSink,
        *,
        stablecoins: Iterable[Key] = (),
        plugins: Sequence[ProtocolPlugin] = (),
        floors: FloorPrices | None = None,
        chain_seconds: float = CHAIN_SECONDS,
    ) -> None:
        self._database = database
        self._pools = pools
        self._multicall3 = multicall3
        self._prices = prices
        self._sink = sink
        self._stablecoins = frozenset(stablecoins)
        self._plugins = plugins
        self._floors = floors
        self._chain_seconds = chain_seconds

    async def take(self, users: Sequence[UUID]) -> Taken:
        """Take a snapshot of each of these users that has wallets, all as of one block of each chain.

        Those that rest on a block that its chain dropped meanwhile are taken once more.
        """
        taken, again = await self._take(users)
        if again:
            log.info("snapshots on dropped blocks are taken again", users=len(again))
            await self._take(again)
        return taken

    async def _take(self, users: Sequence[UUID]) -> tuple[Taken, list[UUID]]:
        async with self._database.unit_of_work() as session:
            readings = await readings_of(session, users, sorted(self._pools))
        if not readings:
            return Taken(0, 0, {}), []
        started = time.perf_counter()
        wanted = pairs_of(readings)
        balances = start_reading(self._pools, wanted, self._multicall3, chain_seconds=self._chain_seconds)
        suspect, nfts = suspects_of(readings), nfts_wanted(readings)
        reading = {
            chain_id: asyncio.create_task(self._with_rest(task, suspect.get(chain_id, []), nfts.get(chain_id, [])))
            for chain_id, task in balances.items()
        }
        try:
            sheets, snapshots = await self._snapshots(readings, reading)
        finally:
            for task in (*balances.values(), *reading.values()):
                task.cancel()
        again = await self._sink.save(snapshots)
        failed = {chain_id: sheet.problem or "" for chain_id, sheet in sheets.items() if sheet.block is None}
        pairs = sum(len(each) for each in wanted.values())
        log.info(
            "snapshots taken",
            users=len(readings),
            chains=len(sheets),
            pairs=pairs,
            failed=sorted(failed),
            seconds=round(time.perf_counter() - started, 2),
        )
        return Taken(len(readings), pairs, failed), again

    async def _with_rest(
        self, balances: asyncio.Task[ChainBalances], suspect: Sequence[tuple[str, str]], nfts: Sequence[Wanted]
    ) -> _ChainRead:
        """Return a chain's balances, and positions and NFTs as of the same block, for which it has as long again."""
        sheet = await balances
        rpc, multicall3 = self._pools[sheet.chain_id], self._multicall3.get(sheet.chain_id)
        positions, pieces = await asyncio.gather(
            positions_of(rpc, self._plugins, sheet, suspect, multicall3, self._chain_seconds),
            nfts_of(rpc, sheet, nfts, multicall3, self._chain_seconds),
        )
        return sheet, positions, pieces

    async def _snapshots(
        self, readings: Sequence[UserReading], reading: Mapping[int, asyncio.Task[_ChainRead]]
    ) -> tuple[dict[int, ChainBalances], list[Snapshot]]:
        """Return what was read, and the snapshots made of it.

        What is there soon is valued while the slow chains are still waited for: two waves, so that prices are asked
        for in few requests.
        """
        if reading:
            await asyncio.wait(reading.values(), timeout=self._chain_seconds * FIRST_WAVE)
        first = {chain_id: task.result() for chain_id, task in reading.items() if task.done()}
        taken: dict[tuple[UUID, int], ChainTaken] = {}
        chains = await self._value(readings, first, taken) if first else []
        rest = {chain_id: await task for chain_id, task in reading.items() if chain_id not in first}
        chains += await self._value(readings, rest, taken) if rest else []
        await self._with_last(readings, chains, taken)
        now = utc_now()
        snapshots = [
            snapshot_of(each.user_id, [taken[each.user_id, chain_id] for chain_id in each.wanted], now)
            for each in readings
        ]
        return {chain_id: sheet for chain_id, (sheet, *_) in {**first, **rest}.items()}, snapshots

    async def _value(
        self,
        readings: Sequence[UserReading],
        sheets: Mapping[int, _ChainRead],
        taken: dict[tuple[UUID, int], ChainTaken],
    ) -> list[Knowledge]:
        """Value what was read of some chains, as far as that goes without the last snapshots."""
        known = await self._knowledge(sheets)
        now = utc_now()
        for each in readings:
            for chain_id, pairs in each.wanted.items():
                nfts = each.nfts.get(chain_id, ())
                if chain_id in sheets and not needs_last(chain_id, pairs, nfts, known):
                    taken[each.user_id, chain_id] = chain_taken(chain_id, pairs, nfts, known, None, now)
        return [known]

    async def _with_last(
        self,
        readings: Sequence[UserReading],
        knowledge: Sequence[Knowledge],
        taken: dict[tuple[UUID, int], ChainTaken],
    ) -> None:
        """Value the rest with the help of the last snapshots."""
        lacking = [each for each in readings if any((each.user_id, chain_id) not in taken for chain_id in each.wanted)]
        last = await self._sink.last([each.user_id for each in lacking]) if lacking else {}
        now = utc_now()
        for each in lacking:
            for chain_id, pairs in each.wanted.items():
                if (each.user_id, chain_id) not in taken:
                    known = next(part for part in knowledge if chain_id in part.chains)
                    before, nfts = last.get(each.user_id), each.nfts.get(chain_id, ())
                    taken[each.user_id, chain_id] = chain_taken(chain_id, pairs, nfts, known, before, now)

    async def _knowledge(self, sheets: Mapping[int, _ChainRead]) -> Knowledge:
        """Return what was read together with what it is and costs; only what somebody holds is asked for."""
        chains = {chain_id: Amounts.of(*read) for chain_id, read in sheets.items()}
        held = list(
            dict.fromkeys(
                (chain_id, token)
                for chain_id, chain in chains.items()
                for (_, token), amount in chain.amounts.items()
                if amount != 0
            )
        )
        inside = {(chain_id, token) for chain_id, chain in chains.items() for token in chain.positions.tokens()}
        held += sorted(inside.difference(held))
        quotes, floors = await asyncio.gather(self._prices.quotes(held), self._floors_of(chains))
        async with self._database.unit_of_work() as session:
            facts = await facts_of(session, held)
        return Knowledge(chains, facts, quotes, self._stablecoins, floors)

    async def _floors_of(self, chains: Mapping[int, Amounts]) -> Mapping[Key, Price]:
        """Return the floors of the collections that somebody holds pieces of."""
        held = {
            (chain_id, collection): None
            for chain_id, chain in chains.items()
            for (_, collection), pieces in chain.nfts.by_pair.items()
            if pieces.count != 0
        }
        return await self._floors.floors(list(held)) if self._floors is not None and held else {}
