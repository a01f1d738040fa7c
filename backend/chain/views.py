"""Reading contracts of a followed chain now and then, from processes that do not follow it (such as the web)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backend.chain.blocks import hex_bytes
from backend.chain.multicall import Read, read_many
from backend.chain.registry import find_chain
from backend.chain.rpc.errors import RpcError
from backend.chain.rpc.pool import RpcPool
from backend.core.breaker import Breaker
from backend.core.errors import InvalidInputError, UnavailableError
from backend.core.settings import Settings

BUDGET_SECONDS = 8.0  # somebody waits in front of the page
# Whether a chain answered lately: a pool lives for one question, so its own circuits forget.
_breakers: dict[tuple[int, tuple[str, ...]], Breaker] = {}


@dataclass(frozen=True, slots=True)
class ContractViews:
    """Reads contracts of one chain, as of its newest block."""

    rpc: RpcPool
    multicall3: str | None

    async def code(self, address: str) -> bytes:
        """Return the code at an address, empty when there is none. Raises RpcError or AllProvidersDownError."""
        return await self.rpc.call("eth_getCode", [address, "latest"], hex_bytes, budget_seconds=BUDGET_SECONDS)

    async def read(self, reads: list[Read]) -> list[bytes | None]:
        """Return what each read returned, None where it reverted; later reads see what earlier ones did.

        (They share one call of Multicall3, unless the chain has none.) Raises RpcError or AllProvidersDownError.
        """
        return await read_many(self.rpc, reads, multicall3=self.multicall3, budget_seconds=BUDGET_SECONDS)


@asynccontextmanager
async def contract_views(settings: Settings, chain_id: int) -> AsyncIterator[ContractViews]:
    """Open a way to read contracts of a chain.

    Raises InvalidInputError when the product has no provider for the chain, UnavailableError when none answers.
    """
    urls = settings.chain_urls.get(chain_id)
    if not urls:
        raise InvalidInputError("This product reads no contracts on that network.", {"chainId": "is not read here"})
    breaker = _breakers.setdefault((chain_id, tuple(urls)), Breaker())
    if not breaker.try_enter():
        raise UnavailableError("The network does not answer right now. Try again in a minute.")
    chain = find_chain(chain_id)
    pool = RpcPool(
        chain_id,
        urls,
        requests_per_second=settings.rpc_requests_per_second,
        timeout_seconds=settings.rpc_timeout_seconds,
        budget_seconds=BUDGET_SECONDS,
    )
    try:
        yield ContractViews(pool, chain.multicall3 if chain else None)
    except (RpcError, UnavailableError) as error:
        breaker.failed()
        raise UnavailableError("The network does not answer right now. Try again in a minute.") from error
    except BaseException:
        breaker.abandoned()
        raise
    else:
        breaker.succeeded()
    finally:
        await pool.close()
