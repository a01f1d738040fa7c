"""Faults on demand: errors, waits and lost answers for the next requests to an endpoint."""

import asyncio
import re
from dataclasses import dataclass, field

from backend.test_payments.wire.errors import StripeError

_ERRORS = {
    429: ("Request rate limit exceeded.", "invalid_request_error", "rate_limit"),
    500: ("An unknown error occurred.", "api_error", None),
    502: ("Bad gateway.", "api_error", None),
    503: ("Stripe is temporarily unavailable.", "api_error", None),
}


@dataclass
class Fault:
    """One fault for the next `times` requests whose method and path fit.

    `status`: answer this error and do nothing. `seconds`: wait first. `work_seconds`: wait while the idempotency key
    is taken. `lose`: do it, then break the connection.
    """

    path: str = ".*"
    method: str = ""
    times: int = 1
    status: int | None = None
    seconds: float = 0.0
    work_seconds: float = 0.0
    lose: bool = False

    def fits(self, method: str, path: str) -> bool:
        """Return whether it is for this request."""
        return self.times > 0 and self.method in ("", method) and re.fullmatch(self.path, path) is not None


@dataclass
class Faults:
    """The faults that are set, and the requests they hit."""

    waiting: list[Fault] = field(default_factory=list)

    async def before(self, method: str, path: str) -> None:
        """Wait, or raise StripeError, if a fault says so."""
        for fault in self.waiting:
            if fault.fits(method, path) and not fault.lose and not fault.work_seconds:
                fault.times -= 1
                await asyncio.sleep(fault.seconds)
                if fault.status is not None:
                    message, kind, code = _ERRORS.get(fault.status, _ERRORS[500])
                    raise StripeError(message, status=fault.status, kind=kind, code=code)
                return

    def work_seconds(self, method: str, path: str) -> float:
        """Return how long the request takes while its idempotency key is in use."""
        for fault in self.waiting:
            if fault.work_seconds and fault.fits(method, path):
                fault.times -= 1
                return fault.work_seconds
        return 0.0

    def loses(self, method: str, path: str) -> bool:
        """Return whether the answer is to be lost, though the request was carried out."""
        for fault in self.waiting:
            if fault.lose and fault.fits(method, path):
                fault.times -= 1
                return True
        return False
