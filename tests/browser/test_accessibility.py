"""Every page, in both themes and on a phone: axe finds nothing, and the keyboard reaches everything."""

import json
import re
import uuid

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from backend.embedded.trial import Trial
from tests.browser.conftest import sign_in

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
PAGES = {
    "local mailbox": "/dev/mail/",
    "sign-in": "/sign-in/?error=credentials",
    "overview": "/",
    "portfolio": "/portfolio/?range=24h",
    "wallets of the portfolio": "/portfolio/wallets/",
    "hidden tokens": "/portfolio/hidden/",
    "alerts": "/alerts/",
    "rules": "/alerts/?tab=rules",
    "live": "/alerts/?tab=live",
    "history": "/alerts/history/?type=whale",
    "builder": "/alerts/new/",
    "price rule being built": "/alerts/new/?kind=price",
    "transfer rule being built": "/alerts/new/?kind=whale",
    "template being filled in": "/alerts/new/?template=price-move",
    "analytics": "/alerts/analytics/?unit=week",
    "no such rule": "/alerts/rules/018f0000-0000-7000-8000-000000000001/",
    "notifications": "/settings/notifications/",
    "channels": "/settings/channels/",
    "privacy": "/settings/privacy/",
    "plans": "/pricing/?interval=year",
    "billing": "/settings/billing/",
    "enterprise form": "/settings/billing/?enterprise=1",
    "checkout return": "/checkout/return/?session_id=cs_test_none",
    "not found": "/no-such-page/",
}
LOADED = {
    "local mailbox": "text=No mail leaves this machine",
    "sign-in": "text=Use the demo account",
    "overview": "text=WETH",
    "portfolio": "main section",
    "wallets of the portfolio": "main form",
    "hidden tokens": "main section",
    "alerts": "main article",
    "rules": "main section",
    "live": "main section",
    "history": "main section",
    "builder": "main section",
    "price rule being built": "main form",
    "transfer rule being built": "main form",
    "template being filled in": "main form",
    "analytics": "main section",
    "no such rule": "main section",
    "notifications": "text=Receipts",
    "channels": "text=Push to this browser",
    "privacy": "text=Delete account",
    "plans": "main table",
    "billing": "text=No invoices yet",
    "enterprise form": "dialog[open] #company",
    "checkout return": "text=There is no such checkout",
    "not found": "text=There is no such page",
}


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_axe_finds_nothing(browser: Browser, running_app: Trial, scheme: str, width: int) -> None:
    context = await browser.new_context(
        base_url=running_app.url,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    findings: dict[str, list[str]] = {}
    try:
        for name, address in PAGES.items():
            if name == "overview":
                await sign_in(context)
            page = await context.new_page()
            await page.goto(address)
            await page.wait_for_selector(LOADED[name], timeout=20_000)
            await page.wait_for_function("!document.querySelector('main .skeleton')", timeout=20_000)
            violations = (await Axe().run(page)).response["violations"]
            if violations:
                findings[name] = [
                    f"{each['id']}: {node['html'][:200]}" for each in violations for node in each["nodes"]
                ]
            await page.close()
    finally:
        await context.close()
    assert findings == {}, json.dumps(findings, indent=1)


async def test_skip_link_leads_to_the_content(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto("/alerts/?tab=rules")
    await page.wait_for_selector("main section")
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "content"
    assert page.url.endswith("#content")


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
