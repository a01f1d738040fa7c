"""A customer's whole way in one browser: sign up, pay, cancel, take everything along, leave, be gone."""

import io
import json
import re
import zipfile
from uuid import UUID

from playwright.async_api import BrowserContext, expect
from sqlalchemy import text

from backend.core.db import Database
from backend.core.jobs import defer
from backend.embedded.trial import Trial
from tests.browser.test_accounts import FIRST, sign_up
from tests.browser.test_billing import pay

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy


async def let_the_days_of_grace_pass(trial: Trial, user_id: str) -> None:
    """Have the erasure due now, and the job that does it in line."""
    secrets = json.loads((trial.var_dir / "secrets" / "postgres.json").read_text())
    port = trial.environment["EMBEDDED_POSTGRES_PORT"]
    owner = Database(f"postgresql://premium_owner:{secrets['premium_owner']}@127.0.0.1:{port}/premium", 1)
    async with owner.unit_of_work() as session:
        await session.execute(
            text("update erasure_requests set due_at = now() where user_id = :id"), {"id": UUID(user_id)}
        )
    await owner.close()
    worker = Database(f"postgresql://premium_worker:{secrets['premium_worker']}@127.0.0.1:{port}/premium", 1)
    async with worker.unit_of_work() as session:
        await defer(session, "privacy.erase_due", timestamp=0)
    await worker.close()


async def test_from_signing_up_to_being_forgotten(context: BrowserContext, running_app: Trial) -> None:
    page = await context.new_page()
    email = await sign_up(context, page)
    me = (await (await context.request.get("/v1/auth/me")).json())["data"]
    assert me["tier"] == "free"

    await page.goto("/pricing/")
    await page.get_by_role("button", name="Try Pro free for 7 days").click()
    await pay(page)
    await expect(page.get_by_role("heading", name="You have Pro")).to_be_visible()
    assert (await (await context.request.get("/v1/auth/me")).json())["data"]["tier"] == "pro"
    await page.get_by_role("link", name="See billing").click()
    await page.get_by_role("button", name="Cancel plan").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel plan").click()
    await expect(page.get_by_text("Nothing more is charged.")).to_be_visible()

    for _ in range(80):  # Stripe tells by a webhook, a moment after it has answered
        told = (await (await context.request.get("/v1/subscriptions")).json())["data"]["subscription"]
        if told["endsAt"]:
            break
        await page.wait_for_timeout(250)
    await page.goto("/settings/privacy/")
    await page.get_by_role("button", name="Export everything").click()
    link = page.get_by_role("link", name="Download").first
    await expect(link).to_be_visible()
    async with page.expect_download() as download:
        await link.click()
    archive = zipfile.ZipFile(io.BytesIO((await (await download.value).path()).read_bytes()))
    [account] = json.loads(archive.read("premium_users.json"))
    assert (account["email"], account["tier"]) == (email, "pro")
    [subscription] = json.loads(archive.read("subscriptions.json"))
    assert (subscription["status"], subscription["cancel_at_period_end"]) == ("trialing", True)

    await page.get_by_role("button", name="Delete account").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Type delete to confirm").fill("delete")
    await dialog.get_by_label("Your password").fill(FIRST)
    await dialog.get_by_role("button", name="Delete my account in 14 days").click()
    await expect(dialog).not_to_be_visible()
    await expect(page.get_by_role("status").get_by_text("Your account will be erased on")).to_be_visible()
    await let_the_days_of_grace_pass(running_app, me["id"])
    for _ in range(100):
        if (await context.request.get("/v1/auth/me")).status == 401:
            break
        await page.wait_for_timeout(200)
    await page.goto("/settings/billing/")
    await expect(page).to_have_url(re.compile("/sign-in/"))
    answer = await context.request.post("/v1/auth/token", data={"email": email, "password": FIRST})
    assert answer.status == 401
    mails = (await (await context.request.get(f"/dev/mail.json?to={email}")).json())["data"]
    assert any("erased" in mail["subject"] for mail in mails), [mail["subject"] for mail in mails]
