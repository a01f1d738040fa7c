"""`/v1/products`, `/v1/prices`."""

from typing import Any

from backend.core.clock import now_seconds
from backend.test_payments.api.routing import Endpoint, made_when, moment, page_of, page_shape, shape
from backend.test_payments.book import shapes
from backend.test_payments.book.book import Book, new_object_id
from backend.test_payments.wire import schema
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]
_RECURRING = schema.Shape(
    {"interval": schema.one_of("day", "month", "week", "year"), "interval_count": schema.natural}, ("interval",)
)
_PRODUCT = {"name": schema.text, "active": schema.flag, "description": schema.text, "metadata": schema.metadata}
_PRICE = {
    "active": schema.flag,
    "lookup_key": schema.text,
    "nickname": schema.text,
    "metadata": schema.metadata,
    "transfer_lookup_key": schema.flag,
}


def _create_product(book: Book, _path: dict[str, str], given: Item) -> Item:
    product_id = given.get("id") or new_object_id("prod")
    if book.find("product", product_id) is not None:
        raise StripeError(f"Product already exists: {product_id}", code="resource_already_exists", param="id")
    return book.add(shapes.product(product_id, int(now_seconds()), given))


def _product(book: Book, path: dict[str, str], _given: Item) -> Item:
    return book.get("product", path["id"], in_path=True)


def _update_product(book: Book, path: dict[str, str], given: Item) -> Item:
    product = _product(book, path, {})
    for name in ("name", "active", "description"):
        if name in given:
            product[name] = given[name]
    if "metadata" in given:
        product["metadata"] = schema.merged_metadata(product["metadata"], given["metadata"])
    product["updated"] = int(now_seconds())
    return product


def _list_products(book: Book, _path: dict[str, str], given: Item) -> Item:
    found = book.all("product")
    if "active" in given:
        found = [each for each in found if each["active"] is given["active"]]
    if given.get("ids"):
        found = [each for each in found if each["id"] in given["ids"]]
    return page_of(made_when(found, given.get("created")), given, "/v1/products")


def _create_price(book: Book, _path: dict[str, str], given: Item) -> Item:
    book.get("product", given["product"], "product")
    _take_lookup_key(book, None, given)
    return book.add(shapes.price(new_object_id("price"), int(now_seconds()), given))


def _take_lookup_key(book: Book, price: Item | None, given: Item) -> None:
    """A lookup key belongs to one price; `transfer_lookup_key` takes it from the one that has it."""
    key = given.get("lookup_key")
    for other in book.all("price", lookup_key=key) if key else []:
        if price is not None and other["id"] == price["id"]:
            continue
        if not given.get("transfer_lookup_key"):
            raise StripeError(
                f"A price (`{other['id']}`) already uses that lookup key.",
                code="resource_already_exists",
                param="lookup_key",
            )
        other["lookup_key"] = None


def _price(book: Book, path: dict[str, str], _given: Item) -> Item:
    return book.get("price", path["id"], "price", in_path=True)


def _update_price(book: Book, path: dict[str, str], given: Item) -> Item:
    price = _price(book, path, {})
    _take_lookup_key(book, price, given)
    for name in ("active", "lookup_key", "nickname"):
        if name in given:
            price[name] = given[name]
    if "metadata" in given:
        price["metadata"] = schema.merged_metadata(price["metadata"], given["metadata"])
    return price


def _list_prices(book: Book, _path: dict[str, str], given: Item) -> Item:
    found = book.all("price")
    for name in ("active", "product", "currency", "type"):
        if name in given:
            found = [each for each in found if each[name] == given[name]]
    if given.get("lookup_keys"):
        found = [each for each in found if each["lookup_key"] in given["lookup_keys"]]
    if given.get("recurring"):
        wanted = given["recurring"]["interval"]
        found = [each for each in found if each["recurring"]["interval"] == wanted]
    return page_of(made_when(found, given.get("created")), given, "/v1/prices")


ENDPOINTS = [
    Endpoint("POST", "/v1/products", shape({**_PRODUCT, "id": schema.text}, ("name",)), _create_product),
    Endpoint(
        "GET",
        "/v1/products",
        page_shape({"active": schema.flag, "ids": schema.list_of(schema.text), "created": moment}),
        _list_products,
    ),
    Endpoint("GET", "/v1/products/{id}", shape(), _product),
    Endpoint("POST", "/v1/products/{id}", shape(_PRODUCT), _update_product),
    Endpoint(
        "POST",
        "/v1/prices",
        shape(
            {
                **_PRICE,
                "currency": schema.one_of("usd"),
                "product": schema.text,
                "recurring": schema.hash_of(_RECURRING),
                "unit_amount": schema.natural,
            },
            ("currency", "product", "recurring", "unit_amount"),
        ),
        _create_price,
    ),
    Endpoint(
        "GET",
        "/v1/prices",
        page_shape(
            {
                "active": schema.flag,
                "product": schema.text,
                "currency": schema.text,
                "type": schema.one_of("one_time", "recurring"),
                "lookup_keys": schema.list_of(schema.text, 10),
                "recurring": schema.hash_of(schema.Shape({"interval": _RECURRING.fields["interval"]}, ("interval",))),
                "created": moment,
            }
        ),
        _list_prices,
    ),
    Endpoint("GET", "/v1/prices/{id}", shape(), _price),
    Endpoint("POST", "/v1/prices/{id}", shape(_PRICE), _update_price),
]
