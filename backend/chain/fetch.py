"""Fetching blocks whole: header, value transactions that succeeded, and every log, all of one and the same block."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from backend.chain.blocks import (
    Block,
    Header,
    Log,
    Receipt,
    ValueTransaction,
    logs_of_block,
    parse_header,
    parse_logs,
    parse_receipt,
    parse_transactions,
    settle,
)
from backend.chain.rpc.errors import METHOD_NOT_FOUND, RpcGarbageError, RpcLieError, RpcMissingError, RpcResponseError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.single import SingleProvider
from backend.chain.rpc.transport import Request, raise_if_error

T = TypeVar("T")
FoundBlock = tuple[Header, tuple[ValueTransaction, ...]]


class BlockSource:
    """Reads blocks of one chain through its pool. `budget_seconds` bounds each read, back-off included."""

    def __init__(self, rpc: RpcPool, budget_seconds: float = 20.0) -> None:
        self._rpc = rpc
        self._budget_seconds = budget_seconds

    async def latest(self) -> Header:
        """Return the header of the newest block. Raises RpcError or AllProvidersDownError, as all of these do."""
        return await self._rpc.call(
            "eth_getBlockByNumber", ["latest", False], parse_header, budget_seconds=self._budget_seconds
        )

    async def header(self, number: int) -> Header:
        """Return the header at a height; RpcMissingError when the chain is not that long."""
        return await self._rpc.call(
            "eth_getBlockByNumber",
            [hex(number), False],
            lambda raw: parse_header(raw, number=number),
            budget_seconds=self._budget_seconds,
        )

    async def headers(self, numbers: list[int]) -> dict[int, Header]:
        """Return the headers at these heights, without those that the chain does not have."""

        def parse(results: list[Any]) -> dict[int, Header]:
            found = {}
            for number, raw in zip(numbers, results, strict=True):
                if raw is not None and not isinstance(raw, RpcMissingError):
                    found[number] = parse_header(raise_if_error(raw), number=number)
            return found

        requests = [Request("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        return await self._rpc.batch(requests, parse, budget_seconds=self._budget_seconds)

    async def block(self, number: int) -> Block:
        """Return the whole block at a height."""
        return await self._together(lambda one: _whole(one, "eth_getBlockByNumber", hex(number), {"number": number}))

    async def block_by_hash(self, block_hash: str) -> Block:
        """Return the whole block with this hash; RpcMissingError when no provider has it (any more)."""
        expected = {"block_hash": block_hash}
        return await self._together(lambda one: _whole(one, "eth_getBlockByHash", block_hash, expected))

    async def blocks(self, first: int, last: int) -> list[Block]:
        """Return the blocks of a range, in order and linked by parent hash, their logs fetched by range."""
        return await self._together(lambda one: _range(one, first, last))

    async def _together(self, work: Callable[[SingleProvider], Awaitable[T]]) -> T:
        return await self._rpc.together(work, self._budget_seconds)


async def _whole(one: SingleProvider, method: str, reference: str, expected: dict[str, Any]) -> Block:
    if one.provider.has_block_receipts:
        try:
            return await _with_block_receipts(one, method, reference, expected)
        except RpcResponseError as error:
            if error.rpc_code != METHOD_NOT_FOUND and "method" not in error.rpc_message.lower():
                raise
            one.provider.has_block_receipts = False
    return await _with_logs(one, method, reference, expected)


async def _with_block_receipts(one: SingleProvider, method: str, reference: str, expected: dict[str, Any]) -> Block:
    """One round trip: the receipts bring both the outcomes and the logs."""

    def parse(results: list[Any]) -> Block:
        raw = raise_if_error(results[0])
        header = parse_header(raw, **expected)
        items = raise_if_error(results[1])
        if items is None:
            raise RpcMissingError("the provider does not know the receipts")
        if not isinstance(items, list):
            raise RpcGarbageError("the receipts are no list")
        if isinstance(raw.get("transactions"), list) and len(items) < len(raw["transactions"]):
            raise RpcMissingError("receipts are missing")
        receipts = {receipt.tx_hash: receipt for receipt in (parse_receipt(item, header) for item in items)}
        logs = [log for item in items for log in parse_logs(item.get("logs"))]
        return Block(header, settle(parse_transactions(raw, header), receipts), logs_of_block(logs, header))

    return await one.batch([Request(method, [reference, True]), Request("eth_getBlockReceipts", [reference])], parse)


async def _with_logs(one: SingleProvider, method: str, reference: str, expected: dict[str, Any]) -> Block:
    """Three round trips, for providers without eth_getBlockReceipts."""

    def parse_block(raw: Any) -> FoundBlock:
        header = parse_header(raw, **expected)
        return header, parse_transactions(raw, header)

    header, transactions = await one.call(method, [reference, True], parse_block)
    logs = await one.call(
        "eth_getLogs", [{"blockHash": header.hash}], lambda raw: logs_of_block(parse_logs(raw), header)
    )
    receipts = await _receipts(one, [(header, transactions)])
    return Block(header, settle(transactions, receipts), logs)


async def _range(one: SingleProvider, first: int, last: int) -> list[Block]:
    numbers = range(first, last + 1)

    def parse(results: list[Any]) -> list[FoundBlock]:
        found: list[FoundBlock] = []
        for number, raw in zip(numbers, results, strict=True):
            header = parse_header(raise_if_error(raw), number=number)
            if found and header.parent_hash != found[-1][0].hash:
                raise RpcLieError(f"block {number} does not follow block {number - 1}")
            found.append((header, parse_transactions(raw, header)))
        return found

    found = await one.batch([Request("eth_getBlockByNumber", [hex(number), True]) for number in numbers], parse)
    logs = await _logs(one, [header for header, _ in found])
    receipts = await _receipts(one, found)
    return [Block(header, settle(transactions, receipts), logs[header.hash]) for header, transactions in found]


async def _logs(one: SingleProvider, headers: list[Header]) -> dict[str, tuple[Log, ...]]:
    """Return logs by block hash, halving the range when the provider finds it too large."""

    def parse(raw: Any) -> dict[str, tuple[Log, ...]]:
        by_hash: dict[str, list[Log]] = {header.hash: [] for header in headers}
        for log in parse_logs(raw):
            if log.block_hash not in by_hash:
                raise RpcLieError("a log belongs to a block outside the range")
            by_hash[log.block_hash].append(log)
        return {header.hash: logs_of_block(by_hash[header.hash], header) for header in headers}

    wanted = {"fromBlock": hex(headers[0].number), "toBlock": hex(headers[-1].number)}
    try:
        return await one.call("eth_getLogs", [wanted], parse)
    except RpcResponseError:
        if len(headers) == 1:
            raise
        middle = len(headers) // 2
        return {**await _logs(one, headers[:middle]), **await _logs(one, headers[middle:])}


async def _receipts(one: SingleProvider, found: list[FoundBlock]) -> dict[str, Receipt]:
    wanted = [(header, transaction.hash) for header, transactions in found for transaction in transactions]

    def parse(results: list[Any]) -> dict[str, Receipt]:
        receipts = [
            parse_receipt(raise_if_error(raw), header) for (header, _), raw in zip(wanted, results, strict=True)
        ]
        return {receipt.tx_hash: receipt for receipt in receipts}

    return await one.batch([Request("eth_getTransactionReceipt", [tx_hash]) for _, tx_hash in wanted], parse)
