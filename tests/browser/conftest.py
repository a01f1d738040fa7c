"""One running product and one Chromium for all browser tests; each test gets a fresh browser context."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from backend.core.settings import get_settings
from backend.embedded.programs import find_chromium, find_headless_shell
from backend.embedded.trial import Trial, trial_run

WAIT_SECONDS = 30.0


async def wait_for_function(page: Page, expression: str, *, arg: Any = None, timeout: float | None = None) -> Any:  # noqa: ASYNC109
    """Wait as Playwright's own does, which evaluates text in the page: our pages' policy forbids that to everybody."""
    ends_at = time.monotonic() + (WAIT_SECONDS if timeout is None else timeout / 1000)
    while True:
        try:
            if value := await page.evaluate(expression, arg):
                return value
        except PlaywrightError as error:
            if "navigat" not in str(error) and "context was destroyed" not in str(error):
                raise
        if time.monotonic() > ends_at:
            raise PlaywrightTimeoutError(f"did not become true in time: {expression}")
        await asyncio.sleep(0.05)


Page.wait_for_function = wait_for_function  # type: ignore[method-assign,assignment]

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def running_app(work_dir: Path) -> Iterator[Trial]:
    """The whole product, on ports and data of its own, with webhooks to this machine allowed."""
    # All of these tests sign in from one address.
    with trial_run(work_dir / "product", WEBHOOK_ALLOW_PRIVATE="true", SIGN_IN_REQUESTS_PER_MINUTE="1000") as trial:
        yield trial


@asynccontextmanager
async def launched(path: Path | None) -> AsyncIterator[Browser]:
    """A headless browser for the length of a block."""
    if path is None:
        pytest.skip("no Chromium: `make setup-test` installs it, or set CHROMIUM to its path")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pages_only() -> AsyncIterator[Browser]:
    """Chromium's headless shell where there is one: a page in a window costs a second of work more."""
    async with launched(find_headless_shell() or find_chromium()) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def whole_browser() -> AsyncIterator[Browser]:
    """Chromium with all it has: notifications, push, the viewer of PDFs, lists that open by keyboard."""
    async with launched(find_chromium()) as browser:
        yield browser


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Browser:
    """The browser of a test: the whole one for those marked `whole_browser`."""
    is_marked = request.node.get_closest_marker("whole_browser") is not None
    return request.getfixturevalue("whole_browser" if is_marked else "pages_only")


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, running_app: Trial) -> AsyncIterator[BrowserContext]:
    """A fresh browser profile pointed at the product."""
    context = await browser.new_context(base_url=running_app.url, viewport={"width": 1440, "height": 900})
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    """A page of a visitor who is not signed in."""
    return await context.new_page()


async def sign_in(context: BrowserContext) -> None:
    """Sign the context in with the demo account, the way the form does."""
    settings = get_settings()
    answer = await context.request.post(
        "/v1/auth/login",
        form={"email": settings.demo_email, "password": settings.demo_password.get_secret_value()},
    )
    assert answer.ok, await answer.text()


@pytest_asyncio.fixture(loop_scope="session")
async def signed_in_page(context: BrowserContext) -> Page:
    """A page of the signed-in demo user."""
    await sign_in(context)
    return await context.new_page()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where tests leave pictures of pages for people to look at."""
    folder = Path(os.environ.get("SCREENSHOTS", "var/screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in this folder, and give whichever test comes first the time of a build."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(480))
