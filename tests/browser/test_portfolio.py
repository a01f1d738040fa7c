"""The portfolio in a browser: it agrees with the chain as of the block it names; wallets and hidden tokens are kept."""

import asyncio
import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import BrowserContext, Page, expect

from backend.embedded.trial import Trial

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
WAIT_SECONDS = 90.0
NATIVE = "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
STRANGER = "0x00000000219ab540356cBB839Cbe05303d7705Fa"


async def read(context: BrowserContext, path: str) -> Any:
    answer = await context.request.get(path)
    assert answer.ok, await answer.text()
    return (await answer.json())["data"]


async def until_there(context: BrowserContext) -> Any:
    """Wait for the demo account's first snapshot with holdings."""
    ends_at = time.monotonic() + WAIT_SECONDS
    while True:
        found = await read(context, "/v1/portfolio/assets?pageSize=500")
        if found["items"]:
            return found
        assert time.monotonic() < ends_at, "no snapshot came"
        await asyncio.sleep(1)


async def balance(client: httpx.AsyncClient, rpc_url: str, token: str, wallet: str, block: int) -> int:
    if token == NATIVE:
        method, params = "eth_getBalance", [wallet, hex(block)]
    else:
        data = "0x70a08231" + wallet.lower().removeprefix("0x").rjust(64, "0")
        method, params = "eth_call", [{"to": token, "data": data}, hex(block)]
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return int((await client.post(rpc_url, json=body)).json()["result"], 16)


async def test_page_agrees_with_the_chain_as_of_the_block_it_names(signed_in_page: Page, running_app: Trial) -> None:
    page = signed_in_page
    await until_there(page.context)
    await page.goto("/portfolio/")
    accounts = page.get_by_role("list", name="Positions in protocols").get_by_role("listitem")
    await expect(accounts.filter(has_text="Aave V3")).to_contain_text(
        re.compile(r"Health 2\.\d\d.*Borrowed", re.DOTALL)
    )
    table = page.get_by_role("table", name="Assets")
    await expect(table.locator("tbody tr[data-index='0']")).to_be_visible()
    count = int(await table.get_attribute("aria-rowcount") or 0) - 1
    assert count >= 3
    worth = Decimal(0)
    async with httpx.AsyncClient() as client:
        for place in range(count):
            await table.locator(f"tbody tr[data-index='{place}']").click()
            drawer = page.get_by_role("dialog", name="Holding")
            facts = await drawer.evaluate(
                "node => Object.fromEntries([...node.querySelectorAll('dt')]"
                ".map(dt => [dt.textContent, dt.nextElementSibling.textContent]))"
            )
            if "Held in" in facts:  # a position is not a balance: its protocol says what it stands for
                worth += Decimal(re.sub(r"[$,]", "", facts["Value"]).replace("\u2212", "-"))
                await page.keyboard.press("Escape")
                await expect(drawer).to_be_hidden()
                continue
            exactly = "USDC taken as exactly $1" if facts["Price"] == "$1.00" else " pool 0x"
            assert exactly in facts["Source of price"], facts
            block = int(re.sub(r"\D", "", facts["Block"]))
            wallet = re.search(r"0x[0-9a-fA-F]{40}$", facts["Wallet"])[0]  # type: ignore[index]
            token = facts.get("Contract", NATIVE)
            raw = await balance(client, running_app.rpc_url, token, wallet, block)
            decimals = 18 if token == NATIVE else await read_decimals(client, running_app, token)
            shown = Decimal(facts["Amount"].split(" ")[0])
            assert shown == Decimal(raw).scaleb(-decimals), facts
            if facts["Value"] != "—":
                worth += Decimal(re.sub(r"[$,]", "", facts["Value"]))
            await page.keyboard.press("Escape")
            await expect(drawer).to_be_hidden()
    total = await page.locator("main article").first.locator("p").first.inner_text()
    assert abs(Decimal(re.sub(r"[$,]", "", total)) - worth) <= Decimal("0.01") * count


async def read_decimals(client: httpx.AsyncClient, running_app: Trial, token: str) -> int:
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [{"to": token, "data": "0x313ce567"}, "latest"]}
    answer = await client.post(running_app.rpc_url, json=body)
    return int(answer.json()["result"], 16)


async def test_refresh_shows_a_newer_snapshot_by_itself(signed_in_page: Page, screenshots: Path) -> None:
    page = signed_in_page
    before = (await until_there(page.context))["takenAt"]
    await page.goto("/portfolio/?range=24h")
    stamp = page.locator("main time, main [title]").first
    await expect(stamp).to_be_attached()
    await page.get_by_role("button", name="Refresh now").click()
    ends_at = time.monotonic() + WAIT_SECONDS
    while (newer := await read(page.context, "/v1/portfolio"))["takenAt"] == before:
        assert time.monotonic() < ends_at, "nothing newer came"
        await asyncio.sleep(0.3)
    await expect(page.get_by_text("Reading all chains…")).to_have_count(0)
    shown = f"${Decimal(newer['totalValueUsd']):,.2f}"
    await expect(page.locator("main article").first).to_contain_text(shown)
    await page.screenshot(path=screenshots / "portfolio.png", full_page=True)


async def test_search_and_order_stand_in_the_address(signed_in_page: Page) -> None:
    page = signed_in_page
    found = await until_there(page.context)
    symbol = next(each["symbol"] for each in found["items"] if each["symbol"] and each["token"] != NATIVE)
    await page.goto("/portfolio/")
    await page.get_by_role("searchbox", name="Search assets").fill(symbol)
    await page.wait_for_url(re.compile(r"q="))
    rows = page.get_by_role("table", name="Assets").locator("tbody tr[data-index]")
    await expect(rows.first).to_contain_text(symbol)
    await page.get_by_role("table", name="Assets").get_by_role("link", name="Price").click()
    await page.wait_for_url(re.compile(r"sort=-price"))
    await expect(page.get_by_role("searchbox", name="Search assets")).to_have_value(symbol)
    await page.get_by_role("searchbox", name="Search assets").fill("no such thing")
    await expect(page.get_by_text("No holding matches")).to_be_visible()


async def test_wallet_is_added_named_and_removed(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto("/portfolio/wallets/")
    table = page.get_by_role("region", name="Wallets of the portfolio")
    await expect(table.locator("tbody tr")).not_to_have_count(0)
    before = await table.locator("tbody tr").count()
    await page.get_by_label("Address or ENS name").fill(STRANGER[:-1] + "0")
    await page.get_by_role("button", name="Add wallet").click()
    await expect(page.locator("#wallet_address-error")).not_to_be_empty()
    await page.get_by_label("Address or ENS name").fill(STRANGER)
    await page.get_by_label("Label").first.fill("Deposits")
    await page.get_by_role("button", name="Add wallet").click()
    await expect(table.locator("tbody tr")).to_have_count(before + 1)
    row = table.locator("tbody tr").filter(has_text="Deposits")
    await expect(row).to_contain_text("Watch-only")
    await row.get_by_role("button", name="Edit").click()
    await page.get_by_role("dialog").get_by_label("Group").fill("Far away")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("Far away")
    await row.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(table.locator("tbody tr")).to_have_count(before)


async def test_token_is_hidden_with_a_reason_and_comes_back(signed_in_page: Page) -> None:
    page = signed_in_page
    found = await until_there(page.context)
    token = next(each for each in found["items"] if each["token"] != NATIVE)
    await page.goto(f"/portfolio/?q={token['token']}")
    await page.get_by_role("table", name="Assets").locator("tbody tr[data-index='0']").click()
    await page.get_by_role("dialog", name="Holding").get_by_role("button", name="Hide this token").click()
    await expect(page.get_by_text("Hidden; the next reading leaves it out")).to_be_visible()
    await page.goto("/portfolio/hidden/")
    hidden = page.get_by_role("list", name="Hidden tokens").get_by_role("listitem").filter(has_text=token["symbol"])
    await expect(hidden.first).to_contain_text("You have hidden it.")
    await expect(page.get_by_role("list", name="Counted as positions")).to_contain_text("position in Aave V3")
    await hidden.first.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("You have hidden it.")).to_have_count(0)
    verdicts = await read(page.context, "/v1/portfolio/tokens")
    assert not any(each["isSpam"] for each in verdicts["items"] if each["token"] == token["token"])
