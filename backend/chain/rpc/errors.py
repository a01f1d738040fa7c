"""What can go wrong with a JSON-RPC provider, by what it means for the pool."""

from typing import Any

from backend.core.errors import RemoteError, UnavailableError


class RpcError(RemoteError):
    """Base of everything a provider can do to us."""

    outcome = "error"


class RpcTimeoutError(RpcError):
    """No complete answer in time: a stalled socket or an overloaded node."""

    outcome = "timeout"


class RpcUnreachableError(RpcError):
    """The connection failed or broke off, or the server answered with a 5xx status."""

    outcome = "unreachable"


class RpcThrottledError(RpcError):
    """The provider told us to slow down; `retry_after_seconds` is what it asked for, None when it said nothing."""

    outcome = "throttled"

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RpcGarbageError(RpcError):
    """The answer is no JSON-RPC: HTML, broken JSON, a wrong id, a wrong shape, too large."""

    outcome = "garbage"


class RpcLieError(RpcError):
    """The answer is well formed but contradicts itself or the question: wrong chain, number, hash or foreign logs."""

    outcome = "lie"


class RpcMissingError(RpcError):
    """The provider does not have (yet, or any more) what others may have: an unknown block, pruned state."""

    outcome = "missing"


class RpcResponseError(RpcError):
    """A JSON-RPC error object: the provider works, and says no (a revert, an unsupported method, bad parameters)."""

    outcome = "refused"

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"JSON-RPC error {code}: {message[:200]}")
        self.rpc_code = code
        self.rpc_message = message
        self.data = data


class AllProvidersDownError(UnavailableError):
    """No provider of the chain answered within the call's budget."""


METHOD_NOT_FOUND = -32601
_THROTTLE_WORDS = ("rate limit", "too many requests", "limit exceeded", "capacity", "throttl")
_MISSING_WORDS = (
    "header not found",
    "missing trie node",
    "unknown block",
    "block not found",
    "not available",
    "out of range",
    "outofrange",
    "pruned",
    "historical state",
)
_RANGE_WORDS = ("more than", "block range", "response size", "query timeout", "too large", "exceeds the range")


def from_error_object(error: Any) -> RpcError:
    """Return the typed error of a JSON-RPC error object, whatever shape the provider gave it."""
    if not isinstance(error, dict):
        return RpcGarbageError("the error member is not an object")
    code = error.get("code")
    message = str(error.get("message", ""))
    if not isinstance(code, int):
        return RpcGarbageError("the error object has no integer code")
    lowered = message.lower()
    if code == 429 or (code in (-32005, -32029) and not any(word in lowered for word in _RANGE_WORDS)):
        return RpcThrottledError(f"throttled: {message[:120]}")
    if any(word in lowered for word in _THROTTLE_WORDS) and not any(word in lowered for word in _RANGE_WORDS):
        return RpcThrottledError(f"throttled: {message[:120]}")
    if code == METHOD_NOT_FOUND:
        return RpcResponseError(code, message, error.get("data"))
    if code == -32001 or any(word in lowered for word in _MISSING_WORDS):
        return RpcMissingError(f"missing: {message[:160]}")
    return RpcResponseError(code, message, error.get("data"))
