"""Conditions as they are stored: typed values from and to the list `[{"field", "operator", "value"}]`.

What users send is read by `parsing.py`; here is only the canonical form that we wrote ourselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from backend.alerts.engine.conditions import (
    ChangeConditions,
    ChangeTest,
    MetricConditions,
    PriceConditions,
    PriceTest,
    WhaleConditions,
)
from backend.alerts.metrics import VOLUME_RATIO

OfTransfersAndPrices = WhaleConditions | PriceConditions | ChangeConditions | MetricConditions
_PRICE_TESTS: dict[str, PriceTest] = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}


def conditions_of(stored: Sequence[Mapping[str, Any]]) -> OfTransfersAndPrices:
    """Return the typed conditions of a stored list. Raises ValueError, KeyError or ArithmeticError when it is none."""
    by_field = {condition["field"]: condition for condition in stored}
    price = by_field.get("price_usd")
    if price is not None:
        return PriceConditions(
            int(by_field["chain"]["value"]),
            by_field["token"]["value"],
            _PRICE_TESTS[price["operator"]],
            Decimal(str(price["value"])),
        )
    if "change_pct" in by_field:
        return _change(by_field)
    if "volume_ratio" in by_field:
        ratio = Decimal(str(by_field["volume_ratio"]["value"]))
        return MetricConditions(VOLUME_RATIO, int(by_field["chain"]["value"]), by_field["token"]["value"], "gte", ratio)
    return WhaleConditions(
        chains=frozenset(int(value) for value in _values(by_field.get("chain"))),
        tokens=frozenset(_values(by_field.get("token"))),
        wallets=frozenset(_values(by_field.get("wallet"))),
        direction=by_field["direction"]["value"] if "direction" in by_field else "either",
        value_usd=_number(by_field.get("value_usd")),
        amount=_number(by_field.get("amount")),
        wallet_usd=_wallet_usd(by_field.get("wallet_usd")),
        ignore_own="ignore_own" in by_field,
    )


def stored_conditions(conditions: OfTransfersAndPrices) -> list[dict[str, Any]]:
    """Return conditions as the list that is stored and answered; lists are sorted, a single value is an `eq`."""
    if isinstance(conditions, PriceConditions | ChangeConditions | MetricConditions):
        if isinstance(conditions, MetricConditions):
            head = [_is("chain", conditions.chain_id), _is("token", conditions.subject)]
            return [*head, _condition("volume_ratio", "gte", json_number(conditions.threshold))]
        head = [_is("chain", conditions.chain_id), _is("token", conditions.token)]
        if isinstance(conditions, PriceConditions):
            return [*head, _condition("price_usd", conditions.test, json_number(conditions.threshold))]
        operator = "lte" if conditions.test == "fall" else "gte"
        tail = [_is("direction", "either")] if conditions.test == "move" else []
        change = _condition("change_pct", operator, json_number(conditions.percent))
        return [*head, change, *tail, _is("window_seconds", conditions.window_seconds)]
    listed = []
    if conditions.value_usd is not None:
        listed.append(_condition("value_usd", "gte", json_number(conditions.value_usd)))
    if conditions.amount is not None:
        listed.append(_condition("amount", "gte", json_number(conditions.amount)))
    listed += _any_of("chain", conditions.chains) + _any_of("token", conditions.tokens)
    if conditions.wallets:
        listed += [*_any_of("wallet", conditions.wallets), _is("direction", conditions.direction)]
    if conditions.wallet_usd:
        least = {wallet: json_number(value) for wallet, value in conditions.wallet_usd}
        listed.append(_condition("wallet_usd", "gte", least))
    if conditions.ignore_own:
        listed.append(_is("ignore_own", True))
    return listed


def json_number(value: Decimal) -> int | float:
    """Return a decimal of at most 15 significant digits as a JSON number that reads back as the same decimal."""
    return int(value) if value == value.to_integral_value() and abs(value) < 10**15 else float(value)


def _change(by_field: Mapping[str, Mapping[str, Any]]) -> ChangeConditions:
    percent = Decimal(str(by_field["change_pct"]["value"]))
    test: ChangeTest = "fall" if by_field["change_pct"]["operator"] in ("lt", "lte") else "rise"
    if by_field.get("direction", {}).get("value") == "either":
        test, percent = "move", abs(percent)
    return ChangeConditions(
        int(by_field["chain"]["value"]),
        by_field["token"]["value"],
        int(by_field["window_seconds"]["value"]),
        test,
        percent,
    )


def _values(condition: Mapping[str, Any] | None) -> list[Any]:
    if condition is None:
        return []
    value = condition["value"]
    return list(value) if isinstance(value, list) else [value]


def _wallet_usd(condition: Mapping[str, Any] | None) -> tuple[tuple[str, Decimal], ...]:
    if condition is None:
        return ()
    return tuple(sorted((wallet, Decimal(str(least))) for wallet, least in condition["value"].items()))


def _number(condition: Mapping[str, Any] | None) -> Decimal | None:
    return None if condition is None else Decimal(str(condition["value"]))


def _condition(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def _is(field: str, value: Any) -> dict[str, Any]:
    return _condition(field, "eq", value)


def _any_of(field: str, values: Iterable[Any]) -> list[dict[str, Any]]:
    ordered = sorted(values)
    if not ordered:
        return []
    return [_is(field, ordered[0]) if len(ordered) == 1 else _condition(field, "in", ordered)]
