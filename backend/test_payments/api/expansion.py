"""`expand[]`: ids in an answer that the caller wants as whole objects."""

from typing import Any

from backend.test_payments.book.book import Book, public
from backend.test_payments.book.shapes import list_object
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]
DEEPEST = 4
_PREFIXES = {
    "cus": "customer",
    "sub": "subscription",
    "in": "invoice",
    "prod": "product",
    "price": "price",
    "pm": "payment_method",
    "clock": "test_helpers.test_clock",
    "bpc": "billing_portal.configuration",
}


def expand(book: Book, answer: Item, paths: list[str]) -> Item:
    """Put whole objects where `paths` say. Raises StripeError for a property that cannot be expanded."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise StripeError(f"You cannot expand more than 4 levels of a property. Property: {path}", param="expand")
        _expand(book, answer, steps, path)
    return answer


def _expand(book: Book, here: Any, steps: list[str], path: str) -> None:
    if isinstance(here, list):
        for each in here:
            _expand(book, each, steps, path)
        return
    name, rest = steps[0], steps[1:]
    if not isinstance(here, dict):
        return
    if name == "line_items" and here.get("object") == "checkout.session":
        stored = book.get("checkout.session", here["id"])
        url = f"/v1/checkout/sessions/{here['id']}/line_items"
        here.setdefault(name, list_object([public(stored["_line_item"])], url))
    if name not in here:
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
    value = here[name]
    if isinstance(value, str):
        kind = _PREFIXES.get(value.split("_", 1)[0])
        found = book.find(kind, value) if kind else None
        if found is None:
            raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
        here[name] = value = _shown(found)
    elif value is not None and not isinstance(value, dict | list):
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
    if rest:
        _expand(book, value, rest, path)


def _shown(item: Item) -> Item:
    if item.get("deleted"):
        return {"id": item["id"], "object": item["object"], "deleted": True}
    return public(item)
