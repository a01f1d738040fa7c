"""Worked examples of tax offices and other tools, all of those that are about tax: tax/golden_cases.json."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.tax.engine.calculate import Calculation, Settings, calculate
from backend.tax.engine.events import Fee, IncomeKind, Kind, Leg, TaxEvent
from backend.tax.engine.jurisdictions.base import Term
from backend.tax.engine.methods import Method
from tests.unit.tax.given import leg, raw, tax_data

METHODS = {
    "FIFO": Method.FIFO, "LIFO": Method.LIFO, "HIFO": Method.HIFO, "LOFO": Method.LOFO, "FIFO per wallet": Method.FIFO,
    "FIFO + wash sale (securities)": Method.FIFO, "FIFO + 1-year exemption": Method.FIFO,
    "FIFO + 50% discount": Method.FIFO, "basis transfer (non-taxable wrap)": Method.FIFO,
}  # fmt: skip
KINDS = {"buy": Kind.BUY, "sell": Kind.SELL, "staking_income": Kind.INCOME, "gift": Kind.GIFT_OUT}


def cases() -> list[dict[str, Any]]:
    found = json.loads((tax_data() / "golden_cases.json").read_text())["cases"]
    return [case for case in found if case["kind"] == "tax"]


def when(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if len(text) == 10:
        at = at.replace(hour=12)  # days are those of the place
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def event_of(row: dict[str, Any]) -> TaxEvent:
    base: dict[str, Any] = {"id": f"{row['n']:03}", "at": when(row["at"]), "wallet": row.get("wallet", "w")}
    fees = (Fee(Decimal(row["fee"])),) if Decimal(row.get("fee", "0")) else ()
    match row["type"]:
        case "swap":
            out = (leg(row["asset"], row["qty"], row["value"]),)
            into = (leg(row["to_asset"], row["to_qty"], row["to_cost"]),)
            return TaxEvent(**base, kind=Kind.SWAP, out=out, into=into, fees=fees)
        case "add_liquidity":
            out = tuple(
                leg(part.split()[1], part.split()[0], row["leg_values"][part.split()[1]])
                for part in row["qty"].split(" + ")
            )
            return TaxEvent(**base, kind=Kind.SWAP, out=out, into=(leg("LP", row["lp_qty"], row["value"]),))
        case "loan_out_beneficial_transfer":
            worth = Decimal(row["value"]) + Decimal(row["right_value"])
            out = (leg(row["asset"], row["qty"], row["value"]),)
            return TaxEvent(**base, kind=Kind.SWAP, out=out, into=(Leg("right", 1, worth),))
        case "wrap_non_taxable":
            out = (leg(row["asset"], row["qty"]),)
            return TaxEvent(**base, kind=Kind.WRAP, out=out, into=(leg(row["to_asset"], row["to_qty"]),))
    kind, own = KINDS[row["type"]], (leg(row["asset"], row["qty"], row["value"]),)
    into = kind in (Kind.BUY, Kind.INCOME)
    base["income"] = IncomeKind.STAKING if kind is Kind.INCOME else None
    return TaxEvent(**base, kind=kind, fees=fees, into=own if into else (), out=() if into else own)


def calculated(case: dict[str, Any]) -> Calculation:
    place = {"any": "US"}.get(case["jurisdiction"], case["jurisdiction"])
    if case["method"].startswith("company"):
        place = "UK_COMPANY"
    chosen = METHODS.get(case["method"])
    return calculate(
        [event_of(row) for row in case["transactions"]],
        Settings(
            jurisdiction=place,
            methods={1: chosen} if chosen else {},
            wash_sales="wash sale" in case["method"],
        ),
    )


def close(found: Decimal | None, wanted: str, case: dict[str, Any]) -> bool:
    """Equal to the digits that the case gives, where it says it is rounded; else exactly."""
    assert found is not None
    places = Decimal(1).scaleb(Decimal(wanted).as_tuple().exponent)  # type: ignore[arg-type]
    rounded = any("to decimals" in line for line in case["arithmetic"])
    return (found.quantize(places) if rounded else found) == Decimal(wanted)


NOT_OURS = {"published_total_gain", "published_gain_by_asset", "universal_fifo_gain_not_allowed"}


@pytest.mark.parametrize("number", range(23))
def test_golden_case(number: int) -> None:
    case = cases()[number]
    done = calculated(case)
    assert done.outcome.missing() == []
    for name, wanted in case["expected"].items():
        if name in ("pool", "acb", "basis_received"):
            _check_pools(done, wanted, case)
        elif name == "disposals":
            disposals = {each.event_ids[0]: each for each in done.outcome.disposals}
            for line in wanted:
                _check_disposal(done, disposals[f"{line['n']:03}"], line, case)
        elif name == "gain_by_asset":
            by_asset = {each.asset: each.gain for each in done.outcome.disposals}
            assert all(close(by_asset[asset], gain, case) for asset, gain in wanted.items())
        elif name == "lots":
            assert [
                (each.asset, each.amount_raw, each.cost, each.acquired_at.date().isoformat())
                for each in done.outcome.held
            ] == [(each["asset"], raw(each["qty"]), Decimal(each["cost"]), each["acquired"]) for each in wanted]
        elif name not in NOT_OURS:
            _check_total(done, name, wanted, case)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _check_total(done: Calculation, name: str, wanted: str, case: dict[str, Any]) -> None:
    outcome = done.outcome
    match name:
        case "total_gain" | "gain":
            assert close(_sum(each.allowed_gain for each in outcome.disposals), wanted, case)
        case "total_cost":
            assert close(_sum(each.cost for each in outcome.disposals or outcome.held), wanted, case)
        case "income":
            assert _sum(each.value for each in outcome.incomes) == Decimal(wanted)
        case "new_basis":
            assert [each.cost for each in outcome.held] == [Decimal(wanted)]
        case "disposal_date_local":
            assert [each.day.isoformat() for each in outcome.disposals] == [wanted]
        case "match":
            assert [part.rule.replace("_", "-") for each in outcome.disposals for part in each.parts] == [wanted]
        case "net_capital_gain":
            assert done.assess(2024).amount("net_capital_gain") == Decimal(wanted)
        case _:
            pytest.fail(name)


def _check_pools(done: Calculation, wanted: dict[str, Any], case: dict[str, Any]) -> None:
    held = {each.asset: each for each in done.outcome.held}
    for asset, pool in wanted.items():
        pool = pool if isinstance(pool, dict) else {"cost": pool}
        assert close(held[asset].cost, pool["cost"], case)
        assert "qty" not in pool or held[asset].amount_raw == raw(pool["qty"])


def _check_disposal(done: Calculation, disposal: Any, line: dict[str, Any], case: dict[str, Any]) -> None:
    terms = {done.rules.term(part, disposal.day) for part in disposal.parts}
    short = [part for part in disposal.parts if done.rules.term(part, disposal.day) is Term.SHORT]
    long = [part for part in disposal.parts if done.rules.term(part, disposal.day) is Term.LONG]
    loss_is_before = case["method"] == "FIFO + wash sale (securities)"  # its gain is given before the rule
    for name, wanted in line.items():
        match name:
            case "gain":
                assert close(disposal.gain if loss_is_before else disposal.allowed_gain, wanted, case)
            case "denied" | "disallowed":
                assert close(disposal.disallowed, wanted, case)
            case "allowed_loss":
                assert close(disposal.allowed_gain, wanted, case)
            case "proceeds" | "cost":
                assert close(getattr(disposal, name), wanted, case)
            case "term":
                assert terms == {Term(wanted)}
            case "discount":
                assert (terms == {Term.LONG}) is wanted
            case "taxable_qty" | "taxfree_qty":
                mine = short if name == "taxable_qty" else long
                assert sum(part.amount_raw for part in mine) == raw(wanted)
            case "taxable_cost" | "taxfree_cost" | "taxable_gain":
                mine = long if name == "taxfree_cost" else short
                costs = [part.gain if name == "taxable_gain" else part.cost for part in mine]
                assert close(sum(costs, Decimal(0)), wanted, case)
            case "discounted_gain":
                assert disposal.gain / 2 == Decimal(wanted)
            case _:
                assert name == "n", name
