"""Settings → Channels: connecting, naming, testing with what was asked and answered, removing, and preferences."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from backend.embedded.trial import Trial
from tests.browser.conftest import sign_in
from tests.browser.test_installed_app import deliver, shown
from tests.doubles.push_service import push_service
from tests.doubles.webhook_receiver import WebhookReceiver, webhook_receiver

PAGE = "/settings/channels/"


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as running:
        yield running


async def _add_webhook(page: Page, label: str, url: str) -> None:
    await page.get_by_role("button", name="Add: Webhook").click()
    await page.get_by_label("Name", exact=True).fill(label)
    await page.get_by_label("Address", exact=True).fill(url)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("listitem").filter(has_text=label)).to_be_visible()


async def test_a_webhook_is_added_tested_renamed_and_removed(signed_in_page: Page, receiver: WebhookReceiver) -> None:
    page = signed_in_page
    await page.goto(PAGE)
    await _add_webhook(page, "Our desk", f"{receiver.url}/status/418")
    row = page.get_by_role("listitem").filter(has_text="Our desk")
    await row.get_by_role("button", name="Send a test").click()
    drawer = page.get_by_role("dialog")
    await expect(drawer).to_contain_text("not taken", timeout=20_000)
    await expect(drawer).to_contain_text("HTTP 418")
    await expect(drawer).to_contain_text("This is a test message")
    assert receiver.received[-1].path == "/status/418"
    await page.keyboard.press("Escape")
    await row.get_by_role("button", name="Rename: Our desk").click()
    await page.get_by_label("Name", exact=True).fill("The night desk")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    row = page.get_by_role("listitem").filter(has_text="The night desk")
    await row.get_by_role("button", name="Remove: The night desk").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(row).to_have_count(0)


async def test_a_wrong_address_is_said_beside_its_field(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto(PAGE)
    await page.get_by_role("button", name="Add: Slack").click()
    await page.get_by_label("Name", exact=True).fill("Slack")
    await page.get_by_label("Incoming webhook").fill("https://evil.example/services/x")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#target-error")).not_to_be_empty()


async def test_what_goes_where_and_when_is_kept(signed_in_page: Page, running_app: Trial) -> None:
    page = signed_in_page
    reset = {"alerts": {"price": {"email": True}}}
    origin = {"Origin": running_app.url}
    assert (await page.request.put("/v1/notifications/preferences", data=reset, headers=origin)).ok
    assert (await page.request.put("/v1/notifications/settings", data={}, headers=origin)).ok
    await page.goto(PAGE)
    box = page.get_by_role("checkbox", name="Price by E-mail")
    await expect(box).to_be_checked()
    await box.click()
    await expect(box).not_to_be_checked()
    await page.get_by_role("checkbox", name="Protocol risk at once, whatever the hour").click()
    await page.get_by_label("Quiet from").fill("22:00")
    await page.get_by_label("Quiet until").fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("quiet hours have a beginning and an end", exact=False).first).to_be_visible()
    await page.get_by_label("Quiet until").fill("07:00")
    await page.get_by_label("Time zone").fill("Europe/Berlin")
    await page.get_by_label("Digest", exact=True).select_option("hourly")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved").first).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Quiet from")).to_have_value("22:00")
    await expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    await expect(page.get_by_role("checkbox", name="Price by E-mail")).not_to_be_checked()
    await expect(page.get_by_role("checkbox", name="Protocol risk at once, whatever the hour")).to_be_checked()
    assert (await page.request.put("/v1/notifications/preferences", data=reset, headers=origin)).ok
    assert (await page.request.put("/v1/notifications/settings", data={}, headers=origin)).ok


@pytest.mark.whole_browser
async def test_push_says_what_keeps_it_from_this_browser(context: BrowserContext, running_app: Trial) -> None:
    """Chromium here reaches no push service: whether it refuses or cannot reach it, the page says so and stays off."""
    await sign_in(context)
    page = await context.new_page()
    await page.goto(PAGE)
    push = page.locator("[data-push]")
    await expect(push).to_contain_text("Push to this browser")
    await page.wait_for_function(
        "['off', 'denied', 'impossible'].includes(document.querySelector('[data-push]').dataset.push)"
    )


@pytest.mark.whole_browser
async def test_a_push_comes_all_the_way(context: BrowserContext, running_app: Trial) -> None:
    """Page, API, outbox, dispatcher, push service, service worker, notification.

    The browser maker's push service is a double on this machine: what it takes is opened with the subscription's keys
    and handed to the browser, as the real one's connection would.
    """
    async with push_service() as service:
        await context.grant_permissions(["notifications"], origin=running_app.url)
        await sign_in(context)
        key = (await (await context.request.get("/v1/notifications/push/key")).json())["data"]["publicKey"]
        browser = service.subscribe(key)
        await context.add_init_script(f"""
          const said = {json.dumps(browser.subscription())};
          let mine = null;
          const made = {{ endpoint: said.endpoint, toJSON: () => said, unsubscribe: async () => !(mine = null) }};
          PushManager.prototype.subscribe = async () => (mine = made);
          PushManager.prototype.getSubscription = async () => mine;
        """)
        page = await context.new_page()
        await page.goto(PAGE)
        await page.get_by_role("button", name="Turn on").click()
        await expect(page.locator("[data-push]")).to_have_attribute("data-push", "on")
        row = page.get_by_role("listitem").filter(has_text="Push")
        await row.get_by_role("button", name="Send a test").click()
        await expect(page.get_by_role("dialog")).to_contain_text("taken", timeout=20_000)
        assert service.refused == []
        await page.keyboard.press("Escape")
        await deliver(page, running_app.url, browser.open(service.taken[0].body))
        (notification,) = await shown(page)
        assert "This channel works" in notification["body"]
        assert notification["data"] == {"url": PAGE}
        await page.get_by_role("button", name="Turn off").click()
        await expect(row).to_have_count(0)
