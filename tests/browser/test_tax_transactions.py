"""The demo wallets' tax transactions in a browser: they come by themselves, are filtered, opened and edited."""

import asyncio
import re
import time
from pathlib import Path

from playwright.async_api import Page, expect

from backend.embedded.trial import Trial
from tests.browser.test_every_page import axe
from tests.browser.test_portfolio import WAIT_SECONDS, read
from tests.browser.test_rebalancing import seen_in_every_look

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


async def test_transactions_come_by_themselves_and_what_is_said_of_one_counts(
    signed_in_page: Page, running_app: Trial, screenshots: Path
) -> None:
    page = signed_in_page
    ends_at = time.monotonic() + WAIT_SECONDS
    while not (await read(page.context, "/v1/tax/transactions?kind=swap&limit=1"))["items"]:
        assert time.monotonic() < ends_at, "nothing was taken over"
        await asyncio.sleep(0.5)
    await page.goto("/tax/transactions/?kind=swap")
    table = page.get_by_role("table", name="Your tax transactions")
    first = table.locator("tbody tr[data-index='0']")
    await expect(first).to_contain_text("Swapped")
    await page.screenshot(path=screenshots / "tax-transactions.png")

    await first.focus()
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Swapped")
    await expect(drawer).to_be_visible()
    await page.wait_for_url(re.compile(r"kind=swap&id="))
    await expect(drawer.get_by_text("What moved", exact=True)).to_be_visible()
    assert await axe(page) == []
    await page.screenshot(path=screenshots / "tax-transaction.png")
    shown = page.url.rpartition("id=")[2]
    await drawer.get_by_role("button", name="Save").click()
    await expect(drawer.get_by_text("Say why.")).to_be_visible()
    worth = drawer.get_by_role("textbox", name=re.compile("^Worth of")).first
    await worth.fill("12,345.5")
    await drawer.get_by_role("textbox", name="Reason").fill("as the receipt says")
    await drawer.get_by_role("button", name="Save").click()
    await expect(drawer.get_by_text("$12,345.50").first).to_be_visible()
    await expect(drawer.get_by_text("as the receipt says")).to_be_visible()
    said = await read(page.context, f"/v1/tax/transactions/{shown}")
    assert said["edit"]["reason"] == "as the receipt says"
    assert [each["amount"] for each in said["edit"]["worths"].values()] == ["12345.5"]
    await page.screenshot(path=screenshots / "tax-transaction-edited.png")
    await drawer.get_by_role("button", name="Take back").click()
    await expect(drawer.get_by_role("button", name="Take back")).to_be_hidden()
    await expect(worth).to_have_value("")
    await page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await page.wait_for_url(re.compile(r"kind=swap$"))

    await page.get_by_role("combobox", name="Any kind").select_option("donation")
    await expect(page.get_by_text("Nothing matches")).to_be_visible()
    await page.get_by_role("link", name="Clear filters").first.click()
    await expect(first).to_be_visible()
    await page.get_by_role("link", name="When").click()
    await page.wait_for_url(re.compile("sort=oldest"))
    await expect(table.get_by_role("columnheader", name="When")).to_have_attribute("aria-sort", "ascending")

    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"/tax/transactions/?id={shown}")
    await expect(drawer).to_be_visible()
    await expect(drawer.get_by_text("What moved", exact=True)).to_be_visible()
    assert await axe(page) == []
    await page.screenshot(path=screenshots / "tax-transaction-phone-dark.png")
    await page.keyboard.press("Escape")
    await expect(first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert await axe(page) == []
    await page.screenshot(path=screenshots / "tax-transactions-phone-dark.png", full_page=True)


async def test_a_transaction_is_written_by_hand_changed_and_deleted(signed_in_page: Page, screenshots: Path) -> None:
    """By keyboard alone; what is wrong is said beside its field."""
    page = signed_in_page
    await page.goto("/tax/transactions/?source=manual")
    await expect(page.get_by_text("Nothing matches")).to_be_visible()
    add = page.get_by_role("link", name="Add transaction")
    await add.focus()
    await page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="Add transaction")
    await expect(form).to_be_visible()
    await page.wait_for_url(re.compile("source=manual&write=new"))
    await form.get_by_role("button", name="Save").press("Enter")
    await expect(form.locator("#write_wallet-error")).to_have_text("Say in which wallet or account it happened.")
    await expect(form.locator("#write_at-error")).to_have_text("Say when it happened: day and time.")
    assert await axe(page) == []
    await form.get_by_label("Wallet or account").fill("Paper wallet")
    await form.get_by_label("Date and time").fill("2024-05-01T10:00:30")
    await form.get_by_label("Time zone").fill("Europe/Berlin")
    went, came = form.get_by_role("group", name="What went"), form.get_by_role("group", name="What came")
    await went.get_by_label("Asset").fill("USD")
    await went.get_by_label("Amount").fill("1,500")
    await came.get_by_label("Asset").fill("eth")
    await came.get_by_label("Amount").fill("half")
    await form.get_by_role("button", name="Add a fee").press("Enter")
    fees = form.get_by_role("group", name="Fees")
    await expect(fees.get_by_label("Asset")).to_be_focused()
    await page.keyboard.type("USD")
    await fees.get_by_label("Amount").fill("2.5")
    await form.get_by_role("button", name="Save").press("Enter")
    await expect(form.get_by_text("'half' is not a number")).to_be_visible()
    await seen_in_every_look(page, screenshots / "tax-write.png")
    await came.get_by_label("Amount").fill("0.5")
    await form.get_by_role("button", name="Save").press("Enter")
    drawer = page.get_by_role("dialog", name="Bought")
    await expect(drawer.get_by_text("+0.5 ETH", exact=True)).to_be_visible()
    id_ = page.url.rpartition("id=")[2]
    said = await read(page.context, f"/v1/tax/transactions/{id_}")
    assert (said["happenedAt"], said["source"], said["wallet"]) == (
        "2024-05-01T08:00:30.000Z",
        "manual",
        "Paper wallet",
    )
    assert [(leg["asset"], leg["amount"]) for leg in said["legs"]] == [("fiat:USD", "-1500"), ("ETH", "0.5")]
    await expect(page.locator("tbody tr[data-index='0']")).to_contain_text("Paper wallet")

    await drawer.get_by_role("button", name="Change").press("Enter")
    form = page.get_by_role("dialog", name="Change")
    await expect(form.get_by_label("Wallet or account")).to_have_value("Paper wallet")
    await expect(form.get_by_role("group", name="What came").get_by_label("Amount")).to_have_value("0.5")
    await form.get_by_label("What it was").select_option("income")
    await expect(form.get_by_role("group", name="What went")).to_be_hidden()
    await form.get_by_label("What kind of income").select_option("mining")
    await form.get_by_label("Note").fill("from the shed")
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await page.screenshot(path=screenshots / "tax-write-phone.png")
    await page.set_viewport_size(DESK)  # type: ignore[arg-type]
    await form.get_by_role("button", name="Save").press("Enter")
    drawer = page.get_by_role("dialog", name="Income")
    await expect(drawer.get_by_text("from the shed")).to_be_visible()
    changed = await read(page.context, f"/v1/tax/transactions/{id_}")
    assert (changed["kind"], changed["income"], changed["happenedAt"]) == ("income", "mining", said["happenedAt"])
    assert len(changed["legs"]) == 1
    await drawer.get_by_role("button", name="Delete").press("Enter")
    await page.get_by_role("dialog", name="Delete this").get_by_role("button", name="Delete").press("Enter")
    await expect(page.get_by_text("Nothing matches")).to_be_visible()
