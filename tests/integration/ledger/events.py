"""Events made by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.events import Event, Kind, Leg
from backend.ledger.service import event_id

CHAIN = 31337
WALLET = "0x" + "22" * 20
OTHER = "0x" + "33" * 20
TOKEN = "0x" + "44" * 20
START = datetime(2026, 5, 20, 12, tzinfo=UTC)


def tx_hash(place: int) -> str:
    return f"0x{place:064x}"


def block_hash(block: int, branch: str = "aa") -> str:
    return f"0x{branch}{block:062x}"


def event(block: int, number: int = 0, *, branch: str = "aa", **more: Any) -> Event:
    """A transfer of one TOKEN to WALLET in the only transaction of a block, unless it is said otherwise."""
    values: dict[str, Any] = {
        "wallet": WALLET,
        "chain_id": CHAIN,
        "kind": Kind.TRANSFER,
        "happened_at": START + timedelta(seconds=2 * block),
        "block_number": block,
        "block_hash": block_hash(block, branch),
        "tx_hash": tx_hash(block),
        "tx_index": 0,
        "number": number,
        "source": "chain",
        "legs": (Leg(token=TOKEN, amount_raw=10**18, counterparty=OTHER, log_index=3),),
        "fee_wei": 21_000 * 10**9,
        **more,
    }
    values.setdefault("id", event_id(values["chain_id"], values["tx_hash"], values["wallet"], number))
    return Event(**values)


NATIVE = NATIVE_TOKEN
