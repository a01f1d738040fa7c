"""A stranger signs up, confirms, changes the password, turns two-step sign-in on, and comes back with a code."""

import asyncio
import json
import re
import time
from uuid import uuid4

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect

from backend.accounts.two_factor import totp
from backend.embedded.trial import Trial

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
FIRST, SECOND = "the crow flew over hills", "entirely different words"


async def mailed_link(context: BrowserContext, email: str, subject: str) -> str:
    """The link of the newest mail to an address, once it has come."""
    for _ in range(100):
        answer = await context.request.get(f"/dev/mail.json?to={email}")
        for mail in (await answer.json())["data"]:
            if subject in mail["subject"]:
                return re.search(r"https?://\S+#\S+", mail["plain"])[0]  # type: ignore[index]
        await asyncio.sleep(0.2)
    raise AssertionError(f"no mail about {subject!r} came")


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


async def sign_up(context: BrowserContext, page: Page) -> str:
    """Sign up and confirm in this browser; return the address."""
    email = f"{uuid4().hex[:12]}@example.com"
    await page.goto("/sign-up/")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(FIRST)
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    await expect(page.get_by_text(email)).to_be_visible()
    link = await mailed_link(context, email, "Confirm")
    await page.goto(path_of(link))
    await page.get_by_role("button", name="Confirm address").click()
    await page.wait_for_url(lambda url: "verify" not in url)
    return email


def code(seed: str, distance: int = 0) -> str:
    return totp.code_at(seed, int(time.time() // totp.PERIOD_SECONDS) + distance)


async def test_from_sign_up_to_two_steps_and_back(context: BrowserContext) -> None:
    page = await context.new_page()
    email = await sign_up(context, page)
    me = (await (await context.request.get("/v1/auth/me")).json())["data"]
    assert (me["email"], me["tier"]) == (email, "free")
    await page.goto("/settings/account/")
    await expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Change password").click()
    await page.get_by_label("Current password").fill("wrong")
    await page.get_by_label("New password").fill(SECOND)
    await page.get_by_role("dialog").get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("This is not your password.")).to_be_visible()
    await page.get_by_label("Current password").fill(FIRST)
    await page.get_by_role("dialog").get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("Your password was changed")).to_be_visible()

    await page.goto("/settings/security/")
    await page.get_by_role("button", name="Turn on").click()
    await page.get_by_label("Your password").fill(SECOND)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    seed = (await page.get_by_role("dialog").locator("code").inner_text()).replace(" ", "")
    await page.get_by_role("textbox", name="Code").fill(code(seed, -1))
    await page.get_by_role("dialog").get_by_role("button", name="Turn on").click()
    codes = page.get_by_role("list", name="Your recovery codes").get_by_role("listitem")
    await expect(codes).to_have_count(10)
    recovery = await codes.first.inner_text()
    await page.get_by_role("button", name="I have kept them").click()
    await expect(page.get_by_text("10 of 10 recovery codes left")).to_be_visible()
    await expect(page.get_by_text("This browser", exact=True)).to_be_visible()

    for answer in (code(seed), recovery):
        await page.get_by_role("button", name="Account", exact=True).click()
        await page.get_by_role("button", name="Sign out", exact=True).last.click()
        await page.wait_for_url("**/sign-in**")
        await page.get_by_label("E-mail").fill(email)
        await page.get_by_label("Password").fill(SECOND)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(page.get_by_role("heading", name="Two-step sign-in")).to_be_visible()
        await page.get_by_role("textbox", name="Code").fill(answer)
        await page.get_by_role("button", name="Go on").click()
        await page.wait_for_url(lambda url: "sign-in" not in url)
    await page.goto("/settings/security/")
    await expect(page.get_by_text("9 of 10 recovery codes left")).to_be_visible()


async def test_a_forgotten_password(context: BrowserContext) -> None:
    page = await context.new_page()
    email = await sign_up(context, page)
    await context.clear_cookies()
    await page.goto("/sign-in/")
    await page.get_by_role("link", name="Forgot your password?").click()
    await expect(page.get_by_role("heading", name="Forgot your password?")).to_be_visible()
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("button", name="Send link").click()
    await expect(page.get_by_text(email)).to_be_visible()
    link = await mailed_link(context, email, "new password")
    await page.goto(path_of(link))
    await expect(page.get_by_role("button", name="Set password")).to_be_visible()
    await page.get_by_label("New password").fill("short")
    await expect(page).to_have_url(re.compile(r"/reset-password/$"))  # the token is in no address any more
    await page.get_by_role("button", name="Set password").click()
    await expect(page.get_by_text("Use at least 12 characters")).to_be_visible()
    await page.get_by_label("New password").fill(SECOND)
    await page.get_by_role("button", name="Set password").click()
    await expect(page.get_by_text("Your new password is set")).to_be_visible()
    await page.goto(path_of(link))
    await page.get_by_label("New password").fill(SECOND)
    await page.get_by_role("button", name="Set password").click()
    await expect(page.get_by_text("This link was used already or is too old")).to_be_visible()


async def test_sessions_are_seen_and_ended(browser: Browser, running_app: Trial, context: BrowserContext) -> None:
    page = await context.new_page()
    email = await sign_up(context, page)
    other = await browser.new_context(base_url=running_app.url)
    await other.request.post("/v1/auth/login", form={"email": email, "password": FIRST})
    await page.goto("/settings/security/")
    rows = page.get_by_role("region", name="Your sessions").locator("tbody tr")
    await expect(rows).to_have_count(2)
    await rows.get_by_role("button", name="Sign out").click()
    await expect(rows).to_have_count(1)
    assert (await other.request.get("/v1/auth/me")).status == 401
    await other.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_axe_finds_nothing_on_the_pages_of_accounts(
    browser: Browser, running_app: Trial, scheme: str, width: int
) -> None:
    context = await browser.new_context(
        base_url=running_app.url,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    page = await context.new_page()
    findings: dict[str, list[str]] = {}

    async def look(name: str) -> None:
        await page.wait_for_function("!document.querySelector('main .skeleton')", timeout=20_000)
        violations = (await Axe().run(page)).response["violations"]
        if violations:
            findings[name] = [f"{each['id']}: {node['html'][:200]}" for each in violations for node in each["nodes"]]
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, name

    for address in ("/sign-up/", "/forgot-password/", "/reset-password/", "/verify-email/", "/sign-in/?step=code"):
        await page.goto(address)
        await page.wait_for_selector("main form")
        await look(address)
    await sign_up(context, page)
    await page.goto("/settings/account/")
    await page.wait_for_selector("text=Change password")
    await look("account")
    for name in ("Change password", "Change address"):
        await page.get_by_role("button", name=name).first.click()
        await page.wait_for_selector("dialog[open] form")
        await look(name)
        await page.keyboard.press("Escape")
    await page.goto("/settings/security/")
    await page.get_by_role("button", name="Turn on").click()
    await page.get_by_label("Your password").fill(FIRST)
    await look("two-step sign-in")
    await page.get_by_role("button", name="Go on").click()
    await page.wait_for_selector("dialog[open] img")
    await look("QR code")
    await context.close()
    assert findings == {}, json.dumps(findings, indent=1)
