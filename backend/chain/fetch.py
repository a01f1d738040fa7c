"""Fetching blocks whole: header, value transactions that succeeded, and every log, all of one and the same block."""

from typing import Any

from backend.chain.blocks import (
    Block,
    Header,
    Log,
    Receipt,
    logs_of_block,
    parse_header,
    parse_logs,
    parse_receipt,
    parse_transactions,
    settle,
)
from backend.chain.rpc.errors import METHOD_NOT_FOUND, RpcGarbageError, RpcLieError, RpcMissingError, RpcResponseError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.transport import Request, raise_if_error


class BlockSource:
    """Reads blocks of one chain through its pool. `budget_seconds` bounds each read, back-off included."""

    def __init__(self, rpc: RpcPool, budget_seconds: float = 20.0) -> None:
        self._rpc = rpc
        self._budget_seconds = budget_seconds
        self._block_receipts = True

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
        return await self._whole("eth_getBlockByNumber", hex(number), number=number)

    async def block_by_hash(self, block_hash: str) -> Block:
        """Return the whole block with this hash; RpcMissingError when no provider has it (any more)."""
        return await self._whole("eth_getBlockByHash", block_hash, block_hash=block_hash)

    async def _whole(self, method: str, reference: str, **expected: Any) -> Block:
        if self._block_receipts:
            try:
                return await self._with_block_receipts(method, reference, expected)
            except RpcResponseError as error:
                if error.rpc_code != METHOD_NOT_FOUND and "method" not in error.rpc_message.lower():
                    raise
                self._block_receipts = False
        return await self._with_logs(method, reference, expected)

    async def _with_block_receipts(self, method: str, reference: str, expected: dict[str, Any]) -> Block:
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
            return _block(header, settle(parse_transactions(raw, header), receipts), logs)

        requests = [Request(method, [reference, True]), Request("eth_getBlockReceipts", [reference])]
        return await self._rpc.batch(requests, parse, budget_seconds=self._budget_seconds)

    async def _with_logs(self, method: str, reference: str, expected: dict[str, Any]) -> Block:
        """Three round trips, for providers without eth_getBlockReceipts."""

        def parse_block(raw: Any) -> tuple[Header, Any]:
            header = parse_header(raw, **expected)
            return header, parse_transactions(raw, header)

        header, transactions = await self._rpc.call(
            method, [reference, True], parse_block, budget_seconds=self._budget_seconds
        )
        logs = await self._rpc.call(
            "eth_getLogs",
            [{"blockHash": header.hash}],
            lambda raw: logs_of_block(parse_logs(raw), header),
            budget_seconds=self._budget_seconds,
        )

        def parse_receipts(results: list[Any]) -> dict[str, Receipt]:
            found = [parse_receipt(raise_if_error(raw), header) for raw in results]
            return {receipt.tx_hash: receipt for receipt in found}

        requests = [Request("eth_getTransactionReceipt", [transaction.hash]) for transaction in transactions]
        receipts = await self._rpc.batch(requests, parse_receipts, budget_seconds=self._budget_seconds)
        return Block(header, settle(transactions, receipts), logs)

    async def blocks(self, first: int, last: int) -> list[Block]:
        """Return the blocks of a range, in order, their logs fetched by range: for catching up.

        The blocks are linked to each other by parent hash. Raises RpcLieError when they are not.
        """
        numbers = range(first, last + 1)

        def parse_blocks(results: list[Any]) -> list[tuple[Header, Any]]:
            found = []
            for number, raw in zip(numbers, results, strict=True):
                header = parse_header(raise_if_error(raw), number=number)
                if found and header.parent_hash != found[-1][0].hash:
                    raise RpcLieError(f"block {number} does not follow block {number - 1}")
                found.append((header, parse_transactions(raw, header)))
            return found

        requests = [Request("eth_getBlockByNumber", [hex(number), True]) for number in numbers]
        found = await self._rpc.batch(requests, parse_blocks, budget_seconds=self._budget_seconds)
        logs = await self._logs([header for header, _ in found])
        receipts = await self._receipts(found)
        return [Block(header, settle(txs, receipts), logs[header.hash]) for header, txs in found]

    async def _logs(self, headers: list[Header]) -> dict[str, tuple[Log, ...]]:
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
            return await self._rpc.call("eth_getLogs", [wanted], parse, budget_seconds=self._budget_seconds)
        except RpcResponseError:
            if len(headers) == 1:
                raise
            middle = len(headers) // 2
            return {**await self._logs(headers[:middle]), **await self._logs(headers[middle:])}

    async def _receipts(self, found: list[tuple[Header, Any]]) -> dict[str, Receipt]:
        wanted = [(header, transaction.hash) for header, transactions in found for transaction in transactions]

        def parse(results: list[Any]) -> dict[str, Receipt]:
            receipts = [
                parse_receipt(raise_if_error(raw), header) for (header, _), raw in zip(wanted, results, strict=True)
            ]
            return {receipt.tx_hash: receipt for receipt in receipts}

        requests = [Request("eth_getTransactionReceipt", [tx_hash]) for _, tx_hash in wanted]
        return await self._rpc.batch(requests, parse, budget_seconds=self._budget_seconds)


def _block(header: Header, transactions: Any, logs: list[Log]) -> Block:
    return Block(header, transactions, logs_of_block(logs, header))
