"""A storm of payment webhooks: a thousand events of twenty customers, a fifth of them twice, in random order.

Called by `benchmarks.accounts`. The local Stripe and the jobs process run beside the web worker, on its cores. What
the events are about has changed at Stripe already: what is right at the end is known, and is checked.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import stripe
from sqlalchemy import text

from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.embedded.ports import free_port
from backend.test_payments.config import write_config
from benchmarks.harness import report
from benchmarks.http_load import ask

KEY, SECRET = "sk_test_of_the_benchmark", "whsec_of_the_benchmark"
CUSTOMERS, EVENTS, REPEATED, CONNECTIONS = 20, 1_000, 200, 16
WEBHOOKS = "/v1/subscriptions/webhooks"
CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 40", "cvc": "123", "name": "Jo Card"}
PRICES = {"starter": 2_500, "pro": 5_000}


def payments_environment(directory: Path) -> dict[str, str]:
    """Return the variables that lead to a local Stripe, whose configuration is written into `directory`."""
    port = free_port()
    products = [
        {
            "id": f"prod_{tier}",
            "name": tier,
            "prices": [{"id": f"price_{tier}", "lookup_key": tier, "interval": "month", "amount": amount}],
        }
        for tier, amount in PRICES.items()
    ]
    config = {"data_file": str(directory / "payments.sqlite"), "secret_key": KEY, "port": port, "products": products}
    write_config(directory / "payments.json", {**config, "webhook_url": "", "webhook_secret": SECRET})
    return {
        "STRIPE_API_URL": f"http://127.0.0.1:{port}",
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_PRICE_STARTER_MONTH": "price_starter",
        "STRIPE_PRICE_PRO_MONTH": "price_pro",
    }


def measure(settings: Settings, directory: Path, web_port: int) -> None:
    """Start the local Stripe and the jobs process, send the storm, report how long it took. Raises SystemExit if the
    state is wrong afterwards."""
    environment = {**os.environ, "WORKER_METRICS_PORT": "0", "LOG_LEVEL": "WARNING"}
    commands = (
        ("backend.test_payments.server", str(directory / "payments.json")),
        ("backend.cli.main", "worker", "jobs"),
    )
    processes = [
        subprocess.Popen([sys.executable, "-m", *command], env=environment, stdout=subprocess.DEVNULL, stderr=2)
        for command in commands
    ]
    try:
        seconds, fetches = asyncio.run(_storm(settings, web_port))
    finally:
        for process in processes:
            process.terminate()
            process.wait(30)
    report(
        "accounts.webhooks_1000_s", seconds, "s", "limit", 10.0, better="lower",
        events=EVENTS, deliveries=EVENTS + REPEATED, customers=CUSTOMERS, fetches=fetches,
    )  # fmt: skip


async def _storm(settings: Settings, web_port: int) -> tuple[float, int]:
    admin = Database(settings.admin_database_url, 2)
    client = stripe.StripeClient(KEY, base_addresses={"api": settings.stripe_api_url}).v1
    await _answers(settings.stripe_api_url)
    customers = [await _subscribed(admin, client, number) for number in range(CUSTOMERS)]
    bodies = [_event(customers[n % CUSTOMERS], n) for n in range(EVENTS)]
    deliveries = bodies + random.Random(7).sample(bodies, REPEATED)
    random.Random(8).shuffle(deliveries)
    requests = [_request(body) for body in deliveries]
    before = await _number(admin, "select last_value from subscription_fetches")
    started = time.perf_counter()
    await _send(web_port, requests)
    while await _number(admin, "select count(*) from stripe_events where handled_at is not null") < EVENTS:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - started
    fetches = await _number(admin, "select last_value from subscription_fetches") - before
    await _check(admin, customers)
    await admin.close()
    return seconds, fetches


async def _subscribed(admin: Database, client: Any, number: int) -> str:
    """Make a user with a paid subscription at Stripe, of which every other one was ended; return the customer."""
    customer = await asyncio.to_thread(lambda: client.customers.create({"email": f"bench{number}@example.com"}))
    given: dict[str, Any] = {
        "mode": "subscription",
        "customer": customer.id,
        "line_items": [{"price": "price_pro" if number % 4 < 2 else "price_starter", "quantity": 1}],
        "success_url": "http://localhost/done",
    }
    session = await asyncio.to_thread(lambda: client.checkout.sessions.create(given))
    async with aiohttp.ClientSession() as http, http.post(session.url, data=CARD, allow_redirects=False) as answer:
        assert answer.status == 303, answer.status
    if number % 2:
        found = await asyncio.to_thread(lambda: client.subscriptions.list({"customer": customer.id}))
        await asyncio.to_thread(lambda: client.subscriptions.cancel(found.data[0].id))
    async with admin.unit_of_work() as session_of_db:
        user_id = new_id()
        await session_of_db.execute(
            text("insert into premium_users (id, email, tier) values (:id, :email, :tier)"),
            {"id": user_id, "email": f"bench{number}-{user_id}@example.com", "tier": "pro" if number % 2 else "free"},
        )
        await session_of_db.execute(
            text("insert into billing_customers (user_id, stripe_customer_id) values (:id, :customer)"),
            {"id": user_id, "customer": customer.id},
        )
    return customer.id


async def _check(admin: Database, customers: list[str]) -> None:
    async with admin.unit_of_work() as session:
        rows = await session.execute(
            text(
                "select c.stripe_customer_id, u.tier from billing_customers c join premium_users u on u.id = c.user_id"
            )
        )
        tiers = {row[0]: row[1] for row in rows}
    wanted = {
        customer: "free" if number % 2 else "pro" if number % 4 < 2 else "starter"
        for number, customer in enumerate(customers)
    }
    if any(tiers[customer] != tier for customer, tier in wanted.items()):
        raise SystemExit("webhooks: the plans at the end are wrong")


def _event(customer: str, number: int) -> bytes:
    about = {"id": f"sub_{number}", "object": "subscription", "customer": customer}
    made = {"id": f"evt_bench_{number}", "object": "event", "type": "customer.subscription.updated"}
    return json.dumps({**made, "created": 1_760_000_000 + number, "data": {"object": about}}).encode()


def _request(body: bytes) -> bytes:
    moment = int(time.time())
    signed = stripe.WebhookSignature._compute_signature(f"{moment}.{body.decode()}", SECRET)
    lines = (
        f"POST {WEBHOOKS} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Stripe-Signature: t={moment},v1={signed}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def _send(port: int, requests: list[bytes]) -> None:
    waiting = iter(requests)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            await ask(reader, writer, request)
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


async def _number(admin: Database, statement: str) -> int:
    async with admin.unit_of_work() as session:
        return int((await session.execute(text(statement))).scalar_one())


async def _answers(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(300):
            try:
                async with http.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise SystemExit("webhooks: the local Stripe does not answer")
