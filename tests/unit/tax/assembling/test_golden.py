"""The worked examples of tax/golden_cases.json, told as transactions: the same figures as the engine's own."""

from decimal import Decimal
from typing import Any

import pytest

from backend.tax.assembling.assemble import assemble
from backend.tax.books import TaxSettings
from backend.tax.engine.calculate import Calculation, calculate
from backend.tax.engine.events import IncomeKind
from backend.tax.transactions import TaxLeg, TaxTransaction
from tests.unit.tax import test_golden_cases as golden
from tests.unit.tax.assembling.told import K, Table, tx, usd

CURRENCIES = {"UK": "GBP", "CA": "CAD", "AU": "AUD", "DE": "EUR"}


def leg(asset: str, amount: str, currency: str, worth: str | None = None) -> TaxLeg:
    told = None if worth is None else usd(worth, "file", currency)
    return TaxLeg(asset, asset, Decimal(amount), told)


def told(row: dict[str, Any], currency: str) -> TaxTransaction:
    """A row as a file tells it: money that was paid and received is a leg of its own, fees are not in it."""
    asset, amount = row["asset"], row["qty"]
    value: Any = row.get("value")  # not every kind has one
    fees = (leg(f"fiat:{currency}", row["fee"], currency),) if Decimal(row.get("fee", "0")) else ()
    more: dict[str, Any] = {"wallet": row.get("wallet", "w"), "fees": fees}
    number, at = int(row["n"]), golden.when(row["at"])
    match row["type"]:
        case "buy":
            return tx(
                number, K.BUY, at, leg(asset, amount, currency), leg(f"fiat:{currency}", f"-{value}", currency), **more
            )
        case "sell":
            return tx(
                number, K.SELL, at, leg(asset, f"-{amount}", currency), leg(f"fiat:{currency}", value, currency), **more
            )
        case "staking_income":
            return tx(number, K.INCOME, at, leg(asset, amount, currency, value), income=IncomeKind.STAKING, **more)
        case "swap":
            into = leg(row["to_asset"], row["to_qty"], currency, row["to_cost"])
            return tx(number, K.SWAP, at, leg(asset, f"-{amount}", currency, value), into, **more)
        case "add_liquidity":
            parts = [each.split() for each in amount.split(" + ")]
            out = [leg(name, f"-{units}", currency, row["leg_values"][name]) for units, name in parts]
            return tx(number, K.LP_ADD, at, *out, leg("LP", row["lp_qty"], currency, value), **more)
        case "loan_out_beneficial_transfer":
            worth = str(Decimal(value) + Decimal(row["right_value"]))
            right = leg("right", "0.000000000000000001", currency, worth)
            return tx(number, K.SUPPLY, at, leg(asset, f"-{amount}", currency, value), right, **more)
        case "wrap_non_taxable":
            return tx(
                number,
                K.WRAP,
                at,
                leg(asset, f"-{amount}", currency),
                leg(row["to_asset"], row["to_qty"], currency),
                **more,
            )
        case _:
            return tx(number, K.GIFT_OUT, at, leg(asset, f"-{amount}", currency, value), **more)


def calculated(case: dict[str, Any]) -> Calculation:
    place: str = "US" if case["jurisdiction"] == "any" else case["jurisdiction"]
    currency = CURRENCIES.get(place, "USD")
    chosen = golden.METHODS.get(case["method"])
    settings = TaxSettings(
        jurisdiction="UK_COMPANY" if case["method"].startswith("company") else place,
        currency=currency,
        methods={1: chosen} if chosen else {},
        wash_sales="wash sale" in case["method"],
        lending_is_disposal=True,
    )
    made = assemble([(told(row, currency), None) for row in reversed(case["transactions"])], settings, Table())
    assert made.issues == []
    done = calculate(made.events, made.engine)
    for disposal in done.outcome.disposals:  # numbered as in the case
        disposal.event_ids = tuple(f"{int(each.split('-')[-1], 16):03}" for each in disposal.event_ids)
    return done


@pytest.mark.parametrize("number", range(23))
def test_golden_case(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden, "calculated", calculated)
    golden.test_golden_case(number)
