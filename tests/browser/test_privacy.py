"""Settings → Privacy in the browser: take everything along, see what was done, leave and stay, allow and refuse."""

import io
import re
import zipfile

from playwright.async_api import BrowserContext, Page, Route, expect

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
ADDRESS = "/settings/privacy/"


async def test_everything_can_be_exported_and_the_log_tells(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto(ADDRESS)
    await page.get_by_role("button", name="Export everything").click()
    link = page.get_by_role("link", name="Download").first
    await expect(link).to_be_visible()
    async with page.expect_download() as download:
        await link.click()
    file = await (await download.value).path()
    names = zipfile.ZipFile(io.BytesIO(file.read_bytes())).namelist()
    assert {"README.txt", "premium_users.json", "alert_rules.csv"} <= set(names)
    await page.reload()
    activity = page.get_by_role("region", name="What was done in your account")
    await expect(activity.get_by_text("Downloaded an export of all data").first).to_be_visible()
    await expect(activity.get_by_role("cell", name=re.compile("^Chrome on .* · 127.0.0.1$")).first).to_be_visible()


async def test_leaving_takes_the_word_and_the_password_and_can_be_taken_back(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto(ADDRESS)
    await page.get_by_role("button", name="Delete account").click()
    dialog = page.get_by_role("dialog")
    submit = dialog.get_by_role("button", name="Delete my account in 14 days")
    await dialog.get_by_label("Type delete to confirm").fill("remove")
    await submit.click()
    await expect(dialog.get_by_text("Type the word delete.")).to_be_visible()
    await dialog.get_by_label("Type delete to confirm").fill("delete")
    await dialog.get_by_label("Your password").fill("not it")
    await submit.click()
    await expect(dialog.get_by_text("This is not your password.")).to_be_visible()
    await dialog.get_by_label("Your password").fill("premium-demo")
    await submit.click()
    await expect(dialog).not_to_be_visible()
    await page.goto("/alerts/?tab=rules")
    await expect(page.get_by_text("Your account will be erased on")).to_be_visible()
    await page.get_by_role("button", name="Keep my account").click()
    await expect(page.get_by_text("Your account will be erased on")).not_to_be_visible()


async def test_analytics_are_loaded_only_when_they_are_allowed(context: BrowserContext) -> None:
    """This installation has none: the answer of one that has is put in its place."""
    loaded: list[str] = []

    async def answer(route: Route) -> None:
        analytics = '{"analytics": true}' in (route.request.post_data or "").replace(":", ": ").replace("  ", " ")
        data = f'{{"analytics": {"true" if analytics else "null"}, "script": "/analytics-of-the-test.js"}}'
        await route.fulfill(content_type="application/json", body=f'{{"success": true, "data": {data}}}')

    async def script(route: Route) -> None:
        loaded.append(route.request.url)
        await route.fulfill(content_type="text/javascript", body="")

    await context.route("**/v1/consent", answer)
    await context.route("**/analytics-of-the-test.js", script)
    page = await context.new_page()
    await page.goto("/sign-in/")
    notice = page.get_by_role("complementary", name="Analytics cookies")
    await expect(notice).to_be_visible()
    await page.get_by_label("E-mail").fill("somebody@example.com")  # it blocks nothing
    assert loaded == []
    await notice.get_by_role("button", name="Allow", exact=True).click()
    await expect(notice).not_to_be_visible()
    await page.wait_for_function("document.querySelector('script[data-analytics]')")
    await page.wait_for_timeout(300)
    assert len(loaded) == 1


async def test_who_has_no_analytics_asks_nobody(context: BrowserContext) -> None:
    page = await context.new_page()
    async with page.expect_response("**/v1/consent") as asked:
        await page.goto("/sign-in/")
    assert '"script":""' in (await (await asked.value).text())
    await page.wait_for_timeout(300)
    await expect(page.get_by_role("complementary", name="Analytics cookies")).not_to_be_visible()
    assert [each["name"] for each in await context.cookies()] == []
