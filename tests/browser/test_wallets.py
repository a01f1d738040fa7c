"""Wallets of the browser: signing up and in, adding and removing, and what is said when it does not work."""

import re
import secrets

from eth_account import Account
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.test_billing import axe_is_silent
from tests.browser.wallets import BrowserWallet, install_wallets

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy


def new_wallet(name: str, **how: object) -> BrowserWallet:
    return BrowserWallet(name, Account.from_key(secrets.token_bytes(32)), **how)  # type: ignore[arg-type]


async def me(context: BrowserContext) -> dict[str, str]:
    return (await (await context.request.get("/v1/auth/me")).json())["data"]


async def sign_in_with(page: Page, wallet: BrowserWallet, address: str = "/sign-in/") -> None:
    await page.goto(address)
    await page.get_by_role("button", name=wallet.name).click()


async def test_sign_up_by_wallet_sign_out_and_back(context: BrowserContext) -> None:
    alpha, beta, old = new_wallet("Alpha"), new_wallet("Beta"), new_wallet("", old=True)
    await install_wallets(context, alpha, beta, old)
    page = await context.new_page()
    await page.goto("/sign-in/?next=/alerts/")
    choices = page.get_by_role("list", name="Wallets in this browser").get_by_role("button")
    await expect(choices).to_have_text(["Alpha", "Beta", "BBrowser wallet"])
    await choices.first.click()
    await page.wait_for_url(lambda url: "sign-in" not in url)
    assert "/alerts/" in page.url
    first = await me(context)
    assert (first["email"], first["tier"]) == ("", "free")
    await page.get_by_role("button", name="Account", exact=True).click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in**")
    await sign_in_with(page, alpha)
    await page.wait_for_url(lambda url: "sign-in" not in url)
    assert (await me(context))["id"] == first["id"]
    assert beta.asked == [] and old.asked == [], "only the chosen one was asked anything"


async def test_add_a_second_wallet_rename_it_and_remove_the_first(context: BrowserContext) -> None:
    alpha, beta = new_wallet("Alpha"), new_wallet("Beta")
    await install_wallets(context, alpha, beta)
    page = await context.new_page()
    await sign_in_with(page, alpha, "/sign-in/?next=/settings/security/")
    await page.wait_for_url(re.compile(r"^[^?]*/settings/security/$"))
    table = page.get_by_role("region", name="Wallets that sign you in")
    rows = table.locator("tbody tr")
    await expect(rows).to_have_count(1)
    await rows.first.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("This is the only way into your account")).to_be_visible()
    await page.get_by_role("button", name="Add wallet").click()
    await page.get_by_role("dialog").get_by_role("button", name="Beta").click()
    await expect(page.get_by_text("Wallet added")).to_be_visible()
    await expect(rows).to_have_count(2)
    await rows.nth(1).get_by_role("button", name="Rename").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("Cold storage")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(rows.nth(1)).to_contain_text("Cold storage")
    await rows.first.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("Cold storage")
    account = (await me(context))["id"]
    await context.clear_cookies()
    await sign_in_with(page, beta)
    await page.wait_for_url(lambda url: "sign-in" not in url)
    assert (await me(context))["id"] == account


async def test_what_does_not_work_is_said_and_can_be_tried_again(context: BrowserContext) -> None:
    wallet = new_wallet("Alpha", refuses=True)
    await install_wallets(context, wallet)
    page = await context.new_page()
    await sign_in_with(page, wallet)
    await expect(page.get_by_role("alert").filter(has_text="You said no in the wallet")).to_be_visible()
    wallet.refuses, wallet.silent = False, True
    await page.get_by_role("button", name="Alpha").click()
    await expect(page.get_by_role("status").filter(has_text="Read the message in Alpha")).to_be_visible()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("Read the message in Alpha")).to_have_count(0)
    wallet.silent = False
    await page.wait_for_timeout(500)
    assert page.url.rstrip("/").endswith("/sign-in"), "a signature that comes after Cancel signs nobody in"
    wallet.chain_id = 987_654_321
    await page.get_by_role("button", name="Alpha").click()
    await expect(page.get_by_role("alert").filter(has_text="network that we do not know")).to_be_visible()
    await page.get_by_role("button", name="Change to Ethereum").click()
    await page.wait_for_url(lambda url: "sign-in" not in url)
    assert wallet.chain_id == 1


async def test_what_a_wallet_says_of_itself_is_text_and_no_more(context: BrowserContext) -> None:
    hostile = new_wallet("<img src=x onerror=alert(1)>" + "x" * 100, icon="javascript:alert(1)")
    nameless = new_wallet("  ", icon="https://evil.example/pixel.svg")
    await install_wallets(context, hostile, nameless)
    page = await context.new_page()
    foreign = []
    page.on("request", lambda request: foreign.append(request.url) if "evil.example" in request.url else None)
    await page.goto("/sign-in/")
    choices = page.get_by_role("list", name="Wallets in this browser").get_by_role("button")
    await expect(choices).to_have_text(["<" + "<img src=x onerror=alert(1)>" + "x" * 12, "BBrowser wallet"])
    await expect(choices.locator("img")).to_have_count(0)
    assert foreign == []


async def test_after_five_minutes_the_message_is_no_longer_good(context: BrowserContext) -> None:
    wallet = new_wallet("Alpha", silent=True)
    await install_wallets(context, wallet)
    page = await context.new_page()
    await sign_in_with(page, wallet)
    await expect(page.get_by_role("status").filter(has_text="Read the message in Alpha")).to_be_visible()
    await page.get_by_role("button", name="Cancel").click()
    await page.clock.install()
    await page.get_by_role("button", name="Alpha").click()
    await expect(page.get_by_role("status").filter(has_text="Read the message in Alpha")).to_be_visible()
    await page.clock.fast_forward("05:01")
    await expect(page.get_by_role("alert").filter(has_text="longer than five minutes")).to_be_visible()
    await expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


async def test_by_keyboard_and_without_findings_of_axe(context: BrowserContext) -> None:
    wallet = new_wallet("Alpha", silent=True)
    await install_wallets(context, wallet)
    page = await context.new_page()
    await page.emulate_media(reduced_motion="reduce")  # what fades in has its colours at once
    await page.goto("/sign-in/?next=/settings/security/")
    button = page.get_by_role("button", name="Alpha")
    await button.wait_for()
    await page.get_by_label("Password", exact=True).focus()
    for _ in range(8):
        await page.keyboard.press("Tab")
        if await button.evaluate("node => node === document.activeElement"):
            break
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Read the message")).to_be_visible()
    await axe_is_silent(page)
    wallet.silent = False
    await page.wait_for_url(re.compile(r"^[^?]*/settings/security/$"))
    await expect(page.get_by_role("region", name="Wallets that sign you in")).to_be_visible()
    await axe_is_silent(page)


async def test_a_browser_without_wallets_is_told_so(page: Page) -> None:
    await page.goto("/sign-in/")
    await expect(page.get_by_text("There is no wallet in this browser")).to_be_visible()
