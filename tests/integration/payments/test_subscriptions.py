"""What becomes of subscriptions: renewals, changes with proration, dunning, the end; by test clocks."""

from typing import Any

import pytest
import stripe

from tests.doubles.local_stripe import CARD, DAY, LocalStripe

START = 1_790_000_000
FAILS_LATER = "4000000000000341"


class Story:
    """A customer with a test clock and a subscription."""

    def __init__(self, payments: LocalStripe, clock: Any, customer: Any) -> None:
        self.payments, self.clock, self.customer = payments, clock, customer
        self.id = ""

    async def subscribe(self, price: str = "price_premium_starter_month", card: str = "", **data: Any) -> Any:
        subscription = await self.payments.subscribe(self.customer.id, price, card, **data)
        self.id = subscription.id
        return subscription

    async def now(self, seconds: int) -> Any:
        """Let the clock show START + seconds; return the subscription."""
        await self.payments.call(
            lambda v1: v1.test_helpers.test_clocks.advance(self.clock.id, {"frozen_time": START + seconds})
        )
        return await self.subscription()

    async def subscription(self) -> Any:
        return await self.payments.call(lambda v1: v1.subscriptions.retrieve(self.id))

    async def update(self, **given: Any) -> Any:
        return await self.payments.call(lambda v1: v1.subscriptions.update(self.id, given))

    async def to(self, price: str, **more: Any) -> Any:
        item = (await self.subscription())["items"].data[0]
        return await self.update(items=[{"id": item.id, "price": price}], **more)

    async def preview(self, price: str | None = None, **more: Any) -> Any:
        details = dict(more)
        if price:
            item = (await self.subscription())["items"].data[0]
            details["items"] = [{"id": item.id, "price": price}]
        given = {"subscription": self.id, **({"subscription_details": details} if details else {})}
        return await self.payments.call(lambda v1: v1.invoices.create_preview(given))

    async def invoices(self) -> list[Any]:
        found = await self.payments.call(lambda v1: v1.invoices.list({"customer": self.customer.id, "limit": 100}))
        return found.data[::-1]

    async def balance(self) -> int:
        return (await self.payments.call(lambda v1: v1.customers.retrieve(self.customer.id))).balance

    async def events(self) -> list[str]:
        """Types of this customer's events, oldest first."""
        found = await self.payments.call(lambda v1: list(v1.events.list({"limit": 100}).auto_paging_iter()))
        return [
            each.type
            for each in reversed(found)
            if self.customer.id in (each.data.object.to_dict().get("customer"), each.data.object.to_dict().get("id"))
        ]


@pytest.fixture
async def story(payments: LocalStripe) -> Story:
    """Somebody whose clock shows START."""
    clock = await payments.call(lambda v1: v1.test_helpers.test_clocks.create({"frozen_time": START}))
    customer = await payments.call(
        lambda v1: v1.customers.create({"email": "story@example.com", "test_clock": clock.id})
    )
    return Story(payments, clock, customer)


def amounts(invoices: list[Any]) -> list[tuple[str, str, int, int]]:
    """What is seen of invoices in these tests."""
    return [(each.billing_reason, each.status, each.total, each.amount_due) for each in invoices]


async def test_a_subscription_renews_every_month(story: Story):
    await story.subscribe()
    first = (await story.subscription())["items"].data[0]
    draft = await story.now(first.current_period_end - START + 60)
    assert draft.status == "active"
    assert [each.status for each in await story.invoices()] == ["paid", "draft"]
    assert draft["items"].data[0].current_period_start == first.current_period_end
    await story.now(100 * DAY)
    assert (
        amounts(await story.invoices())
        == [("subscription_create", "paid", 2_500, 2_500)] + [("subscription_cycle", "paid", 2_500, 2_500)] * 3
    )
    newest = (await story.invoices())[-1]
    assert newest.period_end - newest.period_start in (30 * DAY, 31 * DAY)
    assert newest.number.endswith("-0004")
    assert "invoice.upcoming" in await story.events()


async def test_a_trial_is_announced_and_becomes_a_paid_month(story: Story):
    await story.subscribe("price_premium_pro_month", trial_period_days=7)
    assert "customer.subscription.trial_will_end" not in await story.events()
    await story.now(4 * DAY + 60)
    assert (await story.events()).count("customer.subscription.trial_will_end") == 1
    after = await story.now(7 * DAY + 4_000)
    assert after.status == "active"
    assert amounts(await story.invoices()) == [
        ("subscription_create", "paid", 0, 0),
        ("subscription_cycle", "paid", 5_000, 5_000),
    ]


async def test_ending_a_trial_early_bills_at_once(story: Story):
    await story.subscribe("price_premium_pro_month", trial_period_days=7)
    await story.now(2 * DAY)
    shown = await story.preview(trial_end="now", proration_behavior="always_invoice")
    assert (shown.amount_due, shown.id[:11]) == (5_000, "upcoming_in")
    after = await story.update(trial_end="now")
    assert (after.status, after.trial_end) == ("active", START + 2 * DAY)
    assert after.billing_cycle_anchor == START + 2 * DAY
    assert amounts(await story.invoices())[-1] == ("subscription_update", "paid", 5_000, 5_000)


@pytest.mark.parametrize("days", [0, 10, 29])
async def test_an_upgrade_costs_what_its_preview_said(story: Story, days: int):
    start = (await story.subscribe())["items"].data[0]
    await story.now(days * DAY + 1)
    at = START + days * DAY + 1
    shown = await story.preview("price_premium_pro_month", proration_behavior="always_invoice", proration_date=at)
    await story.to("price_premium_pro_month", proration_behavior="always_invoice", proration_date=at)
    made = (await story.invoices())[-1]
    assert (made.total, made.amount_due) == (shown.total, shown.amount_due)
    assert [each.amount for each in made.lines.data] == [each.amount for each in shown.lines.data]
    credit, debit = made.lines.data
    assert credit.amount < 0 < debit.amount
    assert credit.parent.subscription_item_details.proration is True
    rest = (start.current_period_end - at) / (start.current_period_end - start.current_period_start)
    assert abs(made.total - 2_500 * rest) <= 1
    assert shown.parent.subscription_details.subscription_proration_date == at


async def test_prorations_may_wait_for_the_next_invoice(story: Story):
    await story.subscribe()
    await story.now(15 * DAY)
    await story.to("price_premium_pro_month", proration_behavior="create_prorations")
    assert len(await story.invoices()) == 1
    coming = await story.preview()
    assert [each.parent.type for each in coming.lines.data] == ["invoice_item_details"] * 2 + [
        "subscription_item_details"
    ]
    await story.now(35 * DAY)
    made = (await story.invoices())[-1]
    assert made.total == coming.total
    assert 5_000 + 1_150 < made.total < 5_000 + 1_350
    await story.now(65 * DAY)
    assert (await story.invoices())[-1].total == 5_000  # billed once


async def test_no_proration_when_none_is_asked_for(story: Story):
    await story.subscribe()
    await story.now(15 * DAY)
    changed = await story.to("price_premium_pro_month", proration_behavior="none")
    assert changed["items"].data[0].price.id == "price_premium_pro_month"
    assert len(await story.invoices()) == 1
    await story.now(35 * DAY)
    assert (await story.invoices())[-1].total == 5_000


async def test_a_downgrade_becomes_credit_that_the_next_invoices_use(story: Story):
    await story.subscribe("price_premium_pro_month")
    await story.now(3 * DAY)
    await story.to("price_premium_starter_month", proration_behavior="always_invoice")
    made = (await story.invoices())[-1]
    assert made.total < 0
    assert (made.status, made.amount_due, made.ending_balance) == ("paid", 0, made.total)
    assert await story.balance() == made.total
    await story.now(35 * DAY)
    renewed = (await story.invoices())[-1]
    assert (renewed.total, renewed.starting_balance) == (2_500, made.total)
    assert renewed.amount_due == 2_500 + made.total
    assert await story.balance() == 0


async def test_from_month_to_year_begins_a_new_period(story: Story):
    month = (await story.subscribe())["items"].data[0]
    await story.now(10 * DAY)
    changed = await story.to("price_premium_starter_year", proration_behavior="always_invoice")
    item = changed["items"].data[0]
    assert item.current_period_start == changed.billing_cycle_anchor == START + 10 * DAY
    assert item.current_period_end - item.current_period_start in (365 * DAY, 366 * DAY)
    made = (await story.invoices())[-1]
    credit, year = made.lines.data
    rest = (month.current_period_end - START - 10 * DAY) / (month.current_period_end - month.current_period_start)
    assert abs(credit.amount + 2_500 * rest) <= 1
    assert year.amount == 25_000
    assert made.total == 25_000 + credit.amount


async def test_cancelled_at_the_end_and_resumed_before(story: Story):
    await story.subscribe()
    asked = await story.update(cancel_at_period_end=True)
    end = asked["items"].data[0].current_period_end
    assert (asked.cancel_at_period_end, asked.cancel_at, asked.canceled_at) == (True, end, START)
    assert asked.cancellation_details.reason == "cancellation_requested"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await story.preview()
    assert (caught.value.code, caught.value.http_status) == ("invoice_upcoming_none", 404)
    resumed = await story.update(cancel_at_period_end=False)
    assert (resumed.cancel_at_period_end, resumed.cancel_at, resumed.canceled_at) == (False, None, None)
    await story.update(cancel_at_period_end=True)
    ended = await story.now(end - START + 10)
    assert (ended.status, ended.ended_at) == ("canceled", end)
    assert len(await story.invoices()) == 1
    assert (await story.events())[-1] == "customer.subscription.deleted"
    with pytest.raises(stripe.InvalidRequestError):
        await story.update(cancel_at_period_end=False)


async def test_cancelled_at_a_time(story: Story):
    await story.subscribe()
    asked = await story.update(cancel_at=START + 5 * DAY)
    assert (asked.cancel_at, asked.cancel_at_period_end) == (START + 5 * DAY, False)
    taken_back = await story.update(cancel_at="")
    assert taken_back.cancel_at is None
    await story.update(cancel_at=START + 5 * DAY)
    ended = await story.now(6 * DAY)
    assert (ended.status, ended.ended_at) == ("canceled", START + 5 * DAY)


async def test_cancelled_at_once_with_credit(story: Story):
    start = (await story.subscribe())["items"].data[0]
    at = 10 * DAY
    await story.now(at)
    ended = await story.payments.call(
        lambda v1: v1.subscriptions.cancel(story.id, {"prorate": True, "invoice_now": True})
    )
    assert ended.status == "canceled"
    rest = (start.current_period_end - START - at) / (start.current_period_end - START)
    assert abs(await story.balance() + 2_500 * rest) <= 1


async def test_a_card_that_fails_later_is_dunned_and_then_cancelled(story: Story):
    start = await story.subscribe(card=FAILS_LATER)
    end = start["items"].data[0].current_period_end - START
    late = await story.now(end + 3_700)
    assert late.status == "past_due"
    invoice = (await story.invoices())[-1]
    assert (invoice.status, invoice.attempt_count, invoice.amount_remaining) == ("open", 1, 2_500)
    assert invoice.next_payment_attempt == START + end + 3_600 + 3 * DAY
    for days, attempts in ((3, 2), (8, 3)):
        late = await story.now(end + 3_700 + days * DAY)
        assert (late.status, (await story.invoices())[-1].attempt_count) == ("past_due", attempts)
    over = await story.now(end + 3_700 + 15 * DAY)
    invoice = (await story.invoices())[-1]
    assert (over.status, over.cancellation_details.reason) == ("canceled", "payment_failed")
    assert (invoice.attempt_count, invoice.next_payment_attempt, invoice.status) == (4, None, "open")
    seen = await story.events()
    assert seen.count("invoice.payment_failed") == 4
    assert seen[-1] == "customer.subscription.deleted"


async def test_after_the_last_retry_it_may_stay_unpaid(story: Story):
    await story.payments.control("rules", after_last_retry="unpaid", retry_after_days=[1])
    try:
        await story.subscribe(card=FAILS_LATER)
        late = await story.now(45 * DAY)
    finally:
        await story.payments.control("rules", after_last_retry="cancel", retry_after_days=[3, 5, 7])
    assert late.status == "unpaid"
    invoice = next(each for each in await story.invoices() if each.status == "open")
    assert invoice.attempt_count == 2


async def test_paying_what_is_open_makes_it_active_again(story: Story):
    start = await story.subscribe(card=FAILS_LATER)
    await story.now(start["items"].data[0].current_period_end - START + 3_700)
    invoice = (await story.invoices())[-1]
    with pytest.raises(stripe.CardError) as caught:
        await story.payments.call(lambda v1: v1.invoices.pay(invoice.id))
    assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
    assert (await story.invoices())[-1].attempt_count == 2  # what was declined is recorded all the same
    status, place = await story.payments.fill_in(invoice.hosted_invoice_url, **CARD)
    assert status == 303, place
    assert (await story.subscription()).status == "active"
    paid = (await story.invoices())[-1]
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 2_500, 0)
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        await story.payments.call(lambda v1: v1.invoices.pay(invoice.id))


async def test_a_declined_upgrade_can_change_nothing(story: Story):
    await story.subscribe(card=FAILS_LATER)
    await story.now(5 * DAY)
    with pytest.raises(stripe.CardError):
        await story.to(
            "price_premium_pro_month", proration_behavior="always_invoice", payment_behavior="error_if_incomplete"
        )
    same = await story.subscription()
    assert (same.status, same["items"].data[0].price.id) == ("active", "price_premium_starter_month")
    assert len(await story.invoices()) == 1
    behind = await story.to("price_premium_pro_month", proration_behavior="always_invoice")
    assert (behind.status, behind["items"].data[0].price.id) == ("past_due", "price_premium_pro_month")


async def test_a_subscription_made_without_a_card_is_incomplete_and_gives_up(story: Story):
    made = await story.payments.call(
        lambda v1: v1.subscriptions.create(
            {"customer": story.customer.id, "items": [{"price": "price_premium_pro_month"}]}
        )
    )
    story.id = made.id
    assert made.status == "incomplete"
    assert (await story.now(DAY)).status == "incomplete_expired"
    assert (await story.invoices())[-1].status == "void"


async def test_two_years_in_one_leap_are_two_years_of_invoices(story: Story):
    await story.subscribe()
    await story.now(730 * DAY)
    assert len(await story.invoices()) == 24
    assert {each.status for each in await story.invoices()} == {"paid"}


async def test_a_deleted_customer_has_no_subscription(story: Story):
    await story.subscribe()
    gone = await story.payments.call(lambda v1: v1.customers.delete(story.customer.id))
    assert gone.deleted is True
    assert (await story.subscription()).status == "canceled"
    found = await story.payments.call(lambda v1: v1.customers.retrieve(story.customer.id))
    assert found.deleted is True
    with pytest.raises(stripe.InvalidRequestError):
        await story.payments.checkout(story.customer.id)
