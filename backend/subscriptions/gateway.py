"""Everything we ask of Stripe, in our words. Writes carry idempotency keys; answers are parsed at the door."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.core.logging import get_logger
from backend.core.settings import Settings
from backend.subscriptions import parsing
from backend.subscriptions.calls import StripeCalls
from backend.subscriptions.catalogue import amount_cents, configured_price, lookup_key
from backend.subscriptions.connection import payments_connection
from backend.subscriptions.engine.records import Interval, InvoiceRecord, SubscriptionRecord
from backend.subscriptions.errors import PaymentsUnavailableError

log = get_logger(__name__)
PAGE = 100
SHOWN_INVOICES = 24


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A Checkout session; `url` is None when it cannot be paid any more."""

    id: str
    customer: str | None
    status: str
    url: str | None
    wanted: str
    created: int


@dataclass(frozen=True, slots=True)
class EventHead:
    """What the inbox keeps of an event."""

    id: str
    type: str
    customer: str | None
    created: int


class StripeGateway:
    """Stripe for one process."""

    def __init__(self, settings: Settings, calls: StripeCalls | None = None) -> None:
        self.settings = settings
        self.connection = payments_connection(settings)
        self._calls = calls or StripeCalls(self.connection)
        self._stripe = self._calls.client
        self._prices: dict[tuple[str, Interval], str] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.close()

    # --- reading

    async def subscriptions_of(self, customer: str) -> list[SubscriptionRecord]:
        """Return every subscription the customer ever had (to one of our plans), in no order."""
        return [record async for record in self._subscriptions({"customer": customer, "status": "all"})]

    def live_subscriptions(self) -> AsyncIterator[SubscriptionRecord]:
        """Yield every subscription, of every customer, that is not ended; asks for them page by page."""
        return self._subscriptions({})

    async def subscription(self, subscription_id: str) -> SubscriptionRecord | None:
        """Return a subscription, None when it is not to one of our plans. Raises MissingAtStripeError."""
        data = await self._read("subscription", lambda: self._stripe.subscriptions.retrieve_async(subscription_id))
        return parsing.subscription_record(self.settings, data)

    async def invoices_of(self, customer: str) -> list[InvoiceRecord]:
        """Return the customer's newest invoices that were issued."""
        page = await self._read(
            "invoices",
            lambda: self._stripe.invoices.list_async(params={"customer": customer, "limit": SHOWN_INVOICES}),
        )
        return [parsing.invoice_record(data) for data in page["data"] if data.get("status") != "draft"]

    async def price(self, tier: str, interval: Interval) -> str:
        """Return the id of a plan's price, having seen that it costs what our pages say.

        Raises PaymentsUnavailableError when there is none, or when it costs something else.
        """
        known = self._prices.get((tier, interval))
        if known is None:
            known = self._prices[tier, interval] = await self._find_price(tier, interval)
        return known

    async def events_since(self, since: datetime) -> AsyncIterator[EventHead]:
        """Yield what happened since then, newest first (Stripe keeps thirty days)."""
        params: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        async for data in self._pages("events", self._stripe.events.list_async, params):
            yield EventHead(str(data["id"]), str(data["type"]), parsing.event_customer(data), int(data["created"]))

    # --- customers and pages of Stripe's

    async def create_customer(self, user_id: UUID, email: str, key: str) -> str:
        """Make a customer for a user and return its id."""
        params: dict[str, Any] = {"metadata": {"user_id": str(user_id)}, **({"email": email} if email else {})}
        create = self._stripe.customers.create_async
        data = await self._write("customer.create", lambda options: create(params, options), key)  # type: ignore[arg-type]
        return str(data["id"])

    async def sessions_of(self, customer: str) -> list[CheckoutSession]:
        """Return the customer's newest Checkout sessions."""
        page = await self._read(
            "checkout.list",
            lambda: self._stripe.checkout.sessions.list_async(params={"customer": customer, "limit": 20}),
        )
        return [_session(data) for data in page["data"]]

    async def session(self, session_id: str) -> CheckoutSession:
        """Return a Checkout session. Raises MissingAtStripeError."""
        return _session(await self._read("checkout", lambda: self._stripe.checkout.sessions.retrieve_async(session_id)))

    async def create_session(self, params: Mapping[str, Any], key: str) -> CheckoutSession:
        """Open a Checkout session."""
        create = self._stripe.checkout.sessions.create_async
        return _session(await self._write("checkout.create", lambda options: create(params, options), key))  # type: ignore[arg-type]

    async def expire_session(self, session_id: str) -> None:
        """Close a Checkout session, so that it cannot be paid."""
        expire = self._stripe.checkout.sessions.expire_async
        await self._write("checkout.expire", lambda options: expire(session_id, {}, options), f"expire:{session_id}")  # type: ignore[arg-type]

    async def portal_url(self, customer: str, return_url: str) -> str:
        """Return the address of the customer's billing portal, good for a few minutes."""
        params = {"customer": customer, "return_url": return_url}
        create = self._stripe.billing_portal.sessions.create_async
        data = await self._write("portal.create", lambda options: create(params, options))  # type: ignore[arg-type]
        return str(data["url"])

    # --- changes of a subscription

    async def preview_invoice(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the invoice that a change would make, as Stripe describes it."""
        preview = self._stripe.invoices.create_preview_async
        return await self._read("invoice.preview", lambda: preview(params))  # type: ignore[arg-type]

    async def update(self, subscription_id: str, params: Mapping[str, Any], key: str = "") -> SubscriptionRecord:
        """Change a subscription and return it as it is then. Raises PaymentDeclinedError, UncertainChangeError."""
        update = self._stripe.subscriptions.update_async
        data = await self._write("subscription.update", lambda options: update(subscription_id, params, options), key)  # type: ignore[arg-type]
        record = parsing.subscription_record(self.settings, data)
        if record is None:
            raise PaymentsUnavailableError
        return record

    async def cancel_now(self, subscription_id: str) -> None:
        """End a subscription at once, what is left of its period being credited."""
        params = {"prorate": True, "invoice_now": True}
        cancel = self._stripe.subscriptions.cancel_async
        await self._write(
            "subscription.cancel",
            lambda options: cancel(subscription_id, params, options),  # type: ignore[arg-type]
            f"cancel-now:{subscription_id}",
        )

    async def delete_customer(self, customer: str) -> None:
        """Delete a customer and end what they subscribed to. Raises MissingAtStripeError when they are gone already."""
        delete = self._stripe.customers.delete_async
        await self._write(
            "customer.delete",
            lambda options: delete(customer, None, options),  # type: ignore[arg-type]
            f"delete-customer:{customer}",
        )

    # --- inside

    async def _subscriptions(self, params: dict[str, Any]) -> AsyncIterator[SubscriptionRecord]:
        listing = self._pages("subscriptions", self._stripe.subscriptions.list_async, {**params, "limit": PAGE})
        async for data in listing:
            record = parsing.subscription_record(self.settings, data)
            if record is not None:
                yield record

    async def _pages(
        self, operation: str, listing: Callable[..., Awaitable[Any]], params: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        after: dict[str, Any] = {}
        while True:
            page = await self._read(operation, lambda after=after: listing(params={**params, **after}))
            for data in page["data"]:
                yield data
            if not page.get("has_more") or not page["data"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}
            await asyncio.sleep(0.05)  # far below what Stripe allows a second

    async def _read(self, operation: str, ask: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
        return await self._calls.call(operation, lambda: _as_dict(ask()))

    async def _write(
        self, operation: str, ask: Callable[[dict[str, Any]], Awaitable[Any]], key: str = ""
    ) -> dict[str, Any]:
        """Do a write. Without a key the SDK makes one for this call and its retries."""
        options = {"idempotency_key": f"premium:{key}"} if key else {}
        return await self._calls.call(operation, lambda: _as_dict(ask(options)), changes=True)

    async def _find_price(self, tier: str, interval: Interval) -> str:
        configured = configured_price(self.settings, tier, interval)
        if configured:
            price = await self._read("price", lambda: self._stripe.prices.retrieve_async(configured))
        else:
            key = lookup_key(tier, interval)
            page = await self._read(
                "price", lambda: self._stripe.prices.list_async(params={"lookup_keys": [key], "active": True})
            )
            price = page["data"][0] if page["data"] else {}
        recurring = price.get("recurring") or {}
        found = (price.get("unit_amount"), price.get("currency"), recurring.get("interval"))
        if found != (amount_cents(tier, interval), "usd", interval):
            log.error("a price at Stripe is not what the plan costs", tier=tier, interval=interval, found=str(found))
            raise PaymentsUnavailableError("This plan cannot be bought right now. Nothing was charged.")
        return str(price["id"])


async def _as_dict(answer: Awaitable[Any]) -> dict[str, Any]:
    return (await answer).to_dict()


def _session(data: Mapping[str, Any]) -> CheckoutSession:
    try:
        return CheckoutSession(
            id=str(data["id"]),
            customer=data.get("customer") if isinstance(data.get("customer"), str) else None,
            status=str(data["status"]),
            url=data.get("url"),
            wanted=str((data.get("metadata") or {}).get("wanted", "")),
            created=int(data["created"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise parsing.ParseError("Checkout session", error) from None


_shared: dict[tuple[object, int], StripeGateway] = {}


def shared_gateway(settings: Settings) -> StripeGateway:
    """Return this process's gateway (one an event loop), so that its circuit and connections are shared."""
    key = (payments_connection(settings), id(asyncio.get_running_loop()))
    if key not in _shared:
        _shared[key] = StripeGateway(settings)
    return _shared[key]


async def close_shared_gateways() -> None:
    """Close what `shared_gateway` made; the next use makes new ones."""
    gateways = list(_shared.values())
    _shared.clear()
    for gateway in gateways:
        await gateway.close()
