"""What HTTP and WebSocket transports share: requests, and the parsing of answers that may be anything."""

from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from backend.chain.rpc.errors import RpcError, RpcGarbageError, from_error_object

MAX_BODY_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One JSON-RPC call."""

    method: str
    params: list[Any]


class Transport(Protocol):
    """One URL of one provider."""

    async def send(self, requests: list[Request], timeout_seconds: float) -> list[Any]:
        """Return for each request its result, or the RpcError its error object stands for. Raises RpcError."""
        ...

    async def close(self) -> None:
        """Give back every connection."""
        ...


def encode(requests: list[Request], first_id: int) -> bytes:
    """Return the request body: an object for one call, an array for several, with ids from `first_id` on."""
    calls = [
        {"jsonrpc": "2.0", "id": first_id + index, "method": request.method, "params": request.params}
        for index, request in enumerate(requests)
    ]
    return orjson.dumps(calls[0] if len(calls) == 1 else calls)


def parse(body: bytes | str, first_id: int, count: int) -> list[Any]:
    """Return the results by position. Raises RpcGarbageError when the body is not the answer to these calls."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        kind = "HTML" if body[:200].lstrip()[:1] in (b"<", "<") else "no JSON"
        raise RpcGarbageError(f"the answer is {kind}") from None
    return match_ids(answer, first_id, count)


def match_ids(answer: Any, first_id: int, count: int) -> list[Any]:
    """Return the results of a decoded answer by position. Raises RpcGarbageError when ids or shape are wrong."""
    if isinstance(answer, dict) and count > 1 and "error" in answer:
        raise from_error_object(answer["error"])
    items = answer if isinstance(answer, list) else [answer]
    if isinstance(answer, list) == (count == 1) or len(items) != count:
        raise RpcGarbageError("the answer has the wrong number of results")
    results: list[Any] = [None] * count
    seen: set[int] = set()
    for item in items:
        if not isinstance(item, dict) or type(item.get("id")) is not int:
            raise RpcGarbageError("an answer has no id")
        position = item["id"] - first_id
        if not 0 <= position < count or position in seen:
            raise RpcGarbageError("an answer has an id that was not asked")
        seen.add(position)
        results[position] = _outcome(item)
    return results


def _outcome(item: dict[str, Any]) -> Any:
    if item.get("error") is not None:
        error = from_error_object(item["error"])
        if isinstance(error, RpcGarbageError):
            raise error
        return error
    if "result" not in item:
        raise RpcGarbageError("an answer has neither result nor error")
    return item["result"]


def provider_label(url: str) -> str:
    """Return a provider's name for logs and metrics: scheme and host only, since keys live in paths and queries.

    A label of the host that looks like a key (some providers put it there) is masked too.
    """
    parts = urlsplit(url)
    names = [
        "***" if len(name) >= 24 and any(ch.isdigit() for ch in name) else name
        for name in (parts.hostname or "unknown").split(".")
    ]
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{'.'.join(names)}{port}"


def is_local(url: str) -> bool:
    """Return True for a node on this machine, which needs no rate limit."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def raise_if_error(result: Any) -> Any:
    """Return the result, or raise it when it is an RpcError."""
    if isinstance(result, RpcError):
        raise result
    return result
