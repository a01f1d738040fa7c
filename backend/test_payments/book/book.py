"""The unit of work: objects read and changed for one request, and the events that follow from it.

Objects are dictionaries in Stripe's own form; keys that begin with `_` are ours and never leave the house.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from backend.core.clock import now_seconds
from backend.core.ids import new_token
from backend.test_payments.repository import Records, owner_of
from backend.test_payments.wire.errors import not_found

Item = dict[str, Any]
API_VERSION = "2026-10-28.endive"
NAMES = {
    "checkout.session": "checkout.session",
    "payment_method": "PaymentMethod",
    "test_helpers.test_clock": "test_clock",
    "billing_portal.configuration": "configuration",
    "webhook_endpoint": "webhook endpoint",
}


def new_object_id(prefix: str) -> str:
    """Return an id of Stripe's kind that nobody can guess."""
    return f"{prefix}_{''.join(part for part in new_token() if part.isalnum())[:32]}"


def public(value: Any) -> Any:
    """Return a copy without the keys that are ours."""
    if isinstance(value, dict):
        return {key: public(each) for key, each in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [public(each) for each in value]
    return value


def _json(item: Item) -> str:
    return json.dumps(item, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Origin:
    """The request that is being worked on: what events say about it, and the address that links begin with."""

    base_url: str
    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings one would make in Stripe's dashboard: days between payment retries, and what follows the last one."""

    retry_after_days: tuple[int, ...] = (3, 5, 7)
    after_last_retry: str = "cancel"  # or "unpaid"


@dataclass
class Book:
    """Objects of one unit of work over `records`; `flush` writes what changed."""

    records: Records
    origin: Origin
    rules: Rules = field(default_factory=Rules)
    on_event: Callable[[Item], None] | None = None
    _items: dict[str, Item] = field(default_factory=dict)
    _before: dict[str, str] = field(default_factory=dict)  # JSON as it was loaded
    _told: dict[str, str] = field(default_factory=dict)  # JSON as the last event, or the stored object, has it

    def find(self, kind: str, object_id: str | None) -> Item | None:
        """Return an object of a kind, or None."""
        if not object_id:
            return None
        item = self._items.get(object_id)
        if item is None:
            stored = self.records.load(object_id)
            if stored is None:
                return None
            item = self._items[object_id] = json.loads(stored)
            self._before[object_id] = self._told[object_id] = stored
        return item if item["object"] == kind else None

    def get(self, kind: str, object_id: str | None, param: str = "id", *, in_path: bool = False) -> Item:
        """Return an object that is there and not deleted. Raises StripeError (resource_missing)."""
        item = self.find(kind, object_id)
        if item is None or item.get("deleted"):
            raise not_found(NAMES.get(kind, kind), object_id or "", param, in_path=in_path)
        return item

    def all(self, kind: str, *, customer: str | None = None, **match: Any) -> list[Item]:
        """Return objects of a kind, newest first, whose fields equal those of `match`."""
        stored = self.records.ids(kind, customer)
        known = set(stored)
        fresh = [
            item
            for item in reversed(self._items.values())
            if item["object"] == kind
            and item["id"] not in known
            and (customer is None or item.get("customer") == customer)
        ]
        found = [*fresh, *(item for object_id in stored if (item := self.find(kind, object_id)) is not None)]
        return [
            item
            for item in found
            if not item.get("deleted") and all(item.get(name) == value for name, value in match.items())
        ]

    def add(self, item: Item) -> Item:
        """Take a new object into the book."""
        self._items[item["id"]] = item
        self._told[item["id"]] = _json(item)
        return item

    def time(self, owner: Item | None) -> int:
        """Return the time for a customer, or for what belongs to one: its test clock's, else the real time."""
        customer = owner
        if owner is not None and owner["object"] != "customer":
            customer = self.find("customer", owner.get("customer"))
        clock = self.find("test_helpers.test_clock", (customer or {}).get("test_clock"))
        return clock["frozen_time"] if clock is not None else int(now_seconds())

    def tell(self, event_type: str, item: Item, at: int | None = None) -> Item | None:
        """Make an event about an object as it is now; an `updated` event says what was before, or is not made."""
        data: dict[str, Any] = {"object": public(item)}
        if event_type.endswith(".updated"):
            before = self._changes(item)
            if not before:
                return None
            data["previous_attributes"] = before
        self._told[item["id"]] = _json(item)
        event = {
            "id": new_object_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": at if at is not None else self.time(item),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": self.origin.request_id, "idempotency_key": self.origin.idempotency_key},
            "type": event_type,
            "_made_at": int(now_seconds()),
        }
        self._items[event["id"]] = event
        if self.on_event is not None:
            self.on_event(event)
        return event

    def flush(self) -> set[str | None]:
        """Write every object that is new or changed (in the caller's transaction); return the customers they belong to.

        None stands for a checkout session that has no customer yet.
        """
        owners = set()
        for object_id, item in self._items.items():
            data = _json(item)
            if data != self._before.get(object_id):
                self.records.save(item, data)
                if owner_of(item) is not None or item["object"] == "checkout.session":
                    owners.add(owner_of(item))
        return owners

    def _changes(self, item: Item) -> Item:
        """Return the public fields that differ from what the last event (or the stored object) said, as they were."""
        before = public(json.loads(self._told.get(item["id"], "{}")))
        now = public(item)
        return {key: before.get(key) for key in now if before.get(key) != now[key]}
