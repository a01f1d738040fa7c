"""Transactions by their hashes, whole: what was sent, what it came to, its logs and its block's time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.chain.blocks import Log, address20, hash32, hex_bytes, parse_logs, quantity
from backend.chain.events import NATIVE_TOKEN
from backend.chain.fetch import BlockSource
from backend.chain.rpc.errors import (
    AllProvidersDownError,
    RpcError,
    RpcGarbageError,
    RpcLieError,
    RpcMissingError,
)
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.transport import Request, raise_if_error
from backend.core.clock import from_unix
from backend.ledger.importing.ways import NotReadError
from backend.ledger.transactions import Movement, Transaction

AT_ONCE = 25  # two questions each
BUDGET_SECONDS = 60.0  # a provider's rate limit counts into it


@dataclass(frozen=True, slots=True)
class _Sent:
    hash: str
    block_number: int
    block_hash: str
    index: int
    sender: str
    recipient: str | None
    value_wei: int
    method: str | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    block_hash: str
    succeeded: bool
    fee_wei: int | None
    created_contract: str | None
    logs: tuple[Log, ...]


async def read_transactions(
    rpc: RpcPool,
    hashes: Sequence[str],
    inside: Mapping[str, tuple[Movement, ...]],
    *,
    native_is_known: bool,
) -> tuple[list[Transaction], list[str]]:
    """Return the transactions in the order of the chain, and the hashes of those that no provider has in it.

    A transaction is missing when it was dropped by a reorganisation, or the providers do not go back so far. Raises
    NotReadError.
    """
    pairs: list[tuple[_Sent, _Outcome]] = []
    try:
        for start in range(0, len(hashes), AT_ONCE):
            pairs += await _read(rpc, hashes[start : start + AT_ONCE])
        numbers = sorted({sent.block_number for sent, _ in pairs})
        headers = await BlockSource(rpc, BUDGET_SECONDS).headers(numbers) if numbers else {}
    except (RpcError, AllProvidersDownError) as error:
        raise NotReadError(f"The transactions cannot be read: {error.message[:160]}") from error
    found = []
    for sent, outcome in pairs:
        header = headers.get(sent.block_number)
        if header is None or header.hash != sent.block_hash or outcome.block_hash != sent.block_hash:
            continue  # of another branch than the one that counts now
        native = _native(sent, outcome, inside.get(sent.hash, ()))
        found.append(
            Transaction(
                chain_id=rpc.chain_id,
                hash=sent.hash,
                block_number=sent.block_number,
                block_hash=sent.block_hash,
                index=sent.index,
                happened_at=from_unix(header.taken_at),
                sender=sent.sender,
                recipient=sent.recipient,
                value_wei=sent.value_wei,
                method=sent.method,
                fee_wei=outcome.fee_wei,
                succeeded=outcome.succeeded,
                logs=outcome.logs,
                native=native,
                native_is_known=native_is_known or not outcome.succeeded,
            )
        )
    known = {each.hash for each in found}
    found.sort(key=lambda each: (each.block_number, each.index))
    return found, [each for each in hashes if each not in known]


def _native(sent: _Sent, outcome: _Outcome, inside: tuple[Movement, ...]) -> tuple[Movement, ...]:
    if not outcome.succeeded:
        return ()
    recipient = sent.recipient or outcome.created_contract
    if sent.value_wei == 0 or recipient is None:
        return inside
    own = Movement(token=NATIVE_TOKEN, sender=sent.sender, recipient=recipient, amount_raw=sent.value_wei)
    return (own, *inside)


async def _read(rpc: RpcPool, hashes: Sequence[str]) -> list[tuple[_Sent, _Outcome]]:
    """Return what the providers know of transactions and their receipts, without those that they do not have."""
    requests = [
        Request(method, [tx_hash])
        for tx_hash in hashes
        for method in ("eth_getTransactionByHash", "eth_getTransactionReceipt")
    ]

    def parse(results: list[Any]) -> list[tuple[_Sent, _Outcome]]:
        pairs = []
        for place, tx_hash in enumerate(hashes):
            sent, outcome = (_known(result) for result in results[2 * place : 2 * place + 2])
            # One that waits for a block has none yet.
            if sent is not None and outcome is not None and sent.get("blockHash") is not None:
                pairs.append((_sent(sent, tx_hash), _outcome(outcome, sent, tx_hash)))
        return pairs

    return await rpc.batch(requests, parse, budget_seconds=BUDGET_SECONDS)


def _known(result: Any) -> dict[str, Any] | None:
    if result is None or isinstance(result, RpcMissingError):
        return None
    found = raise_if_error(result)
    if not isinstance(found, dict):
        raise RpcGarbageError("a transaction is no object")
    return found


def _sent(raw: dict[str, Any], tx_hash: str) -> _Sent:
    if hash32(raw.get("hash")) != tx_hash:
        raise RpcLieError("another transaction came than was asked for")
    data = hex_bytes(raw.get("input", raw.get("data")))
    recipient = None if raw.get("to") is None else address20(raw["to"])
    return _Sent(
        hash=tx_hash,
        block_number=quantity(raw.get("blockNumber")),
        block_hash=hash32(raw.get("blockHash")),
        index=quantity(raw.get("transactionIndex")),
        sender=address20(raw.get("from")),
        recipient=recipient,
        value_wei=quantity(raw.get("value")),
        method=f"0x{data[:4].hex()}" if len(data) >= 4 and recipient is not None else None,
    )


def _outcome(raw: dict[str, Any], sent: dict[str, Any], tx_hash: str) -> _Outcome:
    if hash32(raw.get("transactionHash")) != tx_hash:
        raise RpcLieError("another receipt came than was asked for")
    logs = parse_logs(raw.get("logs"))
    if any(log.tx_hash != tx_hash for log in logs):
        raise RpcLieError("a receipt has logs of another transaction")
    status = raw.get("status")
    return _Outcome(
        block_hash=hash32(raw.get("blockHash")),
        succeeded=_succeeded(status, raw, sent),
        fee_wei=_fee_wei(raw, sent),
        created_contract=None if raw.get("contractAddress") is None else address20(raw["contractAddress"]),
        logs=tuple(sorted(logs, key=lambda log: log.log_index)),
    )


def _succeeded(status: Any, raw: dict[str, Any], sent: dict[str, Any]) -> bool:
    """Return whether it did what it should. Receipts from before Byzantium do not say: all gas used is a failure."""
    if status is not None:
        return quantity(status) == 1
    used, allowed = quantity(raw.get("gasUsed")), quantity(sent.get("gas"))
    return used < allowed or allowed == 21_000


def _fee_wei(raw: dict[str, Any], sent: dict[str, Any]) -> int | None:
    """Return what the sender paid: gas, blobs, and on roll-ups of the OP stack the share of the layer below.

    None where it was paid in another currency (Celo), or the price is not said.
    """
    price = raw.get("effectiveGasPrice", sent.get("gasPrice"))
    if price is None or sent.get("feeCurrency") is not None:
        return None
    fee = quantity(raw.get("gasUsed")) * quantity(price)
    if raw.get("l1Fee") is not None:
        fee += quantity(raw["l1Fee"])
    if raw.get("blobGasUsed") is not None and raw.get("blobGasPrice") is not None:
        fee += quantity(raw["blobGasUsed"]) * quantity(raw["blobGasPrice"])
    return fee
