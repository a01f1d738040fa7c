"""A report is downloaded, and one is scheduled, sent, paused and deleted; what is wrong is said beside its field."""

import asyncio
import io
from pathlib import Path

from playwright.async_api import Page, expect
from pypdf import PdfReader

from tests.browser.test_portfolio import until_there
from tests.browser.test_rebalancing import seen_in_every_look

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
NAME = "Monday report"


async def test_a_report_now_and_one_by_the_clock(signed_in_page: Page, screenshots: Path) -> None:
    page = signed_in_page
    await until_there(page.context)
    await page.goto("/portfolio/exports/")
    await expect(page.get_by_text("Nothing scheduled")).to_be_visible()
    await page.screenshot(path=screenshots / "exports-empty.png", full_page=True)
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download").click()
    made = await waiting.value
    assert made.suggested_filename.startswith("demo-portfolio-report-")
    content = await asyncio.to_thread(Path(await made.path()).read_bytes)
    await asyncio.to_thread((screenshots / "report.pdf").write_bytes, content)
    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert "Portfolio report" in text and "Demo market" in text
    await page.get_by_label("Format", exact=True).first.select_option("csv")
    await expect(page.get_by_role("link", name="Download")).to_have_attribute(
        "href", "/v1/portfolio/export?what=report&format=csv&range=30d"
    )

    await page.get_by_role("button", name="Schedule export").click()
    drawer = page.get_by_role("dialog", name="Schedule an export")
    await drawer.get_by_role("button", name="Save schedule").click()
    await expect(drawer.locator("#schedule_name-error")).not_to_be_empty()
    await drawer.get_by_label("Name").fill(NAME)
    await drawer.get_by_label("Send by").select_option("webhook")
    await drawer.get_by_role("button", name="Save schedule").click()
    await expect(drawer.locator("#schedule_destination-error")).to_have_text("Enter the address of the webhook.")
    await drawer.get_by_label("Send by").select_option("email")
    await drawer.get_by_label("Time zone").fill("Nowhere/Land")
    await drawer.get_by_role("button", name="Save schedule").click()
    await expect(drawer.locator("#schedule_time_zone-error")).to_contain_text("no such time zone")
    await seen_in_every_look(page, screenshots / "exports-editor.png")
    await drawer.get_by_label("Time zone").fill("Europe/Berlin")
    await drawer.get_by_role("button", name="Save schedule").click()
    await expect(drawer).to_be_hidden()
    item = page.get_by_role("list", name="Scheduled exports").get_by_role("listitem").filter(has_text=NAME)
    await expect(item).to_contain_text("Every Monday at 08:00 (Europe/Berlin)")

    await item.get_by_role("button", name="Send now").click()
    for _ in range(60):
        await page.get_by_role("button", name="Read results again").click()
        if await item.get_by_text("Test sent").count():
            break
        await asyncio.sleep(0.5)
    await expect(item).to_contain_text("Test sent")
    await seen_in_every_look(page, screenshots / "exports.png")
    await item.get_by_role("button", name="Pause").click()
    await expect(item).to_contain_text("Paused")
    await item.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("Nothing scheduled")).to_be_visible()
