"""How a portfolio did, in a browser: figures of a known past, and words where nothing is known."""

import re
from pathlib import Path
from uuid import UUID, uuid4

from playwright.async_api import BrowserContext, Page, expect

from backend.core.formats import MINUS
from backend.embedded.trial import Trial
from tests.browser.past import give_past
from tests.browser.test_accounts import sign_up
from tests.browser.test_portfolio import read

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy


async def with_past(context: BrowserContext, page: Page, trial: Trial, days: int) -> None:
    """Sign up somebody who has so many days behind them."""
    await sign_up(context, page)
    me = (await (await context.request.get("/v1/auth/me")).json())["data"]
    await give_past(trial, UUID(me["id"]), days)


async def test_performance_of_a_known_past(
    context: BrowserContext, page: Page, running_app: Trial, screenshots: Path
) -> None:
    await page.goto("/sign-up/")
    await with_past(context, page, running_app, 75)
    done = await read(context, "/v1/portfolio/performance?range=90d")
    assert done["problems"] == [], done
    await page.goto("/portfolio/performance/?range=90d")
    made = page.locator("article").filter(has_text="Return (TWR)")
    shown = float(done["timeWeightedPct"])
    await expect(made).to_contain_text(f"{'+' if shown > 0 else MINUS}{abs(shown):.2f}%")
    legend = page.locator(".lines-legend li")
    await expect(legend.filter(has_text="Ether")).to_contain_text(re.compile(r"%"))
    await expect(legend.filter(has_text="S&P 500")).to_contain_text("—")
    await expect(page.get_by_text("S&P 500: No source for it is configured here.")).to_be_visible()
    await expect(page.locator(".lines-legend ~ .chart-switch")).to_have_count(1)
    await page.screenshot(path=screenshots / "performance.png", full_page=True)
    await page.locator(".lines-legend ~ .chart-switch").click()
    await expect(page.locator(".chart-rows tbody tr").first).to_contain_text("%")
    table = page.get_by_role("region", name="Beside benchmarks")
    await expect(table.locator("tbody tr").filter(has_text="Ether").first).to_contain_text("%")
    await page.get_by_role("link", name="Value", exact=True).click()
    await expect(page.get_by_role("heading", name="Value, 90 d")).to_be_visible()
    await page.goto("/portfolio/risk/")
    exposure = page.get_by_role("region", name="Exposure by asset").locator("tbody tr")
    await expect(exposure.filter(has_text="ETH")).to_contain_text("$")
    await page.screenshot(path=screenshots / "risk.png", full_page=True)
    await page.goto("/portfolio/leaderboard/")
    await page.get_by_label("Name to be shown").fill("0xdeadbeef")
    await page.get_by_role("button", name="Join", exact=True).click()
    await expect(page.locator("#pseudonym-error")).to_contain_text("address")
    await page.get_by_label("Name to be shown").fill(f"Night Owl {uuid4().hex[:6]}")
    await page.get_by_role("button", name="Join", exact=True).click()
    await expect(page.get_by_text("Your place comes with the next daily ranking.", exact=True)).to_be_visible()
    await page.screenshot(path=screenshots / "leaderboard.png", full_page=True)
    await page.get_by_role("button", name="Leave").click()
    await page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    await expect(page.get_by_label("Name to be shown")).to_be_visible()
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto("/portfolio/performance/")
    await expect(made).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.screenshot(path=screenshots / "performance-phone.png", full_page=True)
