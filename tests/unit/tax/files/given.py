"""Short ways to read a file and to say what was read, for tests of files."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from backend.tax.files.numbers import plain
from backend.tax.files.reading import FileRead, read_file
from backend.tax.transactions import TaxLeg, TaxTransaction
from tests.unit.tax.given import tax_data

USER = UUID(int=7)
GENERIC = (
    "timestamp,type,sent_asset,sent_amount,received_asset,received_amount,"
    "fee_asset,fee_amount,value,currency,wallet,tx_hash,note"
)


def read(content: str | bytes, source: str = "generic", **more: Any) -> FileRead:
    data = content if isinstance(content, bytes) else content.encode()
    return read_file(data, source, account=more.pop("account", "Mine"), user_id=more.pop("user_id", USER), **more)


def generic(*lines: str, **more: Any) -> FileRead:
    return read("\n".join([GENERIC, *lines]), **more)


def shared_file(name: str) -> bytes:
    return (tax_data() / name).read_bytes()


def sample(name: str) -> str:
    return (Path(__file__).parent / "samples" / name).read_text(encoding="utf-8")


def said(legs: Iterable[TaxLeg]) -> str:
    """Legs as `-1 ETH +2000 fiat:USD=2000 USD`: amount, asset, worth."""
    return " ".join(f"{'+' if each.amount > 0 else ''}{plain(each.amount)} {each.asset}{_worth(each)}" for each in legs)


def _worth(leg: TaxLeg) -> str:
    return f"={plain(leg.worth.amount)} {leg.worth.currency}" if leg.worth else ""


def told(each: TaxTransaction) -> str:
    """A transaction in a line: time, kind, income, legs, fees."""
    kind = each.kind.value if each.income is None else f"{each.kind.value}:{each.income.value}"
    fees = f" fee {said(each.fees).replace('+', '')}" if each.fees else ""
    return f"{each.happened_at:%Y-%m-%d %H:%M:%S} {kind} {said(each.legs)}{fees}".replace("  ", " ")


def all_told(done: FileRead) -> list[str]:
    return [told(each) for each in done.transactions]


def fatal(done: FileRead) -> list[tuple[int, str | None]]:
    return [(each.line, each.column) for each in done.problems if each.is_fatal]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
