"""What can go wrong with a source of market data, by what it means for the ladder."""

from backend.core.errors import RemoteError


class SourceError(RemoteError):
    """Base of everything a source can do to us; `outcome` is its label in metrics."""

    outcome = "error"


class SourceTimeoutError(SourceError):
    """No complete answer in time."""

    outcome = "timeout"


class SourceUnreachableError(SourceError):
    """The connection failed or broke off, or the server answered with a 5xx status."""

    outcome = "unreachable"


class SourceThrottledError(SourceError):
    """The source told us to slow down, or our own limit for it is used up; `retry_after_seconds` if it said so."""

    outcome = "throttled"

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class SourceRefusedError(SourceError):
    """The source works, and says no: it does not know the question, or our key is not good enough for it."""

    outcome = "refused"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class SourceGarbageError(SourceError):
    """The answer is not what this source answers: HTML, broken JSON, a wrong shape, too large."""

    outcome = "garbage"


class SourceRestingError(SourceError):
    """It was not asked: it failed a moment ago, and its circuit is open."""

    outcome = "resting"
