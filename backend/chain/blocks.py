"""Blocks, logs and receipts as types, parsed at the door: what does not fit is the provider's fault."""

import re
from dataclasses import dataclass
from typing import Any

from backend.chain.rpc.errors import RpcGarbageError, RpcLieError, RpcMissingError

MAX_NUMBER = 1 << 53
MAX_TIME = 1 << 36  # the year 4147
_HEX = re.compile(r"0x[0-9a-fA-F]*")
_HASH = re.compile(r"0x[0-9a-f]{64}")
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header; `taken_at` is its Unix time in seconds, `has_logs` None when its bloom says nothing."""

    number: int
    hash: str
    parent_hash: str
    taken_at: int
    base_fee_wei: int | None
    gas_used: int
    gas_limit: int
    has_logs: bool | None


@dataclass(frozen=True, slots=True)
class ValueTransaction:
    """A transaction that carries the chain's own currency; `recipient` is None when it creates a contract."""

    hash: str
    index: int
    sender: str
    recipient: str | None
    value_wei: int


@dataclass(frozen=True, slots=True)
class Log:
    """One log, addresses and topics in lower case."""

    address: str
    topics: tuple[str, ...]
    data: bytes
    tx_hash: str
    log_index: int
    block_number: int
    block_hash: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a transaction came to."""

    tx_hash: str
    succeeded: bool
    created_contract: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """A block with what the follower needs of it: its logs, and the value transactions that succeeded."""

    header: Header
    transactions: tuple[ValueTransaction, ...]
    logs: tuple[Log, ...]


def quantity(value: Any) -> int:
    """Return the integer of a JSON-RPC quantity. Raises RpcGarbageError."""
    if not isinstance(value, str) or len(value) < 3 or not _HEX.fullmatch(value):
        raise RpcGarbageError("a quantity is no hexadecimal number")
    return int(value, 16)


def _pattern(value: Any, pattern: re.Pattern[str], what: str) -> str:
    lowered = value.lower() if isinstance(value, str) else ""
    if not pattern.fullmatch(lowered):
        raise RpcGarbageError(f"{what} is malformed")
    return lowered


def hash32(value: Any) -> str:
    """Return a 32-byte hash in lower case. Raises RpcGarbageError."""
    return _pattern(value, _HASH, "a hash")


def address20(value: Any) -> str:
    """Return an address in lower case. Raises RpcGarbageError."""
    return _pattern(value, _ADDRESS, "an address")


def hex_bytes(value: Any) -> bytes:
    """Return the bytes of a hexadecimal string. Raises RpcGarbageError."""
    if not isinstance(value, str) or not _HEX.fullmatch(value) or len(value) % 2:
        raise RpcGarbageError("a byte string is no hexadecimal text")
    return bytes.fromhex(value[2:])


def parse_header(raw: Any, *, number: int | None = None, block_hash: str | None = None) -> Header:
    """Return the header of a block object.

    Raises RpcMissingError for null, RpcGarbageError when it is malformed, RpcLieError when it is not the block asked.
    """
    if raw is None:
        raise RpcMissingError("the provider does not know the block")
    if not isinstance(raw, dict):
        raise RpcGarbageError("a block is no object")
    header = Header(
        number=quantity(raw.get("number")),
        hash=hash32(raw.get("hash")),
        parent_hash=hash32(raw.get("parentHash")),
        taken_at=quantity(raw.get("timestamp")),
        base_fee_wei=None if raw.get("baseFeePerGas") is None else quantity(raw["baseFeePerGas"]),
        gas_used=quantity(raw.get("gasUsed")),
        gas_limit=quantity(raw.get("gasLimit")),
        has_logs=_bloom(raw.get("logsBloom")),
    )
    if header.number >= MAX_NUMBER or header.taken_at >= MAX_TIME:
        raise RpcGarbageError("a block's number or time cannot be true")
    if number is not None and header.number != number:
        raise RpcLieError(f"asked for block {number}, got {header.number}")
    if block_hash is not None and header.hash != block_hash:
        raise RpcLieError(f"asked for block {block_hash}, got {header.hash}")
    return header


def _bloom(value: Any) -> bool | None:
    """Return whether a bloom says there are logs; None when absent or all ones (some chains fill it so)."""
    if not isinstance(value, str) or len(value) != 514:
        return None
    digits = set(value[2:])
    if digits <= {"f", "F"}:
        return None
    return digits != {"0"}


def parse_transactions(raw: Any, header: Header) -> tuple[ValueTransaction, ...]:
    """Return the transactions of a full block object that carry value. Raises RpcGarbageError or RpcLieError."""
    transactions = raw.get("transactions")
    if not isinstance(transactions, list):
        raise RpcGarbageError("a block has no list of transactions")
    found = []
    for item in transactions:
        if not isinstance(item, dict):
            raise RpcGarbageError("a block came without full transactions")
        if item.get("blockHash") is not None and hash32(item["blockHash"]) != header.hash:
            raise RpcLieError("a transaction belongs to another block")
        value_wei = quantity(item.get("value"))
        if value_wei == 0:
            continue
        found.append(
            ValueTransaction(
                hash=hash32(item.get("hash")),
                index=quantity(item.get("transactionIndex")),
                sender=address20(item.get("from")),
                recipient=None if item.get("to") is None else address20(item["to"]),
                value_wei=value_wei,
            )
        )
    return tuple(found)


def parse_log(raw: Any) -> Log:
    """Return one log. Raises RpcGarbageError."""
    if not isinstance(raw, dict) or not isinstance(raw.get("topics"), list) or len(raw["topics"]) > 4:
        raise RpcGarbageError("a log is malformed")
    return Log(
        address=address20(raw.get("address")),
        topics=tuple(hash32(topic) for topic in raw["topics"]),
        data=hex_bytes(raw.get("data")),
        tx_hash=hash32(raw.get("transactionHash")),
        log_index=quantity(raw.get("logIndex")),
        block_number=quantity(raw.get("blockNumber")),
        block_hash=hash32(raw.get("blockHash")),
    )


def parse_logs(raw: Any) -> list[Log]:
    """Return the logs of an answer, dropping those marked as removed. Raises RpcGarbageError."""
    if not isinstance(raw, list):
        raise RpcGarbageError("the logs are no list")
    return [parse_log(item) for item in raw if not (isinstance(item, dict) and item.get("removed") is True)]


def logs_of_block(logs: list[Log], header: Header) -> tuple[Log, ...]:
    """Return a block's logs in order. Raises RpcLieError (another block's, doubled), RpcMissingError (left out)."""
    seen: set[int] = set()
    for entry in logs:
        if entry.block_hash != header.hash or entry.block_number != header.number:
            raise RpcLieError("a log belongs to another block")
        if entry.log_index in seen:
            raise RpcLieError("a log index appears twice")
        seen.add(entry.log_index)
    if not logs and header.has_logs:
        # Behind a load balancer the node that answers may not have them yet: another try is the right answer.
        raise RpcMissingError("the header's bloom says there are logs, and none came")
    return tuple(sorted(logs, key=lambda entry: entry.log_index))


def parse_receipt(raw: Any, header: Header) -> Receipt:
    """Return one receipt. Raises RpcMissingError, RpcGarbageError, or RpcLieError when it is another block's."""
    if raw is None:
        raise RpcMissingError("the provider does not know the receipt")
    if not isinstance(raw, dict):
        raise RpcGarbageError("a receipt is no object")
    if hash32(raw.get("blockHash")) != header.hash:
        raise RpcLieError("a receipt belongs to another block")
    status = raw.get("status")
    return Receipt(
        tx_hash=hash32(raw.get("transactionHash")),
        # Receipts from before Byzantium have a state root in place of a status; those are too old to be followed live.
        succeeded=status is None or quantity(status) == 1,
        created_contract=None if raw.get("contractAddress") is None else address20(raw["contractAddress"]),
    )


def settle(transactions: tuple[ValueTransaction, ...], receipts: dict[str, Receipt]) -> tuple[ValueTransaction, ...]:
    """Return the value transactions that succeeded, with the created contract as recipient where there was none.

    Raises RpcMissingError when a receipt is not there.
    """
    settled = []
    for transaction in transactions:
        receipt = receipts.get(transaction.hash)
        if receipt is None:
            raise RpcMissingError("a receipt is missing")
        recipient = transaction.recipient or receipt.created_contract
        if receipt.succeeded and recipient is not None:
            settled.append(
                ValueTransaction(
                    transaction.hash, transaction.index, transaction.sender, recipient, transaction.value_wei
                )
            )
    return tuple(settled)
