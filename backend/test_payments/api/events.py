"""`/v1/events`, `/v1/webhook_endpoints`."""

from typing import Any

from backend.core.clock import now_seconds
from backend.test_payments.api.routing import Endpoint, made_when, moment, page_of, page_shape, shape
from backend.test_payments.book import shapes
from backend.test_payments.book.book import Book, new_object_id, public
from backend.test_payments.wire import schema
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]


def _event(book: Book, path: dict[str, str], _given: Item) -> Item:
    return _with_pending(book, book.get("event", path["id"], in_path=True))


def _with_pending(book: Book, event: Item) -> Item:
    return {**event, "pending_webhooks": book.records.open_deliveries(event["id"])}


def _list(book: Book, _path: dict[str, str], given: Item) -> Item:
    found = book.all("event")
    wanted = set(given.get("types") or ([given["type"]] if given.get("type") else []))
    if wanted:
        found = [each for each in found if any(fits(pattern, each["type"]) for pattern in wanted)]
    page = page_of(made_when(found, given.get("created")), given, "/v1/events")
    page["data"] = [_with_pending(book, each) for each in page["data"]]
    return page


def fits(pattern: str, event_type: str) -> bool:
    """Return whether an event is of a type, or of a group as `customer.*`; `*` is all."""
    return pattern in ("*", event_type) or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))


def _create_endpoint(book: Book, _path: dict[str, str], given: Item) -> Item:
    _check_url(given["url"])
    secret = new_object_id("whsec")
    endpoint = shapes.webhook_endpoint(new_object_id("we"), int(now_seconds()), {**given, "_secret": secret})
    book.add(endpoint)
    return {**public(endpoint), "secret": secret}


def _check_url(url: str | None) -> None:
    if url is not None and not url.startswith(("https://", "http://")):
        raise StripeError(
            "Invalid URL: An explicit scheme (such as https) must be provided.", code="url_invalid", param="url"
        )


def _endpoint(book: Book, path: dict[str, str], _given: Item) -> Item:
    return book.get("webhook_endpoint", path["id"], "webhook_endpoint", in_path=True)


def _update_endpoint(book: Book, path: dict[str, str], given: Item) -> Item:
    endpoint = _endpoint(book, path, {})
    _check_url(given.get("url"))
    for name in ("url", "description", "enabled_events"):
        if name in given:
            endpoint[name] = given[name]
    if "disabled" in given:
        endpoint["status"] = "disabled" if given["disabled"] else "enabled"
    if "metadata" in given:
        endpoint["metadata"] = schema.merged_metadata(endpoint["metadata"], given["metadata"])
    return endpoint


def _delete_endpoint(book: Book, path: dict[str, str], _given: Item) -> Item:
    endpoint = _endpoint(book, path, {})
    endpoint["deleted"] = True
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def _list_endpoints(book: Book, _path: dict[str, str], given: Item) -> Item:
    return page_of(book.all("webhook_endpoint"), given, "/v1/webhook_endpoints")


_ENDPOINT = {
    "url": schema.text,
    "enabled_events": schema.list_of(schema.text, 300),
    "description": schema.text,
    "metadata": schema.metadata,
}
ENDPOINTS = [
    Endpoint(
        "GET",
        "/v1/events",
        page_shape({"type": schema.text, "types": schema.list_of(schema.text, 20), "created": moment}),
        _list,
    ),
    Endpoint("GET", "/v1/events/{id}", shape(), _event),
    Endpoint(
        "POST",
        "/v1/webhook_endpoints",
        shape({**_ENDPOINT, "api_version": schema.text}, ("url", "enabled_events")),
        _create_endpoint,
    ),
    Endpoint("GET", "/v1/webhook_endpoints", page_shape(), _list_endpoints),
    Endpoint("GET", "/v1/webhook_endpoints/{id}", shape(), _endpoint),
    Endpoint("POST", "/v1/webhook_endpoints/{id}", shape({**_ENDPOINT, "disabled": schema.flag}), _update_endpoint),
    Endpoint("DELETE", "/v1/webhook_endpoints/{id}", shape(), _delete_endpoint),
]
