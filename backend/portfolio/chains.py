"""The chains that are read for portfolios: this process's one pool of providers a chain.

Shared, since circuits, rate limits and what was learned of a provider are worth something only so.
"""

import asyncio

from backend.chain.registry import find_chain
from backend.chain.rpc.pool import RpcPool
from backend.core.settings import Settings

_Key = tuple[int, int, tuple[str, ...]]
_shared: dict[_Key, RpcPool] = {}


def shared_pools(settings: Settings) -> dict[int, RpcPool]:
    """Return the pool of each configured chain, in this event loop; connections are made at first use."""
    loop = id(asyncio.get_running_loop())
    pools = {}
    for chain_id, urls in settings.chain_urls.items():
        key = (loop, chain_id, tuple(urls))
        if key not in _shared:
            _shared[key] = RpcPool(
                chain_id,
                _over_http(urls),
                requests_per_second=settings.rpc_requests_per_second,
                timeout_seconds=settings.rpc_timeout_seconds,
            )
        pools[chain_id] = _shared[key]
    return pools


def multicall3_addresses(chain_ids: list[int]) -> dict[int, str | None]:
    """Return where Multicall3 is on each chain, None where that is not known."""
    chains = {chain_id: find_chain(chain_id) for chain_id in chain_ids}
    return {chain_id: chain.multicall3 if chain else None for chain_id, chain in chains.items()}


async def close_shared_pools() -> None:
    """Close this loop's pools; the next use makes new ones."""
    loop = id(asyncio.get_running_loop())
    for key in [key for key in _shared if key[0] == loop]:
        await _shared.pop(key).close()


def _over_http(urls: list[str]) -> list[str]:
    """Return the addresses by HTTP, where a chain has any: many large answers at once block a single socket."""
    return [url for url in urls if url.startswith("http")] or urls
