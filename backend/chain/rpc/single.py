"""One provider behind the same interface as the pool: for reads whose parts must come from one and the same node."""

from collections.abc import Callable
from typing import Any

from typing_extensions import TypeVar

from backend.chain.rpc.provider import Provider
from backend.chain.rpc.transport import Request, raise_if_error

T = TypeVar("T", default=Any)


def as_is(value: Any) -> Any:
    """Return the value."""
    return value


class SingleProvider:
    """Calls of one provider, without failover; errors are for the pool to judge."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    async def call(self, method: str, params: list[Any], parse: Callable[[Any], T] = as_is) -> T:
        """Return `parse(result)` of one call. Raises RpcError."""
        return parse(raise_if_error((await self.provider.send([Request(method, params)]))[0]))

    async def batch(self, requests: list[Request], parse: Callable[[list[Any]], T] = as_is) -> T:
        """Return `parse(results)`; a refused call is an RpcError object in its place. Raises RpcError."""
        return parse(await self.provider.send(requests) if requests else [])
