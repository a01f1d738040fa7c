"""What is not settled about the tax book is found, answered, taken back, and settled for many by a rule."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, expect

from tests.browser.test_rebalancing import seen_in_every_look

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy

HEAD = (
    "timestamp,type,sent_asset,sent_amount,received_asset,received_amount,fee_asset,fee_amount,value,currency,"
    "wallet,tx_hash,note\n"
)
LINES = (
    "2024-01-10T12:00:00Z,deposit,,,SOL,10,,,1000,USD,Review,,\n"
    "2024-02-10T12:00:00Z,deposit,,,SOL,5,,,600,USD,Review,,\n"
    "2024-03-10T12:00:00Z,sell,SOL,4,USD,700,,,700,USD,Review,,\n"
    "2024-04-10T12:00:00Z,staking,,,NOPRICE,3,,,,,Review,,\n"
)


async def answer(context: BrowserContext, method: str, path: str, url: str, **body: Any) -> Any:
    reply = await context.request.fetch(path, method=method, headers={"Origin": url}, **body)
    assert reply.ok, await reply.text()
    return (await reply.json())["data"]


async def imported(context: BrowserContext, url: str) -> str:
    """Import a file with two deposits from nowhere and a reward without a price; return its id."""
    content = (HEAD + LINES).encode()
    file = {"name": "review.csv", "mimeType": "text/csv", "buffer": content}
    form = {"file": file, "source": "generic", "account": "Review"}
    uploaded = await answer(context, "POST", "/v1/tax/transactions/import", url, multipart=form)
    import_id = uploaded["file"]["id"]
    await answer(context, "POST", f"/v1/tax/imports/{import_id}/commit", url, data={"leaveOut": True})
    return import_id


async def test_from_open_to_settled(signed_in_page: Page, screenshots: Path) -> None:
    page = signed_in_page
    await page.goto("/tax/review/")
    url = page.url.split("/tax")[0]
    import_id = await imported(page.context, url)
    try:
        await page.goto("/tax/review/?asset=SOL")
        moved = page.get_by_role("list", name="Transfers without another side")
        await expect(moved.get_by_text("10 SOL came to Review")).to_be_visible()
        evidence = moved.get_by_role("link", name="+10 SOL")
        await expect(evidence).to_have_attribute("href", re.compile(r"/tax/transactions/\?id=[0-9a-f-]{36}$"))
        await seen_in_every_look(page, screenshots / "tax-review.png")

        # One answer, by keyboard, and back.
        first = moved.get_by_role("listitem").filter(has_text="10 SOL came to Review").first
        await first.get_by_text("More answers").focus()
        await page.keyboard.press("Enter")
        await first.get_by_role("button", name="A gift from somebody").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Settled: A gift from somebody")).to_be_visible()
        await expect(moved.get_by_text("10 SOL came to Review")).to_be_hidden()
        await page.get_by_role("button", name="Undo").first.click()
        await expect(moved.get_by_text("10 SOL came to Review")).to_be_visible()

        # All like it, after seeing what that changes.
        await first.get_by_role("button", name="All like this").click()
        drawer = page.get_by_role("dialog", name="Rule for many transactions")
        await drawer.get_by_role("button", name="See what it changes").click()
        await expect(drawer.locator("#rule_answer-error")).to_have_text("Choose what they are.")
        await drawer.get_by_label("What they are").select_option("income.reward")
        await drawer.get_by_role("button", name="See what it changes").click()
        await expect(drawer.get_by_text("Changes 2 of 2 transactions")).to_be_visible()
        await seen_in_every_look(page, screenshots / "tax-review-rule.png")
        await drawer.get_by_role("button", name="Save rule").click()
        await expect(drawer).to_be_hidden()
        await expect(page.get_by_text("Nothing matches these filters")).to_be_visible()

        # What nobody knows the worth of.
        await page.goto("/tax/review/?asset=NOPRICE")
        await page.get_by_role("button", name="Enter what it was worth").click()
        worth = page.get_by_role("dialog", name="What it was worth")
        await worth.get_by_role("button", name="Keep worth").click()
        await expect(worth.locator("#worth_reason-error")).to_have_text("Say how you know it.")
        await worth.get_by_label("Amount", exact=True).fill("30")
        await worth.get_by_label("How you know").fill("The listing price")
        await worth.get_by_role("button", name="Keep worth").click()
        await expect(worth).to_be_hidden()
        await expect(page.get_by_text("Nothing matches these filters")).to_be_visible()

        await page.goto("/tax/review/?show=decided")
        decided = page.get_by_role("list", name="What you decided").get_by_role("listitem")
        await expect(decided.first).to_contain_text("Worth 30 USD")
        await expect(decided.nth(1)).to_contain_text("Taken back")
        await page.screenshot(path=screenshots / "tax-review-decided.png")

        await page.goto("/tax/review/?show=rules")
        rule = page.get_by_role("list", name="Rules").get_by_role("listitem").filter(has_text="Deposit, SOL, in")
        await expect(rule).to_contain_text("Decides 2 transactions")
        await page.screenshot(path=screenshots / "tax-review-rules.png")
        await rule.get_by_role("button", name="Delete rule").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete rule").click()
        await expect(rule).to_have_count(0)
        await page.goto("/tax/review/?asset=SOL")
        await expect(moved.get_by_text("5 SOL came to Review").first).to_be_visible()
        await page.get_by_role("button", name="Settle all").first.click()
        many = page.get_by_role("dialog", name=re.compile("Settle 2 issues"))
        await seen_in_every_look(page, screenshots / "tax-review-many.png")
        await many.get_by_label("Dismiss them").check()
        await many.get_by_role("button", name="Settle").click()
        await expect(page.get_by_text("2 issues settled.")).to_be_visible()
    finally:
        await answer(page.context, "DELETE", f"/v1/tax/imports/{import_id}", url)
