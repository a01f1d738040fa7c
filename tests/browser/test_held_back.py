"""Held messages on the overview, every message with the channels, those of a rule on its page."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from backend.embedded.trial import Trial

pytestmark = pytest.mark.long

expect.set_options(timeout=30_000)  # the machine that runs tests may be busy
SETTINGS = "/v1/notifications/settings"


@pytest_asyncio.fixture(loop_scope="session")
async def rule(context: BrowserContext, signed_in_page: Page, running_app: Trial) -> AsyncIterator[dict[str, Any]]:
    """Quiet hours that are on now, and a rule that fires once an hour: its mail is held, its webhook goes nowhere."""
    origin = {"Origin": running_app.url}
    now = datetime.now(UTC)
    quiet = {"quietFrom": f"{now - timedelta(hours=1):%H:%M}", "quietTo": f"{now + timedelta(hours=2):%H:%M}"}
    await context.request.put(SETTINGS, data=quiet, headers=origin)
    wanted = {
        "name": "Quiet whales", "type": "whale", "conditions": {"value_usd": 20_000}, "cooldownSeconds": 3_600,
        "actions": [{"type": "email"}, {"type": "webhook", "destination": "http://127.0.0.1:9/closed"}],
    }  # fmt: skip
    made = await (await context.request.post("/v1/alerts/rules", data=wanted, headers=origin)).json()
    yield made["data"]
    await context.request.delete(f"/v1/alerts/rules/{made['data']['id']}", headers=origin)
    await context.request.put(SETTINGS, data={}, headers=origin)


async def pictures(page: Page, screenshots: Path, name: str) -> None:
    """Leave pictures of the page at a desk in light, and on a phone in the dark."""
    for scheme, width, height in (("light", 1440, 1400), ("dark", 390, 1600)):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.screenshot(path=screenshots / f"{name}-{width}-{scheme}.png", full_page=True)
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1440, "height": 900})


async def test_what_is_held_is_said_and_may_go_now(
    signed_in_page: Page, rule: dict[str, Any], screenshots: Path
) -> None:
    page = signed_in_page
    await page.goto(f"/alerts/rules/{rule['id']}/")
    failed = page.get_by_role("row").filter(has_text="Failed").first
    for _ in range(30):  # it is tried six times within half a minute
        await page.reload()
        await expect(page.get_by_role("heading", name="Deliveries")).to_be_visible()
        if await failed.count():
            break
        await page.wait_for_timeout(3000)
    await pictures(page, screenshots, "rule-deliveries")
    await failed.get_by_role("button", name="Send again").click()
    await expect(page.get_by_text("The message is in line again")).to_be_visible()

    await page.goto("/alerts/")
    held = page.get_by_role("listitem").filter(has_text="Your quiet hours")
    await expect(held).to_contain_text("E-mail")
    await pictures(page, screenshots, "alerts-held")
    await held.get_by_role("link", name="Show the messages").click()
    await page.wait_for_url("**/settings/channels/?status=held&channel=email#deliveries")
    row = page.get_by_role("row").filter(has_text="Held").first
    await expect(row).to_be_visible()
    await pictures(page, screenshots, "settings-channels")
    await row.get_by_role("button", name="Send now").click()
    await expect(page.get_by_text("The message is in line again")).to_be_visible()
    await page.get_by_role("link", name="Failed").click()
    await page.wait_for_url("**/settings/channels/?status=dead&channel=email#deliveries")
    await expect(page.get_by_text("No message here")).to_be_visible()

    await page.goto("/alerts/analytics/")
    await expect(page.get_by_role("link", name="Download as CSV what is shown")).to_be_visible()
    await pictures(page, screenshots, "alerts-analytics")
