"""A card that stops working: warnings, a week of grace, then free; and back. Time passes by the one clock of all."""

import time
from collections.abc import Callable, Iterator

import pytest

from backend.core.clock import use_clock
from backend.core.jobs import JobContext
from backend.core.redis import make_redis
from backend.subscriptions.tasks import look_at_dates
from tests.doubles.local_stripe import CARD
from tests.integration.subscriptions.conftest import Shop

DAY = 86_400
FAILS_LATER = "4000 0000 0000 0341"


@pytest.fixture
def pass_days() -> Iterator[Callable[[float], None]]:
    """A function that moves the clock of this process (ours and the local Stripe's) on by days."""
    moved = 0.0

    def move(days: float) -> None:
        nonlocal moved
        moved += days * DAY
        use_clock(lambda: time.time() + moved)

    yield move
    use_clock(None)


async def let_time_show(shop: Shop) -> None:
    """Have the local Stripe and our own dates do what is due by now."""
    shop.stripe.account.pass_time()
    await shop.settled()
    redis = make_redis(shop.api.settings.redis_url)
    await look_at_dates(JobContext(shop.api.settings, shop.worker, redis, 0, 1), timestamp=0)
    await redis.aclose()
    await shop.settled()


async def test_failed_renewal_grace_free_and_back(shop: Shop, pass_days: Callable[[float], None]) -> None:
    user = await shop.api.new_user("free")
    await shop.buy(user, "pro", card=FAILS_LATER)
    await shop.settled()
    pass_days(4.5)
    await let_time_show(shop)
    assert (await shop.mails(user)).count("trial_ending") == 1
    pass_days(3.0)  # the trial ended half a day ago, and the first charge failed
    await let_time_show(shop)
    client = shop.api.client_of(user)
    state = (await client.get("/v1/subscriptions")).data
    assert (state["tier"], state["subscription"]["status"]) == ("pro", "past_due")
    assert state["subscription"]["graceEndsAt"] and state["subscription"]["nextCharge"] is None
    assert (await shop.mails(user)).count("payment_failed") == 1
    assert (await shop.mails(user)).count("trial_ending") == 1
    refused = await client.send("PUT", "/v1/subscriptions", json={"tier": "starter", "confirm": True})
    assert refused.status == 409
    pass_days(5.0)
    await let_time_show(shop)
    assert await shop.tier(user) == "pro"
    pass_days(3.0)
    await let_time_show(shop)
    assert await shop.tier(user) == "free"
    portal = await shop.api.client_of(user).post("/v1/subscriptions/portal")
    assert portal.status == 200 and portal.data["portalUrl"].startswith(shop.stripe.url)
    await shop.stripe.fill_in(f"{portal.data['portalUrl']}/card", **CARD)
    customer = await shop.customer(user)
    unpaid = await shop.stripe.call(lambda v1: v1.invoices.list({"customer": customer, "status": "open"}))
    await shop.stripe.fill_in(f"{portal.data['portalUrl']}/pay", invoice=unpaid.data[0].id)
    await shop.until(lambda: shop.has_tier(user, "pro"))
    await shop.settled()
    assert "receipt" in await shop.mails(user)


async def test_never_paid_ends_as_cancelled(shop: Shop, pass_days: Callable[[float], None]) -> None:
    user = await shop.api.new_user("free")
    await shop.buy(user, "pro", card=FAILS_LATER)
    for _ in range(8):
        pass_days(4)
        await let_time_show(shop)
    assert await shop.tier(user) == "free"
    statuses = await shop.rows("select status from subscriptions where user_id = :id", id=user.id)
    assert [row["status"] for row in statuses] == ["canceled"]
    assert (await shop.mails(user)).count("payment_failed") >= 2
