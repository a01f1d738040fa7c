"""Calls as `trace_filter` and `trace_transaction` have them, parsed into types.

Their form is OpenEthereum's, which Erigon, Nethermind, Reth and anvil share:
https://openethereum.github.io/JSONRPC-trace-module
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from backend.chain.blocks import address20, hash32, quantity
from backend.chain.events import NATIVE_TOKEN
from backend.chain.rpc.errors import RpcGarbageError
from backend.ledger.transactions import Movement

_DEEPEST = 1_025


@dataclass(frozen=True, slots=True)
class Trace:
    """One call, creation or self-destruction. `address` is its place in the transaction's tree, empty for the root."""

    tx_hash: str
    block_number: int
    address: tuple[int, ...]
    sender: str
    recipient: str | None
    value_wei: int
    moves: bool
    failed: bool

    def concerns(self, wallet: str) -> bool:
        """Return whether the call is the wallet's doing, or brings it something."""
        if not self.moves:
            return False
        return self.sender == wallet or (self.recipient == wallet and (self.value_wei > 0 or not self.address))


def parse_traces(raw: Any) -> list[Trace]:
    """Return the calls of an answer; block rewards are none. Raises RpcGarbageError."""
    if not isinstance(raw, list):
        raise RpcGarbageError("the traces are no list")
    return [trace for item in raw if (trace := _trace(item)) is not None]


def _trace(raw: Any) -> Trace | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("action"), dict):
        raise RpcGarbageError("a trace is malformed")
    kind, action, result = raw.get("type"), raw["action"], raw.get("result")
    if kind == "reward":
        return None
    place, number = raw.get("traceAddress"), raw.get("blockNumber")
    if not isinstance(place, list) or len(place) > _DEEPEST or not all(type(each) is int for each in place):
        raise RpcGarbageError("a trace has no place")
    if type(number) is not int or number < 0:
        raise RpcGarbageError("a trace has no block")
    moves = True
    if kind == "call":
        sender, recipient, value = action.get("from"), action.get("to"), action.get("value")
        moves = action.get("callType", "call") == "call"  # code of others runs in the caller's name: nothing moves
    elif kind == "create":
        sender, value = action.get("from"), action.get("value")
        recipient = result.get("address") if isinstance(result, dict) else None
    elif kind in ("suicide", "selfdestruct"):
        sender, recipient, value = action.get("address"), action.get("refundAddress"), action.get("balance")
    else:
        raise RpcGarbageError("a trace is of no known type")
    return Trace(
        tx_hash=hash32(raw.get("transactionHash")),
        block_number=number,
        address=tuple(place),
        sender=address20(sender),
        recipient=None if recipient is None else address20(recipient),
        value_wei=quantity(value) if value is not None else 0,
        moves=moves,
        failed=raw.get("error") is not None,
    )


def reverted(traces: Iterable[Trace]) -> frozenset[tuple[int, ...]]:
    """Return the places of calls that failed; with them failed everything below."""
    return frozenset(trace.address for trace in traces if trace.failed)


def inner_movements(traces: Sequence[Trace], wallet: str, failed: frozenset[tuple[int, ...]]) -> tuple[Movement, ...]:
    """Return what the calls inside of a transaction moved to or from a wallet, in their order.

    The transaction's own value (the root) is not among them.
    """
    found = {
        trace.address: Movement(
            token=NATIVE_TOKEN, sender=trace.sender, recipient=trace.recipient, amount_raw=trace.value_wei
        )
        for trace in traces
        if trace.moves
        and trace.address
        and trace.value_wei > 0
        and trace.recipient is not None
        and wallet in (trace.sender, trace.recipient)
        and not any(trace.address[:depth] in failed for depth in range(len(trace.address) + 1))
    }
    return tuple(found[place] for place in sorted(found))
