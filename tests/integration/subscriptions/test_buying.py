"""From no plan to a paid one, to another, to cancelled and back: over the API, a clicked checkout page and webhooks."""

import asyncio

from tests.integration.api.conftest import WHALE
from tests.integration.subscriptions.conftest import Shop


async def test_from_free_to_pro_by_webhook(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = shop.api.client_of(user)
    before = (await client.get("/v1/subscriptions")).data
    assert (before["tier"], before["subscription"], before["trialAvailable"]) == ("free", None, True)
    assert before["testPayments"] is True
    opened = await client.post("/v1/subscriptions", json={"tier": "pro"})
    assert opened.status == 201
    assert await shop.tier(user) == "free"
    await shop.pay(opened.data["checkoutUrl"])
    await shop.until(lambda: shop.has_tier(user, "pro"))
    now = (await client.get("/v1/subscriptions")).data
    assert (now["tier"], now["trialAvailable"], now["hasCustomer"]) == ("pro", False, True)
    state = now["subscription"]
    assert (state["status"], state["interval"], state["amountCents"]) == ("trialing", "month", 5000)
    assert state["nextCharge"] == {"amountCents": 5000, "currency": "usd", "at": state["trialEnd"]}
    await shop.settled()
    assert await shop.mails(user) == ["subscription_changed"]
    actions = await shop.audited(user.id)
    assert "account.tier_changed" in actions and "subscription.started" in actions


async def test_starter_is_charged_at_once_with_a_receipt_and_an_invoice(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "starter", "year")
    await shop.settled()
    assert sorted(await shop.mails(user)) == ["receipt", "subscription_changed"]
    invoices = (await client.get("/v1/subscriptions/invoices")).data
    assert invoices["total"] == 1
    invoice = invoices["items"][0]
    assert (invoice["status"], invoice["totalCents"], invoice["amountPaidCents"]) == ("paid", 25000, 25000)
    assert invoice["pdfUrl"].startswith("http") and invoice["number"]


async def test_a_live_subscription_is_changed_not_bought_again(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "starter")
    again = await client.post("/v1/subscriptions", json={"tier": "pro"})
    assert (again.status, again.error["code"]) == (409, "SUBSCRIPTION_EXISTS")
    assert "PUT" in again.error["message"]


async def test_upgrade_with_the_amounts_of_the_preview(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "starter")
    preview = (await client.post("/v1/subscriptions/preview", json={"tier": "pro", "interval": "year"})).data
    assert preview["dueNowCents"] in range(47400, 47501)  # 500 less what is left of 25
    assert sum(line["amountCents"] for line in preview["lines"]) == preview["dueNowCents"]
    assert (preview["recurringCents"], preview["paused"]) == (50000, [])
    body = {"tier": "pro", "interval": "year", "prorationDate": preview["prorationDate"]}
    changed = await client.send("PUT", "/v1/subscriptions", json=body)
    assert (changed.status, changed.data["tier"], changed.data["interval"]) == (200, "pro", "year")
    await shop.until(lambda: shop.has_tier(user, "pro"))
    await shop.settled()
    newest = (await client.get("/v1/subscriptions/invoices")).data["items"][0]
    assert newest["totalCents"] == preview["dueNowCents"]
    assert (await shop.mails(user)).count("subscription_changed") == 2


async def test_a_double_click_on_a_change_makes_one_invoice(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "starter")
    preview = (await client.post("/v1/subscriptions/preview", json={"tier": "pro", "interval": "month"})).data
    body = {"tier": "pro", "interval": "month", "prorationDate": preview["prorationDate"]}
    both = await asyncio.gather(*(client.send("PUT", "/v1/subscriptions", json=body) for _ in range(2)))
    assert 200 in {each.status for each in both} <= {200, 422}
    await shop.until(lambda: shop.has_tier(user, "pro"))
    await shop.settled()
    assert (await client.get("/v1/subscriptions/invoices")).data["total"] == 2


async def test_old_amounts_are_not_charged(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "starter")
    body = {"tier": "pro", "interval": "month", "prorationDate": 1_700_000_000}
    old = await client.send("PUT", "/v1/subscriptions", json=body)
    assert (old.status, old.error["code"]) == (409, "PREVIEW_EXPIRED")
    neither = await client.send("PUT", "/v1/subscriptions", json={"tier": "pro"})
    assert neither.status == 422


async def test_a_declined_card_changes_nothing(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "pro", card="4000 0000 0000 0341")  # a trial: nothing is charged yet
    body = {"tier": "starter", "interval": "year", "confirm": True}  # ends the trial, so it is charged at once
    declined = await client.send("PUT", "/v1/subscriptions", json=body)
    assert (declined.status, declined.error["code"]) == (409, "PAYMENT_DECLINED")
    await shop.settled()
    assert await shop.tier(user) == "pro"


async def test_cancel_keeps_the_plan_and_resume_takes_it_back(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "starter")
    cancelled = await client.send("DELETE", "/v1/subscriptions")
    assert cancelled.status == 200 and cancelled.data["endsAt"] == cancelled.data["currentPeriodEnd"]
    await shop.settled()
    state = (await client.get("/v1/subscriptions")).data
    assert (
        state["tier"] == "starter" and state["subscription"]["endsAt"] and state["subscription"]["nextCharge"] is None
    )
    assert "subscription_cancelled" in await shop.mails(user)
    resumed = await client.post("/v1/subscriptions/resume")
    assert resumed.status == 200 and resumed.data["endsAt"] is None
    await shop.settled()
    state = (await client.get("/v1/subscriptions")).data
    assert state["subscription"]["endsAt"] is None and state["subscription"]["nextCharge"]
    again = await client.send("PUT", "/v1/subscriptions", json={"cancelAtPeriodEnd": True})
    assert again.data["endsAt"] is not None


async def test_a_cancelled_plan_ends_with_its_period(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "starter")
    await client.send("DELETE", "/v1/subscriptions")
    await shop.stripe.control(f"customers/{await shop.customer(user)}/advance", seconds=40 * 86_400)
    await shop.until(lambda: shop.has_tier(user, "free"))
    await shop.settled()
    assert (await client.get("/v1/subscriptions")).data["subscription"] is None
    assert (await client.post("/v1/subscriptions/resume")).status == 409


async def test_the_trial_is_given_once(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "pro")
    await client.send("DELETE", "/v1/subscriptions")
    await shop.stripe.control(f"customers/{await shop.customer(user)}/advance", seconds=10 * 86_400)
    await shop.until(lambda: shop.has_tier(user, "free"))
    await shop.settled()
    assert (await client.get("/v1/subscriptions")).data["trialAvailable"] is False
    await shop.buy(user, "pro")
    assert (await client.get("/v1/subscriptions")).data["subscription"]["status"] == "active"


async def test_a_smaller_plan_says_what_it_pauses_and_pauses_it(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    client = await shop.buy(user, "pro")
    for number in range(12):
        made = await client.post("/v1/alerts/rules", json={**WHALE, "name": f"Rule {number}"})
        assert made.status == 201, made.content
    preview = (await client.post("/v1/subscriptions/preview", json={"tier": "starter", "interval": "month"})).data
    assert preview["paused"] == [{"cap": "alert_rules", "used": 12, "limit": 10, "paused": 2}]
    changed = await client.send(
        "PUT", "/v1/subscriptions", json={"tier": "starter", "interval": "month", "confirm": True}
    )
    assert changed.status == 200, changed.content
    await shop.until(lambda: shop.has_tier(user, "starter"))
    await shop.settled()
    rules = await shop.rows("select name, enabled from alert_rules where user_id = :id order by created_at", id=user.id)
    assert len(rules) == 12
    assert [row["name"] for row in rules if not row["enabled"]] == ["Rule 10", "Rule 11"]
