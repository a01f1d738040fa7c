"""Events on their way: signed, tried again, twice, mixed up, held back for a week, and after a crash."""

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import stripe

from backend.core.settings import Settings
from backend.embedded import launch as child
from backend.embedded.ports import free_port, wait_until
from backend.embedded.test_payments import TestPayments as EmbeddedPayments
from tests.doubles.local_stripe import CARD, WEBHOOK_SECRET, LocalStripe, local_stripe
from tests.doubles.webhook_receiver import Received, WebhookReceiver


def events(received: list[Received], customer: str) -> list[Any]:
    """The events about a customer, each proven by the SDK, in the order they came."""
    proven = [
        stripe.Webhook.construct_event(one.body, one.headers["Stripe-Signature"], WEBHOOK_SECRET) for one in received
    ]
    objects = [(event, event.data.object.to_dict()) for event in proven]
    return [event for event, about in objects if customer in (about.get("customer"), about.get("id"))]


async def until(ready: Callable[[], bool], seconds: float = 8.0) -> None:
    """Wait until something is so."""
    for _ in range(int(seconds / 0.02)):
        if ready():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen in time")


async def test_paying_is_told_and_signed(payments: LocalStripe, receiver: WebhookReceiver, customer):
    who = await customer()
    subscription = await payments.subscribe(who.id)
    await until(lambda: "checkout.session.completed" in [e.type for e in events(receiver.received, who.id)])
    seen = events(receiver.received, who.id)
    assert {
        *("customer.created", "payment_method.attached", "customer.subscription.created", "invoice.created"),
        *("invoice.finalized", "invoice.paid", "checkout.session.completed"),
    } <= {event.type for event in seen}
    done = next(event for event in seen if event.type == "checkout.session.completed")
    assert done.api_version == "2026-10-28.endive"
    assert done.data.object.subscription == subscription.id
    kept = await payments.call(lambda v1: v1.events.retrieve(done.id))
    assert (kept.type, kept.pending_webhooks) == ("checkout.session.completed", 0)
    one = receiver.received[-1]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(one.body + b" ", one.headers["Stripe-Signature"], WEBHOOK_SECRET)
    assert all(key[0] != "_" for key in json.loads(one.body)["data"]["object"])


async def test_an_event_comes_again_until_it_is_taken(tmp_path: Path, receiver: WebhookReceiver):
    receiver.script[:] = [500, 302, 404]
    async with local_stripe(tmp_path / "x.sqlite", f"{receiver.url}/script") as payments:
        payments.account.postman.first_pause_seconds = 0.05
        who = await payments.call(lambda v1: v1.customers.create({"email": "again@example.com"}))
        await until(lambda: len(events(receiver.of("/script"), who.id)) == 4, 12)
        ids = {event.id for event in events(receiver.of("/script"), who.id)}
        assert len(ids) == 1
        assert (await payments.control("webhooks", "GET"))["open"] == 0


async def test_duplicates_and_disorder_on_demand(payments: LocalStripe, receiver: WebhookReceiver, customer):
    await payments.control("webhooks", hold=True, copies=3, shuffle=True)
    try:
        who = await customer()
        for number in range(12):
            await payments.call(lambda v1, number=number: v1.customers.update(who.id, {"name": f"Name {number}"}))
        assert (await payments.control("webhooks", "GET"))["open"] >= 39
        assert events(receiver.received, who.id) == []
        await payments.control("webhooks", hold=False)
        await until(lambda: len(events(receiver.received, who.id)) == 39)
    finally:
        await payments.control("webhooks", hold=False, copies=1, shuffle=False)
    seen = events(receiver.received, who.id)
    names = [event.data.object.name for event in seen if event.type == "customer.updated"]
    assert sorted(names) == sorted([f"Name {number}" for number in range(12)] * 3)
    assert names != sorted(names, key=lambda name: int(name.split()[1]))
    ids = [event.id for event in seen]
    assert all(ids.count(each) == 3 for each in ids)


async def test_an_event_can_be_sent_again(payments: LocalStripe, receiver: WebhookReceiver, customer):
    who = await customer()
    await until(lambda: len(events(receiver.received, who.id)) == 1)
    event = events(receiver.received, who.id)[0]
    await payments.control("resend", event=event.id, copies=2)
    await until(lambda: len(events(receiver.received, who.id)) == 3)
    assert {each.id for each in events(receiver.received, who.id)} == {event.id}


async def test_an_endpoint_gets_only_what_it_asked_for(payments: LocalStripe, receiver: WebhookReceiver, customer):
    endpoint = await payments.call(
        lambda v1: v1.webhook_endpoints.create(
            {"url": f"{receiver.url}/other", "enabled_events": ["customer.subscription.*", "customer.deleted"]}
        )
    )
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in (await payments.call(lambda v1: v1.webhook_endpoints.retrieve(endpoint.id))).to_dict()
    who = await customer()
    await payments.subscribe(who.id)
    await payments.call(lambda v1: v1.customers.delete(who.id))
    await until(lambda: len(receiver.of("/other")) >= 3)
    seen = [
        stripe.Webhook.construct_event(one.body, one.headers["Stripe-Signature"], endpoint.secret).type
        for one in receiver.of("/other")
    ]
    assert set(seen) <= {
        *("customer.subscription.created", "customer.subscription.updated"),
        *("customer.subscription.deleted", "customer.deleted"),
    }
    await payments.call(lambda v1: v1.webhook_endpoints.delete(endpoint.id))
    before = len(receiver.of("/other"))
    await payments.call(lambda v1: v1.customers.delete((v1.customers.create({"email": "last@example.com"})).id))
    await asyncio.sleep(0.3)
    assert len(receiver.of("/other")) == before


async def test_a_restart_forgets_nothing(tmp_path: Path, receiver: WebhookReceiver):
    file = tmp_path / "kept.sqlite"
    nobody = f"http://127.0.0.1:{free_port()}/nobody"
    async with local_stripe(file, nobody) as payments:
        who = await payments.call(
            lambda v1: v1.customers.create({"email": "kept@example.com"}, {"idempotency_key": "kept"})
        )
        session = await payments.checkout(who.id)
        subscription = await payments.subscribe(who.id)
        waiting = (await payments.control("webhooks", "GET"))["open"]
        assert waiting > 0
    async with local_stripe(file, f"{receiver.url}/after-restart") as payments:
        same = await payments.call(lambda v1: v1.subscriptions.retrieve(subscription.id))
        assert same.to_dict() == subscription.to_dict()
        again = await payments.call(
            lambda v1: v1.customers.create({"email": "kept@example.com"}, {"idempotency_key": "kept"})
        )
        assert again.id == who.id
        opened = await payments.call(lambda v1: v1.checkout.sessions.retrieve(session.id))
        assert (opened.status, opened.url) == ("open", f"{payments.url}/c/pay/{session.id}")
        invoice = await payments.call(lambda v1: v1.invoices.retrieve(subscription.latest_invoice))
        assert invoice.hosted_invoice_url.startswith(payments.url)  # on another port than before
        assert len((await payments.call(lambda v1: v1.prices.list())).data) == 4
        await until(lambda: len(events(receiver.of("/after-restart"), who.id)) >= waiting, 15)


def test_killed_in_the_middle_it_goes_on(tmp_path: Path):
    """The real process, killed while it works: what was answered is there afterwards, and the keys stay the same."""
    settings = Settings(
        _env_file=None,  # pyright: ignore
        var_dir=tmp_path,
        test_payments_port=free_port(),
        port=free_port(),
    )
    answered: list[str] = []
    for _ in range(2):
        embedded = EmbeddedPayments(settings)
        embedded.prepare()
        launch = embedded.launch()
        process = child.start(launch)
        key = embedded.settings_update()["stripe_secret_key"].get_secret_value()
        client = stripe.StripeClient(key, base_addresses={"api": embedded.api_url}, max_network_retries=0).v1
        try:
            assert wait_until(partial(_answers, client), 20, lambda process=process: process.poll() is None)
            for customer_id in answered:
                assert client.customers.retrieve(customer_id).id == customer_id
            killing = threading.Timer(0.4, os.kill, (process.pid, signal.SIGKILL))
            killing.start()
            before = len(answered)
            _make_customers_until_it_breaks(client, answered)
            assert len(answered) > before
        finally:
            child.stop(process, launch)
    assert (tmp_path / "test-payments" / "config.json").stat().st_mode & 0o077 == 0
    assert key not in launch.log_file.read_text() + " ".join(launch.argv)


def _make_customers_until_it_breaks(client: Any, made: list[str]) -> None:
    with suppress(stripe.APIConnectionError):
        for number in range(100_000):
            made.append(client.customers.create({"email": f"c{number}@example.com"}).id)


def _answers(client: Any) -> bool:
    try:
        return bool(client.prices.list().data)
    except stripe.APIConnectionError:
        return False


async def test_real_time_passes_too(payments: LocalStripe, customer):
    from backend.core import clock

    who = await customer()
    subscription = await payments.subscribe(who.id, trial_period_days=7)
    session = await payments.checkout(customer_email="late@example.com")
    real = clock.now_seconds()
    clock.use_clock(lambda: real + 8 * 86_400)
    try:
        payments.account.pass_time()
    finally:
        clock.use_clock(None)
    assert (await payments.call(lambda v1: v1.subscriptions.retrieve(subscription.id))).status == "active"
    assert (await payments.call(lambda v1: v1.checkout.sessions.retrieve(session.id))).status == "expired"
    assert CARD["number"] not in json.dumps(payments.account.records.load(subscription.default_payment_method))


async def test_events_and_kept_answers_are_forgotten_in_time(tmp_path: Path, receiver: WebhookReceiver):
    from backend.core import clock

    real = clock.now_seconds()
    async with local_stripe(tmp_path / "x.sqlite", f"{receiver.url}/old") as payments:
        options = {"idempotency_key": "old"}
        made = await payments.call(lambda v1: v1.customers.create({"email": "old@example.com"}, options))
        for days, events_left, is_same in ((0.9, 1, True), (29, 2, False), (31, 2, False)):
            clock.use_clock(lambda days=days: real + days * 86_400)
            try:
                payments.account.pass_time()
                again = await payments.call(lambda v1: v1.customers.create({"email": "old@example.com"}, options))
                listed = await payments.call(lambda v1: v1.events.list({"type": "customer.created"}))
            finally:
                clock.use_clock(None)
            assert (again.id == made.id) is is_same, days
            assert len(listed.data) == events_left, days
            made = again
