"""Typed events, and how a block of them travels in a Redis Stream entry.

An event's id is deterministic: `{chain_id}:{block_hash}:{log_index}` for logs, `...:tx{index}` for native transfers,
`...:price:{token}` and `...:r:{metric}:{subject}` for readings, `...:{log_index}:{topic}` for occurrences. The same
block always gives the same ids, another block never does. What belongs to no chain has chain 0, block 0 and no hash.
"""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

import orjson

NATIVE_TOKEN = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"  # noqa: S105 - the customary address of a chain's own currency
EVENTS_PER_ENTRY = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event carries; `taken_at` is the block's Unix time in seconds."""

    id: str
    chain_id: int
    block_number: int
    block_hash: str
    taken_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTransfer(Event):
    """A transfer of an ERC-20 token or, with `token` = NATIVE_TOKEN, of the chain's own currency.

    `amount` and `value_usd` are None when decimals or price are unknown. `price_source` says where the price is from.
    """

    tx_hash: str
    log_index: int | None
    token: str
    sender: str
    recipient: str
    amount_raw: int
    symbol: str | None = None
    amount: Decimal | None = None
    value_usd: Decimal | None = None
    price_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSwap(Event):
    """A swap; amounts are signed from the pool's side (positive: into the pool)."""

    tx_hash: str
    log_index: int
    pool: str
    protocol: str
    sender: str
    recipient: str
    amount0_raw: int
    amount1_raw: int
    sqrt_price_x96: int | None = None
    liquidity: int | None = None
    tick: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityChange(Event):
    """A mint (`added` true) or burn of pool liquidity."""

    tx_hash: str
    log_index: int
    pool: str
    protocol: str
    added: bool
    owner: str
    amount0_raw: int
    amount1_raw: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenApproval(Event):
    """An ERC-20 allowance set by `owner` for `spender`."""

    tx_hash: str
    log_index: int
    token: str
    owner: str
    spender: str
    amount_raw: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUpdate(Event):
    """A token's price as of this block, the reading before it, and its change over standard windows.

    `changes` maps window seconds to (change % at the previous reading or None, change % now): both known only when a
    reading at least that old exists. Carrying both ends makes edge-triggering a pure function of the event.
    """

    token: str
    symbol: str | None
    price_usd: Decimal
    previous_price_usd: Decimal | None
    source: str
    liquidity_usd: Decimal | None = None
    changes: dict[int, tuple[Decimal | None, Decimal]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Event):
    """A measured value of anything but a price, with the reading before it; metrics and units: docs/readings.md.

    `subject` is what it is about: "" the chain itself, a lower-case address, a protocol's id, … `label` is its name, if
    it has one: untrusted text. `changes` are as those of PriceUpdate, in the windows that the metric has.
    """

    metric: str
    subject: str
    value: Decimal
    previous_value: Decimal | None
    previous_taken_at: int | None
    source: str
    changes: dict[int, tuple[Decimal | None, Decimal]] = field(default_factory=dict)
    label: str | None = None
    tx_hash: str | None = None
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence(Event):
    """Something that happened to `subject`; topics and their details: docs/readings.md.

    `value` is its size where it has one (None: it has none, or nobody knows). `label` and the texts in `details` are
    untrusted.
    """

    topic: str
    subject: str
    source: str
    value: Decimal | None = None
    label: str | None = None
    tx_hash: str | None = None
    log_index: int | None = None
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockOrphaned(Event):
    """A reorganisation dropped this block: everything that came of it is withdrawn."""


CHANGE_WINDOWS_SECONDS = (300, 900, 3600, 14400, 86400, 604800)

_KINDS: dict[str, type[Event]] = {
    "transfer": TokenTransfer,
    "swap": PoolSwap,
    "liquidity": LiquidityChange,
    "approval": TokenApproval,
    "price": PriceUpdate,
    "reading": Reading,
    "occurrence": Occurrence,
    "orphaned": BlockOrphaned,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_INTEGERS = ("amount_raw", "amount0_raw", "amount1_raw", "sqrt_price_x96", "liquidity")
_DECIMALS = ("amount", "value_usd", "price_usd", "previous_price_usd", "liquidity_usd", "value", "previous_value")


def kind_of(event: Event) -> str:
    """Return the event's kind as it is named in the stream: transfer, price, reading, …"""
    return _NAMES[type(event)]


def to_json_fields(event: Event) -> dict[str, Any]:
    """Return an event as JSON-ready fields: big integers and decimals as strings, so that no digit is lost."""
    fields = asdict(event)
    for name in _INTEGERS:
        if isinstance(fields.get(name), int):
            fields[name] = str(fields[name])
    for name in _DECIMALS:
        if isinstance(fields.get(name), Decimal):
            fields[name] = format(fields[name], "f")
    if "changes" in fields:
        fields["changes"] = {
            str(window): [None if before is None else str(before), str(now)]
            for window, (before, now) in fields["changes"].items()
        }
    fields["kind"] = _NAMES[type(event)]
    return fields


def from_json_fields(fields: dict[str, Any]) -> Event:
    """Return the event that `to_json_fields` wrote. Raises KeyError, TypeError or ValueError on anything else."""
    values = dict(fields)
    kind = _KINDS[values.pop("kind")]
    for name in _INTEGERS:
        if values.get(name) is not None:
            values[name] = int(values[name])
    for name in _DECIMALS:
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    if "changes" in values:
        values["changes"] = {
            int(window): (None if before is None else Decimal(before), Decimal(now))
            for window, (before, now) in values["changes"].items()
        }
    return kind(**values)


def encode_entry(events: list[Event], emitted_at: float) -> dict[str, bytes]:
    """Return the fields of one stream entry: `e` the events as JSON, `at` when they were emitted (Unix seconds)."""
    return {"e": orjson.dumps([to_json_fields(event) for event in events]), "at": repr(emitted_at).encode()}


def decode_entry(entry: dict[bytes, bytes]) -> tuple[list[Event], float]:
    """Return the events of a stream entry and when they were emitted. Raises ValueError when it is malformed."""
    try:
        return [from_json_fields(fields) for fields in orjson.loads(entry[b"e"])], float(entry[b"at"])
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"malformed stream entry: {error!r}") from error
