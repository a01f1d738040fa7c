"""What the Content-Security-Policy lets work and what it stops (that no page breaks it: test_every_page.py)."""

from playwright.async_api import Page, expect

from tests.browser.test_every_page import LISTEN

expect.set_options(timeout=20_000)


async def test_a_toast_is_shown_without_evaluating_code(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto("/alerts/new/?kind=price")
    await page.get_by_role("textbox", name="Price", exact=True).fill("987654")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-sonner-toast]")).to_have_text("Rule created")


async def test_what_is_put_into_a_page_does_not_run(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.add_init_script(LISTEN)
    await page.goto("/alerts/")
    await page.wait_for_selector("main section")
    await page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = 'inline'";
          document.body.append(script);
          const image = document.createElement("img");
          image.setAttribute("onerror", "window.ran = 'attribute'");
          image.src = "data:,";
          document.body.append(image);
          setTimeout(() => { // what runs inside of evaluate() itself may evaluate
            try { window.eval("window.ran = 'eval'"); } catch { /* as it should */ }
            try { new Function("window.ran = 'function'")(); } catch { /* as it should */ }
          });
        }"""
    )
    await page.wait_for_timeout(500)
    assert await page.evaluate("window.ran") is None
    stopped = {line.split()[0] for line in await page.evaluate("window.violations")}
    assert {"script-src-elem", "script-src-attr", "script-src"} <= stopped
