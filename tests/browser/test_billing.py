"""The whole way of a plan in the browser: prices, checkout, paid, another plan with its cost shown, cancel, resume."""

import json
import re
from uuid import uuid4

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect
from sqlalchemy import text

from backend.accounts.passwords import hash_password
from backend.core.db import Database
from backend.embedded.trial import Trial

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
PASSWORD = "correct horse battery staple"


async def new_user(trial: Trial) -> str:
    """Make an account on the free plan; return its e-mail address."""
    email = f"{uuid4()}@example.com"
    secrets = json.loads((trial.var_dir / "secrets" / "postgres.json").read_text())
    port = trial.environment["EMBEDDED_POSTGRES_PORT"]
    database = Database(f"postgresql://premium_owner:{secrets['premium_owner']}@127.0.0.1:{port}/premium", 1)
    async with database.unit_of_work() as session:
        await session.execute(
            text(
                "insert into premium_users (email, password_hash, tier, email_verified_at)"
                " values (:email, :hash, 'free', now())"
            ),
            {"email": email, "hash": await hash_password(PASSWORD)},
        )
    await database.close()
    return email


async def sign_in_as(context: BrowserContext, email: str) -> None:
    answer = await context.request.post("/v1/auth/login", form={"email": email, "password": PASSWORD})
    assert answer.ok and "/sign-in" not in answer.url, answer.url


async def pay(page: Page, card: str = "4242 4242 4242 4242") -> None:
    """Fill the hosted checkout page in, as a person would."""
    await page.get_by_label("Card number").fill(card)
    await page.get_by_label("Expiry").fill("12 / 40")
    await page.get_by_label("Security code").fill("123")
    await page.get_by_role("button", name=re.compile("^(Pay|Start trial)")).click()


async def axe_is_silent(page: Page) -> None:
    await page.emulate_media(reduced_motion="reduce")  # what fades in has its colours at once
    violations = (await Axe().run(page)).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in violations] == []


async def test_prices_are_for_everybody(page: Page) -> None:
    await page.goto("/pricing/")
    pro = page.get_by_role("region", name="Pro")
    await expect(pro.get_by_text("$50")).to_be_visible()
    await page.get_by_role("link", name="Yearly").click()
    await expect(pro.get_by_text("$500")).to_be_visible()
    await expect(page).to_have_url(re.compile("interval=year"))
    await expect(page.get_by_text("Test payments")).to_be_visible()
    await axe_is_silent(page)
    await pro.get_by_role("button", name=re.compile("Try Pro")).click()
    await expect(page).to_have_url(re.compile("/sign-in/.*next="))


async def test_from_a_locked_page_to_pro_and_on(context: BrowserContext, running_app: Trial) -> None:
    await sign_in_as(context, await new_user(running_app))
    page = await context.new_page()
    await page.goto("/pricing/?plan=pro")
    await page.get_by_role("button", name="Try Pro free for 7 days").click()
    await expect(page).to_have_url(re.compile(f":{running_app.environment['TEST_PAYMENTS_PORT']}/c/pay/"))
    await pay(page)
    await expect(page).to_have_url(re.compile("/checkout/return/"))
    await expect(page.get_by_role("heading", name="You have Pro")).to_be_visible()
    await axe_is_silent(page)

    await page.get_by_role("link", name="See billing").click()
    await expect(page.get_by_text("Pro, monthly")).to_be_visible()
    await expect(page.get_by_text("Your trial is free. First charge: $50.00")).to_be_visible()
    await page.get_by_role("button", name="Change to Pro, yearly").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("Then $500.00 a year")).to_be_visible()
    await axe_is_silent(page)
    await dialog.get_by_role("button", name="Confirm change").click()
    await expect(page.get_by_text("Your plan is now Pro, yearly.")).to_be_visible()
    await expect(page.get_by_role("paragraph").filter(has_text="Pro, yearly").first).to_be_visible()

    await page.get_by_role("button", name="Cancel plan").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel plan").click()
    await expect(page.get_by_text("Nothing more is charged.")).to_be_visible()
    await page.get_by_role("button", name="Resume").click()
    await expect(page.get_by_text("Your plan goes on.")).to_be_visible()
    await expect(page.get_by_text("First charge: $500.00")).to_be_visible()
    await axe_is_silent(page)


async def test_starter_to_pro_shows_what_is_charged(context: BrowserContext, running_app: Trial) -> None:
    await sign_in_as(context, await new_user(running_app))
    page = await context.new_page()
    await page.goto("/pricing/")
    await page.get_by_role("button", name="Get Starter").click()
    await pay(page)
    await expect(page.get_by_role("heading", name="You have Starter")).to_be_visible()
    await page.goto("/pricing/?plan=pro&interval=month")
    await page.get_by_role("link", name="Change to Pro").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text(re.compile(r"Charged now: \$2[45]\.\d\d"))).to_be_visible()
    await dialog.get_by_role("button", name="Confirm change").click()
    await expect(page.get_by_text("Your plan is now Pro, monthly.")).to_be_visible()
    table = page.get_by_role("region", name="Your invoices")
    await expect(table.get_by_role("row")).to_have_count(3)
    async with page.expect_popup() as opened:
        await table.get_by_role("link", name=re.compile("^PDF of invoice")).first.click(modifiers=[])
    await (await opened.value).close()


async def test_not_finished_and_not_mine(context: BrowserContext, running_app: Trial) -> None:
    await sign_in_as(context, await new_user(running_app))
    page = await context.new_page()
    await page.goto("/pricing/")
    await page.get_by_role("button", name="Get Starter").click()
    await expect(page).to_have_url(re.compile("/c/pay/"))
    session_id = page.url.split("/c/pay/")[1].split("#")[0].split("?")[0]
    await page.goto(f"{running_app.url}/checkout/return/?session_id={session_id}")
    await expect(page.get_by_role("heading", name="The checkout was not finished")).to_be_visible()
    await page.goto(f"{running_app.url}/checkout/return/?session_id=cs_test_of_somebody")
    await expect(page.get_by_role("heading", name="There is no such checkout")).to_be_visible()
    await page.goto(f"{running_app.url}/settings/billing/")
    await expect(page.get_by_text("Free, with no end")).to_be_visible()


async def test_enterprise_is_asked_for(context: BrowserContext, running_app: Trial) -> None:
    await sign_in_as(context, await new_user(running_app))
    page = await context.new_page()
    await page.goto("/settings/api-keys/")
    await page.get_by_role("link", name="Ask for Enterprise").click()
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#company-error")).to_contain_text("at least 2")
    await page.get_by_label("Name", exact=False).or_(page.locator("#company")).first.fill("Example Ltd")
    await axe_is_silent(page)
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("We have your request")).to_be_visible()
