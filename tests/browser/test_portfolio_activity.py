"""What happened to the demo account's wallets, in a browser: it agrees with the chain, and says what is not known."""

import asyncio
import re
import time
from pathlib import Path

import httpx
from playwright.async_api import Page, expect

from backend.embedded.trial import Trial
from tests.browser.test_portfolio import WAIT_SECONDS, read

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


async def test_activity_agrees_with_the_chain_and_is_filtered_by_address(
    signed_in_page: Page, running_app: Trial, screenshots: Path
) -> None:
    page = signed_in_page
    ends_at = time.monotonic() + WAIT_SECONDS
    while not (found := await read(page.context, "/v1/portfolio/activity?limit=100"))["items"]:
        assert time.monotonic() < ends_at, "nothing was imported"
        await asyncio.sleep(0.5)
    await page.goto("/portfolio/activity/")
    table = page.get_by_role("table", name="What happened to your wallets")
    await expect(table.locator("tbody tr[data-index='0']")).to_be_visible()
    await expect(page.get_by_role("list", name="What is known")).to_contain_text("block")
    await page.screenshot(path=screenshots / "activity.png", full_page=True)
    await table.locator("tbody tr[data-index='0']").focus()
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Event")
    await expect(drawer).to_be_visible()
    await page.screenshot(path=screenshots / "activity-drawer.png")
    facts = await drawer.evaluate(
        "node => Object.fromEntries([...node.querySelectorAll('dt')]"
        ".map(dt => [dt.textContent, dt.nextElementSibling.textContent]))"
    )
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionReceipt", "params": [facts["Transaction"]]}
    async with httpx.AsyncClient() as client:
        receipt = (await client.post(running_app.rpc_url, json=body)).json()["result"]
    assert int(re.sub(r"\D", "", facts["Block"])) == int(receipt["blockNumber"], 16)
    await page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()

    kind = found["items"][0]["kind"]
    other = "liquidation" if kind != "liquidation" else "bridge"
    await page.get_by_role("combobox", name="Any kind").select_option(kind)
    await page.wait_for_url(re.compile(rf"kind={kind}"))
    await expect(table.locator("tbody tr[data-index='0']")).to_be_visible()
    await page.get_by_role("combobox", name="Any kind").select_option(other)
    await expect(page.get_by_text("Nothing matches")).to_be_visible()
    await page.get_by_role("link", name="Clear filters").first.click()
    await expect(table.locator("tbody tr[data-index='0']")).to_be_visible()

    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await page.emulate_media(color_scheme="dark")
    await page.goto("/portfolio/activity/")
    await expect(table.locator("tbody tr[data-index='0']")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await page.screenshot(path=screenshots / "activity-phone-dark.png", full_page=True)
    await page.set_viewport_size(DESK)  # type: ignore[arg-type]
    await page.goto("/portfolio/")
    await expect(page.get_by_role("heading", name="Latest activity")).to_be_visible()
    await page.get_by_role("link", name="All activity").scroll_into_view_if_needed()
    await page.screenshot(path=screenshots / "activity-latest-dark.png", full_page=True)
