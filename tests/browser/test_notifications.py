"""Settings → Notifications, and the local mailbox of a demo, from a click in the product to a link in a mail."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page, expect

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
SETTINGS = "/settings/notifications/"


async def test_a_switch_is_kept(signed_in_page: Page, screenshots: Path) -> None:
    page = signed_in_page
    await page.goto(SETTINGS)
    receipts = page.get_by_role("switch", name="Receipts")
    await expect(receipts).to_have_attribute("aria-checked", "true")
    await receipts.click()
    await expect(receipts).to_have_attribute("aria-checked", "false")
    await page.reload()
    await expect(receipts).to_have_attribute("aria-checked", "false")
    await page.screenshot(path=screenshots / "settings-notifications.png")
    await receipts.focus()
    await page.keyboard.press("Space")
    await expect(receipts).to_have_attribute("aria-checked", "true")


async def test_the_webhook_key_is_changed_and_stays_out_of_the_page(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto("/settings/channels/")
    await page.get_by_role("button", name="Show", exact=True).click()
    shown = page.locator("main code, main span.mono").filter(has_text="whsec_").first
    await expect(shown).not_to_contain_text("\u2022")
    before = await shown.inner_text()
    await page.get_by_role("button", name="Change the key").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("The old key stays valid").select_option("24")
    await dialog.get_by_role("button", name="Change the key").click()
    secret = dialog.get_by_text("whsec_")
    await expect(secret).to_be_visible()
    after = await secret.inner_text()
    assert after != before
    await dialog.get_by_role("button", name="Done").click()
    await expect(page.get_by_text("The key before this one is valid until")).to_be_visible()
    assert after not in await page.content()


async def test_a_mail_appears_in_the_local_mailbox_and_its_link_works(
    context: BrowserContext, page: Page, screenshots: Path
) -> None:
    asked = await context.request.post("/v1/auth/forgot-password", data={"email": "demo@example.com"})
    assert asked.status == 202, await asked.text()
    await page.goto("/dev/mail/")

    async def newest() -> bool:
        await page.get_by_role("button", name="Refresh").click()
        return await page.get_by_role("heading", name="Set a new password").is_visible()

    for _ in range(40):
        if await newest():
            break
        await page.wait_for_timeout(250)
    frame = page.frame_locator("iframe")
    link = frame.get_by_role("link", name="Set a new password")
    await expect(link).to_be_visible()
    await page.screenshot(path=screenshots / "dev-mail.png")
    async with context.expect_page() as opened:
        await link.click()
    assert urlsplit((await opened.value).url).path == "/reset-password/"
    await page.get_by_role("button", name="Text", exact=True).click()
    href = await page.get_by_role("link").filter(has_text="http").first.get_attribute("href")
    assert href is not None and urlsplit(href).path == "/reset-password/"
