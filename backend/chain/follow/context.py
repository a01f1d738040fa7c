"""What the follower knows of a chain's contracts: tokens and pools, in memory, in the database, or read when needed."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain import repository
from backend.chain.pools import Factory, Pool
from backend.chain.rpc.pool import RpcPool
from backend.chain.tokens import Token, read_tokens

TOKENS_IN_MEMORY = 50_000


class ChainContext:
    """Implements `ports.ChainReader`."""

    def __init__(self, chain_id: int, rpc: RpcPool, multicall3: str | None, factories: Iterable[Factory] = ()) -> None:
        self.chain_id = chain_id
        self.rpc = rpc
        self.multicall3 = multicall3
        self._factories = {factory.kind: factory for factory in factories}
        self._tokens: dict[str, Token] = {}
        self._pools: dict[str, Pool | None] = {}
        self._unstored_tokens: list[Token] = []
        self._unstored_pools: list[Pool] = []

    async def load(self, session: AsyncSession) -> None:
        """Take over what the database knows."""
        self._unstored_tokens, self._unstored_pools = [], []
        self._tokens = {
            row["address"]: Token(**row)
            for row in await repository.read_tokens(session, self.chain_id, TOKENS_IN_MEMORY)
        }
        self._pools = {**await self.stored_pools(session)}

    def forget(self) -> None:
        """Forget everything: the chain was thrown away."""
        self._tokens, self._pools, self._unstored_tokens, self._unstored_pools = {}, {}, [], []

    async def tokens(self, addresses: set[str]) -> dict[str, Token]:
        """Return metadata by address, read from the contracts when not known yet. Raises RpcError."""
        missing = sorted(addresses - self._tokens.keys())
        if missing:
            read = await read_tokens(self.rpc, missing, self.multicall3)
            self._tokens |= read
            self._unstored_tokens += read.values()
            while len(self._tokens) > TOKENS_IN_MEMORY + len(addresses):
                self._tokens.pop(next(iter(self._tokens)))
        return {address: self._tokens[address] for address in addresses}

    def token(self, address: str) -> Token | None:
        """Return a token's metadata if it is known, without asking the chain."""
        return self._tokens.get(address)

    async def stored_pools(self, session: AsyncSession) -> dict[str, Pool]:
        """Return the identified pools by address; a verified one is vouched for by the factory of its kind."""
        return {row["address"]: self._pool(row) for row in await repository.read_pools(session, self.chain_id)}

    def _pool(self, row: dict[str, Any]) -> Pool:
        factory = self._factories.get(row["kind"]) if row["verified"] else None
        return Pool(row["address"], row["kind"], row["token0"], row["token1"], row["fee_ppm"], factory)

    def is_known_pool(self, address: str) -> bool:
        """True when an address was looked at before, whatever came of it."""
        return address in self._pools

    def is_verified_pool(self, address: str) -> bool:
        """True for a pool that a trusted factory vouches for."""
        pool = self._pools.get(address)
        return pool is not None and pool.factory is not None

    def remember_pools(self, pools: Iterable[Pool], looked_at: Iterable[str] = ()) -> None:
        """Keep newly identified pools; they are stored with the next block. `looked_at` may hold what is no pool."""
        for address in looked_at:
            self._pools.setdefault(address, None)
        for pool in pools:
            self._pools[pool.address] = pool
            self._unstored_pools.append(pool)

    async def store(self, session: AsyncSession) -> None:
        """Write what was learnt since the last block."""
        await repository.insert_tokens(
            session,
            [
                {
                    "chain_id": self.chain_id,
                    "address": token.address,
                    "symbol": token.symbol,
                    "name": token.name,
                    "decimals": token.decimals,
                }
                for token in self._unstored_tokens
            ],
        )
        await repository.insert_pools(
            session,
            [
                {
                    "chain_id": self.chain_id,
                    "address": pool.address,
                    "kind": pool.kind,
                    "token0": pool.token0,
                    "token1": pool.token1,
                    "fee_ppm": pool.fee_ppm,
                    "verified": pool.factory is not None,
                }
                for pool in self._unstored_pools
            ],
        )
        self._unstored_tokens, self._unstored_pools = [], []
