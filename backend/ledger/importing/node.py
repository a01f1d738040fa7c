"""Transactions of a wallet from a node: logs that name it, and calls with `trace_filter` where the node has that.

Without traces movements of the chain's own currency are known only of transactions that also left a log, and of those
that the wallet sent itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak

from backend.chain.blocks import Log, parse_logs
from backend.chain.rpc.errors import METHOD_NOT_FOUND, AllProvidersDownError, RpcError, RpcResponseError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.transport import Request, raise_if_error
from backend.ledger.importing.sent import sent_transactions
from backend.ledger.importing.traces import Trace, inner_movements, parse_traces, reverted
from backend.ledger.importing.ways import NotReadError, Part
from backend.ledger.transactions import Movement

MOST_BLOCKS, LEAST_BLOCKS = 10_000, 25
STEP_SECONDS = 20.0
TRACES_AT_ONCE = 20
MOST_SENT = 1_000


def _topic(signature: str) -> str:
    return "0x" + keccak(text=signature).hex()


# What concerns a wallet that it names: everything that moves tokens or allows somebody to.
TOPICS = tuple(
    _topic(signature)
    for signature in (
        "Transfer(address,address,uint256)",  # ERC-20 and ERC-721
        "TransferSingle(address,address,address,uint256,uint256)",  # ERC-1155
        "TransferBatch(address,address,address,uint256[],uint256[])",
        "Approval(address,address,uint256)",
        "ApprovalForAll(address,address,bool)",
        "Deposit(address,uint256)",  # WETH9
        "Withdrawal(address,uint256)",
        "Approval(address,address,address,uint160,uint48)",  # Permit2
        "Permit(address,address,address,uint160,uint48,uint48)",
    )
)


@dataclass(slots=True)
class Learned:
    """What is known of a chain's providers: how many blocks they take at once, and whether they have traces."""

    blocks: int = MOST_BLOCKS
    has_traces: bool = True
    traced_blocks: int = field(default=MOST_BLOCKS)


class NodeWay:
    """Implements Way with a chain's providers. `learned` outlives it."""

    def __init__(self, rpc: RpcPool, learned: Learned) -> None:
        self._rpc = rpc
        self._learned = learned

    async def find(self, wallet: str, first: int, last: int) -> Part:
        """Return a wallet's transactions of as many blocks as the providers take at once. Raises NotReadError."""
        while True:
            known = self._learned
            size = min(known.blocks, known.traced_blocks) if known.has_traces else known.blocks
            end = min(last, first + size - 1)
            try:
                logs = await self._logs(wallet, first, end)
                traces = await self._traces(wallet, first, end) if known.has_traces else None
                sent = {} if traces is not None else await self._sent(wallet, first, end)
            except _TooMuch:
                continue
            except (RpcError, AllProvidersDownError) as error:
                raise NotReadError(f"The chain's providers do not answer: {error.message[:160]}") from error
            known.blocks = min(MOST_BLOCKS, known.blocks * 2)
            known.traced_blocks = min(MOST_BLOCKS, known.traced_blocks * 2)
            return await self._part(wallet, end, logs, traces, sent)

    async def _logs(self, wallet: str, first: int, last: int) -> list[Log]:
        padded = "0x" + wallet[2:].rjust(64, "0")
        blocks = {"fromBlock": hex(first), "toBlock": hex(last)}
        requests = [
            Request("eth_getLogs", [{**blocks, "topics": [list(TOPICS), *[None] * place, padded]}])
            for place in range(3)
        ]

        def parse(results: list[Any]) -> list[Log]:
            return [log for result in results for log in parse_logs(raise_if_error(result))]

        try:
            return await self._rpc.batch(requests, parse, budget_seconds=STEP_SECONDS)
        except RpcResponseError as error:
            self._learned.blocks = _smaller(last - first + 1, error)
            raise _TooMuch from error

    async def _traces(self, wallet: str, first: int, last: int) -> list[Trace] | None:
        """Return the calls from and to a wallet, None when the providers have no traces."""
        blocks = {"fromBlock": hex(first), "toBlock": hex(last)}
        requests = [Request("trace_filter", [{**blocks, way: [wallet]}]) for way in ("fromAddress", "toAddress")]

        def parse(results: list[Any]) -> list[Trace]:
            return [trace for result in results for trace in parse_traces(raise_if_error(result))]

        try:
            return await self._rpc.batch(requests, parse, budget_seconds=STEP_SECONDS)
        except RpcResponseError as error:
            if error.rpc_code == METHOD_NOT_FOUND or "method" in error.rpc_message.lower():
                self._learned.has_traces = False
                return None
            try:
                self._learned.traced_blocks = _smaller(last - first + 1, error)
            except NotReadError:
                self._learned.has_traces = False  # it knows the method, and refuses it to us
                return None
            raise _TooMuch from error

    async def _sent(self, wallet: str, first: int, last: int) -> dict[str, int]:
        return await sent_transactions(self._rpc, wallet, first, last, MOST_SENT) or {}

    async def _part(
        self,
        wallet: str,
        end: int,
        logs: Sequence[Log],
        traces: Sequence[Trace] | None,
        sent: Mapping[str, int],
    ) -> Part:
        places = {tx_hash: (block, 0) for tx_hash, block in sent.items()}
        places |= {log.tx_hash: (log.block_number, log.log_index) for log in reversed(logs)}
        if traces is None:
            return Part(end, _in_order(places))
        ours = [trace for trace in traces if trace.concerns(wallet)]
        for trace in ours:
            places.setdefault(trace.tx_hash, (trace.block_number, 0))
        inside: dict[str, tuple[Movement, ...]] = {}
        deep = sorted({trace.tx_hash for trace in ours if trace.value_wei and len(trace.address) > 1})
        whole = await self._whole_traces(deep)
        for tx_hash in {trace.tx_hash for trace in ours}:
            found = whole.get(tx_hash) or [trace for trace in ours if trace.tx_hash == tx_hash]
            movements = inner_movements(found, wallet, reverted(found))
            if movements:
                inside[tx_hash] = movements
        return Part(end, _in_order(places), inside, native_is_known=True)

    async def _whole_traces(self, hashes: Sequence[str]) -> dict[str, list[Trace]]:
        """Return all calls of transactions: only these say whether a call was reverted by one above it."""
        found: dict[str, list[Trace]] = {}
        for start in range(0, len(hashes), TRACES_AT_ONCE):
            part = hashes[start : start + TRACES_AT_ONCE]

            def parse(results: list[Any]) -> list[list[Trace]]:
                return [parse_traces(raise_if_error(result)) for result in results]

            requests = [Request("trace_transaction", [tx_hash]) for tx_hash in part]
            try:
                answers = await self._rpc.batch(requests, parse, budget_seconds=STEP_SECONDS)
            except (RpcError, AllProvidersDownError) as error:
                raise NotReadError(f"The calls inside of transactions cannot be read: {error.message[:160]}") from error
            found |= dict(zip(part, answers, strict=True))
        return found


def _in_order(places: dict[str, tuple[int, int]]) -> dict[str, int]:
    return {tx_hash: places[tx_hash][0] for tx_hash in sorted(places, key=lambda each: places[each])}


class _TooMuch(Exception):
    """The providers refused so many blocks at once; what was learned says how many to try."""


def _smaller(blocks: int, error: RpcResponseError) -> int:
    """Return how many blocks to ask for after a refusal. Raises NotReadError when it cannot be for their number."""
    if blocks <= LEAST_BLOCKS:
        raise NotReadError(f"The chain's providers refuse to look: {error.rpc_message[:160]}") from error
    return max(LEAST_BLOCKS, blocks // 4)
