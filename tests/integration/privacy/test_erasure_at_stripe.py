"""Erasure reaches the payment provider: the customer goes, the subscription ends, and a failure holds it up."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from backend.accounts.service import CurrentUser
from backend.core.db import Database
from backend.core.errors import UnavailableError
from backend.core.ids import new_id
from backend.core.jobs import JobContext
from backend.core.redis import make_redis
from backend.privacy import erasing
from backend.privacy.service import request_erasure
from backend.subscriptions.erasure import forget_customer
from backend.subscriptions.service import StripeGateway, close_shared_gateways, sync_customer
from backend.worker.jobs import all_tasks
from tests.doubles.local_stripe import SECRET_KEY, WEBHOOK_SECRET, local_stripe


async def paying_user(admin: Database, gateway: StripeGateway, stripe: Any) -> tuple[Any, str]:
    user_id = new_id()
    customer = await gateway.create_customer(user_id, f"{user_id}@example.com", str(user_id))
    await stripe.subscribe(customer)
    async with admin.unit_of_work() as session:
        await session.execute(
            text("insert into premium_users (id, email, tier) values (:id, :email, 'pro')"),
            {"id": user_id, "email": f"{user_id}@example.com"},
        )
        values = {"id": user_id, "customer": customer}
        await session.execute(
            text("insert into billing_customers (user_id, stripe_customer_id) values (:id, :customer)"), values
        )
        await session.execute(
            text(
                "insert into stripe_events (id, type, stripe_customer_id, happened_at)"
                " values ('evt_' || :customer, 'invoice.paid', :customer, now())"
            ),
            values,
        )
        await session.execute(
            text("insert into erasure_requests (user_id, due_at) values (:id, now() - interval '1 minute')"), values
        )
    return user_id, customer


async def test_the_customer_goes_and_what_they_subscribed_to(
    make_settings: Any, admin_database: Database, worker_database: Database, tmp_path: Path
) -> None:
    assert all_tasks() and "payments" in erasing.erasure_steps()
    async with local_stripe(tmp_path / "stripe.sqlite") as stripe:
        settings = make_settings(
            stripe_secret_key=SECRET_KEY, stripe_webhook_secret=WEBHOOK_SECRET, stripe_api_url=stripe.url
        )
        redis = make_redis(settings.redis_url)
        job, gateway = JobContext(settings, worker_database, redis, 1, 1), StripeGateway(settings)
        user_id, customer = await paying_user(admin_database, gateway, stripe)
        before = await stripe.call(lambda v1: v1.subscriptions.list({"customer": customer, "status": "all"}))
        assert [each.status for each in before.data] == ["active"]
        assert await erasing.erase_due(job) == 1
        gone = await stripe.call(lambda v1: v1.customers.retrieve(customer))
        assert gone.deleted is True
        subscription = await stripe.call(lambda v1: v1.subscriptions.retrieve(before.data[0].id))
        assert subscription.status == "canceled"
        async with admin_database.unit_of_work() as session:
            for table, column, value in (
                ("premium_users", "id", user_id),
                ("billing_customers", "user_id", user_id),
                ("stripe_events", "stripe_customer_id", customer),
            ):
                counting = text(f"select count(*) from {table} where {column} = :value")
                assert (await session.execute(counting, {"value": value})).scalar_one() == 0, table
        await forget_customer(job, user_id)  # doing it again does no harm
        again, other = await paying_user(admin_database, gateway, stripe)
        await gateway.delete_customer(other)
        assert await erasing.erase_due(job) == 1, "a customer who is gone already holds nothing up"
        held_up, _ = await paying_user(admin_database, gateway, stripe)
        await gateway.close()
        await close_shared_gateways()
    # Nobody answers at this address any more.
    assert await erasing.erase_due(job) == 0
    with pytest.raises(UnavailableError):
        await forget_customer(job, held_up)
    async with admin_database.unit_of_work() as session:
        left = await session.execute(
            text("select id from premium_users where id in (:a, :b)"), {"a": again, "b": held_up}
        )
        assert left.scalars().all() == [held_up]
    await close_shared_gateways()
    await redis.aclose()


async def test_who_asks_to_be_erased_pays_no_more(
    make_settings: Any, admin_database: Database, app_database: Database, worker_database: Database, tmp_path: Path
) -> None:
    assert all_tasks()
    async with local_stripe(tmp_path / "stripe.sqlite") as stripe:
        settings = make_settings(
            stripe_secret_key=SECRET_KEY, stripe_webhook_secret=WEBHOOK_SECRET, stripe_api_url=stripe.url
        )
        redis = make_redis(settings.redis_url)
        job, gateway = JobContext(settings, worker_database, redis, 1, 1), StripeGateway(settings)
        user_id, customer = await paying_user(admin_database, gateway, stripe)
        async with admin_database.unit_of_work() as session:
            await session.execute(text("delete from erasure_requests where user_id = :id"), {"id": user_id})
        await sync_customer(worker_database, gateway, customer)
        await erasing.prepare(job, user_id)
        [subscription] = (await stripe.call(lambda v1: v1.subscriptions.list({"customer": customer}))).data
        assert subscription.cancel_at_period_end is False, "it was taken back meanwhile"
        user = CurrentUser(user_id, f"{user_id}@example.com", "pro")
        async with app_database.unit_of_work(user_id) as session:
            await request_erasure(session, user, "delete", proven=True)
        async with admin_database.unit_of_work() as session:
            waiting = await session.execute(text("select task_name from procrastinate.procrastinate_jobs"))
            assert "privacy.prepare_erasure" in waiting.scalars().all()
        for _ in range(2):
            await erasing.prepare(job, user_id)
        [subscription] = (await stripe.call(lambda v1: v1.subscriptions.list({"customer": customer}))).data
        assert (subscription.status, subscription.cancel_at_period_end) == ("active", True)
        await gateway.close()
    await close_shared_gateways()
    await redis.aclose()
