"""Every page works under its Content-Security-Policy: no violation, nothing in the console, no script of others."""

from contextlib import suppress
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from backend.embedded.trial import Trial
from premium_app.routes import PAGES
from tests.browser.conftest import sign_in

expect.set_options(timeout=20_000)
LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
NOT_THERE = "the server responded with a status of 404"


async def said_by(context: BrowserContext, address: str) -> list[str]:
    """Open a page and return every violation, console warning or error, and uncaught error."""
    page, said = await context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto(address)
    with suppress(PlaywrightTimeoutError):  # whether it loads is for other tests; here it has had the time to break
        await page.wait_for_function("!document.querySelector('main .skeleton')", timeout=8_000)
    await page.wait_for_timeout(700)
    found = said + await page.evaluate("window.violations")
    await page.close()
    return found


@pytest.mark.parametrize("signed_in", [False, True])
async def test_no_page_breaks_its_policy(browser: Browser, running_app: Trial, signed_in: bool) -> None:
    context = await browser.new_context(base_url=running_app.url)
    await context.add_init_script(LISTEN)
    if signed_in:
        await sign_in(context)
    addresses = [
        page.route if page.route.endswith("/") else f"{page.route}/" for page in PAGES if "[" not in page.route
    ]
    findings: dict[str, Any] = {}
    for address in (*addresses, "/alerts/new/?kind=whale", "/alerts/history/", "/docs", "/no-such-page/"):
        said = await said_by(context, address)
        if address in ("/404/", "/no-such-page/"):
            said = [line for line in said if NOT_THERE not in line]
        if said:
            findings[address] = said
    await context.close()
    assert findings == {}


async def test_a_toast_is_shown_without_evaluating_code(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto("/alerts/new/?kind=price")
    await page.get_by_role("textbox", name="Price", exact=True).fill("987654")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-sonner-toast]")).to_have_text("Rule created")


async def test_what_is_put_into_a_page_does_not_run(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.add_init_script(LISTEN)
    await page.goto("/alerts/")
    await page.wait_for_selector("main section")
    await page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = 'inline'";
          document.body.append(script);
          const image = document.createElement("img");
          image.setAttribute("onerror", "window.ran = 'attribute'");
          image.src = "data:,";
          document.body.append(image);
          setTimeout(() => { // what runs inside of evaluate() itself may evaluate
            try { window.eval("window.ran = 'eval'"); } catch { /* as it should */ }
            try { new Function("window.ran = 'function'")(); } catch { /* as it should */ }
          });
        }"""
    )
    await page.wait_for_timeout(500)
    assert await page.evaluate("window.ran") is None
    stopped = {line.split()[0] for line in await page.evaluate("window.violations")}
    assert {"script-src-elem", "script-src-attr", "script-src"} <= stopped
