"""A target is made with words beside what is wrong, the portfolio is compared with it, trades are answered."""

import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.test_every_page import LOOKS, axe
from tests.browser.test_portfolio import until_there

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy


async def delete_targets(page: Page) -> None:
    listed = (await (await page.context.request.get("/v1/portfolio/target-allocation")).json())["data"]["items"]
    for each in listed:
        answer = await page.context.request.delete(
            f"/v1/portfolio/target-allocation/{each['id']}", headers={"Origin": page.url.split("/portfolio")[0]}
        )
        assert answer.ok, await answer.text()


async def fill_share(page: Page, place: int, asset: str, share: str) -> None:
    drawer = page.get_by_role("dialog")
    await drawer.get_by_label("Asset", exact=True).nth(place).select_option(asset)
    await drawer.get_by_label("Share in percent").nth(place).fill(share)


async def seen_in_every_look(page: Page, path: Path) -> None:
    """Nothing is wrong by axe on a desk and a phone, in both looks; pictures are left."""
    for width, scheme in LOOKS:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": 900})
        assert await axe(page) == [], (width, scheme)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.screenshot(path=path.with_stem(f"{path.stem}-{width}-{scheme}"), full_page=True)
    await page.set_viewport_size({"width": 1440, "height": 900})


async def test_from_a_target_to_trades(signed_in_page: Page, screenshots: Path) -> None:
    page = signed_in_page
    await until_there(page.context)
    await page.goto("/portfolio/rebalancing/")
    await expect(page.get_by_text("No target yet")).to_be_visible()
    await page.screenshot(path=screenshots / "rebalancing-empty.png", full_page=True)
    try:
        await page.get_by_role("button", name="New target").click()
        drawer = page.get_by_role("dialog", name="New target")
        await fill_share(page, 0, "USDC", "60")
        await fill_share(page, 1, "ETH", "39.9")
        await expect(drawer.get_by_text("The shares sum to 99.9 %: 0.1 % is missing.")).to_be_visible()
        await drawer.get_by_role("button", name="Save target").click()
        await expect(drawer.locator("#target_name-error")).to_have_text("Give it a name.")
        await drawer.get_by_label("Name").fill("Mostly dollars")
        await drawer.get_by_role("button", name="Save target").click()
        await expect(drawer.locator("#target_parts-error")).to_contain_text("0.1 % is missing")
        await seen_in_every_look(page, screenshots / "rebalancing-editor.png")
        await fill_share(page, 1, "ETH", "40")
        await expect(drawer.get_by_text("The shares sum to 100 %.")).to_be_visible()
        await drawer.get_by_role("button", name="Save target").click()
        await expect(drawer).to_be_hidden()

        drifts = page.get_by_role("table", name="Current beside target")
        await expect(drifts.get_by_role("row").filter(has_text="USDC")).to_contain_text("Under")
        trades = page.get_by_role("list", name="Suggested trades").get_by_role("listitem")
        await expect(trades.first).to_contain_text("buy")
        await expect(trades.first).to_contain_text(re.compile(r"Gas \$[0-9.]+"))
        await expect(trades.first).to_contain_text(re.compile(r"Slippage and fees \$[0-9.,]+ \([0-9.]+%\)"))
        await expect(page.get_by_text(re.compile(r"pools and gas as of block [0-9,]+"))).to_be_visible()
        await seen_in_every_look(page, screenshots / "rebalancing.png")

        await trades.first.get_by_role("button", name="Accept").click()
        accepted = trades.filter(has=page.get_by_role("button", name="Accept", pressed=True))
        await expect(accepted).to_have_count(1)  # prices move: it need not be the first any more
        first = await accepted.inner_text()
        async with page.expect_download() as waiting:
            await page.get_by_role("button", name="Download the trades as CSV").click()
        lines = Path(await (await waiting.value).path()).read_text("utf-8-sig").splitlines()
        assert len(lines) == 2 and lines[0].startswith("chain,chainId,wallet,sellToken"), lines
        await accepted.get_by_role("button", name="Reject").click()
        await expect(page.get_by_text("rejected, left out of the plan")).to_be_visible()
        assert first not in await page.get_by_role("main").inner_text()
        await page.get_by_role("button", name="Suggest again").click()
        await expect(trades.first.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "false")
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog", name="Delete this target?").get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("No target yet")).to_be_visible()
    finally:
        await delete_targets(page)
