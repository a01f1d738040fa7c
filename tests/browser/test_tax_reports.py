"""From a file of trades to a report: the form, the PDF in the page, a disposal explained, a new version, deletion."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import APIRequestContext, Page, expect

from backend.embedded.trial import Trial
from tests.browser.test_rebalancing import seen_in_every_look

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
HEAD = (
    "timestamp,type,sent_asset,sent_amount,received_asset,received_amount,fee_asset,fee_amount,value,currency,wallet,"
    "tx_hash,note\n"
)
FILE = f"""{HEAD}\
2022-02-01T10:00:00Z,buy,USD,4000,ETH,2,,,4000,USD,Kraken,,
2023-04-01T10:00:00Z,buy,USD,5400,ETH,3,,,5400,USD,Kraken,,
2023-05-01T10:00:00Z,sell,ETH,2.25,USD,4300,USD,4.5,4300,USD,Kraken,,
2023-06-01T10:00:00Z,income,,,ETH,0.1,,,190,USD,Kraken,,staking
2023-09-01T10:00:00Z,sell,ETH,0.4,USD,900,,,900,USD,Kraken,,
2023-10-01T10:00:00Z,sell,BTC,0.05,USD,1500,,,1500,USD,Kraken,,never bought
"""
LATER = f"{HEAD}2023-11-01T10:00:00Z,sell,ETH,0.5,USD,1200,,,1200,USD,Kraken,,\n"


async def imported(request: APIRequestContext, name: str, content: str, origin: str) -> str:
    """Import a file in the generic format, as the wizard does."""
    file = {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
    headers = {"Origin": origin}
    answer = await request.post("/v1/tax/transactions/import", multipart={"file": file}, headers=headers)
    assert answer.ok, await answer.text()
    import_id = (await answer.json())["data"]["file"]["id"]
    done = await request.post(f"/v1/tax/imports/{import_id}/commit", data={"leaveOut": True}, headers=headers)
    assert done.ok, await done.text()
    return import_id


@pytest.mark.whole_browser
async def test_from_the_form_to_the_pdf(signed_in_page: Page, running_app: Trial, screenshots: Path) -> None:
    page, request = signed_in_page, signed_in_page.context.request
    await page.goto("/tax/reports/")
    await expect(page.get_by_text("No reports yet")).to_be_visible()
    await page.screenshot(path=screenshots / "tax-reports-empty.png", full_page=True)
    origin = running_app.url.rstrip("/")
    files = [await imported(request, "trades.csv", FILE, origin)]

    await page.get_by_role("button", name="New report").first.click()
    drawer = page.get_by_role("dialog", name="New tax report")
    await drawer.get_by_label("Place").select_option("UK")
    await expect(drawer.get_by_label("Tax year").locator("option").first).to_have_text(re.compile(r"\d{4}/\d\d"))
    await drawer.get_by_label("Place").select_option("US")
    await drawer.get_by_label("Tax year").select_option("2023")
    await drawer.get_by_text("Why other methods are not offered").click()
    await expect(drawer.get_by_text("averages are for funds only")).to_be_visible()
    await seen_in_every_look(page, screenshots / "tax-report-form.png")
    await drawer.get_by_role("button", name="Make report").click()
    await expect(drawer).to_be_hidden()
    versions = page.get_by_role("list", name="United States 2023").get_by_role("listitem")
    await expect(versions.get_by_text("Done", exact=True)).to_be_visible(timeout=60_000)
    await seen_in_every_look(page, screenshots / "tax-reports.png")
    await versions.get_by_role("link", name="Open").click()

    await expect(page.get_by_role("heading", name="United States 2023")).to_be_visible()
    await expect(
        page.get_by_text("1 disposal or income").or_(page.get_by_text("One disposal or income"))
    ).to_be_visible()
    preview = page.locator("iframe[title^='Preview of']")
    await expect(preview).to_be_visible()
    address = await preview.get_attribute("src")
    pdf = await request.get(str(address).partition("#")[0])
    assert pdf.headers["content-type"] == "application/pdf" and (await pdf.body()).startswith(b"%PDF-")
    # The browser's own viewer has taken it: a frame of its own stands in ours.
    for _ in range(100):
        if any("/files/" in frame.url for frame in page.frames[1:]):
            break
        await asyncio.sleep(0.1)
    assert any("/files/" in frame.url for frame in page.frames[1:]), [frame.url for frame in page.frames]
    await page.screenshot(path=screenshots / "tax-report-full.png", full_page=True)

    row = page.get_by_role("table", name=re.compile("Disposals, one a row")).locator("tr[data-index='0']")
    await row.focus()
    await page.keyboard.press("Enter")
    details = page.get_by_role("dialog", name="How this disposal was computed")
    await expect(details.get_by_text("cost 4000 x 2 / 2 = 4000", exact=False)).to_be_visible()
    await page.screenshot(path=screenshots / "tax-report-audit.png")
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="Unknown gain only").click()
    await page.wait_for_url(re.compile("open=1"))
    await expect(row).to_contain_text("0.05 BTC")
    await page.get_by_role("link", name="Clear filters").click()
    await page.wait_for_url(lambda url: "open=1" not in url)

    files.append(await imported(request, "more.csv", LATER, origin))
    await page.reload()
    await expect(page.get_by_text("Out of date")).to_be_visible()
    await page.get_by_role("button", name="Make again").click()
    await expect(page.get_by_text("What changed since version 1")).to_be_visible(timeout=60_000)
    await expect(page.get_by_text("1 transaction was added.")).to_be_visible()
    await seen_in_every_look(page, screenshots / "tax-report.png")

    for _ in range(2):
        await page.goto("/tax/reports/")
        await page.get_by_role("button", name="Delete").first.click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_text("No reports yet")).to_be_visible()
    for each in files:
        assert (await request.delete(f"/v1/tax/imports/{each}", headers={"Origin": origin})).ok
