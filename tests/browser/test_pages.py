"""The pages do what they say: sign-in, overview, rules, history, webhooks, themes."""

import csv
import io
import json
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from backend.embedded.trial import Trial

pytestmark = pytest.mark.long

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
NEW = "/alerts/new/?back=%2Falerts%2F%3Ftab%3Drules"
ADDRESS = "0x00000000000000000000000000000000000000AA"


@pytest_asyncio.fixture(loop_scope="session")
async def quiet_page(context: BrowserContext, signed_in_page: Page, running_app: Trial) -> AsyncIterator[Page]:
    """A signed-in page that must neither break nor complain in the console."""
    problems: list[str] = []
    signed_in_page.on("pageerror", lambda error: problems.append(str(error)))
    signed_in_page.on("console", lambda line: problems.append(line.text) if line.type in ("error", "warning") else None)
    yield signed_in_page
    await delete_made_rules(context, running_app.url)
    assert problems == []


async def make_price_rule(page: Page, name: str, price: str = "99,999.5") -> None:
    await page.goto(f"{NEW}&kind=price")
    await page.locator("#name").fill(name)
    blank = page.get_by_role("textbox", name="Price", exact=True)
    await blank.fill(price)
    await blank.press("Enter")
    await expect(page.get_by_role("row").filter(has_text=name)).to_be_visible(timeout=15_000)


async def make_whale_rule(page: Page, name: str) -> None:
    await page.goto(f"{NEW}&kind=whale")
    await page.get_by_role("textbox", name="Worth at least").fill("1000")
    await page.locator("#name").fill(name)
    await page.get_by_role("button", name="Create rule").click()
    await expect(page.get_by_role("row").filter(has_text=name)).to_be_visible()


MADE: list[str] = []


def unique(name: str) -> str:
    """Return a name for a rule that is deleted again after the test."""
    MADE.append(f"{name} {uuid.uuid4().hex[:6]}")
    return MADE[-1]


async def delete_made_rules(context: BrowserContext, url: str) -> None:
    listed = await (await context.request.get("/v1/alerts/rules?pageSize=100")).json()
    for rule in listed["data"]["items"]:
        if rule["name"] in MADE:
            await context.request.delete(f"/v1/alerts/rules/{rule['id']}", headers={"Origin": url})


async def test_stranger_is_asked_to_sign_in_and_comes_back(page: Page) -> None:
    await page.goto("/alerts/?tab=webhooks")  # where webhooks were once: it leads on
    await page.wait_for_url("**/sign-in/**")
    await page.get_by_role("button", name="Use the demo account").click()
    await page.wait_for_url("**/settings/channels/#webhooks")
    await expect(page.get_by_role("heading", name="Webhooks")).to_be_visible()
    cookie = next(each for each in await page.context.cookies() if each["name"] == "premium_session")  # type: ignore[typeddict-item]
    assert cookie["httpOnly"] is True  # type: ignore[typeddict-item]
    assert cookie["sameSite"] == "Lax"  # type: ignore[typeddict-item]


async def test_wrong_password_says_so_and_nothing_more(page: Page) -> None:
    await page.goto("/sign-in/")
    await page.get_by_label("E-mail").fill(f"{uuid.uuid4().hex}@example.com")
    await page.get_by_label("Password", exact=True).fill("not the password")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert").filter(has_text="E-mail or password is wrong.")).to_be_visible()


async def test_foreign_next_address_is_not_followed(page: Page, running_app: Trial) -> None:
    await page.goto("/sign-in/?next=//evil.example/")
    await page.get_by_role("button", name="Use the demo account").click()
    await page.wait_for_url(f"{running_app.url}/")


async def test_sign_out_ends_the_session(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto("/")
    await page.get_by_role("button", name="Account").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in/**")
    await page.goto("/alerts/")
    await page.wait_for_url("**/sign-in/**")


async def test_overview_shows_numbers_with_their_source(quiet_page: Page, screenshots: Path) -> None:
    page = quiet_page
    await page.goto("/")
    tile = page.get_by_role("article").filter(has=page.get_by_role("heading", name="WETH", exact=True))
    await expect(tile).to_contain_text(re.compile(r"\$\d,\d{3}\.\d\d"), timeout=20_000)
    await tile.get_by_role("button").hover()
    await expect(tile.get_by_role("tooltip")).to_contain_text(re.compile(r"Uniswap V[23].*block \d+"))
    await expect(page.get_by_text("Demo market").first).to_be_visible()
    await expect(page.get_by_text(re.compile(r"block [\d,]+ · ")).first).to_be_visible()
    await expect(page.get_by_role("article").filter(has_text="Base fee")).to_contain_text("gwei")
    await page.screenshot(path=screenshots / "overview.png")


async def test_overview_numbers_move_without_a_reload(quiet_page: Page) -> None:
    page = quiet_page
    await page.goto("/")
    block = page.locator(".freshness-block")
    await expect(block).to_contain_text("block", timeout=20_000)
    first = await block.text_content()
    await expect(block).not_to_have_text(first or "", timeout=20_000)


async def test_rule_is_made_paused_copied_edited_and_deleted(quiet_page: Page) -> None:
    page, name = quiet_page, unique("Round trip")
    await make_price_rule(page, name)
    line = page.get_by_role("row").filter(has_text=name)
    await expect(line).to_contain_text("above $99,999.50")
    await expect(line).to_contain_text("Active")

    await line.get_by_role("button", name="Pause").click()
    await expect(line).to_contain_text("Paused")
    await line.get_by_role("button", name="Resume").click()
    await expect(line).to_contain_text("Active")

    await line.get_by_role("link", name="Edit").click()
    blank = page.get_by_role("textbox", name="Price", exact=True)
    await expect(blank).to_have_value("99999.5")
    await page.get_by_label("Ask for one more thing").select_option(label="Change")
    await expect(blank).to_have_count(0)
    await page.get_by_label("Compared how").select_option(label="falls by at least")
    await page.get_by_role("textbox", name="Change").fill("7.5")
    await page.get_by_role("combobox", name="Within").select_option(label="1 day")
    await page.get_by_role("button", name="Save rule").click()
    await page.wait_for_url("**/alerts/?tab=rules")
    await expect(line).to_contain_text("falls by at least 7.5% within 1 day")

    await line.get_by_role("link", name="Duplicate").click()
    await expect(page.get_by_role("textbox", name="Change")).to_have_value("7.5")
    copy = unique("Copy")
    await page.locator("#name").fill(copy)
    await page.get_by_role("button", name="Create rule").click()
    await expect(page.get_by_role("row").filter(has_text=copy)).to_be_visible()

    for each in (name, copy):
        await page.get_by_role("row").filter(has_text=each).get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("dialog").filter(has_text=each)).to_be_visible()
        await page.get_by_role("button", name="Delete rule").click()
        await expect(page.get_by_role("row").filter(has_text=each)).to_have_count(0)


async def test_mistakes_stand_beside_their_fields_and_nothing_typed_is_lost(quiet_page: Page) -> None:
    page = quiet_page
    await page.goto("/alerts/new/?kind=price")
    blank = page.get_by_role("textbox", name="Price", exact=True)
    await blank.fill("four thousand")
    await page.locator("#name").fill("Kept")
    await page.locator("#name").press("Enter")
    error = await blank.get_attribute("aria-describedby")
    await expect(page.locator(f"[id='{error}']")).to_have_text("This is not a number.")
    await expect(blank).to_have_attribute("aria-invalid", "true")
    await expect(blank).to_be_focused()
    await expect(blank).to_have_value("four thousand")
    await expect(page.locator("#name")).to_have_value("Kept")
    await page.locator("#webhook").check()
    await blank.fill("4000")
    await page.get_by_role("button", name="Create rule").click()
    await expect(page.locator("#destination-error")).not_to_be_empty()
    await expect(page.locator("#destination")).to_be_focused()
    await expect(blank).to_have_attribute("aria-invalid", "false")
    await page.locator("#webhook").uncheck()
    await page.get_by_label("in the app").uncheck()
    await page.get_by_role("button", name="Create rule").click()
    await expect(page.locator("#actions-error")).to_have_text("Choose at least one way to be told.")
    await expect(page.locator("#actions-error")).to_be_focused()


async def test_who_gives_up_comes_back_and_finds_a_fresh_form_later(quiet_page: Page) -> None:
    page = quiet_page
    await page.goto("/")
    await page.get_by_role("link", name="New rule").first.click()
    blank = page.get_by_role("textbox", name="Price", exact=True)
    await expect(blank).to_be_focused()
    await blank.fill("4321")
    await blank.press("Tab")
    await expect(page.get_by_text(re.compile("rises above .4,321"))).to_be_visible()
    await page.get_by_role("link", name="Cancel").click()
    await expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
    await page.get_by_role("link", name="New rule").first.click()
    await expect(blank).to_have_value("")
    await page.goto("/alerts/new/?kind=price&back=https%3A%2F%2Fevil.example%2F")
    await expect(page.get_by_role("link", name="Cancel")).to_have_attribute("href", "/")


async def test_current_price_stands_beside_the_blank(quiet_page: Page) -> None:
    page = quiet_page
    await page.goto("/alerts/new/?kind=price")
    await page.get_by_role("combobox", name="Token").select_option(label="WBTC")
    await expect(page.get_by_text(re.compile(r"Now \$[\d,.]+ · Uniswap V"))).to_be_visible()


async def test_watched_wallets_round_trip(quiet_page: Page) -> None:
    page, name = quiet_page, unique("Wallets")
    await page.goto(f"{NEW}&kind=whale")
    await page.get_by_label("Ask for one more thing").select_option(label="Direction")
    await page.get_by_role("combobox", name="Direction").select_option(label="out of them")
    await page.get_by_role("textbox", name="Watched wallets").fill(f"{ADDRESS}\n{ADDRESS[:-2]}BB")
    await page.get_by_label("Ask for one more thing").select_option(
        label="Leave out transfers between the watched wallets"
    )
    await page.locator("#name").fill(name)
    await page.get_by_role("button", name="Create rule").click()
    line = page.get_by_role("row").filter(has_text=name)
    await expect(line).to_contain_text("from 0x0000")
    await line.get_by_role("link", name="Edit").click()
    wallets = page.get_by_role("textbox", name="Watched wallets")
    await expect(wallets).to_have_value(f"{ADDRESS.lower()}\n{ADDRESS[:-2].lower()}bb")
    await expect(page.get_by_role("combobox", name="Direction")).to_have_value("out")
    await expect(page.get_by_role("combobox", name="Leave out transfers")).to_have_value("true")


async def test_history_filters_live_in_the_address_and_in_the_export(
    context: BrowserContext, quiet_page: Page, screenshots: Path
) -> None:
    page, name = quiet_page, unique("Everything")
    await make_whale_rule(page, name)

    await page.goto("/alerts/?tab=live")
    await expect(page.locator("main li").filter(has_text=name).first).to_be_visible(timeout=60_000)
    await page.goto("/alerts/history/")
    await page.get_by_label("Any type").select_option(label="Transfer")
    await page.wait_for_url("**type=whale**")
    await expect(page.get_by_role("row").filter(has_text=name).first).to_be_visible()
    await page.get_by_label("Any rule").select_option(label=name)
    await page.wait_for_url("**rule=**")
    await expect(page.get_by_label("Any rule").locator("option:checked")).to_have_text(name)
    await page.screenshot(path=screenshots / "history.png")
    for form in ("CSV", "JSON"):
        address = await page.get_by_role("link", name=f"Download as {form}").get_attribute("href")
        assert address is not None
        answer = await context.request.get(address)
        assert answer.ok
        text = await answer.text()
        rows = list(csv.DictReader(io.StringIO(text))) if form == "CSV" else json.loads(text)
        assert len(rows) > 0
        assert name in text

    await page.get_by_label("Any type").select_option(label="Price")
    await expect(page.get_by_text("No alert fits these filters")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("row").filter(has_text=name).first).to_be_visible()


async def test_live_feed_waits_while_the_reader_points_at_it(quiet_page: Page) -> None:
    page, name = quiet_page, unique("Flood")
    await make_whale_rule(page, name)
    await page.goto("/alerts/?tab=live")
    await expect(page.locator("main li").filter(has_text=name).first).to_be_visible(timeout=60_000)
    await page.locator("main li").first.hover()
    held = page.get_by_role("button", name=re.compile(r"^\d+ new$"))
    await expect(held).to_be_visible(timeout=60_000)
    top = await page.locator("main li").first.inner_text()
    await page.mouse.move(5, 5)
    await expect(held).to_have_count(0)
    await expect(page.locator("main li").first).not_to_have_text(top)


async def test_webhook_secret_is_shown_only_when_asked(quiet_page: Page) -> None:
    page = quiet_page
    await page.goto("/settings/channels/")
    secret = page.get_by_text(re.compile(r"^whsec_"))
    await expect(secret).to_have_text(re.compile("•{20}"))
    await page.get_by_role("button", name="Show").click()
    await expect(secret).to_have_text(re.compile(r"^whsec_[A-Za-z0-9_-]{43}$"))
    await page.get_by_role("button", name="Hide").click()
    await expect(secret).to_have_text(re.compile("•{20}"))


async def test_test_message_leaves_a_line(quiet_page: Page) -> None:
    page = quiet_page
    await page.goto("/settings/channels/")
    await page.locator("#test_destination").fill("http://127.0.0.1:9/closed")
    await page.get_by_role("button", name="Send test").click()
    await expect(page.get_by_role("row").filter(has_text="Test message").first).to_be_visible()


async def test_theme_is_kept_and_never_flashes(quiet_page: Page) -> None:
    page = quiet_page
    await page.goto("/")
    await page.get_by_role("button", name="Dark theme").first.click()
    await expect(page.locator("html")).to_have_class(re.compile("dark"))
    await page.get_by_role("button", name="More contrast").first.click()
    await page.reload(wait_until="commit")
    assert await page.evaluate("document.documentElement.classList.contains('dark')")
    await page.wait_for_load_state("domcontentloaded")
    assert await page.evaluate("document.documentElement.dataset.contrast") == "more"
    assert await page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(0, 0, 0)"


async def test_unknown_address_says_so(page: Page) -> None:
    await page.goto("/no-such-page/")
    await expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


async def test_page_tells_when_the_connection_is_lost(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.add_init_script(
        "window.WebSocket = class extends WebSocket { constructor(url, ...rest) "
        "{ super(url.replace(location.host, '127.0.0.1:9'), ...rest); } }"
    )
    await page.goto("/alerts/?tab=live")
    await expect(page.get_by_text("Connection lost.")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("width", [1440, 390])
async def test_nothing_scrolls_sideways(signed_in_page: Page, width: int) -> None:
    page = signed_in_page
    await page.set_viewport_size({"width": width, "height": 900})
    for address in (
        "/",
        "/alerts/",
        "/alerts/?tab=rules",
        "/alerts/history/",
        "/alerts/analytics/",
        "/settings/channels/",
    ):
        await page.goto(address)
        await page.wait_for_function("document.querySelector('main') && !document.querySelector('main .skeleton')")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, address
