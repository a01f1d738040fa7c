"""The table of endpoints: method, path, parameters, what to do."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from backend.test_payments.book.book import Book, public
from backend.test_payments.book.shapes import list_object
from backend.test_payments.wire import schema
from backend.test_payments.wire.errors import StripeError
from backend.test_payments.wire.schema import Shape

Item = dict[str, Any]
Work = Callable[[Book, dict[str, str], Item], Item]
PAGE = {
    "limit": schema.integer,
    "starting_after": schema.text,
    "ending_before": schema.text,
    "expand": schema.list_of(schema.text, 20),
}
_BOUNDS = Shape(dict.fromkeys(("gt", "gte", "lt", "lte"), schema.integer))


def moment(value: Any, param: str) -> Any:
    """Return the filter `created`: a time, or bounds by `gt`, `gte`, `lt`, `lte`."""
    return _BOUNDS.read(value, param) if isinstance(value, dict) else schema.integer(value, param)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path; `{name}` in the path stands for an id."""

    method: str
    path: str
    shape: Shape
    work: Work
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_]{1,255})", self.path)
        object.__setattr__(self, "pattern", re.compile(f"^{pattern}$"))


def shape(fields: dict[str, schema.Reader] | None = None, required: tuple[str, ...] = (), **exactly: Any) -> Shape:
    """Return the parameters of an endpoint: those of `fields`, and `expand`."""
    return Shape({"expand": PAGE["expand"], **(fields or {})}, required, exactly)


def page_shape(fields: dict[str, schema.Reader] | None = None) -> Shape:
    """Return the parameters of a list: filters and paging."""
    return Shape({**PAGE, **(fields or {})})


def page_of(items: list[Item], given: Item, url: str) -> Item:
    """Return the page of `items` (newest first) that is asked for. Raises StripeError for a bad cursor or limit."""
    limit = given.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError(
            f"This value must be between 1 and 100 (it currently is '{limit}').",
            code="parameter_invalid_integer",
            param="limit",
        )
    after, before = given.get("starting_after"), given.get("ending_before")
    if after and before:
        raise StripeError("You may only provide one of these parameters: ending_before, starting_after.")
    ids = [item["id"] for item in items]
    for cursor, param in ((after, "starting_after"), (before, "ending_before")):
        if cursor and cursor not in ids:
            raise StripeError(f"No such object: '{cursor}'", code="resource_missing", param=param)
    if before:
        end = ids.index(before)
        start = max(end - limit, 0)
        return list_object([public(item) for item in items[start:end]], url, has_more=start > 0)
    start = ids.index(after) + 1 if after else 0
    chosen = items[start : start + limit]
    return list_object([public(item) for item in chosen], url, has_more=start + limit < len(items))


def made_when(items: list[Item], created: Any) -> list[Item]:
    """Return the items whose time of creation fits the filter `created`: a time, or bounds."""
    if created is None:
        return items
    if isinstance(created, int):
        return [item for item in items if item["created"] == created]
    tests = {
        "gt": lambda have, bound: have > bound,
        "gte": lambda have, bound: have >= bound,
        "lt": lambda have, bound: have < bound,
        "lte": lambda have, bound: have <= bound,
    }
    return [item for item in items if all(tests[name](item["created"], bound) for name, bound in created.items())]
