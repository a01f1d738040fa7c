"""`/v1/customers`, `/v1/payment_methods`, `/v1/test_helpers/test_clocks`."""

from typing import Any

from backend.core.clock import now_seconds
from backend.test_payments.api.routing import Endpoint, made_when, moment, page_of, page_shape, shape
from backend.test_payments.book import clockwork, customers, shapes
from backend.test_payments.book.book import Book, new_object_id, public
from backend.test_payments.wire import schema
from backend.test_payments.wire.errors import StripeError, not_found

Item = dict[str, Any]
_CUSTOMER = {
    "description": schema.text,
    "email": schema.text,
    "name": schema.text,
    "phone": schema.text,
    "metadata": schema.metadata,
    "preferred_locales": schema.list_of(schema.text),
}
_DEFAULTS = schema.Shape({"default_payment_method": schema.text})
LONGEST_ADVANCE_SECONDS = 2 * 366 * 86_400


def _create(book: Book, _path: dict[str, str], given: Item) -> Item:
    return customers.create(book, given)


def _retrieve(book: Book, path: dict[str, str], _given: Item) -> Item:
    customer = book.find("customer", path["id"])
    if customer is None:
        raise not_found("customer", path["id"], "id", in_path=True)
    if customer.get("deleted"):
        return {"id": customer["id"], "object": "customer", "deleted": True}
    return customer


def _update(book: Book, path: dict[str, str], given: Item) -> Item:
    return customers.update(book, book.get("customer", path["id"], in_path=True), given)


def _delete(book: Book, path: dict[str, str], _given: Item) -> Item:
    return customers.delete(book, book.get("customer", path["id"], in_path=True))


def _list(book: Book, _path: dict[str, str], given: Item) -> Item:
    found = book.all("customer")
    for name in ("email", "test_clock"):
        if given.get(name):
            found = [each for each in found if each[name] == given[name]]
    if not given.get("test_clock"):
        found = [each for each in found if each["test_clock"] is None]
    return page_of(made_when(found, given.get("created")), given, "/v1/customers")


def _payment_methods(book: Book, path: dict[str, str], given: Item) -> Item:
    customer = book.get("customer", path["id"], in_path=True)
    url = f"/v1/customers/{customer['id']}/payment_methods"
    return page_of(book.all("payment_method", customer=customer["id"]), given, url)


def _payment_method(book: Book, path: dict[str, str], _given: Item) -> Item:
    return book.get("payment_method", path["id"], "payment_method", in_path=True)


def _create_clock(book: Book, _path: dict[str, str], given: Item) -> Item:
    return book.add(shapes.test_clock(new_object_id("clock"), int(now_seconds()), given))


def _retrieve_clock(book: Book, path: dict[str, str], _given: Item) -> Item:
    return book.get("test_helpers.test_clock", path["id"], "test_clock", in_path=True)


def _list_clocks(book: Book, _path: dict[str, str], given: Item) -> Item:
    return page_of(book.all("test_helpers.test_clock"), given, "/v1/test_helpers/test_clocks")


def _advance(book: Book, path: dict[str, str], given: Item) -> Item:
    clock = _retrieve_clock(book, path, {})
    until = given["frozen_time"]
    if not clock["frozen_time"] < until <= clock["frozen_time"] + LONGEST_ADVANCE_SECONDS:
        raise StripeError("frozen_time must be after the clock's time, at most two years.", param="frozen_time")
    answer = {**clock, "status": "advancing", "status_details": {"advancing": {"target_frozen_time": until}}}
    clockwork.run_until(book, book.all("customer", test_clock=clock["id"]), until)
    clock["frozen_time"] = until
    book.tell("test_helpers.test_clock.ready", clock, until)
    return public(answer)


def _delete_clock(book: Book, path: dict[str, str], _given: Item) -> Item:
    clock = _retrieve_clock(book, path, {})
    for customer in book.all("customer", test_clock=clock["id"]):
        customers.delete(book, customer)
    clock["deleted"] = True
    return {"id": clock["id"], "object": "test_helpers.test_clock", "deleted": True}


_CLOCKS = "/v1/test_helpers/test_clocks"
ENDPOINTS = [
    Endpoint("POST", "/v1/customers", shape({**_CUSTOMER, "test_clock": schema.text}), _create),
    Endpoint(
        "GET",
        "/v1/customers",
        page_shape({"email": schema.text, "test_clock": schema.text, "created": moment}),
        _list,
    ),
    Endpoint("GET", "/v1/customers/{id}", shape(), _retrieve),
    Endpoint(
        "POST",
        "/v1/customers/{id}",
        shape({**_CUSTOMER, "balance": schema.integer, "invoice_settings": schema.hash_of(_DEFAULTS)}),
        _update,
    ),
    Endpoint("DELETE", "/v1/customers/{id}", shape(), _delete),
    Endpoint(
        "GET", "/v1/customers/{id}/payment_methods", page_shape({"type": schema.one_of("card")}), _payment_methods
    ),
    Endpoint("GET", "/v1/payment_methods/{id}", shape(), _payment_method),
    Endpoint(
        "POST", _CLOCKS, shape({"frozen_time": schema.integer, "name": schema.text}, ("frozen_time",)), _create_clock
    ),
    Endpoint("GET", _CLOCKS, page_shape(), _list_clocks),
    Endpoint("GET", f"{_CLOCKS}/{{id}}", shape(), _retrieve_clock),
    Endpoint("POST", f"{_CLOCKS}/{{id}}/advance", shape({"frozen_time": schema.integer}, ("frozen_time",)), _advance),
    Endpoint("DELETE", f"{_CLOCKS}/{{id}}", shape(), _delete_clock),
]
