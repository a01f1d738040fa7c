"""Imports for a user: each wallet on each chain by the best way there is, chains beside each other."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from backend.chain.registry import DEFAULT_FINALITY_BLOCKS, find_chain
from backend.chain.rpc.pool import RpcPool
from backend.core.clock import now_seconds
from backend.core.db import Database
from backend.core.settings import DEMO_CHAIN_ID, EXPLORER_URL, Settings
from backend.ledger.importing.explorer import Explorer, ExplorerWay, UnknownChainError
from backend.ledger.importing.facts import FactsBook
from backend.ledger.importing.importer import Ground, Imported, Importer
from backend.ledger.importing.node import Learned, NodeWay
from backend.ledger.importing.tokens import read_new_tokens
from backend.ledger.known_contracts import known_contracts
from backend.market.anchors import market_anchors
from backend.market.ladder.service import Ladder

# The local chain answers for the logs of its newest 1,000 blocks (docs/demo-market.md); it grows while it is read.
LOCAL_BLOCKS_KEPT = 960
CHAINS_AT_ONCE = 8
ASK_EXPLORER_AGAIN_SECONDS = 86_400.0


@dataclass(slots=True)
class _Shared:
    """What this process learned of chains: worth something only because it is kept."""

    books: dict[int, FactsBook] = field(default_factory=dict)
    learned: dict[int, Learned] = field(default_factory=dict)
    no_explorer_since: dict[int, float] = field(default_factory=dict)
    explorer: Explorer | None = None


_shared: dict[tuple[int, str], _Shared] = {}


@dataclass(frozen=True, slots=True)
class Imports:
    """What imports work with."""

    settings: Settings
    database: Database
    prices: Ladder
    pools: Mapping[int, RpcPool]

    async def run(self, user_id: UUID, wanted: Sequence[tuple[str, int]], seconds: float) -> Imported:
        """Read on what happened to (wallet, chain) of a user, for so many seconds.

        What cannot be read is said in its coverage; the next run goes on from where this one ended.
        """
        deadline = now_seconds() + seconds
        slots = asyncio.Semaphore(CHAINS_AT_ONCE)
        by_chain: dict[int, list[str]] = {}
        for wallet, chain_id in wanted:
            if chain_id in self.pools:
                by_chain.setdefault(chain_id, []).append(wallet)

        async def read(chain_id: int, wallets: Sequence[str]) -> list[Imported]:
            async with slots:
                return [await self._wallet(user_id, wallet, chain_id, deadline) for wallet in wallets]

        parts = await asyncio.gather(*(read(chain_id, wallets) for chain_id, wallets in by_chain.items()))
        done = [each for part in parts for each in part]
        if any(each.changed for each in done):
            await read_new_tokens(self.database, self.pools, user_id)
        return Imported(any(each.changed for each in done), all(each.is_current for each in done))

    async def _wallet(self, user_id: UUID, wallet: str, chain_id: int, deadline: float) -> Imported:
        shared = _shared_of(self)
        if self._asks_explorer(shared, chain_id):
            try:
                return await self._importer(shared, chain_id, with_explorer=True).run(user_id, wallet, deadline)
            except UnknownChainError:
                shared.no_explorer_since[chain_id] = now_seconds()
        return await self._importer(shared, chain_id, with_explorer=False).run(user_id, wallet, deadline)

    def _asks_explorer(self, shared: _Shared, chain_id: int) -> bool:
        settings = self.settings
        if not settings.explorer_api_key.get_secret_value():
            return False
        if chain_id == DEMO_CHAIN_ID and settings.explorer_api_url == EXPLORER_URL:
            return False  # nobody outside knows it
        return now_seconds() - shared.no_explorer_since.get(chain_id, -1e12) > ASK_EXPLORER_AGAIN_SECONDS

    def _importer(self, shared: _Shared, chain_id: int, *, with_explorer: bool) -> Importer:
        rpc = self.pools[chain_id]
        if with_explorer:
            shared.explorer = shared.explorer or Explorer(self.settings)
            way = ExplorerWay(shared.explorer, chain_id, self.settings.explorer_api_key.get_secret_value())
        else:
            way = NodeWay(rpc, shared.learned.setdefault(chain_id, Learned()))
        chain = find_chain(chain_id)
        ground = Ground(
            chain.finality_blocks if chain else DEFAULT_FINALITY_BLOCKS,
            LOCAL_BLOCKS_KEPT if chain_id == DEMO_CHAIN_ID and not with_explorer else None,
        )
        facts = self._facts(shared, chain_id)
        return Importer(self.database, rpc, way, facts, self.prices, ground, from_start=with_explorer)

    def _facts(self, shared: _Shared, chain_id: int) -> FactsBook:
        anchors = market_anchors(chain_id, self.settings.demo_addresses_file)
        chain = find_chain(chain_id)
        book = shared.books.setdefault(chain_id, FactsBook(chain_id, chain.multicall3 if chain else None))
        if anchors is not None:
            book.wrapped_native, book.factories = frozenset({anchors.anchors.wrapped_native}), anchors.factories
        book.contracts = known_contracts(chain_id, self.settings.demo_addresses_file)
        return book


def _shared_of(imports: Imports) -> _Shared:
    return _shared.setdefault((id(asyncio.get_running_loop()), imports.database.url), _Shared())


async def close_shared_imports() -> None:
    """Close this loop's connections to explorers; the next use makes new ones."""
    loop = id(asyncio.get_running_loop())
    for key in [key for key in _shared if key[0] == loop]:
        explorer = _shared.pop(key).explorer
        if explorer is not None:
            await explorer.close()
