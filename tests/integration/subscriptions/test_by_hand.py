"""`premium billing …`, as an operator runs it."""

import asyncio
import os
import sys

from tests.integration.subscriptions.conftest import Shop


async def premium(shop: Shop, *arguments: str) -> tuple[int, str]:
    """Run the command against the shop's database and Stripe; return its exit code and what it said."""
    settings = shop.api.settings
    environment = {
        **os.environ,
        "ENVIRONMENT": "test",
        "WORKER_DATABASE_URL": settings.worker_database_url,
        "STRIPE_API_URL": settings.stripe_api_url,
        "STRIPE_SECRET_KEY": settings.stripe_secret_key.get_secret_value(),
        "STRIPE_PRICE_STARTER_MONTH": settings.stripe_price_starter_month,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "backend.cli.main", "billing", *arguments),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_sync_reconcile_and_requests(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "starter")
    asked = {"company": "Example Ltd", "email": "me@example.com", "message": "12 seats"}
    assert (await client.post("/v1/subscriptions/enterprise-requests", json=asked)).status == 201
    await shop.settled()
    done = await asyncio.gather(
        premium(shop, "sync", user.email),
        premium(shop, "sync", "nobody@example.com"),
        premium(shop, "reconcile"),
        premium(shop, "requests"),
    )
    assert [code for code, _ in done] == [0, 1, 0, 0], done
    assert done[0][1].strip().endswith("written")
    assert "1 live subscriptions compared" in done[2][1]
    assert "Example Ltd <me@example.com>" in done[3][1]


async def test_enterprise_is_asked_for_at_most_three_times_a_day(shop: Shop) -> None:
    client = shop.api.client_of(await shop.api.new_user("free"))
    asked = {"company": "Example Ltd", "email": "me@example.com"}
    replies = await asyncio.gather(
        *(client.post("/v1/subscriptions/enterprise-requests", json=asked) for _ in range(5))
    )
    assert sorted(reply.status for reply in replies) == [201, 201, 201, 429, 429]
    wrong = await client.post("/v1/subscriptions/enterprise-requests", json={"company": "x", "email": "nowhere"})
    assert (wrong.status, sorted(wrong.error["details"])) == (422, ["company", "email"])
