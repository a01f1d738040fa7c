"""The API, a local Stripe that sends it webhooks, and the jobs process, all on real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.core.db import Database
from backend.core.job_runner import JobRunner, RunnerTimes
from backend.core.redis import make_redis
from backend.core.settings import Settings
from backend.embedded.ports import free_port
from backend.embedded.postgres import DatabaseUrls
from backend.subscriptions.gateway import StripeGateway
from backend.worker.jobs import all_tasks
from tests.doubles.local_stripe import CARD, SECRET_KEY, WEBHOOK_SECRET, LocalStripe, local_stripe
from tests.integration.api.conftest import Api, Client, serving

WEBHOOKS = "/v1/subscriptions/webhooks"


@dataclass
class Shop:
    """Everything that takes part in buying a plan."""

    api: Api
    stripe: LocalStripe
    worker: Database
    gateway: StripeGateway
    runner: JobRunner

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """Rows as the owner of the schema sees them."""
        async with self.api.admin.unit_of_work() as session:
            return list((await session.execute(text(statement), values)).mappings())

    async def tier(self, user: CurrentUser) -> str:
        return (await self.rows("select tier from premium_users where id = :id", id=user.id))[0]["tier"]

    async def customer(self, user: CurrentUser) -> str:
        found = await self.rows("select stripe_customer_id from billing_customers where user_id = :id", id=user.id)
        return found[0]["stripe_customer_id"]

    async def mails(self, user: CurrentUser) -> list[str]:
        found = await self.rows("select template from mail_outbox where user_id = :id order by created_at", id=user.id)
        return [row["template"] for row in found]

    async def audited(self, user_id: UUID) -> list[str]:
        found = await self.rows("select action from audit_log where user_id = :id order by recorded_at", id=user_id)
        return [row["action"] for row in found]

    async def buy(self, user: CurrentUser, tier: str = "pro", interval: str = "month", card: str = "") -> Client:
        """Go through checkout as a person would, and wait until the plan is there."""
        client = self.api.client_of(user)
        opened = await client.post("/v1/subscriptions", json={"tier": tier, "interval": interval})
        assert opened.status == 201, opened.content
        await self.pay(opened.data["checkoutUrl"], card)
        await self.until(lambda: self.has_tier(user, tier))
        return client

    async def pay(self, url: str, card: str = "") -> None:
        status, place = await self.stripe.fill_in(url, **(CARD | ({"number": card} if card else {})))
        assert status == 303, place

    async def has_tier(self, user: CurrentUser, tier: str) -> bool:
        return await self.tier(user) == tier

    async def faults(self, path: str = "", **given: Any) -> None:
        """Have the local Stripe fail for the next requests to a path; without a path: no more."""
        headers = {"Authorization": f"Bearer {SECRET_KEY}"}
        url = f"{self.stripe.url}/_control/faults"
        async with aiohttp.ClientSession(headers=headers) as http:
            asked = http.post(url, json={"path": path, **given}) if path else http.delete(url)
            async with asked as answer:
                assert answer.status == 200, await answer.text()

    async def until(self, holds: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
        """Wait until something holds that webhooks and jobs bring about."""
        async with asyncio.timeout(seconds):
            while not await holds():
                await asyncio.sleep(0.05)

    async def settled(self) -> None:
        """Wait until no webhook and no job is under way."""

        async def quiet() -> bool:
            unhandled = await self.rows("select 1 from stripe_events where handled_at is null")
            jobs = await self.rows(
                "select 1 from procrastinate.procrastinate_jobs where status in ('todo', 'doing')"
                " and (scheduled_at is null or scheduled_at < now() + interval '3 seconds')"
            )
            manners = await self.stripe.control("webhooks")
            return not unhandled and not jobs and (manners["hold"] or not manners["open"])

        await self.until(quiet)


@asynccontextmanager
async def open_shop(settings: Settings, directory: Path, *, with_jobs: bool = True) -> AsyncIterator[Shop]:
    """A shop with these settings (see `shop_settings`)."""
    port = int(settings.stripe_api_url.rsplit(":", 1)[1])
    worker, redis = Database(settings.worker_database_url, 6), make_redis(settings.redis_url)
    runner = JobRunner(
        settings, worker, redis, all_tasks(), concurrency=4, times=RunnerTimes(poll=0.1, housekeeping=60.0)
    )
    async with serving(settings) as api, local_stripe(directory / "p.sqlite", api.url + WEBHOOKS, port) as stripe:
        working = asyncio.create_task(runner.run()) if with_jobs else None
        gateway = StripeGateway(settings)
        try:
            yield Shop(api, stripe, worker, gateway, runner)
        finally:
            if working is not None:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
            await gateway.close()
            await redis.aclose()
            await worker.close()


@pytest.fixture(scope="module")
def shop_settings(database_urls: DatabaseUrls, redis_server_url: str) -> Callable[..., Settings]:
    """A function that returns settings which reach a local Stripe that is yet to be started."""

    def make(**changes: object) -> Settings:
        values: dict[str, object] = {
            "environment": "test",
            "database_url": database_urls.app,
            "worker_database_url": database_urls.worker,
            "admin_database_url": database_urls.admin,
            "redis_url": redis_server_url,
            "stripe_secret_key": SECRET_KEY,
            "stripe_webhook_secret": WEBHOOK_SECRET,
            "stripe_api_url": f"http://127.0.0.1:{free_port()}",
            **{
                f"stripe_price_{tier}_{every}": f"price_premium_{tier}_{every}"
                for tier in ("starter", "pro")
                for every in ("month", "year")
            },
            **changes,
        }
        return Settings(_env_file=None, **values)  # pyright: ignore

    return make


@pytest.fixture(scope="module")
async def shop(shop_settings: Callable[..., Settings], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A shop that the tests of one file share: use users of your own."""
    async with open_shop(shop_settings(), tmp_path_factory.mktemp("shop")) as running:
        yield running
