"""The hosted pages of the test payments in a browser: pay, be declined, change the plan and the card, see invoices."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.doubles.local_stripe import CARD, LocalStripe, local_stripe
from tests.doubles.webhook_receiver import webhook_receiver

expect.set_options(timeout=20_000)
FAILS_LATER = "4000 0000 0000 0341"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def payments(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStripe]:
    """A local Stripe of this file's own."""
    async with local_stripe(tmp_path_factory.mktemp("payments") / "payments.sqlite") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def product() -> AsyncIterator[str]:
    """Where the product would be: it answers every page."""
    async with webhook_receiver() as running:
        yield running.url


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser) -> AsyncIterator[Page]:
    """A page in a fresh profile."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    yield await context.new_page()
    await context.close()


async def new_customer(payments: LocalStripe) -> Any:
    return await payments.call(lambda v1: v1.customers.create({"email": "visitor@example.com", "name": "Vi Sitor"}))


async def new_session(payments: LocalStripe, product: str, **more: Any) -> Any:
    who = await new_customer(payments)
    links = {"success_url": f"{product}/done?session={{CHECKOUT_SESSION_ID}}", "cancel_url": f"{product}/plans"}
    return await payments.checkout(who.id, **links, **more)


async def new_portal(payments: LocalStripe, product: str, customer: str) -> str:
    given = {"customer": customer, "return_url": f"{product}/billing"}
    return (await payments.call(lambda v1: v1.billing_portal.sessions.create(given))).url


async def fill_card(page: Page, number: str = CARD["number"]) -> None:
    await page.get_by_label("Card number").fill(number)
    await page.get_by_label("Expiry (MM / YY)").fill("12 / 40")
    await page.get_by_label("Security code").fill("123")


async def test_paying_leads_back_to_the_product(payments: LocalStripe, product: str, visitor: Page):
    session = await new_session(payments, product, subscription_data={"trial_period_days": 7})
    await visitor.goto(session.url)
    await expect(visitor.get_by_role("banner")).to_have_text("Test payments - no real money")
    await expect(visitor.get_by_text("7 days free")).to_be_visible()
    await expect(visitor.get_by_text("visitor@example.com")).to_be_visible()
    assert await visitor.evaluate("getComputedStyle(document.querySelector('.note')).fontWeight") == "600"
    await visitor.get_by_role("button", name="Start trial").click()
    await expect(visitor.get_by_label("Card number")).to_have_attribute("aria-invalid", "true")
    await fill_card(visitor, "4000 0000 0000 0002")
    await visitor.get_by_role("button", name="Start trial").click()
    await expect(visitor.get_by_role("alert")).to_have_text("Your card was declined.")
    await fill_card(visitor)
    await visitor.get_by_role("button", name="Start trial").click()
    await visitor.wait_for_url(f"{product}/done?session={session.id}")
    done = await payments.call(lambda v1: v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]}))
    assert (done.status, done.subscription.status) == ("complete", "trialing")


async def test_checkout_works_by_keyboard_and_can_be_left(payments: LocalStripe, product: str, visitor: Page):
    session = await new_session(payments, product)
    await visitor.goto(session.url)
    await visitor.get_by_role("link", name="Go back without paying").click()
    await visitor.wait_for_url(f"{product}/plans")
    await visitor.go_back()
    await visitor.keyboard.press("Tab")
    await expect(visitor.get_by_role("link", name="Go back without paying")).to_be_focused()
    for words in ("4242424242424242", "12/40", "123", "Vi Sitor"):
        await visitor.keyboard.press("Tab")
        await visitor.keyboard.type(words)
    await visitor.keyboard.press("Enter")
    await visitor.wait_for_url(f"{product}/done?session={session.id}")
    await visitor.goto(session.url)  # paid already: back to the product, not paid twice
    await visitor.wait_for_url(f"{product}/done?session={session.id}")


async def test_the_portal_changes_card_plan_and_end(payments: LocalStripe, product: str, visitor: Page):
    who = await new_customer(payments)
    subscription = await payments.subscribe(who.id, "price_premium_starter_month")
    address = await new_portal(payments, product, who.id)
    await visitor.goto(address)
    await expect(visitor.get_by_text("Premium Starter")).to_be_visible()

    await visitor.get_by_role("link", name="Update card").click()
    await fill_card(visitor, "5555 5555 5555 4444")
    await visitor.get_by_role("button", name="Save card").click()
    await expect(visitor.get_by_text("Mastercard ending in 4444")).to_be_visible()

    await visitor.get_by_role("link", name="Switch plan").click()
    await visitor.get_by_role("row", name="Premium Pro $50.00 per month").get_by_role("link", name="Choose").click()
    await expect(visitor.get_by_text("Remaining time on Premium Pro")).to_be_visible()
    due = await visitor.get_by_role("row", name="Due now").get_by_role("cell").inner_text()
    await visitor.get_by_role("button", name="Confirm").click()
    await expect(visitor.get_by_text("Premium Pro")).to_be_visible()
    newest = (await payments.call(lambda v1: v1.invoices.list({"customer": who.id, "limit": 1}))).data[0]
    assert due == f"${newest.amount_due / 100:,.2f}"

    await visitor.get_by_role("link", name="Cancel plan").click()
    await visitor.get_by_role("button", name="Cancel plan").click()
    await expect(visitor.get_by_text("Cancelled; ends on")).to_be_visible()
    await visitor.get_by_role("button", name="Keep the plan").click()
    await expect(visitor.get_by_text("Renews on")).to_be_visible()
    assert (await payments.call(lambda v1: v1.subscriptions.retrieve(subscription.id))).cancel_at_period_end is False
    await visitor.get_by_role("link", name="Return to the product").click()
    await visitor.wait_for_url(f"{product}/billing")


async def test_a_payment_fails_with_time_and_is_paid_on_the_invoice(
    payments: LocalStripe, product: str, visitor: Page, tmp_path: Path
):
    who = await new_customer(payments)
    subscription = await payments.subscribe(who.id, "price_premium_starter_month", FAILS_LATER)
    await visitor.goto(await new_portal(payments, product, who.id))
    await visitor.get_by_role("button", name="To the next renewal").click()
    await expect(visitor.get_by_text("A payment failed")).to_be_visible()
    await visitor.get_by_role("button", name="Pay now").click()
    await expect(visitor.get_by_role("alert")).to_have_text("Your card was declined.")
    await visitor.get_by_role("row", name="Open").get_by_role("link").click()
    await fill_card(visitor)
    await visitor.get_by_role("button", name="Pay", exact=True).click()
    await expect(visitor.get_by_text("Paid", exact=True).first).to_be_visible()
    assert (await payments.call(lambda v1: v1.subscriptions.retrieve(subscription.id))).status == "active"
    async with visitor.expect_download() as download:
        await visitor.get_by_role("link", name="Download PDF").click()
    await (await download.value).save_as(tmp_path / "invoice.pdf")
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF-1.4")


@pytest.mark.parametrize("flow", ["subscription_cancel", "payment_method_update"])
async def test_a_flow_begins_at_its_step_and_returns(payments: LocalStripe, product: str, visitor: Page, flow: str):
    who = await new_customer(payments)
    subscription = await payments.subscribe(who.id)
    given: dict[str, Any] = {
        "customer": who.id,
        "return_url": f"{product}/billing",
        "flow_data": {
            "type": flow,
            "after_completion": {"type": "redirect", "redirect": {"return_url": f"{product}/after"}},
            **({flow: {"subscription": subscription.id}} if flow == "subscription_cancel" else {}),
        },
    }
    session = await payments.call(lambda v1: v1.billing_portal.sessions.create(given))
    await visitor.goto(session.url)
    if flow == "subscription_cancel":
        await visitor.get_by_role("button", name="Cancel plan").click()
    else:
        await fill_card(visitor)
        await visitor.get_by_role("button", name="Save card").click()
    await visitor.wait_for_url(f"{product}/after")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
async def test_axe_finds_nothing_on_the_pages(
    payments: LocalStripe, product: str, browser: Browser, screenshots: Path, scheme: str, width: int
):
    who = await new_customer(payments)
    subscription = await payments.subscribe(who.id, "price_premium_starter_month", FAILS_LATER)
    portal = await new_portal(payments, product, who.id)
    await payments.control(f"customers/{who.id}/advance", seconds=32 * 86_400)
    invoice = (await payments.call(lambda v1: v1.invoices.list({"customer": who.id, "limit": 1}))).data[0]
    of = f"subscription={subscription.id}"
    pages = {
        "checkout": (await new_session(payments, product)).url,
        "portal": portal,
        "card": f"{portal}?view=card",
        "cancel": f"{portal}?view=cancel&{of}",
        "switch": f"{portal}?view=switch&{of}",
        "confirm": f"{portal}?view=confirm&{of}&price=price_premium_pro_year",
        "invoice": invoice.hosted_invoice_url,
        "gone": f"{payments.url}/c/pay/cs_test_nothing",
    }
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    findings: dict[str, Any] = {}
    for name, address in pages.items():
        page = await context.new_page()
        await page.goto(address)
        if name == "checkout":
            await page.get_by_role("button", name="Pay $50.00").click()  # the form with what is wrong
        violations = (await Axe().run(page)).response["violations"]
        findings |= {f"{name}: {each['id']}": [node["html"][:200] for node in each["nodes"]] for each in violations}
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
        await page.screenshot(path=screenshots / f"payments-{name}-{scheme}-{width}.png", full_page=True)
        await page.close()
    await context.close()
    assert findings == {}, json.dumps(findings, indent=1)
