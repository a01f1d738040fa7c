"""What decoders are told of a chain's contracts: pools that a trusted factory vouches for, and contracts by purpose.

What the database does not know of a pool is asked of its contract, once; what is none is not asked again for a day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backend.chain import repository as chain_repository
from backend.chain.decode import V2, V2_BURN, V2_MINT, V2_SWAP, V3, V3_BURN, V3_COLLECT, V3_MINT, V3_SWAP
from backend.chain.pools import Factory, Pool, read_pools
from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.rpc.pool import RpcPool
from backend.core.clock import now_seconds
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.ledger.transactions import Facts, PoolFacts, Transaction

ASK_AGAIN_SECONDS = 86_400.0
MOST_ASKED = 200
_POOL_TOPICS = {
    **dict.fromkeys((V2_SWAP, V2_MINT, V2_BURN), V2),
    **dict.fromkeys((V3_SWAP, V3_MINT, V3_BURN, V3_COLLECT), V3),
}
_NAMES = {V2: "Uniswap V2", V3: "Uniswap V3"}
log = get_logger(__name__)


@dataclass(slots=True)
class FactsBook:
    """Facts of one chain."""

    chain_id: int
    multicall3: str | None
    wrapped_native: frozenset[str] = frozenset()
    factories: tuple[Factory, ...] = ()
    contracts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    _pools: dict[str, PoolFacts] = field(default_factory=dict)
    _asked_at: dict[str, float] = field(default_factory=dict)
    _is_loaded: bool = False

    async def of(self, database: Database, rpc: RpcPool, transactions: Iterable[Transaction]) -> Facts:
        """Return what is known for decoding these transactions, having asked unknown pools."""
        if not self._is_loaded:
            await self._load(database)
        unknown: dict[str, str] = {}
        for transaction in transactions:
            for each in transaction.logs:
                kind = _POOL_TOPICS.get(each.topics[0]) if each.topics else None
                if kind is not None and self._is_unknown(each.address):
                    unknown[each.address] = kind
        for start in range(0, len(unknown), MOST_ASKED):
            await self._ask(database, rpc, dict(list(unknown.items())[start : start + MOST_ASKED]))
        return Facts(wrapped_native=self.wrapped_native, pools=self._pools, contracts=self.contracts)

    def _is_unknown(self, address: str) -> bool:
        return address not in self._pools and now_seconds() - self._asked_at.get(address, 0.0) > ASK_AGAIN_SECONDS

    async def _load(self, database: Database) -> None:
        async with database.unit_of_work() as session:
            rows = await chain_repository.read_pools(session, self.chain_id)
        for row in rows:
            if row["verified"]:
                self._pools[row["address"]] = self._pool(row["kind"], row["token0"], row["token1"])
        self._is_loaded = True

    def _pool(self, kind: str, token0: str, token1: str) -> PoolFacts:
        protocol = next((each.protocol for each in self.factories if each.kind == kind), _NAMES[kind])
        return PoolFacts(protocol=protocol, token0=token0, token1=token1)

    async def _ask(self, database: Database, rpc: RpcPool, candidates: dict[str, str]) -> None:
        try:
            found = await read_pools(rpc, candidates, self.factories, self.multicall3)
        except (RpcError, AllProvidersDownError) as error:
            log.warning("pools not read", chain_id=self.chain_id, reason=error.message[:200])
            return
        self._asked_at |= dict.fromkeys(candidates, now_seconds())
        vouched = {address: pool for address, pool in found.items() if pool.factory is not None}
        for address, pool in vouched.items():
            self._pools[address] = self._pool(pool.kind, pool.token0, pool.token1)
        async with database.unit_of_work() as session:
            await chain_repository.insert_pools(session, [_row(self.chain_id, pool) for pool in vouched.values()])


def _row(chain_id: int, pool: Pool) -> dict[str, object]:
    return {
        "chain_id": chain_id,
        "address": pool.address,
        "kind": pool.kind,
        "token0": pool.token0,
        "token1": pool.token1,
        "fee_ppm": pool.fee_ppm,
        "verified": True,
    }
