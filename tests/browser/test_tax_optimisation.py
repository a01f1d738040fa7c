"""Optimisation in a browser: methods of the demo wallet's own history, and a sale thought through, by keyboard too."""

import asyncio
import re
import time
from pathlib import Path

from playwright.async_api import BrowserContext, Page, expect

from tests.browser.test_portfolio import read, until_there
from tests.browser.test_rebalancing import seen_in_every_look

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
WAIT_SECONDS = 90.0


async def until_booked(context: BrowserContext) -> dict:
    """Wait until the demo wallet's history is in its tax book."""
    ends_at = time.monotonic() + WAIT_SECONDS
    while True:
        found = await read(context, "/v1/tax/optimization")
        if found["holdings"]:
            return found
        assert time.monotonic() < ends_at, "the history was not taken over"
        await asyncio.sleep(1)


async def test_methods_and_a_sale_that_is_only_thought_of(signed_in_page: Page, screenshots: Path) -> None:
    page = signed_in_page
    await until_there(page.context)
    found = await until_booked(page.context)
    await page.goto("/tax/optimisation/")
    methods = page.get_by_role("table", name="Methods side by side")
    await expect(methods.get_by_role("row").filter(has_text="In force")).to_contain_text("First in, first out")
    await expect(page.get_by_text("no advice")).to_be_visible()
    await page.locator("summary", has_text="All figures of all methods").click()
    await expect(page.get_by_role("rowheader", name="Short-term gain or loss", exact=True)).to_be_visible()
    await page.locator("summary", has_text="Methods that are not allowed here").click()
    await expect(page.get_by_text(re.compile("averages are for funds only")).first).to_be_visible()

    await page.get_by_label("How much").fill("0")
    await page.keyboard.press("Enter")
    await expect(page.locator("#amount-error")).to_contain_text("Write a number above zero")
    await page.get_by_label("How much").fill("1e30")
    await page.keyboard.press("Enter")
    await expect(page.locator("#amount-error")).to_contain_text("You hold")
    first = found["holdings"][0]
    await page.get_by_label("How much").fill(f"{float(first['amount']) / 4:.4f}")
    await page.get_by_label("At a price of one").fill("1")
    await page.keyboard.press("Enter")
    taken = page.get_by_role("table", name="Lots that it takes")
    await expect(taken.get_by_role("row").nth(1)).to_be_visible()
    await expect(page.get_by_text("At $1.00, your price")).to_be_visible()
    await expect(page.get_by_role("table", name=re.compile("What it changes of"))).to_contain_text("Disposals")
    await seen_in_every_look(page, screenshots / "tax-optimisation.png")
