"""Transactions of a wallet from an explorer with Etherscan's API (V2: one address for all chains, by `chainid`).

https://docs.etherscan.io/etherscan-v2: `module=account` with `txlist`, `txlistinternal`, `tokentx`, `tokennfttx` and
`token1155tx`; `status` "1" with a list, or "0" with a message. An answer has at most 10,000 rows, whatever page it is.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from aiolimiter import AsyncLimiter

from backend.chain.blocks import MAX_NUMBER, address20, hash32
from backend.chain.events import NATIVE_TOKEN
from backend.chain.rpc.errors import RpcGarbageError
from backend.core.settings import Settings
from backend.ledger.importing.ways import NotReadError, Part
from backend.ledger.transactions import Movement
from backend.market.ladder.client import Place, SourceClient
from backend.market.ladder.problems import SourceError, SourceGarbageError, SourceRefusedError, SourceThrottledError

PAGE = 1_000
MOST_ROWS = 10_000
THROTTLE_SECONDS = 1.5
TRIES = 4
LISTS = ("txlist", "txlistinternal", "tokentx", "tokennfttx", "token1155tx")
_MAX_VALUE = 1 << 256
T = TypeVar("T")


class UnknownChainError(SourceRefusedError):
    """The explorer does not have this chain, or not with our key."""


@dataclass(frozen=True, slots=True)
class _Row:
    hash: str
    block_number: int
    movement: Movement | None


class Explorer:
    """The explorer, asked at most so often a second; when it asks for quiet it gets it.

    Use it inside one event loop, and close it.
    """

    def __init__(self, settings: Settings) -> None:
        rate = settings.explorer_requests_per_second
        place = Place("explorer", settings.explorer_api_url, 60 * max(1.0, rate), settings.explorer_timeout_seconds)
        self._client = SourceClient(place)
        self._limiter = AsyncLimiter(max(1.0, rate), 1.0)

    async def get(self, params: Mapping[str, str], parse: Callable[[bytes], list[T]]) -> list[T]:
        """Return `parse(body)` of an answer. Raises SourceError."""
        for attempt in range(TRIES):
            await self._limiter.acquire()
            try:
                return await self._client.get("", params, parse)
            except SourceThrottledError:
                if attempt + 1 == TRIES:
                    raise
                await asyncio.sleep(THROTTLE_SECONDS * (attempt + 1) + 0.1)
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class ExplorerWay:
    """Implements Way with an explorer."""

    def __init__(self, client: Explorer, chain_id: int, key: str) -> None:
        self._client = client
        self._chain_id = chain_id
        self._key = key

    async def find(self, wallet: str, first: int, last: int) -> Part:
        """Return a wallet's transactions up to where the shortest of the explorer's lists reaches.

        Raises UnknownChainError, NotReadError.
        """
        end = last
        rows: list[_Row] = []
        try:
            for name in LISTS:
                found, reached = await self._list(name, wallet, first, last)
                end = min(end, reached)
                rows += found
        except UnknownChainError:
            raise
        except SourceError as error:
            raise NotReadError(f"The explorer does not answer: {error.message[:160]}") from error
        kept = [row for row in rows if row.block_number <= end]
        inside: dict[str, list[Movement]] = {}
        for row in kept:
            if row.movement is not None and wallet in (row.movement.sender, row.movement.recipient):
                inside.setdefault(row.hash, []).append(row.movement)
        blocks = {row.hash: row.block_number for row in sorted(kept, key=lambda row: row.block_number)}
        return Part(
            last=end,
            blocks=blocks,
            inside={tx_hash: tuple(movements) for tx_hash, movements in inside.items()},
            native_is_known=True,
            source="explorer",
        )

    async def _list(self, name: str, wallet: str, first: int, last: int) -> tuple[list[_Row], int]:
        """Return the rows of one list, and the last block that they are complete for: `last`, or where a page ended."""
        rows: list[_Row] = []
        for page in range(1, MOST_ROWS // PAGE + 1):
            params = {
                "chainid": str(self._chain_id),
                "module": "account",
                "action": name,
                "address": wallet,
                "startblock": str(first),
                "endblock": str(last),
                "page": str(page),
                "offset": str(PAGE),
                "sort": "asc",
                "apikey": self._key,
            }
            found = await self._client.get(params, _rows(name, first, last))
            rows += found
            if len(found) < PAGE:
                return rows, last
            reached = rows[-1].block_number - 1  # the last block may go on on the next page
            if reached >= first:
                return rows, reached
        raise SourceGarbageError(f"block {first} alone has more than {MOST_ROWS:,} rows")


def _rows(name: str, first: int, last: int) -> Callable[[bytes], list[_Row]]:
    """Return what reads an answer of a list. It raises SourceError."""

    def parse(body: bytes) -> list[_Row]:
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise SourceGarbageError("the answer is no JSON") from None
        if not isinstance(answer, dict):
            raise SourceGarbageError("the answer is no object")
        result = answer.get("result")
        if not isinstance(result, list):
            raise _refusal(f"{answer.get('message', '')}: {result}"[:200])
        try:
            rows = [_row(name, item) for item in result]
        except RpcGarbageError as error:
            raise SourceGarbageError(error.message) from None
        _check(rows, first, last)
        return rows

    return parse


def _check(rows: Sequence[_Row], first: int, last: int) -> None:
    numbers = [row.block_number for row in rows]
    if numbers != sorted(numbers) or (numbers and not (first <= numbers[0] and numbers[-1] <= last)):
        raise SourceGarbageError("the rows are not of the blocks that were asked for, in their order")


def _refusal(words: str) -> SourceError:
    """Return what an answer without a list means; the messages are Etherscan's own."""
    lowered = words.lower()
    if "rate limit" in lowered or "max calls" in lowered or "too many" in lowered:
        return SourceThrottledError("the explorer asks for quiet", THROTTLE_SECONDS)
    if "chainid" in lowered or "not supported" in lowered or "api access" in lowered or "upgrade" in lowered:
        return UnknownChainError(words, 404)
    if "api key" in lowered or "apikey" in lowered:
        return SourceRefusedError("the explorer does not take our key", 403)
    if "timeout" in lowered:
        return SourceGarbageError("the explorer did not manage the question in its own time")
    return SourceGarbageError(f"the explorer says no: {words}")


def _row(name: str, raw: Any) -> _Row:
    if not isinstance(raw, dict):
        raise RpcGarbageError("a row is no object")
    number = _decimal(raw.get("blockNumber"), MAX_NUMBER)
    tx_hash = hash32(raw.get("hash"))
    if name != "txlistinternal" or str(raw.get("isError", "0")) != "0":
        return _Row(tx_hash, number, None)
    return _Row(tx_hash, number, _inner(raw))


def _inner(raw: Mapping[str, Any]) -> Movement | None:
    """Return what a call inside of a transaction moved, None when it moved nothing."""
    amount = _decimal(raw.get("value"), _MAX_VALUE)
    kind = str(raw.get("type", "call")).lower()
    if amount == 0 or kind in ("delegatecall", "staticcall", "callcode"):
        return None
    recipient = raw.get("to") or raw.get("contractAddress")
    sender, receiver = address20(raw.get("from")), address20(recipient)
    return Movement(token=NATIVE_TOKEN, sender=sender, recipient=receiver, amount_raw=amount)


def _decimal(value: Any, below: int) -> int:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or int(value) >= below:
        raise RpcGarbageError("a number is malformed")
    return int(value)
