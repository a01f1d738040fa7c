"""The hash of the input: whatever of an event is another makes another one, and what is equal does not."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from backend.tax.engine.events import Fee, IncomeKind, Kind, Leg, LotChoice, TaxEvent, canonical
from tests.unit.tax.given import buy, on

EVENT = buy("a", on("2024-01-01"), 1, 2)
OTHERS: dict[str, object] = {
    "id": "b",
    "at": on("2024-01-02"),
    "kind": Kind.GIFT_IN,
    "wallet": "other",
    "out": (Leg("X", 1, None),),
    "into": (Leg("X", 10**18, Decimal(3)),),
    "fees": (Fee(None, "ETH", 4),),
    "to_wallet": "other",
    "sequence": 7,
    "income": IncomeKind.FORK,
    "choices": (LotChoice("b", 3),),
    "basis": Decimal(1),
    "acquired_at": on("2023-01-01"),
    "portfolio_value": Decimal(1),
}


@pytest.mark.parametrize("name", [each.name for each in fields(TaxEvent)])
def test_every_field_of_an_event_counts(name: str) -> None:
    assert canonical(replace(EVENT, **{name: OTHERS[name]})) != canonical(EVENT)


def test_the_same_is_the_same_however_it_is_written() -> None:
    there = datetime(2024, 1, 1, 21, tzinfo=timezone(timedelta(hours=9)))
    again = replace(EVENT, at=there, into=(Leg("X", 10**18, Decimal("2.000")),), basis=Decimal("-0.0"))
    assert canonical(again) == canonical(replace(EVENT, at=on("2024-01-01").astimezone(UTC), basis=Decimal("0E+3")))
    long = Decimal("123456789012345678901234567890.123456789012345678901234567890")
    assert canonical(replace(EVENT, basis=long)) != canonical(replace(EVENT, basis=long + Decimal("1E-29")))


def test_what_stands_side_by_side_does_not_run_together() -> None:
    two, one = (LotChoice("a", 1), LotChoice("b", 2)), (LotChoice("a", 12),)
    assert canonical(replace(EVENT, choices=two)) != canonical(replace(EVENT, choices=one))
