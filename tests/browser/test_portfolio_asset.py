"""The page of one asset in a browser: from the list to its figures, its price, its lots; on a phone in the dark too."""

import asyncio
import re
import time
from decimal import Decimal
from pathlib import Path

from playwright.async_api import Page, expect

from backend.embedded.trial import Trial
from tests.browser.test_portfolio import WAIT_SECONDS, read, until_there

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


async def test_from_the_list_to_what_an_asset_cost_and_made(
    signed_in_page: Page, running_app: Trial, screenshots: Path
) -> None:
    page = signed_in_page
    await until_there(page.context)
    ends_at = time.monotonic() + WAIT_SECONDS
    while not (profit := await read(page.context, "/v1/portfolio/pnl")):
        assert time.monotonic() < ends_at, "nothing was counted"
        await asyncio.sleep(0.5)
    await page.goto("/portfolio/")
    table = page.get_by_role("table", name="Assets")
    await expect(table.locator("tbody tr[data-index='0']")).to_be_visible()
    for name in ("Unrealised P&L", "Realised P&L"):
        await expect(page.get_by_role("article").filter(has_text=name).first).to_be_visible()
    assert profit["method"] == "fifo"
    await page.screenshot(path=screenshots / "portfolio-profit.png", full_page=True)
    await table.locator("tbody tr[data-index='0']").focus()
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Holding")
    await drawer.get_by_role("link", name="Lots, trades and activity").click()
    await page.wait_for_url(re.compile(r"/portfolio/asset/\?chain=31337&token="))
    held = page.get_by_role("table", name="Where it is held")
    await expect(held.locator("tbody tr").first).to_be_visible()
    token = page.url.partition("token=")[2]
    found = await read(page.context, f"/v1/portfolio/assets/31337/{token}")
    amounts = {row["wallet"].lower(): row["valueUsd"] for row in found["holdings"]}
    assert await held.locator("tbody tr").count() == len(found["holdings"])
    shown = await page.get_by_role("article").filter(has_text="Value").first.inner_text()
    worth = re.search(r"\$([\d,]+\.\d\d)", shown)
    assert worth and abs(Decimal(worth[1].replace(",", "")) - Decimal(found["figures"]["valueUsd"])) < Decimal("0.01")
    assert amounts
    await expect(page.get_by_role("img", name=re.compile("Price of"))).to_be_visible()
    await page.screenshot(path=screenshots / "asset.png", full_page=True)
    await page.get_by_role("link", name="24 h").click()
    await page.wait_for_url(re.compile(r"range=24h"))

    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"/portfolio/asset/?chain=31337&token={token}")
    await expect(held.locator("tbody tr").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await page.screenshot(path=screenshots / "asset-phone-dark.png", full_page=True)
    await page.goto("/portfolio/asset/?chain=31337&token=0x00000000219ab540356cbb839cbe05303d7705fa")
    await expect(page.get_by_text("No such asset in your portfolio").first).to_be_visible()
