"""Tax settings in a browser: who files is kept masked, and the years that are filed separately are a choice."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.test_rebalancing import seen_in_every_look


async def test_who_files_and_which_years_separately(signed_in_page: Page, screenshots: Path) -> None:
    page = signed_in_page
    await page.goto("/tax/settings/")
    number = page.get_by_label("Social security number (or ITIN, EIN)")
    await page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    await number.fill("12-34")
    await number.press("Enter")
    await expect(page.locator("#filer_tax_id-error")).to_have_text("It has 9 digits: 123-45-6789.")
    await number.fill("123-45-6789")
    await number.press("Enter")
    await expect(page.get_by_text("Kept: \u2022\u2022\u2022\u20226789")).to_be_visible()
    await expect(number).to_have_value("")
    years = page.get_by_label("Tax years filed separately, being married")
    await years.fill("2022, soon")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#separate_years-error")).to_have_text("Write years, like 2022, 2024-2025.")
    await seen_in_every_look(page, screenshots / "tax-settings-filer.png")
    await years.fill("2022, 2023")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Figures and open questions are computed again.")).to_be_visible()
    await expect(years).to_have_value("2022-2023")
    await years.fill("")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Forget the number").click()
    await expect(page.get_by_text("Not given: blank on forms.")).to_be_visible()
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
