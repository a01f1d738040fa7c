"""Worked examples of tax offices and other tools, where the machine has them: they are no part of the project.

They stand in shared/data beside the project: tax/golden_cases.json; run are those that a pool of one asset can answer.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from backend.ledger.engine.lots import Lot
from backend.ledger.engine.matching import Method
from backend.ledger.engine.realised import Realised, Sale, match_sales
from tests.unit.portfolio.reference import reference_dir

METHODS = {
    "FIFO": Method.FIFO,
    "LIFO": Method.LIFO,
    "HIFO": Method.HIFO,
    "ACB": Method.AVERAGE,
    "FIFO per wallet": Method.FIFO,
}
KINDS = {"buy", "sell", "staking_income"}
UNIT = 10**18


def test_the_golden_cases() -> None:
    cases = json.loads((reference_dir() / "tax" / "golden_cases.json").read_text())["cases"]
    ours = [case for case in cases if case["method"] in METHODS]
    ours = [case for case in ours if KINDS.issuperset(each["type"] for each in case["transactions"])]
    assert len(ours) >= 5
    for case in ours:
        parts = list(_realised(case))
        gains = {
            sale: sum((part.gain or 0 for part in parts if part.sale_id == sale), Decimal(0)) for sale in _sales(case)
        }
        costs = {
            sale: sum((part.taken.cost or 0 for part in parts if part.sale_id == sale), Decimal(0))
            for sale in _sales(case)
        }
        for each in case["expected"].get("disposals", []):
            number = str(each["n"])
            assert costs[number] == Decimal(each.get("cost", costs[number])), case["id"]
            assert gains[number] == Decimal(each.get("gain", gains[number])), case["id"]
        assert sum(gains.values()) == Decimal(case["expected"]["total_gain"]), case["id"]


def _sales(case: dict[str, Any]) -> list[str]:
    return [str(each["n"]) for each in case["transactions"] if each["type"] == "sell"]


def _realised(case: dict[str, Any]) -> Iterator[Realised]:
    """One book a wallet and asset."""
    books: dict[tuple[str, str], list[Lot | Sale]] = {}
    for each in case["transactions"]:
        at = datetime.fromisoformat(each["at"]).replace(tzinfo=UTC)
        raw, money, fee = int(Decimal(each["qty"]) * UNIT), Decimal(each["value"]), Decimal(each.get("fee", 0))
        number = str(each["n"])
        event = Sale(number, at, raw, money - fee) if each["type"] == "sell" else Lot(number, at, raw, money + fee)
        books.setdefault((each.get("wallet", ""), each["asset"]), []).append(event)
    for events in books.values():
        yield from match_sales(events, METHODS[case["method"]]).realised
