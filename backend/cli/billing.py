"""`premium billing …`: what is done by hand about payments (docs/runbooks/payments.md)."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.settings import Settings
from backend.subscriptions import sync_repository
from backend.subscriptions.service import StripeGateway, reconcile, replay, sync_customer

MOST_SHOWN = 50
Work = Callable[[Database, StripeGateway], Awaitable[int]]


def reconcile_all(settings: Settings) -> int:
    """Compare everything with Stripe and repair what differs; return 1 when some could not be fetched."""

    async def work(database: Database, gateway: StripeGateway) -> int:
        found = await reconcile(database, gateway)
        print(
            f"{found.compared} live subscriptions compared, {found.repaired} customers repaired, {found.failed} failed,"
            f" {found.unknown} customers of Stripe's that nobody here has"
        )
        return 1 if found.failed else 0

    return _with(settings, work)


def replay_events(settings: Settings, days: int) -> int:
    """Put the events of the last days that are not in the inbox there; the jobs process handles them."""

    async def work(database: Database, gateway: StripeGateway) -> int:
        new, seen = await replay(database, gateway, utc_now() - timedelta(days=days))
        print(f"{seen} events at Stripe, {new} of them were missing and are being handled")
        return 0

    return _with(settings, work)


def sync_one(settings: Settings, email: str) -> int:
    """Fetch one customer now; return 1 when the account has none."""

    async def work(database: Database, gateway: StripeGateway) -> int:
        async with database.unit_of_work() as session:
            customer = await sync_repository.customer_of_user(session, email)
        if customer is None:
            print(f"{email} has no customer at Stripe.", file=sys.stderr)
            return 1
        print(f"{customer}: {await sync_customer(database, gateway, customer)}")
        return 0

    return _with(settings, work)


def show_requests(settings: Settings) -> int:
    """Print the newest requests to talk about Enterprise."""

    async def work(database: Database, _gateway: StripeGateway) -> int:
        async with database.unit_of_work() as session:
            requests = await sync_repository.newest_enterprise_requests(session, MOST_SHOWN)
        for each in requests:
            print(f"{each['created_at']:%Y-%m-%d %H:%M}  {each['company']} <{each['email']}>\n    {each['message']}")
        print(f"{len(requests)} requests")
        return 0

    return _with(settings, work)


def _with(settings: Settings, work: Work) -> int:
    if not settings.worker_database_url:
        print("WORKER_DATABASE_URL is not set: it names the database that the subscriptions are in.", file=sys.stderr)
        return 1

    async def run() -> int:
        database, gateway = Database(settings.worker_database_url, pool_size=2), StripeGateway(settings)
        try:
            return await work(database, gateway)
        finally:
            await gateway.close()
            await database.close()

    try:
        return asyncio.run(run())
    except (SQLAlchemyError, OSError) as error:
        print(f"The database cannot be read: {type(error).__name__}", file=sys.stderr)
        return 1
