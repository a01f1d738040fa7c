"""Three ways to ask one provider for balances as of one block, each falling back on the next.

1. `checker`: our own contract by code override: the fastest, and no token can spoil another's answer.
2. `aggregate3`: Multicall3, where a provider refuses overrides. What fails inside is asked again by itself, since a
   token that burns all gas makes those after it fail too.
3. One `eth_call` or `eth_getBalance` each in JSON-RPC batches, each with a gas limit.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from backend.chain.blocks import quantity
from backend.chain.rpc.errors import RpcError, RpcGarbageError, RpcMissingError, RpcResponseError, RpcThrottledError
from backend.chain.rpc.single import SingleProvider
from backend.chain.rpc.transport import Request, raise_if_error
from backend.portfolio.balances import aggregate3, checker
from backend.portfolio.balances.pairs import Pairs, Places

CHECKER_PAIRS = 2_000
AGGREGATE_PAIRS = 500
LEAST_PAIRS = 16  # a request with so few pairs is not made smaller when a node refuses it
BATCHES_AT_ONCE = 10
SINGLE_CALL_GAS = hex(600_000)  # the checker's stipend and what a call costs before the contract runs
NO_TIME = "There was no answer in time."
_NO_CONTRACT = checker.PROBLEMS[checker.NO_CONTRACT]


def octets(value: Any) -> bytes:
    """Return the bytes of a hexadecimal answer, of any length. Raises RpcGarbageError."""
    try:
        if isinstance(value, str) and value.startswith("0x"):
            return bytes.fromhex(value[2:])
    except ValueError:
        pass
    raise RpcGarbageError("a byte string is no hexadecimal text")


def probe(block: str) -> Request:
    """Return the call that finds out whether a provider takes code overrides: the checker, asked for nothing."""
    nothing = np.array([], dtype=np.intp)
    return Request("eth_call", checker.override_params(checker.pack(Pairs([], [], nothing, nothing), nothing), block))


def takes_override(answer: Any) -> bool:
    """Return whether what a provider said to the probe is what the checker says."""
    try:
        checker.unpack(octets(raise_if_error(answer)), 0)
    except RpcError:
        return False
    return True


class Reading:
    """One reading of pairs from one provider as of a block; `amounts` and `problems` fill up by place."""

    def __init__(self, single: SingleProvider, pairs: Pairs, block: int, multicall3: str | None) -> None:
        self._single = single
        self._pairs = pairs
        self._block = hex(block)
        self._multicall3 = multicall3
        self._slots = asyncio.Semaphore(BATCHES_AT_ONCE)
        self.amounts = np.full(len(pairs), None, dtype=object)
        self.problems: dict[int, str] = {}

    async def run(self, seconds: float) -> None:
        """Read everything; what has no answer within `seconds` is marked so.

        Raises RpcError when the provider failed, RpcTimeoutError being its own when nothing at all came.
        """
        places = self._pairs.by_token()
        provider = self._single.provider
        if not provider.takes_code_override:
            places = self._without_precompiles(places)
        size = CHECKER_PAIRS if provider.takes_code_override else AGGREGATE_PAIRS
        way = self._by_checker if provider.takes_code_override else self._by_multicall
        tasks = {asyncio.create_task(way(part)): part for part in _parts(places, size)}
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=max(0.0, seconds), return_when=asyncio.FIRST_EXCEPTION)
        finally:
            late = [task for task in tasks if not task.done()]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for task in tasks:
            if not task.cancelled():
                task.result()
        self._mark_late([tasks[task] for task in late if task.cancelled()])

    def _mark_late(self, parts: list[Places]) -> None:
        for place in (place for part in parts for place in part.tolist()):
            if self.amounts[place] is None:
                self.problems.setdefault(place, NO_TIME)

    def _without_precompiles(self, places: Places) -> Places:
        hollow = self._pairs.is_precompile[self._pairs.token_at[places]]
        self.problems.update(dict.fromkeys(places[hollow].tolist(), _NO_CONTRACT))
        return places[~hollow]

    async def _call(self, params: list[Any], parse: Callable[[Any], Any]) -> Any:
        async with self._slots:
            return await self._single.call("eth_call", params, parse)

    async def _by_checker(self, places: Places) -> None:
        def parse(value: Any) -> Any:
            return checker.unpack(octets(value), len(places))

        try:
            amounts, statuses = await self._call(
                checker.override_params(checker.pack(self._pairs, places), self._block), parse
            )
        except RpcResponseError:
            # It takes overrides, as the probe showed: so this was too much for it at once.
            await self._smaller(places, self._by_checker, self._one_by_one)
            return
        read = statuses == checker.READ
        if read.all():
            self.amounts[places] = amounts
            return
        for place, amount, status in zip(places.tolist(), amounts, statuses.tolist(), strict=True):
            if status == checker.READ:
                self.amounts[place] = amount
            elif status != checker.NOT_ASKED:
                self.problems[place] = checker.PROBLEMS[status]
        left = places[statuses == checker.NOT_ASKED]
        if len(left) == len(places):
            await self._smaller(places, self._by_checker, self._one_by_one)
        elif len(left):
            await self._by_checker(left)

    async def _by_multicall(self, places: Places) -> None:
        if self._multicall3 is None:
            await self._one_by_one(places)
            return

        def parse(value: Any) -> list[int | None] | None:
            output = octets(value)
            return aggregate3.unpack(output, len(places)) if output else None

        calldata = aggregate3.pack(self._pairs, places, self._multicall3)
        try:
            amounts = await self._call([{"to": self._multicall3, "data": "0x" + calldata.hex()}, self._block], parse)
        except RpcResponseError:
            await self._smaller(places, self._by_multicall, self._one_by_one)
            return
        if amounts is None:  # there is no such contract, or was none then
            await self._one_by_one(places)
            return
        self.amounts[places] = amounts
        left = places[[amount is None for amount in amounts]]
        if len(left):
            await self._one_by_one(left)

    async def _smaller(
        self,
        places: Places,
        way: Callable[[Places], Awaitable[None]],
        otherwise: Callable[[Places], Awaitable[None]],
    ) -> None:
        if len(places) <= LEAST_PAIRS:
            await otherwise(places)
            return
        middle = len(places) // 2
        await asyncio.gather(way(places[:middle]), way(places[middle:]))

    async def _one_by_one(self, places: Places) -> None:
        places = self._without_precompiles(places)
        size = self._single.provider.max_batch
        await asyncio.gather(*(self._batch(part) for part in _parts(places, size)))

    async def _batch(self, places: Places) -> None:
        requests = [self._request(place) for place in places.tolist()]
        async with self._slots:
            answers = await self._single.batch(requests)
        for place, answer in zip(places.tolist(), answers, strict=True):
            if isinstance(answer, (RpcMissingError, RpcThrottledError)):
                raise answer
            if isinstance(answer, RpcResponseError):
                self.problems[place] = f"{checker.PROBLEMS[checker.REVERTED]} ({answer.rpc_message[:80]})"
                continue
            self._take(place, answer)

    def _request(self, place: int) -> Request:
        wallet, token = self._pairs.pair(place)
        if self._pairs.is_native[self._pairs.token_at[place]]:
            return Request("eth_getBalance", [wallet, self._block])
        data = "0x70a08231" + wallet[2:].rjust(64, "0")
        return Request("eth_call", [{"to": token, "data": data, "gas": SINGLE_CALL_GAS}, self._block])

    def _take(self, place: int, answer: Any) -> None:
        raise_if_error(answer)
        if self._pairs.is_native[self._pairs.token_at[place]]:
            self.amounts[place] = quantity(answer)
            return
        output = octets(answer)
        if len(output) < 32:
            self.problems[place] = checker.PROBLEMS[checker.NO_NUMBER]
        else:
            self.amounts[place] = int.from_bytes(output[:32], "big")


def _parts(places: Places, size: int) -> list[Places]:
    return [places[start : start + size] for start in range(0, len(places), size)]
