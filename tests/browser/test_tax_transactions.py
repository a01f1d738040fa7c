"""The demo wallets' tax transactions in a browser: they come by themselves, are filtered, opened and edited."""

import asyncio
import re
import time
from pathlib import Path

from playwright.async_api import Page, expect

from backend.embedded.trial import Trial
from tests.browser.test_every_page import axe
from tests.browser.test_portfolio import WAIT_SECONDS, read

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


async def test_transactions_come_by_themselves_and_what_is_said_of_one_counts(
    signed_in_page: Page, running_app: Trial, screenshots: Path
) -> None:
    page = signed_in_page
    ends_at = time.monotonic() + WAIT_SECONDS
    while not (await read(page.context, "/v1/tax/transactions?kind=swap&limit=1"))["items"]:
        assert time.monotonic() < ends_at, "nothing was taken over"
        await asyncio.sleep(0.5)
    await page.goto("/tax/transactions/?kind=swap")
    table = page.get_by_role("table", name="Your tax transactions")
    first = table.locator("tbody tr[data-index='0']")
    await expect(first).to_contain_text("Swapped")
    await page.screenshot(path=screenshots / "tax-transactions.png")

    await first.focus()
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Swapped")
    await expect(drawer).to_be_visible()
    await page.wait_for_url(re.compile(r"kind=swap&id="))
    await expect(drawer.get_by_text("What moved", exact=True)).to_be_visible()
    assert await axe(page) == []
    await page.screenshot(path=screenshots / "tax-transaction.png")
    shown = page.url.rpartition("id=")[2]
    await drawer.get_by_role("button", name="Save").click()
    await expect(drawer.get_by_text("Say why.")).to_be_visible()
    worth = drawer.get_by_role("textbox", name=re.compile("^Worth of")).first
    await worth.fill("12,345.5")
    await drawer.get_by_role("textbox", name="Reason").fill("as the receipt says")
    await drawer.get_by_role("button", name="Save").click()
    await expect(drawer.get_by_text("$12,345.50").first).to_be_visible()
    await expect(drawer.get_by_text("as the receipt says")).to_be_visible()
    said = await read(page.context, f"/v1/tax/transactions/{shown}")
    assert said["edit"]["reason"] == "as the receipt says"
    assert [each["amount"] for each in said["edit"]["worths"].values()] == ["12345.5"]
    await page.screenshot(path=screenshots / "tax-transaction-edited.png")
    await drawer.get_by_role("button", name="Take back").click()
    await expect(drawer.get_by_role("button", name="Take back")).to_be_hidden()
    await expect(worth).to_have_value("")
    await page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await page.wait_for_url(re.compile(r"kind=swap$"))

    await page.get_by_role("combobox", name="Any kind").select_option("donation")
    await expect(page.get_by_text("Nothing matches")).to_be_visible()
    await page.get_by_role("link", name="Clear filters").first.click()
    await expect(first).to_be_visible()
    await page.get_by_role("link", name="When").click()
    await page.wait_for_url(re.compile("sort=oldest"))
    await expect(table.get_by_role("columnheader", name="When")).to_have_attribute("aria-sort", "ascending")

    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"/tax/transactions/?id={shown}")
    await expect(drawer).to_be_visible()
    await expect(drawer.get_by_text("What moved", exact=True)).to_be_visible()
    assert await axe(page) == []
    await page.screenshot(path=screenshots / "tax-transaction-phone-dark.png")
    await page.keyboard.press("Escape")
    await expect(first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert await axe(page) == []
    await page.screenshot(path=screenshots / "tax-transactions-phone-dark.png", full_page=True)
