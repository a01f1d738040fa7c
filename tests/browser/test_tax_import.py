"""A Coinbase file from the upload to the result: a line is corrected, one left out, once and again, and undone."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from backend.embedded.trial import Trial
from tests.browser.test_rebalancing import seen_in_every_look
from tests.browser.test_tax_home import WAIT_SECONDS, take_wallets_over

pytestmark = pytest.mark.long  # and before the other tests of tax: it looks at the page that nobody imported into yet

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
COINBASE = """\
ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,\
Total (inclusive of fees and/or spread),Fees and/or Spread,Notes
a1,2024-01-05 10:00:00 UTC,Buy,BTC,0.02,USD,$42000.00,$840.00,$852.00,$12.00,Bought 0.02 BTC for 852 USD
a2,2024-02-10 09:30:00 UTC,Staking Income,ETH,0.004,USD,$2500.00,$10.00,$10.00,$0.00,
a3,2024-03-01 12:00:00 UTC,Sell,BTC,0.01,USD,$62000.00,$620.00,$610.00,$10.00,Sold 0.01 BTC for 610 USD
a4,2024-03-02 12:00:00 UTC,Buy,ETH,one,USD,$3400.00,$340.00,$345.00,$5.00,
a5,2024-13-45 12:00:00 UTC,Buy,ETH,0.1,USD,$3400.00,$340.00,$345.00,$5.00,
"""


async def choose(page: Page, content: str, name: str = "coinbase.csv") -> None:
    await page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
    )


async def test_a_coinbase_file_from_the_upload_to_the_result_and_back(signed_in_page: Page, screenshots: Path) -> None:
    page = signed_in_page
    await page.goto("/tax/import/")
    await expect(page.get_by_text("No file imported yet")).to_be_visible()
    await seen_in_every_look(page, screenshots / "tax-import-empty.png")
    await choose(page, "PK\x03\x04", "sheet.xlsx")
    await expect(page.get_by_role("alert").filter(has_text="sheet.xlsx")).to_contain_text("CSV")

    # Looked at: the source is found out, each line says what it becomes.
    await choose(page, COINBASE)
    await expect(page.get_by_label("File of")).to_have_value("coinbase")
    await expect(page.get_by_role("textbox", name="Account")).to_have_value("Coinbase")
    lines = page.get_by_role("table", name="Lines")
    await expect(lines.get_by_role("row").filter(has_text="0.02 BTC")).to_contain_text("New")
    act = page.get_by_role("button", name="Import 3 transactions")
    await expect(act).to_be_disabled()
    await expect(page.get_by_role("heading", name="Lines that cannot be read")).to_be_visible()
    await seen_in_every_look(page, screenshots / "tax-import-check.png")

    # One line is corrected, the other left out.
    await page.get_by_label("Quantity Transacted").first.fill("0.1")
    await page.get_by_role("button", name="Read again with these cells").click()
    await expect(page.get_by_role("button", name="Import 4 transactions")).to_be_disabled()
    await page.get_by_role("link", name="Cannot be read 1").click()
    await expect(lines.get_by_role("row")).to_have_count(2)
    await page.get_by_label("Leave the line that cannot be read out").check()
    await page.get_by_role("button", name="Import 4 transactions").click()
    await expect(page.get_by_text("4 transactions were added.")).to_be_visible()
    await expect(page.get_by_text("1 line was left out, as you decided.")).to_be_visible()
    await seen_in_every_look(page, screenshots / "tax-import-done.png")

    # The same file again brings nothing.
    await page.get_by_role("link", name="Import another file").click()
    await choose(page, COINBASE)
    await expect(page.get_by_text("You imported this very file on")).to_be_visible()
    await expect(page.get_by_role("button", name="Import 0 transactions")).to_be_disabled()
    await page.get_by_role("button", name="Discard").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Discard").click()

    # Undone.
    table = page.get_by_role("table", name="Imported files")
    await expect(table.get_by_role("row").filter(has_text="coinbase.csv")).to_contain_text("4 transactions added")
    await seen_in_every_look(page, screenshots / "tax-import-list.png")
    await table.get_by_role("button", name="Undo the import").click()
    await page.get_by_role("dialog").get_by_role("button", name="Undo the import").click()
    await expect(table.get_by_role("row").filter(has_text="coinbase.csv")).to_contain_text("Undone")
    await table.get_by_role("button", name="Take off the list").click()
    await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    await expect(page.get_by_text("No file imported yet")).to_be_visible()


async def test_a_file_of_nobody_is_mapped_by_keyboard(signed_in_page: Page, screenshots: Path) -> None:
    page = signed_in_page
    await page.goto("/tax/import/")
    await expect(page.get_by_role("heading", name="Imported files")).to_be_visible()
    await choose(page, "Day;Coin;Count\n01.02.2024;BTC;1,5\n", "own.csv")
    await expect(page.get_by_text("What do the columns hold?")).to_be_visible()
    await seen_in_every_look(page, screenshots / "tax-import-mapping.png")
    for label, column in (("Date and time", "Day"), ("Received asset", "Coin"), ("Received amount", "Count")):
        await page.get_by_label(label).select_option(column)
    await page.get_by_role("button", name="Read the file so").focus()
    await page.keyboard.press("Enter")
    row = page.get_by_role("table", name="Lines").locator("tbody tr").first
    await expect(row).to_contain_text("1.5 BTC")
    await row.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="A line of the file")).to_contain_text("01.02.2024")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Discard").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    await expect(page.get_by_text("No file imported yet")).to_be_visible()


async def a_swap(page: Page) -> dict[str, Any]:
    """Return a swap of the demo wallets, which may be taken over some seconds after their first transactions."""
    ends_at = time.monotonic() + WAIT_SECONDS
    while True:
        listed = await page.context.request.get("/v1/tax/transactions?source=wallet&kind=swap&limit=1")
        if found := (await listed.json())["data"]["items"]:
            return found[0]
        assert time.monotonic() < ends_at, "no swap came"
        await asyncio.sleep(1)
        await page.context.request.post("/v1/tax/transactions/import", data={"source": "wallet"})


async def test_what_the_wallets_tell_already_is_said_and_counts_once(
    signed_in_page: Page, running_app: Trial, screenshots: Path
) -> None:
    page = signed_in_page
    await take_wallets_over(page)
    swap = await a_swap(page)
    (went,) = [each for each in swap["legs"] if each["amount"].startswith("-")]
    (came,) = [each for each in swap["legs"] if not each["amount"].startswith("-")]
    head = "timestamp,type,sent_asset,sent_amount,received_asset,received_amount,tx_hash"
    told = f"{swap['happenedAt']},swap,{went['asset']},{went['amount'][1:]},{came['asset']},{came['amount']}"
    other = "2024-01-01T00:00:00Z,swap,AAA,1,BBB,2,"
    await page.goto("/tax/import/")
    await choose(page, f"{head}\n{told},{swap['txHash']}\n{other}\n", "koinly.csv")
    await expect(page.get_by_text("it will not count twice")).to_be_visible()
    await expect(page.get_by_role("link", name="Counts once 1")).to_be_visible()
    await seen_in_every_look(page, screenshots / "tax-import-twice.png")
    await page.get_by_role("button", name="Import 2 transactions").click()
    await expect(page.get_by_text("it does not count twice")).to_be_visible()

    # The transaction says so too, and can be told to count.
    await page.get_by_role("link", name="See the transactions").click()
    await page.get_by_text("Counts once").first.click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_text("That one counts, this one does not.")).to_be_visible()
    await seen_in_every_look(page, screenshots / "tax-transaction-twice.png")
    await drawer.get_by_role("button", name="It is another one: count it").click()
    await expect(drawer.get_by_text("That one counts, this one does not.")).to_be_hidden()
    request, headers = page.context.request, {"Origin": running_app.url.rstrip("/")}
    for _ in range(2):  # undone, then taken off the list
        for each in (await (await request.get("/v1/tax/imports")).json())["data"]["items"]:
            assert (await request.delete(f"/v1/tax/imports/{each['id']}", headers=headers)).ok
