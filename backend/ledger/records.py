"""Events as rows of the store and back: nothing is lost, and what is read was written here."""

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from backend.core.formats import iso
from backend.core.ids import derived_id
from backend.core.money import plain
from backend.ledger.events import Approval, Coverage, Event, Kind, Leg

MOST_PROBLEM = 300
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands in a user's history: events are in the order of these fields."""

    happened_at: datetime
    chain_id: int
    block_number: int
    tx_index: int
    number: int
    id: UUID


def event_id(chain_id: int, tx_hash: str, wallet: str, number: int) -> UUID:
    """Return the id of a wallet's event: the same whenever and from whatever it is read."""
    return derived_id("ledger", chain_id, tx_hash, wallet, number)


def place_of(event: Event) -> Place:
    """Return where an event stands."""
    return Place(event.happened_at, event.chain_id, event.block_number, event.tx_index, event.number, event.id)


def row_of(event: Event, decoder_version: int, price_due_at: datetime | None = None) -> dict[str, Any]:
    """Return the row of an event, without its user."""
    row: dict[str, Any] = {
        "id": str(event.id),
        "wallet": event.wallet,
        "chain_id": event.chain_id,
        "kind": event.kind.value,
        "happened_at": event.happened_at.isoformat(),
        "block_number": event.block_number,
        "block_hash": event.block_hash,
        "tx_hash": event.tx_hash,
        "tx_index": event.tx_index,
        "number": event.number,
        "source": event.source,
        "approvals": [_approval_json(each) for each in event.approvals],
        "protocol": event.protocol,
        "counterparty": event.counterparty,
        "identifiers": dict(event.identifiers) if event.identifiers is not None else None,
        "method": event.method,
        "fee_wei": None if event.fee_wei is None else str(event.fee_wei),
        "succeeded": event.succeeded,
        "problem": None if event.problem is None else event.problem[:MOST_PROBLEM],
    }
    unpriced = [_leg_json(leg, priced=False) for leg in event.legs]
    digest = blake2b(orjson.dumps([row, unpriced], option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
    return row | {
        "legs": [_leg_json(leg, priced=True) for leg in event.legs],
        "fee_price_usd": None if event.fee_price_usd is None else plain(event.fee_price_usd),
        "decoder_version": decoder_version,
        "digest": digest,
        "price_due_at": None if price_due_at is None else price_due_at.isoformat(),
        "tokens": sorted(tokens_of(event)),
    }


def tokens_of(event: Event) -> set[str]:
    """Return the assets that an event is about: those that moved and those that somebody was allowed to move."""
    return {leg.token for leg in event.legs} | {each.token for each in event.approvals}


def legs_json(legs: Iterable[Leg]) -> list[dict[str, Any]]:
    """Return legs as the store has them."""
    return [_leg_json(leg, priced=True) for leg in legs]


def _leg_json(leg: Leg, *, priced: bool) -> dict[str, Any]:
    values: dict[str, Any] = {"token": leg.token, "amount_raw": str(leg.amount_raw), "role": leg.role}
    if leg.token_id is not None:
        values["token_id"] = str(leg.token_id)
    if leg.counterparty is not None:
        values["counterparty"] = leg.counterparty
    if leg.log_index is not None:
        values["log_index"] = leg.log_index
    if priced and leg.price_usd is not None:
        values["price_usd"] = plain(leg.price_usd)
        values["price_source"] = leg.price_source
        values["priced_at"] = iso(leg.priced_at) or None
    return values


def _approval_json(approval: Approval) -> dict[str, Any]:
    values: dict[str, Any] = {"token": approval.token, "spender": approval.spender}
    values["amount_raw"] = None if approval.amount_raw is None else str(approval.amount_raw)
    if approval.token_id is not None:
        values["token_id"] = str(approval.token_id)
    return values


# In this order the repository selects them.
COLUMNS = (
    *("id", "wallet", "chain_id", "kind", "happened_at", "block_number", "block_hash", "tx_hash", "tx_index"),
    *("number", "source", "legs", "approvals", "protocol", "counterparty", "identifiers", "method", "fee_wei"),
    *("fee_price_usd", "succeeded", "problem"),
)


def events_of(rows: Sequence[Sequence[Any]]) -> list[Event]:
    """Return the events of rows with COLUMNS.

    Nothing made here is garbage: a collector that looks through it again and again while it grows costs a third more.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return [event_of(row) for row in rows]
    finally:
        if was_on:
            gc.enable()


def event_of(row: Sequence[Any]) -> Event:
    """Return the event of a row with COLUMNS; legs and approvals are JSON text."""
    id_, wallet, chain_id, kind, happened_at, block_number, block_hash, tx_hash, tx_index = row[:9]
    number, source, legs, approvals, protocol, counterparty, identifiers, method, fee_wei = row[9:18]
    fee_price_usd, succeeded, problem = row[18:]
    return Event(
        id=id_,
        wallet=wallet,
        chain_id=chain_id,
        kind=_KINDS[kind],
        happened_at=happened_at,
        block_number=block_number,
        block_hash=block_hash,
        tx_hash=tx_hash,
        tx_index=tx_index,
        number=number,
        source=source,
        legs=tuple(map(_leg, orjson.loads(legs))) if legs != "[]" else (),
        approvals=tuple(map(_approval, orjson.loads(approvals))) if approvals != "[]" else (),
        protocol=protocol,
        counterparty=counterparty,
        identifiers=identifiers,
        method=method,
        fee_wei=None if fee_wei is None else int(fee_wei),
        fee_price_usd=fee_price_usd,
        succeeded=succeeded,
        problem=problem,
    )


def _leg(values: Mapping[str, Any]) -> Leg:
    get = values.get
    price, at, token_id = get("price_usd"), get("priced_at"), get("token_id")
    return Leg(
        token=values["token"],
        amount_raw=int(values["amount_raw"]),
        token_id=None if token_id is None else int(token_id),
        role=values["role"],
        counterparty=get("counterparty"),
        log_index=get("log_index"),
        price_usd=None if price is None else Decimal(price),
        price_source=get("price_source"),
        priced_at=None if at is None else datetime.fromisoformat(at),
    )


def _approval(values: Mapping[str, Any]) -> Approval:
    amount, token_id = values.get("amount_raw"), values.get("token_id")
    return Approval(
        token=values["token"],
        spender=values["spender"],
        amount_raw=None if amount is None else int(amount),
        token_id=None if token_id is None else int(token_id),
    )


def coverage_of(row: Any) -> Coverage:
    """Return the coverage of a row of its table."""
    names = ("wallet", "chain_id", "from_block", "to_block", "to_block_at", "native_is_known", "reached_start")
    return Coverage(**{name: row[name] for name in (*names, "source", "checked_at", "problem")})
