"""Reads conditions by a kind's own list of fields, and says field by field what is wrong and what to do."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from backend.alerts.engine.conditions import ChangeTest, MetricConditions, PriceTest
from backend.alerts.kinds.base import FieldSpec, ParseContext, RawConditions, Stored
from backend.alerts.lookup import conditions_of_input, known_chain
from backend.alerts.parsing import SIGNS, RuleInput, chain_of, decimal_of, parse_address, shown, token_of
from backend.alerts.rules import json_number
from backend.core.errors import InvalidInputError

REFUSED = "Some conditions of the rule cannot be accepted."
PRICE_TESTS: dict[str, PriceTest] = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}
_MOST_CONDITIONS = 20


class Form:
    """The conditions by field, and the problems found so far; `end` raises them together."""

    def __init__(self, fields: Sequence[FieldSpec], raw: RawConditions) -> None:
        self.problems: dict[str, str] = {}
        self.found: dict[str, tuple[str, Any]] = {}
        self._fields = {field.name: field for field in fields}
        for name, operator, value in self._pairs(raw):
            field = self._fields.get(name)
            operator = field.operators[0] if field and operator is None else SIGNS.get(str(operator), str(operator))
            if field is None:
                self.blame(name, f"There is no such condition. There are: {', '.join(sorted(self._fields))}.")
            elif name in self.found:
                self.blame(name, "Give this condition once.")
            elif operator not in field.operators:
                self.blame(name, f"Use the operator {' or '.join(field.operators)}, not {shown(operator)}.")
            else:
                self.found[name] = (operator, value)

    def __contains__(self, name: str) -> bool:
        return name in self.found

    def blame(self, name: str, message: str) -> None:
        """Note a problem of a field; the first one counts."""
        self.problems.setdefault(name, message)

    def operator(self, name: str) -> str:
        """Return the operator of a field that is there."""
        return self.found[name][0]

    def take(self, name: str, read: Callable[[Any], Any], default: Any = None) -> Any:
        """Return a field as `read` has it; `default` when it is absent, or wrong (which is noted)."""
        if name not in self.found:
            if self._fields[name].required:
                self.blame(name, f"Say which: {self._fields[name].label}.")
            return default
        try:
            return read(self.found[name][1])
        except ValueError as error:
            self.blame(name, str(error))
            return default

    def one_of(self, *names: str) -> str:
        """Return which one of these fields is there; blames the first (or a second) when it is not just one."""
        given = [name for name in names if name in self.found]
        if len(given) != 1:
            labels = " or ".join(self._fields[name].label.lower() for name in names)
            self.blame(given[1] if given else names[0], f"Give one of these: {labels}.")
        return given[0] if given else names[0]

    def choice(self, name: str, default: Any = None) -> Any:
        """Return the value of a choice."""
        allowed = [each.value for each in self._fields[name].choices]

        def read(value: Any) -> str:
            if str(value) not in allowed:
                raise ValueError(f"Choose one of: {', '.join(allowed)}.")
            return str(value)

        return self.take(name, read, default)

    def chain(self, context: ParseContext) -> int:
        """Return the chain; 0 when it is absent or unknown (which is noted)."""

        def read(value: Any) -> int:
            try:
                return known_chain(chain_of(value), context.settings)
            except InvalidInputError as error:
                raise ValueError(next(iter(error.details.values()), error.message)) from None

        return self.take("chain", read, 0)

    async def token(self, context: ParseContext, chain_id: int) -> str:
        """Return the address of the token whose price is read on the chain; "" when something is wrong."""
        name = self.take("token", token_of)
        if name is None or not chain_id:
            return ""
        try:
            found = await conditions_of_input(
                context.session, RuleInput("price", (chain_id,), (name,), volume_ratio=Decimal(1))
            )
        except InvalidInputError as error:
            for field, message in error.details.items():
                self.blame(field, message)
            return ""
        return found.subject if isinstance(found, MetricConditions) else ""

    def address(self, name: str) -> str:
        """Return an address."""
        return self.take(name, parse_address, "")

    def number(self, name: str, least: Decimal, most: Decimal) -> Decimal:
        """Return a number in these bounds; the lower one when something is wrong."""

        def read(value: Any) -> Decimal:
            number = decimal_of(value.replace("%", "") if isinstance(value, str) else value)
            if not least <= number <= most:
                raise ValueError(f"Choose a number between {least:f} and {most:f}.")
            return number

        return self.take(name, read, least)

    def duration(self, name: str, default: int) -> int:
        """Return one of the field's durations, in seconds."""
        return int(self.choice(name, str(default)))

    def end(self) -> None:
        """Raise InvalidInputError when anything is wrong."""
        if self.problems:
            raise InvalidInputError(REFUSED, self.problems)

    def _pairs(self, raw: RawConditions) -> list[tuple[str, str | None, Any]]:
        if isinstance(raw, dict):
            pairs: list[tuple[str, str | None, Any]] = []
            for name, value in raw.items():
                if isinstance(value, dict) and "value" in value:
                    pairs.append((_snake(name), value.get("operator"), value["value"]))
                elif isinstance(value, dict) and len(value) == 1 and next(iter(value)) in SIGNS.values():
                    pairs.append((_snake(name), *next(iter(value.items()))))
                elif value not in (None, "", []):
                    pairs.append((_snake(name), None, value))
            return pairs
        if len(raw) > _MOST_CONDITIONS:
            self.blame("conditions", f"Use at most {_MOST_CONDITIONS} conditions.")
            return []
        pairs = []
        for place, condition in enumerate(raw):
            if not isinstance(condition.get("field"), str) or "value" not in condition:
                self.blame(f"conditions[{place}]", 'Write each condition as {"field": …, "operator": …, "value": …}.')
                continue
            pairs.append((_snake(condition["field"]), condition.get("operator"), condition["value"]))
        return pairs


def change_test(operator: str) -> ChangeTest:
    """Return which way a change goes."""
    return "fall" if operator in ("lt", "lte") else "rise"


def is_(field: str, value: Any) -> dict[str, Any]:
    """Return a stored condition that a field equals a value."""
    return {"field": field, "operator": "eq", "value": value}


def condition(field: str, operator: str, value: Decimal) -> dict[str, Any]:
    """Return a stored condition on a number."""
    return {"field": field, "operator": operator, "value": json_number(value)}


def by_field(stored: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return stored conditions by field."""
    return {each["field"]: each for each in stored}


def values_of(each: Mapping[str, Any] | None) -> list[Any]:
    """Return the value, or values, of a stored condition."""
    if each is None:
        return []
    return list(each["value"]) if isinstance(each["value"], list) else [each["value"]]


def number_in(each: Mapping[str, Any]) -> Decimal:
    """Return the number of a stored condition."""
    return Decimal(str(each["value"]))


def any_of(field: str, values: Sequence[Any]) -> Stored:
    """Return the stored condition that a field is one of values; nothing when there are none."""
    if not values:
        return []
    return [is_(field, values[0])] if len(values) == 1 else [{"field": field, "operator": "in", "value": list(values)}]


def _snake(name: Any) -> str:
    text = str(name).strip()[:40]
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in text).lstrip("_")
