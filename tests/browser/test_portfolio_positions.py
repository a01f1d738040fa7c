"""Positions in a browser: the demo account's liquidity with its range, and a pool added by hand and removed."""

import json
import re
from pathlib import Path

from playwright.async_api import Page, expect

from backend.embedded.trial import Trial
from tests.browser.test_portfolio import read, until_there

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy


async def test_positions_and_liquidity_added_by_hand(
    signed_in_page: Page, running_app: Trial, screenshots: Path
) -> None:
    page = signed_in_page
    await until_there(page.context)
    listed = (await read(page.context, "/v1/portfolio/positions"))["items"]
    ranged = next(each for each in listed if each["priceRange"])
    await page.goto("/portfolio/positions/")
    table = page.get_by_role("region", name="In protocols")
    await expect(table.locator("tbody tr")).to_have_count(len(listed))
    await table.locator(f"a[href*='{ranged['id']}']").click()
    await expect(page.get_by_role("heading", name="Price range")).to_be_visible()
    inside = "In range" if ranged["priceRange"]["isInRange"] else "Out of range"
    await expect(page.get_by_text(inside, exact=True).first).to_be_visible()
    await expect(page.get_by_role("region", name="Parts").locator("tbody tr")).to_have_count(len(ranged["parts"]))
    await page.screenshot(path=screenshots / "position.png", full_page=True)

    pools = json.loads((running_app.var_dir / "demo" / "addresses.json").read_text())
    await page.goto("/portfolio/positions/")
    await page.get_by_label("Address of the pool").fill(pools["tokens"]["USDC"]["address"])
    await page.get_by_label("Price at entry").fill("1,500")
    await page.get_by_label("Entered on (UTC)").fill("2026-01-05")
    await page.get_by_role("button", name="Add liquidity").click()
    await expect(page.locator("#pool-error")).to_contain_text("no pool")
    await page.get_by_label("Address of the pool").fill(ranged["identifiers"]["pool"])
    await page.get_by_role("button", name="Add liquidity").click()
    await expect(page.locator("#lower_price-error")).to_contain_text("price range")
    now = float(ranged["priceRange"]["price"])
    await page.get_by_label("Price at entry").fill(f"{now * 1.2:.12f}")
    await page.get_by_label("Range from").fill(f"{now / 2:.12f}")
    await page.get_by_label("Range to").fill(f"{now * 2:.12f}")
    await page.get_by_label("Put in of token0").fill("10")
    await page.get_by_label("Label").fill("By hand")
    await page.get_by_role("button", name="Add liquidity").click()
    losses = page.get_by_role("region", name="Impermanent loss")
    mine = losses.locator("tbody tr").filter(has_text="By hand")
    await expect(mine).to_contain_text(re.compile(r"−\d+\.\d\d%"))  # noqa: RUF001
    await expect(mine).to_contain_text("In range")
    await page.screenshot(path=screenshots / "positions.png", full_page=True)
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.screenshot(path=screenshots / "positions-phone.png", full_page=True)
    await mine.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(mine).to_have_count(0)
    assert (await read(page.context, "/v1/portfolio/liquidity-positions"))["items"] == []
