"""The jobs process dies by SIGKILL while it waits for Stripe's answer to a webhook: the next one does it, once."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.schemas import CurrentUser
from backend.core.settings import Settings
from backend.embedded.postgres import DatabaseUrls
from backend.subscriptions.checkout import SYNC
from tests.doubles.local_stripe import SECRET_KEY, WEBHOOK_SECRET
from tests.integration.subscriptions.conftest import Shop, open_shop
from tests.integration.subscriptions.test_webhooks import deliver, event, signature

ROOT = Path(__file__).resolve().parents[3]
# A worker counts as dead after twelve silent seconds; the next look at the queue is up to five later.
RECOVERY_SECONDS = 45.0


@asynccontextmanager
async def jobs_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """`premium worker jobs` as it runs in production; killed at the end if it was not before."""
    prices = {name: value for name, value in settings.model_dump().items() if name.startswith("stripe_price_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "backend.cli.main", "worker", "jobs"),
        cwd=ROOT,
        env={
            **os.environ,
            **{name.upper(): value for name, value in prices.items()},
            "ENVIRONMENT": "test",
            "DATABASE_URL": settings.database_url,
            "WORKER_DATABASE_URL": settings.worker_database_url,
            "REDIS_URL": str(settings.redis_url),
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_URL": settings.stripe_api_url,
            "WORKER_METRICS_PORT": "0",
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def shop(
    shop_settings: Callable[..., Settings], fresh_database_urls: DatabaseUrls, tmp_path: Path
) -> AsyncIterator[Shop]:
    """A shop with a queue of its own and nobody who works at it."""
    urls = fresh_database_urls
    settings = shop_settings(database_url=urls.app, worker_database_url=urls.worker, admin_database_url=urls.admin)
    async with open_shop(settings, tmp_path, with_jobs=False) as running:
        yield running


async def upgrade_at_stripe(shop: Shop, customer: str) -> str:
    """Move the customer to Pro at Stripe, charged at once, and return the invoice; no webhook of it is let out."""
    await shop.stripe.control("webhooks", hold=True)
    found = (await shop.stripe.call(lambda v1: v1.subscriptions.list({"customer": customer}))).data[0]
    items = [{"id": found["items"].data[0].id, "price": "price_premium_pro_month"}]
    changes = {"items": items, "proration_behavior": "always_invoice"}
    await shop.stripe.call(lambda v1: v1.subscriptions.update(found.id, changes))
    invoice = (await shop.stripe.call(lambda v1: v1.invoices.list({"customer": customer, "limit": 1}))).data[0]
    assert invoice.status == "paid" and invoice.amount_paid > 0
    return str(invoice.id)


async def what_there_is(shop: Shop, user: CurrentUser) -> dict[str, Any]:
    """Everything that a webhook done twice would show in."""
    held = await shop.rows("select tier, status, billing_interval from subscriptions where user_id = :id", id=user.id)
    invoices = await shop.rows("select count(*) as n from invoices where user_id = :id", id=user.id)
    return {
        "tier": await shop.tier(user),
        "subscriptions": [tuple(row.values()) for row in held],
        "invoices": invoices[0]["n"],
        "mails": sorted(await shop.mails(user)),
        "audited": sorted(await shop.audited(user.id)),
    }


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("place", ["/v1/subscriptions", "/v1/invoices"])
async def test_a_worker_killed_in_the_middle_of_a_webhook(shop: Shop, place: str) -> None:
    settings = shop.api.settings
    user = await shop.api.new_user("free")
    async with jobs_process(settings) as first:
        await shop.buy(user, "starter")
        await shop.settled()
        customer = await shop.customer(user)
        before = await what_there_is(shop, user)
        assert before["subscriptions"] == [("starter", "active", "month")]

        await upgrade_at_stripe(shop, customer)
        await shop.faults(place, method="GET", times=20, seconds=60)
        body = event(customer)
        assert (await deliver(shop, body, signature(body))).data == {"received": True, "duplicate": False}

        async def begun() -> bool:
            return bool(await shop.rows("select 1 from stripe_events where handled_at is null and attempts = 1"))

        await shop.until(begun)
        await asyncio.sleep(1.0)  # the request has left: what it waits for is Stripe's answer
        first.kill()
        assert await first.wait() == -9
    await shop.faults()
    [job] = await shop.rows("select status::text from procrastinate.procrastinate_jobs where task_name = :n", n=SYNC)
    assert job["status"] == "doing"
    assert await what_there_is(shop, user) == before

    async with jobs_process(settings) as _:

        async def handled() -> bool:
            statement = "select 1 from stripe_events where id = :id and handled_at is not null and error is null"
            return bool(await shop.rows(statement, id=json.loads(body)["id"]))

        await shop.until(handled, RECOVERY_SECONDS)
        await shop.settled()
        after = await what_there_is(shop, user)
        assert after == {
            "tier": "pro",
            "subscriptions": [("pro", "active", "month")],
            "invoices": before["invoices"] + 1,
            "mails": sorted([*before["mails"], "receipt", "subscription_changed"]),
            "audited": sorted([*before["audited"], "account.tier_changed", "subscription.changed"]),
        }
        [row] = await shop.rows("select attempts from stripe_events where id = :id", id=json.loads(body)["id"])
        assert row["attempts"] == 2

        # Stripe's own webhooks of the same change come after it, each of them twice, and this one again.
        assert (await deliver(shop, body, signature(body))).data["duplicate"] is True
        await shop.stripe.control("webhooks", hold=False, copies=2)
        await shop.settled()
        assert await what_there_is(shop, user) == after
