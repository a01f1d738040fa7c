"""One provider: a transport with its breaker, rate limit, chain check and metrics."""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

from aiolimiter import AsyncLimiter

from backend.chain.rpc.errors import (
    RpcError,
    RpcGarbageError,
    RpcLieError,
    RpcMissingError,
    RpcResponseError,
    RpcThrottledError,
)
from backend.chain.rpc.http import HttpTransport
from backend.chain.rpc.transport import Request, Transport, is_local, provider_label, raise_if_error
from backend.chain.rpc.websocket import WebSocketTransport
from backend.core import telemetry
from backend.core.breaker import Breaker, BreakerState
from backend.core.logging import get_logger

LIE_SECONDS = 5.0
THROTTLE_SECONDS = 2.0
MAX_BATCH = 50
log = get_logger(__name__)


class Provider:
    """One URL of a chain.

    `behind`: its head trails the others'. `estranged`: it has another block in the place of our newest one. Either way
    it is asked after the others.
    """

    def __init__(
        self,
        chain_id: int,
        url: str,
        *,
        requests_per_second: float | None = None,
        timeout_seconds: float = 5.0,
        breaker: Breaker | None = None,
    ) -> None:
        self.chain_id = chain_id
        self.label = provider_label(url)
        self.host = urlsplit(url).netloc
        self.is_local = is_local(url)
        self.is_websocket = url.startswith(("ws://", "wss://"))
        self.transport: Transport = WebSocketTransport(url) if self.is_websocket else HttpTransport(url)
        self.breaker = breaker or Breaker()
        self.behind = False
        self.estranged = False
        self.has_block_receipts = True
        self.takes_code_override: bool | None = None  # in eth_call; None: nobody tried
        self.max_batch = MAX_BATCH
        self._timeout_seconds = timeout_seconds
        rate = None if self.is_local else requests_per_second
        self._rate = rate
        self._limiter = AsyncLimiter(rate, 1.0) if rate else None
        self._chain_checked = False

    async def send(self, requests: list[Request]) -> list[Any]:
        """Return results by position (RpcError objects where a call was refused). Raises RpcError; feeds the breaker.

        The caller must have entered the breaker; what it makes of the answer it tells with `accepted` or `rejected`.
        """
        if not self._chain_checked:
            await self._check_chain()
        results: list[Any] = []
        for start in range(0, len(requests), self.max_batch):
            results += await self._round_trip(requests[start : start + self.max_batch])
        return results

    async def _round_trip(self, requests: list[Request]) -> list[Any]:
        if self._limiter is not None and self._rate is not None:
            await self._limiter.acquire(min(len(requests), self._rate))
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            results = await self.transport.send(requests, self._timeout_seconds)
            outcome = "ok"
        except RpcResponseError as error:
            outcome = error.outcome
            if len(requests) == 1:
                raise
            log.warning("provider takes no batches", provider=self.label, reason=error.rpc_message[:120])
            self.max_batch = 1
            return [result for request in requests for result in await self._round_trip([request])]
        except RpcError as error:
            outcome = error.outcome
            raise
        finally:
            telemetry.rpc_requests.labels(str(self.chain_id), self.label, outcome).observe(
                time.perf_counter() - started
            )
        for result in results:
            if isinstance(result, RpcThrottledError):
                raise result
        return results

    async def _check_chain(self) -> None:
        answer = raise_if_error((await self._round_trip([Request("eth_chainId", [])]))[0])
        try:
            claimed = int(answer, 16)
        except (TypeError, ValueError):
            raise RpcGarbageError("eth_chainId answered with no number") from None
        if claimed != self.chain_id:
            raise RpcLieError(f"the node is on chain {claimed}, not {self.chain_id}")
        self._chain_checked = True

    def accepted(self) -> None:
        """The answer was good."""
        self.breaker.succeeded()
        self._publish()

    def rejected(self, error: RpcError) -> None:
        """The answer was bad; how bad decides for how long the provider is left alone."""
        if isinstance(error, RpcThrottledError):
            self.breaker.trip(error.retry_after_seconds or THROTTLE_SECONDS)
        elif isinstance(error, RpcLieError):
            self.breaker.trip(LIE_SECONDS, doubling=True)
            self._chain_checked = False
        elif isinstance(error, (RpcMissingError, RpcResponseError)):
            self.breaker.succeeded()
        else:
            self.breaker.failed()
            self._chain_checked = self._chain_checked and self.breaker.state is BreakerState.CLOSED
        if not isinstance(error, (RpcMissingError, RpcResponseError)):
            log.warning(
                "provider failed",
                chain_id=self.chain_id,
                provider=self.label,
                outcome=error.outcome,
                reason=error.message[:200],
                breaker=self.breaker.state.value,
            )
        self._publish()

    def abandoned(self) -> None:
        """The call was cancelled."""
        self.breaker.abandoned()

    def _publish(self) -> None:
        is_open = self.breaker.state is not BreakerState.CLOSED
        telemetry.rpc_circuit_open.labels(str(self.chain_id), self.label).set(int(is_open))

    async def close(self) -> None:
        """Close the connections."""
        try:
            async with asyncio.timeout(2.0):
                await self.transport.close()
        except TimeoutError:
            log.warning("provider did not close in time", provider=self.label)
