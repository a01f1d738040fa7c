"""The SQL of subscriptions as the web uses it: one user's rows, seen through row-level security."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession


async def find_customer(session: AsyncSession, user_id: UUID) -> RowMapping | None:
    """Return the user's customer: stripe_customer_id, synced_fetch, synced_at, trial_used_at; None before the first
    checkout."""
    statement = text(
        "select stripe_customer_id, synced_fetch, synced_at, trial_used_at from billing_customers"
        " where user_id = :user_id"
    )
    return (await session.execute(statement, {"user_id": user_id})).mappings().one_or_none()


async def add_customer(session: AsyncSession, user_id: UUID, stripe_customer_id: str) -> bool:
    """Note the user's customer; return whether it was noted (False: there is one already)."""
    statement = text(
        "insert into billing_customers (user_id, stripe_customer_id) values (:user_id, :customer)"
        " on conflict do nothing returning user_id"
    )
    result = await session.execute(statement, {"user_id": user_id, "customer": stripe_customer_id})
    return result.first() is not None


async def newest_subscriptions(session: AsyncSession, user_id: UUID, limit: int = 20) -> list[RowMapping]:
    """Return the user's newest subscriptions, newest first (columns as in the table)."""
    statement = text("select * from subscriptions where user_id = :user_id order by started_at desc, id limit :limit")
    return list((await session.execute(statement, {"user_id": user_id, "limit": limit})).mappings())


async def list_invoices(session: AsyncSession, user_id: UUID, limit: int, offset: int) -> tuple[list[RowMapping], int]:
    """Return the user's invoices, newest first, and how many there are."""
    values = {"user_id": user_id, "limit": limit, "offset": offset}
    statement = text(
        "select * from invoices where user_id = :user_id order by issued_at desc, number desc, id"
        " limit :limit offset :offset"
    )
    rows = list((await session.execute(statement, values)).mappings())
    total = await session.execute(text("select count(*) from invoices where user_id = :user_id"), {"user_id": user_id})
    return rows, int(total.scalar_one())


async def insert_event(
    session: AsyncSession, event_id: str, event_type: str, customer: str, happened_at: datetime
) -> bool:
    """Put a webhook into the inbox; return False when it is there already. Needs no user."""
    # No arbiter and no RETURNING: the web may not read the inbox.
    statement = text(
        "insert into stripe_events (id, type, stripe_customer_id, happened_at)"
        " values (:id, :type, :customer, :happened_at) on conflict do nothing"
    )
    values = {"id": event_id, "type": event_type, "customer": customer, "happened_at": happened_at}
    return (await session.execute(statement, values)).rowcount > 0  # type: ignore[attr-defined]


async def hold_customer_shared(session: AsyncSession, customer: str) -> None:
    """Until the transaction ends, let nobody take this customer's webhooks (others may still put some in)."""
    await session.execute(
        text("select pg_advisory_xact_lock_shared(7104, hashtext(:customer))"), {"customer": customer}
    )


async def insert_enterprise_request(
    session: AsyncSession, request_id: UUID, user_id: UUID, company: str, email: str, message: str, at: datetime
) -> None:
    """Store a request to talk about Enterprise."""
    await session.execute(
        text(
            "insert into enterprise_requests (id, user_id, company, email, message, created_at)"
            " values (:id, :user_id, :company, :email, :message, :at)"
        ),
        {"id": request_id, "user_id": user_id, "company": company, "email": email, "message": message, "at": at},
    )


async def count_enterprise_requests(session: AsyncSession, user_id: UUID, since: datetime) -> int:
    """Return how many requests the user made since then, under a lock of the user so that tabs count in turn."""
    await session.execute(text("select pg_advisory_xact_lock(7105, hashtext(:user_id))"), {"user_id": str(user_id)})
    statement = text("select count(*) from enterprise_requests where user_id = :user_id and created_at > :since")
    return int((await session.execute(statement, {"user_id": user_id, "since": since})).scalar_one())
