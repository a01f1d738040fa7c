"""Events for tests, short to write."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.ledger.engine.valuing import Asset, ValuedEvent, valued_event
from backend.ledger.events import Event, Kind, Leg

START = datetime(2026, 1, 1, tzinfo=UTC)
MINE, ALSO_MINE, STRANGER = "0x" + "a1" * 20, "0x" + "a2" * 20, "0x" + "ee" * 20
NATIVE, A, B, SHARES = "0xnative", "0x" + "0a" * 20, "0x" + "0b" * 20, "0x" + "0c" * 20
DECIMALS = {Asset(chain, token): 0 for chain in (1, 2) for token in (NATIVE, A, B, SHARES)}


def leg(token: str, amount_raw: int, price: str | int | None = None, **more: Any) -> Leg:
    return Leg(token=token, amount_raw=amount_raw, price_usd=None if price is None else Decimal(price), **more)


def event(number: int, kind: Kind, *legs: Leg, wallet: str = MINE, chain_id: int = 1, **more: Any) -> Event:
    """The event of an hour; its number is its hour, block and transaction."""
    return Event(
        id=UUID(int=number * 10 + (wallet == ALSO_MINE)),
        wallet=wallet,
        chain_id=chain_id,
        kind=kind,
        happened_at=START + timedelta(hours=number),
        block_number=number,
        block_hash=f"0x{number:064x}",
        tx_hash=more.pop("tx_hash", f"0x{number:064x}"),
        tx_index=0,
        number=0,
        source="chain",
        legs=legs,
        fee_wei=more.pop("fee_wei", 0),
        **more,
    )


def valued(*events: Event) -> list[ValuedEvent]:
    return [valued_event(each, DECIMALS, NATIVE) for each in events]
