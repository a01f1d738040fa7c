"""A discovery: where a user's wallets are active, which tokens they hold there, and which of those are spam.

Everything that is asked of chains is asked outside of transactions; each part is stored as soon as it is known.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.chain import repository as chain_repository
from backend.chain.registry import DEFAULT_FINALITY_BLOCKS, find_chain
from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.rpc.pool import RpcPool
from backend.chain.tokens import Token, read_tokens
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import UnavailableError
from backend.core.formats import iso
from backend.core.logging import get_logger
from backend.portfolio.balances.pairs import Pairs
from backend.portfolio.balances.reader import read_balances
from backend.portfolio.discovery import repository
from backend.portfolio.discovery.activity import activity_of
from backend.portfolio.discovery.transfers import Scan, scan
from backend.portfolio.nfts.finding import CollectionFinder, store_found
from backend.portfolio.reading import known_by_chain
from backend.portfolio.wallets import ens
from backend.portfolio.wallets import repository as wallets_repository

LISTED_CHAIN_SECONDS = 15.0
MOST_LISTED = 3_000  # tokens of the lists that are asked for each wallet and chain
TOKENS_READ = 300  # new tokens whose names are asked for in one run
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet of the user's."""

    id: UUID
    address: str


class Finder:
    """Finds for one user what there is.

    `protocols` are contracts of protocols, as (chain, address): their NFTs are positions, and no collections.
    """

    def __init__(
        self,
        database: Database,
        pools: Mapping[int, RpcPool],
        multicall3: Mapping[int, str | None],
        user_id: UUID,
        protocols: Collection[tuple[int, str]] = (),
    ) -> None:
        self._database = database
        self._pools = pools
        self._multicall3 = multicall3
        self._user_id = user_id
        self._protocols = protocols

    async def run(self) -> int:
        """Look for everything; return how many tokens there are now."""
        async with self._database.unit_of_work() as session:
            rows = await wallets_repository.wallets_of_users(session, [self._user_id])
        wallets = [Wallet(row.id, row.address) for row in rows]
        if not wallets:
            return 0
        await self.find_names([Wallet(row.id, row.address) for row in rows if row.ens_name is None])
        answering = await self._find_chains(wallets)
        await self._find_transfers(wallets, answering)
        await self._find_listed(wallets, answering)
        async with self._database.unit_of_work() as session:
            await wallets_repository.note_discovered(session, [wallet.id for wallet in wallets], utc_now())
            unread = await repository.tokens_without_facts(session, [self._user_id])
        await self._read_facts(unread[:TOKENS_READ])
        await CollectionFinder(self._database, self._pools, self._multicall3, self._user_id).run()
        async with self._database.unit_of_work() as session:
            return len(await repository.tokens_of(session, [self._user_id]))

    async def find_names(self, wallets: Sequence[Wallet]) -> None:
        """Note the ENS names that addresses call themselves, where the name stands for the address again."""
        ethereum = self._pools.get(ens.ENS_CHAIN_ID)
        if ethereum is None:
            return
        for wallet in wallets:
            try:
                name = await ens.name_of(ethereum, wallet.address)
            except UnavailableError:
                return
            if name is not None:
                async with self._database.unit_of_work() as session:
                    await wallets_repository.set_ens_name(session, wallet.id, name)

    async def held_raw(self) -> dict[tuple[int, str], int]:
        """Return what the user's wallets together hold of each token that was found, where it can be read now."""
        async with self._database.unit_of_work() as session:
            tokens = await repository.tokens_of(session, [self._user_id])
            rows = await wallets_repository.wallets_of_users(session, [self._user_id])
        addresses = {row.id: row.address for row in rows}
        by_chain: dict[int, list[tuple[str, str]]] = {}
        for row in tokens:
            if row.chain_id in self._pools and row.wallet_id in addresses:
                by_chain.setdefault(row.chain_id, []).append((addresses[row.wallet_id], row.token))
        wanted = {chain_id: Pairs.of(pairs) for chain_id, pairs in by_chain.items()}
        sums: dict[tuple[int, str], int] = {}
        for sheet in (await read_balances(self._pools, wanted, self._multicall3)).values():
            for held in sheet:
                if held.amount_raw is not None:
                    sums[held.asset] = sums.get(held.asset, 0) + held.amount_raw
        return sums

    async def _find_chains(self, wallets: Sequence[Wallet]) -> frozenset[int]:
        """Look where the wallets are active; return the chains that answered, which are looked at further."""
        found = await activity_of(self._pools, [wallet.address for wallet in wallets])
        ids = {wallet.address: wallet.id for wallet in wallets}
        rows = [
            {
                "wallet_id": str(ids[each.wallet]),
                "chain_id": each.chain_id,
                "is_active": each.is_active,
                "nonce": each.nonce,
                "balance_raw": None if each.balance_raw is None else str(each.balance_raw),
                "block_number": each.block_number,
                "problem": each.problem,
                "checked_at": iso(utc_now()),
            }
            for each in found
        ]
        async with self._database.unit_of_work() as session:
            await wallets_repository.note_chains(session, rows)
        return frozenset(each.chain_id for each in found if each.problem is None)

    async def _find_transfers(self, wallets: Sequence[Wallet], answering: frozenset[int]) -> None:
        """Look through what is new on every chain, also where nothing was sent: tokens may have come all the same."""
        async with self._database.unit_of_work() as session:
            cursors = await repository.cursors(session, [wallet.id for wallet in wallets])
        addresses = {wallet.id: wallet.address for wallet in wallets}
        groups: dict[tuple[int, int | None], list[UUID]] = {}
        for row in cursors:
            if row.chain_id in answering:
                groups.setdefault((row.chain_id, row.next_block), []).append(row.wallet_id)

        async def look(chain_id: int, next_block: int | None, ids: list[UUID]) -> None:
            chain = find_chain(chain_id)
            finality = chain.finality_blocks if chain else DEFAULT_FINALITY_BLOCKS
            found = await scan(self._pools[chain_id], [addresses[each] for each in ids], next_block, finality)
            await self._store_scan(chain_id, {addresses[each]: each for each in ids}, found)

        await asyncio.gather(*(look(*key, ids) for key, ids in groups.items()))

    async def _store_scan(self, chain_id: int, ids: Mapping[str, UUID], found: Scan) -> None:
        if found.problem is not None:
            log.warning("transfers not looked through", chain_id=chain_id, reason=found.problem)
        active = found.tokens.keys() | {wallet for wallet, _ in found.nfts}
        tokens = [
            _token(ids[wallet], chain_id, token, "transfer")
            for wallet, held in found.tokens.items()
            for token in sorted(held)
        ]
        moved = [
            {
                "wallet_id": str(wallet_id),
                "chain_id": chain_id,
                "next_block": found.next_block,
                "is_active": wallet in active,
            }
            for wallet, wallet_id in ids.items()
        ]
        async with self._database.unit_of_work() as session:
            await repository.add_tokens(session, tokens)
            await store_found(session, chain_id, ids, found.nfts, self._protocols)
            await repository.move_cursors(session, moved)

    async def _find_listed(self, wallets: Sequence[Wallet], answering: frozenset[int]) -> None:
        """Ask each wallet's balance of all listed and priced tokens, where it is active; note those that it holds."""
        chain_ids = sorted(answering)
        async with self._database.unit_of_work() as session:
            states = await repository.cursors(session, [wallet.id for wallet in wallets])
            listed = await repository.listed_tokens(session, chain_ids)
            known = await known_by_chain(session, chain_ids)
        by_chain: dict[int, dict[str, str]] = {chain_id: {} for chain_id in chain_ids}
        for row in listed:
            if len(by_chain[row.chain_id]) < MOST_LISTED:
                by_chain[row.chain_id][row.token] = "list"
        for chain_id, tokens in known.items():
            by_chain[chain_id].update({token.address: "known" for token in tokens})
        idle = {(row.wallet_id, row.chain_id) for row in states if row.is_active is False}
        ids = {wallet.address: wallet.id for wallet in wallets}
        wanted = {}
        for chain_id, tokens in by_chain.items():
            active = [wallet.address for wallet in wallets if (wallet.id, chain_id) not in idle]
            if tokens and active:
                wanted[chain_id] = Pairs.every(active, list(tokens))
        sheets = await read_balances(self._pools, wanted, self._multicall3, chain_seconds=LISTED_CHAIN_SECONDS)
        rows = [
            _token(ids[held.wallet], chain_id, held.asset.token, by_chain[chain_id][held.asset.token])
            for chain_id, sheet in sheets.items()
            for held in sheet
            if held.amount_raw
        ]
        async with self._database.unit_of_work() as session:
            await repository.add_tokens(session, rows)

    async def _read_facts(self, tokens: Iterable[tuple[int, str]]) -> None:
        """Ask new tokens what they are called and how they are counted."""
        by_chain: dict[int, list[str]] = {}
        for chain_id, token in tokens:
            by_chain.setdefault(chain_id, []).append(token)

        async def read(chain_id: int, addresses: list[str]) -> list[Token]:
            try:
                found = await read_tokens(self._pools[chain_id], addresses, self._multicall3.get(chain_id))
            except (RpcError, AllProvidersDownError) as error:
                log.warning("tokens not read", chain_id=chain_id, reason=error.message[:200])
                return []
            return list(found.values())

        chains = [chain_id for chain_id in by_chain if chain_id in self._pools]
        answers = await asyncio.gather(*(read(chain_id, by_chain[chain_id]) for chain_id in chains))
        rows = [
            {
                "chain_id": chain_id,
                "address": token.address,
                "symbol": token.symbol,
                "name": token.name,
                "decimals": token.decimals,
            }
            for chain_id, tokens in zip(chains, answers, strict=True)
            for token in tokens
        ]
        async with self._database.unit_of_work() as session:
            await chain_repository.insert_tokens(session, rows)


def _token(wallet_id: UUID, chain_id: int, token: str, found_by: str) -> dict[str, Any]:
    return {"wallet_id": str(wallet_id), "chain_id": chain_id, "token": token, "found_by": found_by}
