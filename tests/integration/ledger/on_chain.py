"""Transactions of a local chain as decoders see them: receipt, logs, and native movements from the trace of calls."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from backend.chain.blocks import parse_logs
from backend.chain.events import NATIVE_TOKEN
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.rpc import Rpc
from backend.ledger.transactions import Movement, Transaction


async def read_transaction(rpc: Rpc, tx_hash: str) -> Transaction:
    """Read a mined transaction with everything that its calls moved."""
    sent, receipt, trace = await rpc.all(
        [
            ("eth_getTransactionByHash", (tx_hash,)),
            ("eth_getTransactionReceipt", (tx_hash,)),
            ("debug_traceTransaction", (tx_hash, {"tracer": "callTracer"})),
        ]
    )
    block = await rpc.call("eth_getBlockByNumber", receipt["blockNumber"], False)
    succeeded = receipt["status"] == "0x1"
    return Transaction(
        chain_id=DEMO_CHAIN_ID,
        hash=tx_hash,
        block_number=int(receipt["blockNumber"], 16),
        block_hash=receipt["blockHash"],
        index=int(receipt["transactionIndex"], 16),
        happened_at=datetime.fromtimestamp(int(block["timestamp"], 16), UTC),
        sender=sent["from"].lower(),
        recipient=sent["to"].lower() if sent["to"] else None,
        value_wei=int(sent["value"], 16),
        method=sent["input"][:10] if len(sent["input"]) >= 10 else None,
        fee_wei=int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16),
        succeeded=succeeded,
        logs=tuple(parse_logs(receipt["logs"])),
        native=tuple(_moved(trace)) if succeeded else (),
        native_is_known=True,
    )


def _moved(call: dict[str, Any]) -> Iterator[Movement]:
    """Yield what a call and those inside of it moved; a call that failed moved nothing."""
    if call.get("error"):
        return
    value = int(call.get("value", "0x0"), 16)
    if value and call["type"] in ("CALL", "CREATE", "CREATE2"):
        sender, recipient = call["from"].lower(), call["to"].lower()
        yield Movement(token=NATIVE_TOKEN, sender=sender, recipient=recipient, amount_raw=value)
    for inner in call.get("calls", ()):
        yield from _moved(inner)
