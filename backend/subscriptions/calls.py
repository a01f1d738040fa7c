"""One call to Stripe at a time: bounded in time, counted, behind a circuit breaker, its failures in our words."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, TypeVar

import aiohttp
import stripe

from backend.core.breaker import Breaker, BreakerState
from backend.core.errors import PremiumError
from backend.core.logging import get_logger
from backend.core.telemetry import stripe_circuit_open, stripe_requests
from backend.subscriptions.connection import API_VERSION, PaymentsConnection
from backend.subscriptions.errors import (
    MissingAtStripeError,
    PaymentDeclinedError,
    PaymentsUnavailableError,
    UncertainChangeError,
)

log = get_logger(__name__)
T = TypeVar("T")

TRY_SECONDS = 8.0
CALL_SECONDS = 12.0
RETRIES = (
    2  # by the SDK, with backoff and jitter, on broken connections, 409 and 5xx; writes repeat their idempotency key
)

# The SDK lets aiohttp's own errors through when an answer breaks off in its middle.
_DOWN = (
    stripe.APIConnectionError,
    stripe.APIError,
    stripe.RateLimitError,
    aiohttp.ClientError,
    TimeoutError,
    OSError,
)


class StripeCalls:
    """The client of one process. Make it inside the running process; it connects at the first call."""

    def __init__(self, connection: PaymentsConnection, *, try_seconds: float = TRY_SECONDS) -> None:
        logging.getLogger("stripe").setLevel(logging.WARNING)  # below that it writes addresses and bodies
        self._http = stripe.AIOHTTPClient(
            timeout=aiohttp.ClientTimeout(total=try_seconds, connect=min(3.0, try_seconds))
        )
        self._seconds = min(CALL_SECONDS, try_seconds * 1.5)
        self._breaker = Breaker(threshold=5, first_seconds=2.0, longest_seconds=30.0)
        self.client = stripe.StripeClient(
            connection.api_key,
            base_addresses={"api": connection.api_url},
            http_client=self._http,
            max_network_retries=RETRIES,
            stripe_version=API_VERSION,
        ).v1

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()

    async def call(self, operation: str, work: Callable[[], Awaitable[T]], *, changes: bool = False) -> T:
        """Do one call. `changes`: it changes something, so no answer does not mean that nothing happened.

        Raises PaymentsUnavailableError, UncertainChangeError (only with `changes`), PaymentDeclinedError,
        MissingAtStripeError.
        """
        if not self._breaker.try_enter():
            stripe_requests.labels(operation, "circuit_open").observe(0)
            raise PaymentsUnavailableError
        started, outcome = perf_counter(), "error"
        try:
            async with asyncio.timeout(self._seconds):
                answer = await work()
            outcome = "ok"
            self._breaker.succeeded()
            return answer
        except asyncio.CancelledError:
            outcome = "cancelled"
            self._breaker.abandoned()
            raise
        except _DOWN as error:
            outcome = "unreachable"
            self._breaker.failed()
            log.warning("Stripe does not answer", operation=operation, **_what(error))
            raise (UncertainChangeError() if changes else PaymentsUnavailableError()) from None
        except stripe.StripeError as error:
            outcome = "refused"
            self._breaker.succeeded()
            raise _refused(operation, error) from None
        finally:
            stripe_requests.labels(operation, outcome).observe(perf_counter() - started)
            stripe_circuit_open.set(0 if self._breaker.state is BreakerState.CLOSED else 1)


def _refused(operation: str, error: stripe.StripeError) -> PremiumError:
    """Return our error for an answer that says no."""
    if isinstance(error, stripe.CardError):
        return PaymentDeclinedError(
            "The card was declined, so nothing was changed. Update the payment method and try again."
        )
    if error.code == "resource_missing":
        return MissingAtStripeError("The payment provider does not know this any more.")
    log.error("Stripe refuses a request", operation=operation, **_what(error))
    return PaymentsUnavailableError(
        "The payment provider did not accept this. Nothing was charged; we are looking into it."
    )


def _what(error: BaseException) -> dict[str, Any]:
    """Return what may be logged of a failure: codes and names, never a message or a body."""
    return {
        "error": type(error).__name__,
        "code": getattr(error, "code", None),
        "status": getattr(error, "http_status", None),
        "param": getattr(error, "param", None),
        "stripe_request": getattr(error, "request_id", None),
    }
