"""Every page in both looks, on a desk and on a phone: axe finds nothing, and nothing breaks the page's policy.

A page is loaded once and looked at four times. What its policy stops, what stands in the console and what is uncaught
is noted while it loads, before axe is put into it.
"""

import json
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page

from backend.embedded.trial import Trial
from tests.browser import every_page
from tests.browser.conftest import sign_in

pytestmark = pytest.mark.long

LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
NOT_THERE = "the server responded with a status of 404"
LOOKS: tuple[tuple[int, Literal["dark", "light"]], ...] = (
    (1440, "dark"),
    (1440, "light"),
    (390, "light"),
    (390, "dark"),
)
SLICES = 3  # so that none takes a minute


async def look_at(context: BrowserContext, address: str, loaded: str) -> list[str]:
    """Open a page and return what its policy stopped, what the console says, and what axe finds in any look."""
    page, said = await context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto(address)
    await page.wait_for_selector(loaded, timeout=20_000)
    await page.wait_for_function("!document.querySelector('main .skeleton')", timeout=20_000)
    await page.wait_for_timeout(300)  # what breaks late
    found = [line for line in said if not (address == "/no-such-page/" and NOT_THERE in line)]
    found += await page.evaluate("window.violations")
    for width, scheme in LOOKS:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width} px, {scheme}: {line}" for line in await axe(page)]
    await page.close()
    return found


async def axe(page: Page) -> list[str]:
    violations: list[dict[str, Any]] = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in violations for node in each["nodes"]]


async def findings(context: BrowserContext, addresses: dict[str, str]) -> dict[str, list[str]]:
    await context.add_init_script(LISTEN)
    found = {address: await look_at(context, address, loaded) for address, loaded in addresses.items()}
    return {address: lines for address, lines in found.items() if lines}


@pytest.mark.parametrize("part", range(SLICES))
async def test_a_members_pages_have_nothing_to_complain_about(browser: Browser, running_app: Trial, part: int) -> None:
    context = await browser.new_context(base_url=running_app.url, reduced_motion="reduce")
    await sign_in(context)
    addresses = dict(list(every_page.of_a_member().items())[part::SLICES])
    found = await findings(context, addresses)
    await context.close()
    assert found == {}, json.dumps(found, indent=1)


async def test_a_strangers_pages_have_nothing_to_complain_about(browser: Browser, running_app: Trial) -> None:
    context = await browser.new_context(base_url=running_app.url, reduced_motion="reduce")
    found = await findings(context, every_page.of_a_stranger())
    await context.close()
    assert found == {}, json.dumps(found, indent=1)


async def test_a_stranger_asking_for_a_members_page_breaks_nothing(browser: Browser, running_app: Trial) -> None:
    context = await browser.new_context(base_url=running_app.url)
    await context.add_init_script(LISTEN)
    page, said = await context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for address in every_page.of_a_member():
        if address.split("?")[0] in every_page.OPEN_TO_ALL or "checkout" in address:
            continue
        await page.goto(address)
        await page.wait_for_url("**/sign-in/?next=**", timeout=20_000)
    await page.wait_for_selector("main form")
    said += await page.evaluate("window.violations")
    await context.close()
    assert said == []
