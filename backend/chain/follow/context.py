"""What the follower knows of a chain's contracts: tokens and pools, in memory, in the database, or read when needed."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain import repository
from backend.chain.pools import Factory, Pool
from backend.chain.rpc.pool import RpcPool
from backend.chain.tokens import Token, read_tokens
from backend.core.clock import now_seconds

TOKENS_IN_MEMORY = 50_000
SPARE = 5_000
ASK_AGAIN_SECONDS = 600.0


class ChainContext:
    """Implements `ports.ChainReader`."""

    def __init__(self, chain_id: int, rpc: RpcPool, multicall3: str | None, factories: Iterable[Factory] = ()) -> None:
        self.chain_id = chain_id
        self.rpc = rpc
        self.multicall3 = multicall3
        self._factories = {factory.kind: factory for factory in factories}
        self._tokens: dict[str, Token] = {}
        self._silent_since: dict[str, float] = {}
        self._pools: dict[str, Pool | None] = {}
        self._unstored_tokens: list[Token] = []
        self._unstored_pools: list[Pool] = []

    async def load(self, session: AsyncSession) -> None:
        """Take over what the database knows."""
        self._unstored_tokens, self._unstored_pools = [], []
        stored = [Token(**row) for row in await repository.read_tokens(session, self.chain_id, TOKENS_IN_MEMORY)]
        self._tokens = {token.address: token for token in stored if token.decimals is not None}
        self._silent_since = {}
        self._pools = {**await self.stored_pools(session)}

    def forget(self) -> None:
        """Forget everything: the chain was thrown away."""
        self._tokens, self._pools, self._unstored_tokens, self._unstored_pools = {}, {}, [], []

    async def tokens(self, addresses: set[str]) -> dict[str, Token]:
        """Return metadata by address, read from the contracts when not known yet. Raises RpcError."""
        missing = sorted(address for address in addresses if self._is_unread(address))
        if missing:
            read = await read_tokens(self.rpc, missing, self.multicall3)
            self._silent_since |= {token.address: now_seconds() for token in read.values() if token.decimals is None}
            self._tokens |= read
            self._unstored_tokens += read.values()
        known = {address: self._tokens[address] for address in addresses}
        if len(self._tokens) > TOKENS_IN_MEMORY + SPARE:
            self._forget_some(keep=addresses)
        return known

    def _forget_some(self, keep: set[str]) -> None:
        """Forget the tokens met longest ago, except those in use and those of trusted pools."""
        pools = [pool for pool in self._pools.values() if pool is not None and pool.factory is not None]
        kept = keep.union(*({pool.token0, pool.token1} for pool in pools))
        for address in [address for address in self._tokens if address not in kept][:SPARE]:
            del self._tokens[address]
            self._silent_since.pop(address, None)

    def _is_unread(self, address: str) -> bool:
        """True for an unknown token, and for one that said nothing a while ago: it may have had no code yet."""
        token = self._tokens.get(address)
        if token is None:
            return True
        return token.decimals is None and now_seconds() - self._silent_since.get(address, 0.0) > ASK_AGAIN_SECONDS

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
