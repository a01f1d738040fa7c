"""All providers of one chain behind one interface: failover first, back-off only when every provider is down."""

import asyncio
import random
from collections.abc import Callable, Iterable
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
from backend.chain.rpc.transport import Request, raise_if_error

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


def _as_is(value: Any) -> Any:
    return value


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
        parse: Callable[[Any], T] = _as_is,
        *,
        budget_seconds: float | None = None,
    ) -> T:
        """Return `parse(result)`.

        Raises RpcResponseError (the node says no), RpcMissingError (no provider has it), AllProvidersDownError.
        """
        return await self._ask(
            [Request(method, params)], lambda results: parse(raise_if_error(results[0])), budget_seconds
        )

    async def batch(
        self,
        requests: list[Request],
        parse: Callable[[list[Any]], T] = _as_is,
        *,
        budget_seconds: float | None = None,
    ) -> T:
        """Return `parse(results)`, with results by position; a refused call is an RpcError object in its place."""
        if not requests:
            return parse([])
        return await self._ask(requests, parse, budget_seconds)

    async def each(self, method: str, params: list[Any], parse: Callable[[Any], T] = _as_is) -> dict[str, T | RpcError]:
        """Ask every provider whose circuit is not open, all at once; return what each said, by label (for votes).

        The WebSocket of a host that is there by HTTP too is the same node, and has no vote of its own.
        """

        async def ask(provider: Provider) -> tuple[str, T | RpcError]:
            try:
                results = await self._through(
                    provider, [Request(method, params)], lambda r: parse(raise_if_error(r[0]))
                )
            except RpcError as error:
                return provider.label, error
            return provider.label, results

        by_http = {provider.host for provider in self.providers if not provider.is_websocket}
        voters = [p for p in self._in_order() if not (p.is_websocket and p.host in by_http)]
        entered = [provider for provider in voters if provider.breaker.try_enter()]
        return dict(await asyncio.gather(*(ask(provider) for provider in entered)))

    async def ask_one(self, label: str, calls: list[tuple[str, list[Any]]], parse: Callable[[list[Any]], T]) -> T:
        """Ask one provider and no other, whatever its circuit says, without feeding it. Raises RpcError."""
        provider = next(provider for provider in self.providers if provider.label == label)
        return parse([raise_if_error(result) for result in await provider.send([Request(*call) for call in calls])])

    def distrust(self, labels: Iterable[str], reason: str) -> None:
        """Leave providers alone for a while: what they said contradicts what the others say."""
        for provider in self.providers:
            if provider.label in labels:
                provider.rejected(RpcLieError(reason))

    async def _ask(self, requests: list[Request], parse: Callable[[list[Any]], T], budget: float | None) -> T:
        budget = self._budget_seconds if budget is None else budget
        last: RpcError | None = None
        try:
            async with asyncio.timeout(budget):
                for delay in (*BACKOFF_SECONDS, None):
                    answer, last = await self._once_around(requests, parse, last)
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
        self, requests: list[Request], parse: Callable[[list[Any]], T], last: RpcError | None
    ) -> tuple[tuple[T] | None, RpcError | None]:
        """Ask each provider that may be asked; return the first good answer, else the error that says most."""
        refusal: RpcError | None = None
        for provider in self._in_order():
            if not provider.breaker.try_enter():
                continue
            try:
                return (await self._through(provider, requests, parse),), None
            except RpcResponseError as error:
                if error.rpc_code != METHOD_NOT_FOUND:
                    raise
                refusal = refusal or error
            except RpcMissingError as error:
                refusal = error
            except RpcError as error:
                last = error
        return None, refusal or last

    async def _through(self, provider: Provider, requests: list[Request], parse: Callable[[list[Any]], T]) -> T:
        """Send to a provider whose breaker was entered, and settle the breaker by the outcome."""
        try:
            answer = parse(await provider.send(requests))
        except RpcError as error:
            provider.rejected(error)
            raise
        except BaseException:
            provider.abandoned()
            raise
        provider.accepted()
        return answer

    def _in_order(self) -> list[Provider]:
        return sorted(self.providers, key=lambda provider: provider.behind)

    def _delay(self, seconds: float) -> float:
        """Back off by the schedule with jitter, but not past the moment the first circuit lets a probe through."""
        soonest = min((p.breaker.reopens_in_seconds for p in self.providers), default=seconds)
        wait = min(seconds, soonest) if soonest > 0 else seconds
        return max(0.02, wait) * self._random.uniform(1.0, 1.25)

    async def close(self) -> None:
        """Close every provider's connections."""
        await asyncio.gather(*(provider.close() for provider in self.providers), return_exceptions=True)
