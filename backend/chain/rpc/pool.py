"""All providers of one chain behind one interface: failover first, back-off only when every provider is down."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from typing_extensions import TypeVar

from backend.chain.rpc.errors import (
    METHOD_NOT_FOUND,
    AllProvidersDownError,
    RpcError,
    RpcLieError,
    RpcMissingError,
    RpcResponseError,
)
from backend.chain.rpc.provider import Provider
from backend.chain.rpc.single import SingleProvider, as_is
from backend.chain.rpc.transport import Request

T = TypeVar("T", default=Any)
BACKOFF_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)


class RpcClient(Protocol):
    """What every caller of a chain relies on."""

    chain_id: int

    async def call(
        self, method: str, params: list[Any], parse: Callable[[Any], T] = ..., *, budget_seconds: float | None = None
    ) -> T:
        """Return `parse(result)` of one call."""
        ...

    async def batch(
        self,
        requests: list[Request],
        parse: Callable[[list[Any]], T] = ...,
        *,
        budget_seconds: float | None = None,
    ) -> T:
        """Return `parse(results)` of several calls answered by one provider."""
        ...


class RpcPool:
    """The providers of a chain, asked in their configured order.

    `parse` turns an answer into types; when it raises an RpcError the provider is to blame and the next one is asked.
    """

    def __init__(
        self,
        chain_id: int,
        urls: list[str],
        *,
        requests_per_second: float | None = 25.0,
        timeout_seconds: float = 5.0,
        budget_seconds: float = 40.0,
    ) -> None:
        self.chain_id = chain_id
        self.providers = [
            Provider(chain_id, url, requests_per_second=requests_per_second, timeout_seconds=timeout_seconds)
            for url in urls
        ]
        seen: dict[str, int] = {}
        for provider in self.providers:
            seen[provider.label] = seen.get(provider.label, 0) + 1
            if seen[provider.label] > 1:
                provider.label += f"#{seen[provider.label]}"
        self._budget_seconds = budget_seconds
        self._random = random.Random()  # noqa: S311 - jitter, nothing secret

    async def call(
        self,
        method: str,
        params: list[Any],
        parse: Callable[[Any], T] = as_is,
        *,
        budget_seconds: float | None = None,
    ) -> T:
        """Return `parse(result)`.

        Raises RpcResponseError (the node says no), RpcMissingError (no provider has it), AllProvidersDownError.
        """
        return await self.together(lambda single: single.call(method, params, parse), budget_seconds)

    async def batch(
        self,
        requests: list[Request],
        parse: Callable[[list[Any]], T] = as_is,
        *,
        budget_seconds: float | None = None,
    ) -> T:
        """Return `parse(results)`, with results by position; a refused call is an RpcError object in its place."""
        return await self.together(lambda single: single.batch(requests, parse), budget_seconds)

    async def each(self, method: str, params: list[Any], parse: Callable[[Any], T] = as_is) -> dict[str, T | RpcError]:
        """Ask every provider whose circuit is not open, all at once; return what each said, by label (for votes).

        The WebSocket of a host that is there by HTTP too is the same node, and has no vote of its own.
        """

        async def ask(provider: Provider) -> tuple[str, T | RpcError]:
            try:
                return provider.label, await self._through(provider, lambda single: single.call(method, params, parse))
            except RpcError as error:
                return provider.label, error

        by_http = {provider.host for provider in self.providers if not provider.is_websocket}
        voters = [p for p in self._in_order() if not (p.is_websocket and p.host in by_http)]
        entered = [provider for provider in voters if provider.breaker.try_enter()]
        return dict(await asyncio.gather(*(ask(provider) for provider in entered)))

    def single(self, label: str) -> SingleProvider:
        """Return one provider for questions about itself, which do not feed its circuit."""
        return SingleProvider(next(provider for provider in self.providers if provider.label == label))

    def distrust(self, labels: Iterable[str], reason: str) -> None:
        """Leave providers alone for a while: what they said contradicts what the others say."""
        for provider in self.providers:
            if provider.label in labels:
                provider.rejected(RpcLieError(reason))

    async def together(self, work: Callable[[SingleProvider], Awaitable[T]], budget_seconds: float | None = None) -> T:
        """Return what `work` makes of one provider's answers, whole: on an error all of it is done with the next one.

        Parts of different providers would not fit together, and the honest one would be blamed. Raises
        RpcResponseError (the node says no), RpcMissingError (no provider has it), AllProvidersDownError.
        """
        budget = self._budget_seconds if budget_seconds is None else budget_seconds
        last: RpcError | None = None
        try:
            async with asyncio.timeout(budget):
                for delay in (*BACKOFF_SECONDS, None):
                    answer, last = await self._once_around(work, last)
                    if answer is not None:
                        return answer[0]
                    if isinstance(last, (RpcMissingError, RpcResponseError)):
                        raise last
                    if delay is not None:
                        await asyncio.sleep(self._delay(delay))
        except TimeoutError:
            pass
        reason = last.message if last else f"no answer within {budget:g} s"
        raise AllProvidersDownError(f"no provider of chain {self.chain_id} answers: {reason}") from last

    async def _once_around(
        self, work: Callable[[SingleProvider], Awaitable[T]], last: RpcError | None
    ) -> tuple[tuple[T] | None, RpcError | None]:
        """Ask each provider that may be asked; return the first good answer, else the error that says most."""
        refusal: RpcError | None = None
        for provider in self._in_order():
            if not provider.breaker.try_enter():
                continue
            try:
                return (await self._through(provider, work),), None
            except RpcResponseError as error:
                if error.rpc_code != METHOD_NOT_FOUND:
                    raise
                refusal = refusal or error
            except RpcMissingError as error:
                refusal = error
            except RpcError as error:
                last = error
        return None, refusal or last

    async def _through(self, provider: Provider, work: Callable[[SingleProvider], Awaitable[T]]) -> T:
        """Work with a provider whose breaker was entered, and settle the breaker by the outcome."""
        try:
            answer = await work(SingleProvider(provider))
        except RpcError as error:
            provider.rejected(error)
            raise
        except BaseException:
            provider.abandoned()
            raise
        provider.accepted()
        return answer

    def _in_order(self) -> list[Provider]:
        return sorted(self.providers, key=lambda provider: (provider.estranged, provider.behind))

    def _delay(self, seconds: float) -> float:
        """Back off by the schedule with jitter, but not past the moment the first circuit lets a probe through."""
        soonest = min((p.breaker.reopens_in_seconds for p in self.providers), default=seconds)
        wait = min(seconds, soonest) if soonest > 0 else seconds
        return max(0.02, wait) * self._random.uniform(1.0, 1.25)

    async def close(self) -> None:
        """Close every provider's connections."""
        await asyncio.gather(*(provider.close() for provider in self.providers), return_exceptions=True)
