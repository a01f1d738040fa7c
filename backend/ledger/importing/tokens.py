"""What tokens call themselves that were met in events for the first time."""

from collections.abc import Mapping
from uuid import UUID

from backend.chain import repository as chain_repository
from backend.chain.registry import find_chain
from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.rpc.pool import RpcPool
from backend.chain.tokens import read_tokens
from backend.core.db import Database
from backend.core.logging import get_logger
from backend.ledger import repository

MOST_READ = 300
log = get_logger(__name__)


async def read_new_tokens(database: Database, pools: Mapping[int, RpcPool], user_id: UUID) -> None:
    """Ask the contracts of a user's tokens that nobody asked yet, MOST_READ of them, and store what they say."""
    async with database.unit_of_work() as session:
        unread = await repository.unread_tokens(session, user_id, MOST_READ)
    by_chain: dict[int, list[str]] = {}
    for chain_id, token in unread:
        by_chain.setdefault(chain_id, []).append(token)
    for chain_id, tokens in by_chain.items():
        chain = find_chain(chain_id)
        if chain_id not in pools:
            continue
        try:
            found = await read_tokens(pools[chain_id], tokens, chain.multicall3 if chain else None)
        except (RpcError, AllProvidersDownError) as error:
            log.warning("tokens not read", chain_id=chain_id, reason=error.message[:200])
            continue
        names = ("address", "symbol", "name", "decimals")
        rows = [{"chain_id": chain_id} | {name: getattr(token, name) for name in names} for token in found.values()]
        async with database.unit_of_work() as session:
            await chain_repository.insert_tokens(session, rows)
