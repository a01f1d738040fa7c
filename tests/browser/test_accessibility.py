"""The keyboard reaches everything, motion stops, targets are finger-sized (axe: test_every_page.py)."""

import re
import uuid

import pytest
from playwright.async_api import Browser, Page, expect

from backend.embedded.trial import Trial
from tests.browser.conftest import sign_in

pytestmark = pytest.mark.long

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy


async def test_skip_link_leads_to_the_content(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto("/alerts/?tab=rules")
    await page.wait_for_selector("main section")
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "content"
    assert page.url.endswith("#content")


@pytest.mark.whole_browser
async def test_rule_is_written_by_keyboard_alone(signed_in_page: Page, running_app: Trial) -> None:
    page = signed_in_page
    await page.goto("/alerts/history/")
    await page.wait_for_selector("main section")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Go to a page or start something")).to_be_focused()
    await page.keyboard.type("price rule")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Price", exact=True)).to_be_focused(timeout=10_000)
    reached = []
    for _ in range(40):
        reached.append(await page.evaluate("document.activeElement.id || document.activeElement.innerText"))
        await page.keyboard.press("Tab")
    for control in ("in_app", "webhook", "name", "trigger", "frequency", "cooldown", "hours", "expires"):
        assert control in reached, reached
    assert {"Add a condition", "Add a check", "Create rule"} <= {*reached}, reached
    name = f"By keyboard {uuid.uuid4().hex[:6]}"
    await page.locator("#name").fill(name)
    await page.get_by_role("textbox", name="Price", exact=True).focus()
    await page.keyboard.type("99,999.5")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/alerts/history/$"))
    listed = await (await page.context.request.get("/v1/alerts/rules?pageSize=100")).json()
    (made,) = [rule for rule in listed["data"]["items"] if rule["name"] == name]
    await page.context.request.delete(f"/v1/alerts/rules/{made['id']}", headers={"Origin": running_app.url})


async def test_shortcut_goes_to_alerts(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto("/")
    await page.wait_for_selector("text=WETH")
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    await expect(page.get_by_role("heading", level=1, name="Alerts")).to_be_visible()


async def test_motion_stops_for_those_who_ask(browser: Browser, running_app: Trial) -> None:
    context = await browser.new_context(base_url=running_app.url, reduced_motion="reduce")
    page = await context.new_page()
    await page.goto("/")
    names = await page.evaluate("[...document.querySelectorAll('*')].map(node => getComputedStyle(node).animationName)")
    await context.close()
    assert set(names) == {"none"}


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/portfolio/",
        "/portfolio/activity/",
        "/portfolio/wallets/",
        "/alerts/?tab=rules",
        "/alerts/",
        "/alerts/history/",
        "/alerts/analytics/",
        "/settings/privacy/",
    ],
)
async def test_touch_targets_are_finger_sized_on_a_phone(browser: Browser, running_app: Trial, address: str) -> None:
    context = await browser.new_context(
        base_url=running_app.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    await sign_in(context)
    page = await context.new_page()
    await page.goto(address)
    await page.wait_for_function(
        "document.querySelector('main') && !document.querySelector('main .skeleton')", timeout=20_000
    )
    small = await page.evaluate(
        """() => [...document.querySelectorAll('button, select, input:not([type=hidden]), .frame-bottom a')]
        .filter(node => node.offsetParent && !node.closest('.tip, .chip, [popover]'))
        .map(node => [node.outerHTML.slice(0, 120), node.closest('label') ?? node])
        .map(([html, node]) => [html, node.getBoundingClientRect().height]).filter(([, height]) => height < 43.5)"""
    )
    width = await page.evaluate("document.documentElement.scrollWidth")
    await context.close()
    assert small == []
    assert width <= 390
