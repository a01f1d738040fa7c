"""What the user is told by mail. Mails follow from what changed in what is stored, so a repeated webhook sends none."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core import formats
from backend.core.settings import get_settings
from backend.notifications.service import send_mail
from backend.subscriptions import sync_repository
from backend.subscriptions.engine.records import InvoiceRecord, SubscriptionRecord
from backend.subscriptions.engine.standing import Standing

# What is learnt much later (a week of missed webhooks) is written down, but no longer news.
NEWS = timedelta(days=3)
TRIAL_REMINDER = timedelta(days=3)


def plan_words(tier: str, interval: str) -> str:
    """Return a plan as mails name it: `Pro, monthly`."""
    return f"{tier.capitalize()}, {'yearly' if interval == 'year' else 'monthly'}"


def money(cents: int, currency: str) -> str:
    """Return an amount as mails and pages write it: `$50.00`, `12.00 EUR`."""
    amount = Decimal(cents) / 100
    if currency == "usd":
        return f"{formats.MINUS if amount < 0 else ''}${abs(amount):,.2f}"
    return f"{amount:,.2f} {currency.upper()}"


def day(moment: datetime) -> str:
    """Return a day as mails write it: `25 November 2026`."""
    return f"{moment.day} {moment:%B %Y}"


async def tell_changes(
    session: AsyncSession, owner: RowMapping, before: Mapping[str, RowMapping], result: Standing, now: datetime
) -> None:
    """Tell of another plan, of a cancellation, of a plan that ended and of a trial that ends soon."""
    after, counted = result.subscription, _counted(before)
    if after is None:
        if counted is not None and owner["tier"] != "free":
            await _changed(session, owner, plan_words(counted["tier"], counted["billing_interval"]), None, now)
        return
    stored = before.get(after.id)
    words = plan_words(after.tier, after.interval)
    old = plan_words(counted["tier"], counted["billing_interval"]) if counted is not None else "Free"
    is_news = stored is not None or now - after.started_at < NEWS
    if old != words and is_news:
        await _changed(session, owner, old, after, now)
    if after.ends is not None and not (stored is not None and (stored["cancel_at_period_end"] or stored["cancel_at"])):
        await _send(session, owner, "subscription_cancelled", {"plan": words, "date": day(after.ends)})
    reminded = stored is not None and stored["trial_reminder_at"] is not None
    if not reminded and _trial_ends_soon(after, now):
        values = {"plan": words, "amount": _price(after), "date": day(after.trial_end or now)}
        await _send(session, owner, "trial_ending", values)
        await sync_repository.mark_trial_reminder(session, after.id, now)


async def tell_invoice(
    session: AsyncSession,
    owner: RowMapping,
    before: RowMapping | None,
    invoice: InvoiceRecord,
    result: Standing,
    now: datetime,
) -> None:
    """Tell of a payment that was made, or that did not go through."""
    plan = plan_words(result.subscription.tier, result.subscription.interval) if result.subscription else "Premium"
    if invoice.status == "paid" and invoice.amount_paid_cents > 0 and (before is None or before["status"] != "paid"):
        paid_at = invoice.paid_at or invoice.issued_at
        if now - paid_at < NEWS:
            values = {
                "plan": plan,
                "amount": money(invoice.amount_paid_cents, invoice.currency),
                "date": day(paid_at),
                "number": invoice.number or invoice.id,
                "link": invoice.hosted_url or _billing_page(),
            }
            await _send(session, owner, "receipt", values)
    tried = before["attempt_count"] if before is not None else 0
    if invoice.status == "open" and invoice.attempt_count > tried and now - invoice.issued_at < 10 * NEWS:
        values = {
            "plan": plan,
            "amount": money(invoice.amount_due_cents, invoice.currency),
            "next_try": day(invoice.next_attempt_at) if invoice.next_attempt_at else "none is planned",
        }
        await _send(session, owner, "payment_failed", values)


async def _changed(
    session: AsyncSession, owner: RowMapping, old_plan: str, after: SubscriptionRecord | None, now: datetime
) -> None:
    values = {
        "old_plan": old_plan,
        "plan": plan_words(after.tier, after.interval) if after else "Free",
        "amount": _price(after) if after else money(0, "usd"),
        "date": day(now),
    }
    await _send(session, owner, "subscription_changed", values)


async def _send(session: AsyncSession, owner: RowMapping, template: str, values: dict[str, Any]) -> None:
    """Write the mail; who came with a wallet and gave no address gets none."""
    if owner["email"]:
        values.setdefault("link", _billing_page())
        await send_mail(session, user_id=owner["user_id"], to=owner["email"], template=template, values=values)


def _counted(before: Mapping[str, RowMapping]) -> RowMapping | None:
    """Return the stored subscription that was live, the newest if there were several."""
    live = [row for row in before.values() if row["status"] not in ("canceled", "incomplete_expired", "incomplete")]
    return max(live, key=lambda row: row["started_at"], default=None)


def _trial_ends_soon(subscription: SubscriptionRecord, now: datetime) -> bool:
    ends = subscription.trial_end
    if subscription.status != "trialing" or subscription.ends is not None or ends is None:
        return False
    return now < ends <= now + TRIAL_REMINDER


def _price(subscription: SubscriptionRecord) -> str:
    return f"{money(subscription.amount_cents, subscription.currency)} a {subscription.interval}"


def _billing_page() -> str:
    return f"{get_settings().app_url}/settings/billing/"
