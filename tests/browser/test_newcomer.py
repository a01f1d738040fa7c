"""A newcomer's way from the demo account and a Coinbase file to a filled Form 8949, by what the pages say alone.

The official PDF is the IRS's own of 2025, from the data that developers share; where those are not there this is
skipped, and said so. Seconds and presses are counted and left beside the pictures.
"""

import io
import re
import time
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect
from pypdf import PdfReader

from backend.embedded.trial import Trial
from tests.browser.test_rebalancing import seen_in_every_look
from tests.unit.tax.given import tax_data

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
COINBASE = """\
ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,\
Total (inclusive of fees and/or spread),Fees and/or Spread,Notes
n1,2023-03-01 10:00:00 UTC,Buy,BTC,0.10,USD,$23000.00,$2300.00,$2310.00,$10.00,Bought 0.1 BTC for 2310 USD
n2,2025-02-03 09:30:00 UTC,Buy,SOL,20,USD,$200.00,$4000.00,$4020.00,$20.00,Bought 20 SOL for 4020 USD
n3,2025-06-10 12:00:00 UTC,Sell,SOL,8,USD,$160.00,$1280.00,$1270.00,$10.00,Sold 8 SOL for 1270 USD
n4,2025-08-20 15:00:00 UTC,Sell,BTC,0.04,USD,$113000.00,$4520.00,$4500.00,$20.00,Sold 0.04 BTC for 4500 USD
n5,2025-09-01 12:00:00 UTC,Staking Income,SOL,0.5,USD,$200.00,$100.00,$100.00,$0.00,
n6,2025-10-02 12:00:00 UTC,Sell,SOL,two,USD,$220.00,$440.00,$435.00,$5.00,Sold 2 SOL for 435 USD
"""
# By hand. First in first out; fees are part of the cost, or come off what was received.
SHORT_PROCEEDS = Decimal("1270.00") + Decimal("435.00")
SHORT_COST = Decimal("4020.00") * 10 / 20
LONG_PROCEEDS = Decimal("4500.00")
LONG_COST = Decimal("2310.00") * 4 / 10


def data() -> Path:
    """The folder of official forms; skips where there is none."""
    return tax_data() / "irs_forms"


class Walk:
    """Presses and fills, counted; and the seconds since the first."""

    def __init__(self) -> None:
        self.presses = 0
        self.began_at = time.monotonic()
        self.steps: list[str] = []

    async def press(self, what: Locator) -> None:
        await what.click()
        self.presses += 1

    def did(self, what: str) -> None:
        self.steps.append(f"{time.monotonic() - self.began_at:6.1f} s, {self.presses:2} presses: {what}")


def written(content: bytes) -> list[dict[str, str]]:
    """What stands in the fields of each page, by what they are called."""
    pages = []
    for page in PdfReader(io.BytesIO(content)).pages:
        found: dict[str, str] = {}
        for each in page["/Annots"]:  # type: ignore[union-attr]
            widget = each.get_object()
            if widget.get("/FT") == "/Tx" and "/V" in widget:
                found[str(widget["/TU"])] = str(widget["/V"])
        pages.append(found)
    return pages


def us(amount: Decimal) -> str:
    return f"({-amount:,.2f})" if amount < 0 else f"{amount:,.2f}"


@pytest.mark.whole_browser
async def test_from_the_demo_account_to_a_filled_form(page: Page, running_app: Trial, screenshots: Path) -> None:
    forms = data()
    walk = Walk()
    await page.goto("/sign-in/?next=/tax/")
    await walk.press(page.get_by_role("button", name="Use the demo account"))
    await expect(page).to_have_url(re.compile(r"/tax/"))
    steps = page.get_by_role("list").filter(has_text="Import files of exchanges")
    await expect(steps).to_be_visible(timeout=60_000)
    walk.did("signed in, on the home of tax")
    await seen_in_every_look(page, screenshots / "newcomer-1-home.png")

    await walk.press(page.get_by_role("link", name="Import", exact=True).first)
    await page.locator("input[type=file]").set_input_files(
        {"name": "coinbase.csv", "mimeType": "text/csv", "buffer": COINBASE.encode()}
    )
    walk.presses += 1
    await expect(page.get_by_role("heading", name="Lines that cannot be read")).to_be_visible()
    walk.did("the file is looked at")
    await seen_in_every_look(page, screenshots / "newcomer-2-check.png")
    await page.get_by_label("Quantity Transacted").first.fill("2")
    await walk.press(page.get_by_role("button", name="Read again with these cells"))
    await walk.press(page.get_by_role("button", name="Import 6 transactions"))
    await expect(page.get_by_text("6 transactions were added.")).to_be_visible()
    walk.did("imported")
    await seen_in_every_look(page, screenshots / "newcomer-3-imported.png")

    await walk.press(page.get_by_role("link", name="Review", exact=True).first)
    await expect(page).to_have_url(re.compile(r"/tax/review/$"))
    await expect(page.get_by_text("Reviewed").first).to_be_visible()
    walk.did("what is open was looked at")
    await seen_in_every_look(page, screenshots / "newcomer-4-review.png")

    tabs = page.get_by_role("navigation", name="Parts of tax")
    await walk.press(tabs.get_by_role("link", name="Home", exact=True))
    step = steps.get_by_role("listitem").filter(has_text="Have the official forms of 2025")
    await expect(step).to_be_visible()
    await seen_in_every_look(page, screenshots / "newcomer-5-steps.png")
    await walk.press(step.get_by_role("link", name="Forms", exact=True))
    for name in ("2025_f8949.pdf", "2025_f1040sd.pdf"):
        await page.locator("input[type=file]").set_input_files(forms / name)
        walk.presses += 1
        row = page.get_by_role("table", name="Official forms of the IRS").get_by_role("row").filter(has_text="2025")
        await expect(row.get_by_text("uploaded")).to_have_count(1 if name == "2025_f8949.pdf" else 2)
    walk.did("official forms are here")
    await seen_in_every_look(page, screenshots / "newcomer-6-settings.png")

    await walk.press(tabs.get_by_role("link", name="Reports", exact=True))
    await walk.press(page.get_by_role("button", name="New report").first)
    drawer = page.get_by_role("dialog", name="New tax report")
    await drawer.get_by_label("Tax year").select_option("2025")
    walk.presses += 1
    await walk.press(drawer.get_by_role("button", name="Make report"))
    versions = page.get_by_role("list", name="United States 2025").get_by_role("listitem")
    await expect(versions.get_by_text("Done", exact=True)).to_be_visible(timeout=90_000)
    await walk.press(versions.get_by_role("link", name="Open"))
    walk.did("the report is made and open")

    preview = page.locator("iframe[title^='Preview of Form 8949']")
    await expect(preview).to_be_visible()
    await seen_in_every_look(page, screenshots / "newcomer-7-report.png")
    form = page.get_by_role("listitem").filter(has_text="form-8949.pdf")
    async with page.expect_download() as loading:
        await walk.press(form.get_by_role("link", name="Download"))
    downloaded = await loading.value
    walk.did("Form 8949 is downloaded")
    content = Path(await downloaded.path()).read_bytes()
    (screenshots / "newcomer-form-8949.pdf").write_bytes(content)
    (screenshots / "newcomer.txt").write_text("\n".join(walk.steps) + "\n")

    assert downloaded.suggested_filename.endswith(".pdf")
    sums = {key: value for page_ in written(content) for key, value in page_.items() if "totals" in key}
    expected = {
        "Part I, short-term": (SHORT_PROCEEDS, SHORT_COST),
        "Part II, long-term": (LONG_PROCEEDS, LONG_COST),
    }
    for part, (proceeds, cost) in expected.items():
        start = f"{part}, line 2, totals, "
        assert sums[f"{start}(d) Proceeds"] == us(proceeds)
        assert sums[f"{start}(e) Cost or other basis"] == us(cost)
        assert sums[f"{start}(h) Gain or (loss)"] == us(proceeds - cost)
    assert walk.presses <= 18
    await clean_up(page, running_app)


async def clean_up(page: Page, running_app: Trial) -> None:
    """Leave the account as other tests expect it."""
    request, headers = page.context.request, {"Origin": running_app.url.rstrip("/")}
    # An import that is undone is still on the list: the second time takes it off.
    for path in ("/v1/tax/reports", "/v1/tax/imports", "/v1/tax/imports"):
        answer = await request.get(path)
        for each in (await answer.json())["data"]["items"]:
            assert (await request.delete(f"{path}/{each['id']}", headers=headers)).ok
    for form in ("f8949", "f1040sd"):
        assert (await request.delete(f"/v1/tax/forms/{form}/2025", headers=headers)).ok
