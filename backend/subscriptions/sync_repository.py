"""The SQL of what workers write about subscriptions: role premium_worker, across users."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.ids import new_id
from backend.subscriptions.engine.records import InvoiceRecord, SubscriptionRecord


async def take_events(session: AsyncSession, customer: str, now: datetime) -> list[str]:
    """Return the ids of a customer's webhooks that are not handled, and note the try.

    Waits for those who are putting one in right now, so that none is overlooked.
    """
    await session.execute(text("select pg_advisory_xact_lock(7104, hashtext(:customer))"), {"customer": customer})
    statement = text(
        "update stripe_events set attempts = attempts + 1, tried_at = :now"
        " where stripe_customer_id = :customer and handled_at is null returning id"
    )
    return list((await session.execute(statement, {"customer": customer, "now": now})).scalars())


async def next_fetch(session: AsyncSession) -> int:
    """Return the number of a fetch that begins now."""
    return int((await session.execute(text("select nextval('subscription_fetches')"))).scalar_one())


async def mark_handled(session: AsyncSession, event_ids: Sequence[str], now: datetime) -> None:
    """Note that these webhooks are done with."""
    await session.execute(
        text("update stripe_events set handled_at = :now, error = null where id = any(:ids) and handled_at is null"),
        {"ids": list(event_ids), "now": now},
    )


async def mark_failed(session: AsyncSession, event_ids: Sequence[str], error: str) -> None:
    """Keep why these webhooks could not be handled."""
    await session.execute(
        text("update stripe_events set error = :error where id = any(:ids) and handled_at is null"),
        {"ids": list(event_ids), "error": error[:500]},
    )


async def lock_customer(session: AsyncSession, customer: str) -> RowMapping | None:
    """Return, locked, whose customer this is: user_id, email, tier, synced_fetch, trial_used_at; None for nobody's."""
    statement = text("""
    select c.user_id, coalesce(u.email, '') as email, u.tier, c.synced_fetch, c.trial_used_at
    from billing_customers c join premium_users u on u.id = c.user_id
    where c.stripe_customer_id = :customer for update of c
    """)
    return (await session.execute(statement, {"customer": customer})).mappings().one_or_none()


async def mark_synced(
    session: AsyncSession, user_id: UUID, fetch: int, now: datetime, trial_used_at: datetime | None
) -> None:
    """Note the newest fetch that was written, and when a trial began if one did."""
    await session.execute(
        text(
            "update billing_customers set synced_fetch = :fetch, synced_at = :now,"
            " trial_used_at = coalesce(trial_used_at, :trial) where user_id = :user_id"
        ),
        {"user_id": user_id, "fetch": fetch, "now": now, "trial": trial_used_at},
    )


async def forget_customer(session: AsyncSession, user_id: UUID) -> None:
    """Forget a customer that Stripe does not have any more, so that the next checkout makes another."""
    await session.execute(text("delete from billing_customers where user_id = :user_id"), {"user_id": user_id})


async def stored_subscriptions(session: AsyncSession, user_id: UUID) -> list[RowMapping]:
    """Return the user's subscriptions as they were last written."""
    statement = text("select * from subscriptions where user_id = :user_id")
    return list((await session.execute(statement, {"user_id": user_id})).mappings())


_UPSERT_SUBSCRIPTION = text("""
insert into subscriptions (id, user_id, stripe_subscription_id, tier, status, billing_interval, price_id, amount_cents,
  currency, current_period_start, current_period_end, trial_end, cancel_at_period_end, cancel_at, ended_at,
  past_due_since, started_at, synced_at)
values (:id, :user_id, :stripe_id, :tier, :status, :interval, :price_id, :amount_cents, :currency, :period_start,
  :period_end, :trial_end, :cancel_at_period_end, :cancel_at, :ended_at, :past_due_since, :started_at, :now)
on conflict (stripe_subscription_id) do update set tier = excluded.tier, status = excluded.status,
  billing_interval = excluded.billing_interval, price_id = excluded.price_id, amount_cents = excluded.amount_cents,
  currency = excluded.currency, current_period_start = excluded.current_period_start,
  current_period_end = excluded.current_period_end, trial_end = excluded.trial_end,
  cancel_at_period_end = excluded.cancel_at_period_end, cancel_at = excluded.cancel_at, ended_at = excluded.ended_at,
  past_due_since = excluded.past_due_since, synced_at = excluded.synced_at
where subscriptions.user_id = excluded.user_id
""")


async def upsert_subscription(session: AsyncSession, user_id: UUID, record: SubscriptionRecord, now: datetime) -> None:
    """Write a subscription as it was fetched."""
    values = {
        "id": new_id(), "user_id": user_id, "stripe_id": record.id, "tier": record.tier, "status": record.status,
        "interval": record.interval, "price_id": record.price_id, "amount_cents": record.amount_cents,
        "currency": record.currency, "period_start": record.period_start, "period_end": record.period_end,
        "trial_end": record.trial_end, "cancel_at_period_end": record.cancel_at_period_end,
        "cancel_at": record.cancel_at, "ended_at": record.ended_at, "past_due_since": record.past_due_since,
        "started_at": record.started_at, "now": now,
    }  # fmt: skip
    await session.execute(_UPSERT_SUBSCRIPTION, values)


async def end_missing(session: AsyncSession, user_id: UUID, kept: Sequence[str], now: datetime) -> int:
    """End the user's subscriptions that Stripe does not have any more; return how many."""
    statement = text("""
    update subscriptions set status = 'canceled', ended_at = coalesce(ended_at, :now), synced_at = :now
    where user_id = :user_id and status not in ('canceled', 'incomplete_expired')
      and not (stripe_subscription_id = any(:kept)) returning id
    """)
    return len((await session.execute(statement, {"user_id": user_id, "kept": list(kept), "now": now})).all())


async def mark_trial_reminder(session: AsyncSession, stripe_id: str, now: datetime) -> None:
    """Note that the user was told that the trial ends."""
    await session.execute(
        text("update subscriptions set trial_reminder_at = :now where stripe_subscription_id = :id"),
        {"id": stripe_id, "now": now},
    )


async def stored_invoices(session: AsyncSession, user_id: UUID) -> dict[str, RowMapping]:
    """Return the user's invoices as they were last written, by Stripe's id."""
    statement = text("select stripe_invoice_id, status, attempt_count from invoices where user_id = :user_id")
    return {
        row["stripe_invoice_id"]: row for row in (await session.execute(statement, {"user_id": user_id})).mappings()
    }


_UPSERT_INVOICE = text("""
insert into invoices (id, user_id, stripe_invoice_id, stripe_subscription_id, number, status, amount_due_cents,
  amount_paid_cents, total_cents, currency, description, attempt_count, next_attempt_at, hosted_url, pdf_url,
  issued_at, paid_at)
values (:id, :user_id, :stripe_id, :subscription, :number, :status, :amount_due_cents, :amount_paid_cents,
  :total_cents, :currency, :description, :attempt_count, :next_attempt_at, :hosted_url, :pdf_url, :issued_at, :paid_at)
on conflict (stripe_invoice_id) do update set number = excluded.number, status = excluded.status,
  amount_due_cents = excluded.amount_due_cents, amount_paid_cents = excluded.amount_paid_cents,
  total_cents = excluded.total_cents, description = excluded.description, attempt_count = excluded.attempt_count,
  next_attempt_at = excluded.next_attempt_at, hosted_url = excluded.hosted_url, pdf_url = excluded.pdf_url,
  issued_at = excluded.issued_at, paid_at = excluded.paid_at
where invoices.user_id = excluded.user_id
""")


async def upsert_invoice(session: AsyncSession, user_id: UUID, record: InvoiceRecord) -> None:
    """Write an invoice as it was fetched."""
    values = {
        "id": new_id(), "user_id": user_id, "stripe_id": record.id, "subscription": record.subscription,
        "number": record.number, "status": record.status, "amount_due_cents": record.amount_due_cents,
        "amount_paid_cents": record.amount_paid_cents, "total_cents": record.total_cents, "currency": record.currency,
        "description": record.description, "attempt_count": record.attempt_count,
        "next_attempt_at": record.next_attempt_at, "hosted_url": record.hosted_url, "pdf_url": record.pdf_url,
        "issued_at": record.issued_at, "paid_at": record.paid_at,
    }  # fmt: skip
    await session.execute(_UPSERT_INVOICE, values)


async def stranded_customers(session: AsyncSession, before: datetime, limit: int) -> list[str]:
    """Return customers with webhooks that came before then, and were last tried before then, and are not handled."""
    statement = text("""
    select distinct stripe_customer_id from stripe_events
    where handled_at is null and received_at < :before
      and (tried_at is null or tried_at < :before - make_interval(secs => least(power(2, attempts), 720) * 10))
    limit :limit
    """)
    return list((await session.execute(statement, {"before": before, "limit": limit})).scalars())


async def oldest_waiting(session: AsyncSession) -> datetime | None:
    """Return when the oldest webhook came that is not handled, None when none waits."""
    return (
        await session.execute(text("select min(received_at) from stripe_events where handled_at is null"))
    ).scalar_one()


async def customers_out_of_grace(session: AsyncSession, past_due_before: datetime) -> list[str]:
    """Return customers whose plan is still paid for by a subscription that has been past due since before then."""
    statement = text("""
    select distinct c.stripe_customer_id from subscriptions s
    join billing_customers c on c.user_id = s.user_id join premium_users u on u.id = s.user_id
    where s.status = 'past_due' and s.past_due_since <= :before and u.tier <> 'free'
    """)
    return list((await session.execute(statement, {"before": past_due_before})).scalars())


async def customers_with_ending_trial(session: AsyncSession, until: datetime) -> list[str]:
    """Return customers whose trial ends by then and who were not told."""
    statement = text("""
    select distinct c.stripe_customer_id from subscriptions s join billing_customers c on c.user_id = s.user_id
    where s.status = 'trialing' and s.trial_end <= :until and s.trial_reminder_at is null
      and not s.cancel_at_period_end
    """)
    return list((await session.execute(statement, {"until": until})).scalars())


async def stored_live(session: AsyncSession) -> list[RowMapping]:
    """Return every stored subscription that is not ended: stripe_customer_id and what reconciliation compares."""
    statement = text("""
    select c.stripe_customer_id, s.stripe_subscription_id, s.status, s.price_id, s.current_period_end,
      s.cancel_at_period_end, u.tier
    from subscriptions s join billing_customers c on c.user_id = s.user_id join premium_users u on u.id = s.user_id
    where s.status not in ('canceled', 'incomplete_expired')
    """)
    return list((await session.execute(statement)).mappings())


async def customers_with_stale_tier(session: AsyncSession) -> list[str]:
    """Return customers who have a plan although every subscription of theirs is ended."""
    statement = text("""
    select c.stripe_customer_id from billing_customers c join premium_users u on u.id = c.user_id
    where u.tier <> 'free' and exists (select from subscriptions s where s.user_id = c.user_id)
      and not exists (select from subscriptions s where s.user_id = c.user_id
        and s.status not in ('canceled', 'incomplete_expired'))
    """)
    return list((await session.execute(statement)).scalars())


async def known_customers(session: AsyncSession, customers: Sequence[str]) -> set[str]:
    """Return which of these customers are somebody's."""
    statement = text("select stripe_customer_id from billing_customers where stripe_customer_id = any(:customers)")
    return set((await session.execute(statement, {"customers": list(customers)})).scalars())


async def customer_of_user(session: AsyncSession, email: str) -> str | None:
    """Return the customer of the account with this e-mail address, None when there is none."""
    statement = text(
        "select c.stripe_customer_id from billing_customers c join premium_users u on u.id = c.user_id"
        " where u.email = lower(:email)"
    )
    return (await session.execute(statement, {"email": email})).scalar_one_or_none()


async def delete_old_events(session: AsyncSession, before: datetime) -> int:
    """Delete webhooks that were handled before then; return how many."""
    result = await session.execute(
        text("delete from stripe_events where handled_at < :before returning id"), {"before": before}
    )
    return len(result.all())


async def delete_events_of(session: AsyncSession, customer: str) -> None:
    """Delete the webhooks that were about a customer."""
    await session.execute(text("delete from stripe_events where stripe_customer_id = :id"), {"id": customer})


async def newest_enterprise_requests(session: AsyncSession, limit: int) -> list[RowMapping]:
    """Return the newest requests: created_at, company, email, message."""
    statement = text(
        "select created_at, company, email, message from enterprise_requests order by created_at desc limit :limit"
    )
    return list((await session.execute(statement, {"limit": limit})).mappings())


async def find_user(session: AsyncSession, user_id: UUID) -> RowMapping | None:
    """Return a user's id, email and tier, None when the account is gone."""
    statement = text("select id, coalesce(email, '') as email, tier from premium_users where id = :id")
    return (await session.execute(statement, {"id": user_id})).mappings().one_or_none()
