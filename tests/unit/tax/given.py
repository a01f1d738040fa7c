"""Short ways to say what happened, for tests of the tax engine. Amounts are whole tokens of 18 decimals."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backend.tax.engine.calculate import Calculation, Settings, calculate
from backend.tax.engine.events import Fee, IncomeKind, Kind, Leg, TaxEvent
from backend.tax.engine.methods import Method

UNIT = 10**18
DAY_ONE = datetime(2022, 1, 1, 12, tzinfo=UTC)
CENT = Decimal("0.01")


def tax_data() -> Path:
    """The directory of worked examples, where the machine has them: they are no part of the project."""
    for parent in Path(__file__).resolve().parents:
        if (parent / "shared" / "data" / "tax").is_dir():
            return parent / "shared" / "data" / "tax"
    return pytest.skip("the shared data is not here")


def day(number: int) -> datetime:
    return DAY_ONE + timedelta(days=number)


def raw(amount: object) -> int:
    units = Decimal(str(amount)) * UNIT
    assert units == int(units)
    return int(units)


def leg(asset: str, amount: object, value: object = None) -> Leg:
    return Leg(asset, raw(amount), None if value is None else Decimal(str(value)))


def fee(value: object) -> tuple[Fee, ...]:
    return (Fee(Decimal(str(value))),) if value else ()


def buy(id_: str, at: datetime, amount: object, value: object, **more: Any) -> TaxEvent:
    asset, wallet, fees = more.pop("asset", "X"), more.pop("wallet", "w"), fee(more.pop("fee", None))
    return TaxEvent(
        id=id_, at=at, kind=Kind.BUY, wallet=wallet, into=(leg(asset, amount, value),), fees=fees, **more
    )  # fmt: skip


def sell(id_: str, at: datetime, amount: object, value: object, **more: Any) -> TaxEvent:
    asset, wallet, fees = more.pop("asset", "X"), more.pop("wallet", "w"), fee(more.pop("fee", None))
    kind = more.pop("kind", Kind.SELL)
    return TaxEvent(id=id_, at=at, kind=kind, wallet=wallet, out=(leg(asset, amount, value),), fees=fees, **more)


def income(id_: str, at: datetime, amount: object, value: object, **more: Any) -> TaxEvent:
    asset, wallet = more.pop("asset", "X"), more.pop("wallet", "w")
    kind = more.pop("income", IncomeKind.STAKING)
    return TaxEvent(
        id=id_, at=at, kind=Kind.INCOME, wallet=wallet, into=(leg(asset, amount, value),), income=kind, **more
    )  # fmt: skip


def swap(id_: str, at: datetime, out: Iterable[Leg], into: Iterable[Leg], **more: Any) -> TaxEvent:
    wallet, fees = more.pop("wallet", "w"), fee(more.pop("fee", None))
    kind = more.pop("kind", Kind.SWAP)
    return TaxEvent(id=id_, at=at, kind=kind, wallet=wallet, out=tuple(out), into=tuple(into), fees=fees, **more)


def transfer(id_: str, at: datetime, amount: object, wallet: str, to: str, arrived: object = None) -> TaxEvent:
    there = leg("X", amount if arrived is None else arrived)
    return TaxEvent(
        id=id_, at=at, kind=Kind.TRANSFER, wallet=wallet, to_wallet=to, out=(leg("X", amount, amount),), into=(there,)
    )


def run(events: Iterable[TaxEvent], place: str = "US", method: Method | None = None, **more: Any) -> Calculation:
    methods = {} if method is None else {1: method}
    return calculate(events, Settings(jurisdiction=place, methods=more.pop("methods", methods), **more))


def gains(done: Calculation) -> dict[str, Decimal | None]:
    """The gain of each disposal, by the first of its events."""
    return {each.event_ids[0]: each.gain for each in done.outcome.disposals}


def total_gain(done: Calculation) -> Decimal:
    return sum((each.gain for each in done.outcome.disposals if each.gain is not None), Decimal(0))


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


def year(done: Calculation, number: int, **carried: Decimal) -> dict[str, Decimal]:
    return {figure.name: figure.amount for figure in done.assess(number, carried).figures}
