"""Webhooks forged, replayed, repeated, mixed up, missed or cut short; two tabs at once; a Stripe that is away."""

import asyncio
import json
import random
import time
from typing import Any

import pytest
import stripe

from backend.subscriptions.errors import PaymentsUnavailableError
from backend.subscriptions.reconcile import reconcile, replay
from backend.subscriptions.sync import sync_customer
from tests.doubles.local_stripe import WEBHOOK_SECRET
from tests.integration.api.conftest import Reply
from tests.integration.subscriptions.conftest import WEBHOOKS, Shop


def event(customer: str, number: int = 0, kind: str = "customer.subscription.updated") -> bytes:
    about = {"id": f"sub_{number}", "object": "subscription", "customer": customer}
    made = {"id": f"evt_made_{customer}_{number}", "object": "event", "type": kind, "created": 1_760_000_000 + number}
    return json.dumps({**made, "data": {"object": about}}).encode()


def signature(body: bytes, secret: str = WEBHOOK_SECRET, at: float | None = None) -> str:
    moment = int(at if at is not None else time.time())
    signed = stripe.WebhookSignature._compute_signature(f"{moment}.{body.decode()}", secret)
    return f"t={moment},v1={signed}"


async def deliver(shop: Shop, body: bytes, header: str | None) -> Reply:
    headers = {"Content-Type": "application/json", **({"Stripe-Signature": header} if header else {})}
    return await shop.api.anonymous.post(WEBHOOKS, data=body, headers=headers)


async def test_only_what_stripe_signed_just_now_is_taken(shop: Shop) -> None:
    body = event("cus_forged")
    right = signature(body)
    for header in (None, "", "t=1,v1=00", signature(body, "whsec_of_somebody_else"), right.replace("v1=", "v0=")):
        assert (await deliver(shop, body, header)).status == 400, header
    assert (await deliver(shop, body + b" ", right)).status == 400
    assert (await deliver(shop, body, signature(body, at=time.time() - 301))).status == 400
    assert await shop.rows("select 1 from stripe_events where stripe_customer_id = 'cus_forged'") == []
    taken = await deliver(shop, body, right)
    assert (taken.status, taken.data) == (200, {"received": True, "duplicate": False})
    assert (await deliver(shop, body, right)).data["duplicate"] is True
    assert len(await shop.rows("select 1 from stripe_events where stripe_customer_id = 'cus_forged'")) == 1


async def test_unknown_kinds_are_acknowledged_and_not_kept(shop: Shop) -> None:
    body = event("cus_other", kind="product.created")
    assert (await deliver(shop, body, signature(body))).status == 200
    assert await shop.rows("select 1 from stripe_events where stripe_customer_id = 'cus_other'") == []


async def test_what_is_too_large_is_refused(shop: Shop) -> None:
    body = event("cus_large" + "x" * 300_000)
    assert (await deliver(shop, body, signature(body))).status == 413


async def test_a_customer_nobody_has_is_handled_and_changes_nobody(shop: Shop) -> None:
    body = event("cus_of_nobody")
    assert (await deliver(shop, body, signature(body))).status == 200
    await shop.settled()
    rows = await shop.rows("select handled_at, error from stripe_events where stripe_customer_id = 'cus_of_nobody'")
    assert rows[0]["handled_at"] is not None and rows[0]["error"] is None


async def test_an_event_that_claims_another_plan_gives_nothing(shop: Shop) -> None:
    """The content of an event is never believed: only what is fetched counts."""
    user = await shop.api.new_user("free")
    await shop.buy(user, "starter")
    customer = await shop.customer(user)
    made = json.loads(event(customer, 77))
    made["data"]["object"] |= {"status": "active", "items": {"data": [{"price": {"id": "price_premium_pro_year"}}]}}
    body = json.dumps(made).encode()
    assert (await deliver(shop, body, signature(body))).status == 200
    await shop.settled()
    assert await shop.tier(user) == "starter"


async def test_webhooks_repeated_and_mixed_up_end_right(shop: Shop) -> None:
    """A thousand at once, and how long they take: benchmarks/webhooks.py."""
    users = [await shop.api.new_user("free") for _ in range(4)]
    for user in users:
        await shop.buy(user, "starter")
    await shop.settled()
    # The truth moves on at Stripe while the webhooks of it are kept back.
    await shop.stripe.control("webhooks", hold=True)
    customers = [await shop.customer(user) for user in users]
    clients = [shop.api.client_of(user) for user in users]
    await clients[0].send("PUT", "/v1/subscriptions", json={"tier": "pro", "interval": "year", "confirm": True})
    await clients[1].send("DELETE", "/v1/subscriptions")
    await shop.stripe.control(f"customers/{customers[2]}/advance", seconds=35 * 86_400)
    ended = await shop.stripe.call(lambda v1: v1.subscriptions.list({"customer": customers[3]}))
    await shop.stripe.call(lambda v1: v1.subscriptions.cancel(ended.data[0].id))
    bodies = [event(customer, number) for customer in customers for number in range(50)]
    deliveries = bodies + random.Random(7).choices(bodies, k=50)
    random.Random(8).shuffle(deliveries)
    for place in range(0, len(deliveries), 50):
        replies = await asyncio.gather(
            *(deliver(shop, body, signature(body)) for body in deliveries[place : place + 50])
        )
        assert {reply.status for reply in replies} == {200}
    await shop.settled()
    assert [await shop.tier(user) for user in users] == ["pro", "starter", "starter", "free"]
    state = (await clients[1].get("/v1/subscriptions")).data["subscription"]
    assert state["endsAt"] is not None
    rows = await shop.rows(
        "select count(*) as n from stripe_events where id like 'evt_made_%' and stripe_customer_id = any(:c)",
        c=customers,
    )
    assert rows[0]["n"] == 200
    await shop.stripe.control("webhooks", hold=False)
    await shop.settled()
    assert [await shop.tier(user) for user in users] == ["pro", "starter", "starter", "free"]


async def test_two_fetches_at_once_leave_the_newer_one(shop: Shop) -> None:
    """The slow one began before the change and comes home after it: it is thrown away."""
    user = await shop.api.new_user("free")
    await shop.buy(user, "starter")
    await shop.settled()
    customer = await shop.customer(user)

    class Slow:
        async def subscriptions_of(self, wanted: str) -> Any:
            found = await shop.gateway.subscriptions_of(wanted)
            await gate.wait()
            return found

        async def invoices_of(self, wanted: str) -> Any:
            return await shop.gateway.invoices_of(wanted)

    gate = asyncio.Event()
    slow = asyncio.create_task(sync_customer(shop.worker, Slow(), customer))  # type: ignore[arg-type]
    await asyncio.sleep(0.3)
    client = shop.api.client_of(user)
    await client.send("PUT", "/v1/subscriptions", json={"tier": "pro", "interval": "month", "confirm": True})
    await shop.until(lambda: shop.has_tier(user, "pro"))
    gate.set()
    assert await slow == "older than what is stored"
    assert await shop.tier(user) == "pro"


async def test_a_worker_killed_between_fetch_and_write_is_made_up_for(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    await shop.buy(user, "starter")
    await shop.settled()
    customer = await shop.customer(user)
    await shop.faults("/v1/invoices", method="GET", times=1, seconds=5)
    body = event(customer, 5)
    assert (await deliver(shop, body, signature(body))).status == 200
    killed = asyncio.create_task(sync_customer(shop.worker, shop.gateway, customer))
    await asyncio.sleep(0.5)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    await shop.faults()
    await shop.settled()
    rows = await shop.rows("select handled_at from stripe_events where id = :id", id=json.loads(body)["id"])
    assert rows[0]["handled_at"] is not None


async def test_a_week_of_missed_webhooks_is_reconciled(shop: Shop) -> None:
    upgraded, gone, same = [await shop.api.new_user("free") for _ in range(3)]
    for user in (upgraded, gone, same):
        await shop.buy(user, "starter")
    await shop.settled()
    await shop.stripe.control("webhooks", hold=True)
    for user, price in ((upgraded, "price_premium_pro_month"), (gone, None)):
        customer = await shop.customer(user)
        found = (await shop.stripe.call(lambda v1, c=customer: v1.subscriptions.list({"customer": c}))).data[0]
        if price is None:
            await shop.stripe.call(lambda v1, which=found.id: v1.subscriptions.cancel(which))
        else:
            items = [{"id": found["items"].data[0].id, "price": price}]
            await shop.stripe.call(
                lambda v1, which=found.id, items=items: v1.subscriptions.update(which, {"items": items})
            )
    assert [await shop.tier(user) for user in (upgraded, gone, same)] == ["starter"] * 3
    result = await reconcile(shop.worker, shop.gateway)
    assert (result.repaired, result.failed) == (2, 0) and result.compared >= 2
    assert [await shop.tier(user) for user in (upgraded, gone, same)] == ["pro", "free", "starter"]
    assert (await reconcile(shop.worker, shop.gateway)).repaired == 0
    await shop.stripe.control("webhooks", hold=False)
    await shop.settled()
    assert [await shop.tier(user) for user in (upgraded, gone, same)] == ["pro", "free", "starter"]


async def test_events_can_be_replayed_by_hand(shop: Shop) -> None:
    from backend.core.clock import from_unix

    user = await shop.api.new_user("free")
    await shop.buy(user, "starter")
    await shop.settled()
    async with shop.api.admin.unit_of_work() as session:
        from sqlalchemy import text

        await session.execute(text("delete from stripe_events"))
    new, seen = await replay(shop.worker, shop.gateway, from_unix(time.time() - 3_600))
    assert new == seen > 2
    await shop.settled()
    assert await replay(shop.worker, shop.gateway, from_unix(time.time() - 3_600)) == (0, seen)


async def test_two_tabs_get_one_session_and_a_double_payment_is_undone(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = shop.api.client_of(user)
    both = await asyncio.gather(*(client.post("/v1/subscriptions", json={"tier": "starter"}) for _ in range(2)))
    assert {each.status for each in both} == {201}, [each.content for each in both]
    assert len({each.data["sessionId"] for each in both}) == 1
    again = await client.post("/v1/subscriptions", json={"tier": "starter"})
    assert again.data["sessionId"] == both[0].data["sessionId"]
    # Another plan closes it; but somebody may have opened both sides before: make that by hand.
    other = await client.post("/v1/subscriptions", json={"tier": "pro"})
    status, page = await shop.stripe.fill_in(both[0].data["checkoutUrl"], number="4242 4242 4242 4242")
    assert status != 303, page
    await shop.pay(other.data["checkoutUrl"])
    await shop.until(lambda: shop.has_tier(user, "pro"))
    surplus = await shop.stripe.subscribe(await shop.customer(user), "price_premium_starter_month")

    async def ended() -> bool:
        found = await shop.stripe.call(lambda v1: v1.subscriptions.list({"customer": surplus.customer}))
        return len(found.data) == 1

    await shop.until(ended)
    await shop.settled()
    assert "subscription.surplus_ended" in await shop.audited(user.id)
    left = (await shop.stripe.call(lambda v1: v1.subscriptions.list({"customer": surplus.customer}))).data[0]
    price = left["items"].data[0].price.id  # the newest counts; these two may be of the same second
    assert price == f"price_premium_{await shop.tier(user)}_month"


async def test_a_checkout_of_somebody_else_is_not_seen(shop: Shop) -> None:
    mine, other = await shop.api.new_user("free"), await shop.api.new_user("free")
    opened = await shop.api.client_of(other).post("/v1/subscriptions", json={"tier": "pro"})
    await shop.api.client_of(mine).post("/v1/subscriptions", json={"tier": "pro"})
    path = f"/v1/subscriptions/checkouts/{opened.data['sessionId']}"
    assert (await shop.api.client_of(mine).get(path)).status == 404
    assert (await shop.api.client_of(other).get(path)).data["state"] == "open"
    assert (await shop.api.client_of(mine).get("/v1/subscriptions/checkouts/cs_nothing")).status == 404


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"lose": True}])
async def test_stripe_fails_during_checkout(shop: Shop, fault: dict[str, Any]) -> None:
    user = await shop.api.new_user("free")
    client = shop.api.client_of(user)
    await shop.faults("/v1/checkout/sessions", method="POST", times=3, **fault)
    failed = await client.post("/v1/subscriptions", json={"tier": "pro"})
    assert failed.status in (201, 503)
    if failed.status == 503:
        assert "Nothing was charged" in failed.error["message"]
    await shop.faults()
    assert await shop.rows("select 1 from subscriptions where user_id = :id", id=user.id) == []
    fine = await client.post("/v1/subscriptions", json={"tier": "pro"})
    assert fine.status == 201
    customer = await shop.customer(user)
    open_ones = await shop.stripe.call(lambda v1: v1.checkout.sessions.list({"customer": customer, "status": "open"}))
    assert len(open_ones.data) == 1


async def test_while_stripe_is_away_webhooks_wait_and_are_handled_later(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    await shop.buy(user, "starter")
    await shop.settled()
    customer = await shop.customer(user)
    await shop.faults("/v1/subscriptions", method="GET", times=3, status=503)
    with pytest.raises(PaymentsUnavailableError):
        await sync_customer(shop.worker, shop.gateway, customer)
    await shop.faults()
    body = event(customer, 9)
    await deliver(shop, body, signature(body))
    await shop.settled()
    assert await shop.tier(user) == "starter"
