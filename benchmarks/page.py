"""Pages in Chromium with a cold cache: first contentful paint, and the JavaScript that the Alerts page loads.

Measured on the running product in production mode (`BENCH_URL`, else one is started on ports of its own), signed in as
the demo user. Each sample is a new browser profile. The peers are the limits the product sets itself.
"""

import asyncio
import os
import statistics
import tempfile
import urllib.request
from pathlib import Path

from playwright.async_api import Browser, Request, async_playwright

from backend.core.settings import get_settings
from backend.embedded.programs import find_chromium
from backend.embedded.trial import trial_run
from benchmarks.harness import report, say

PAGES = {"overview": "/", "alerts": "/alerts/"}
SAMPLES = 5
FCP_LIMIT_MS = 1_000
JS_LIMIT_KB = 220
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FIRST_PAINT = """() => new Promise((resolve) => {
  const entry = () => performance.getEntriesByName('first-contentful-paint')[0];
  if (entry()) { resolve(entry().startTime); return; }
  new PerformanceObserver(() => { if (entry()) resolve(entry().startTime); }).observe({type: 'paint', buffered: true});
})"""


async def _sample(browser: Browser, url: str, path: str) -> tuple[float, set[str]]:
    """Open one page with nothing cached; return its first contentful paint in ms and the scripts it loaded."""
    settings = get_settings()
    context = await browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    try:
        credentials: dict[str, str | float | bool] = {
            "email": settings.demo_email,
            "password": settings.demo_password.get_secret_value(),
        }
        answer = await context.request.post("/v1/auth/login", form=credentials)
        assert answer.ok, f"sign-in failed: {answer.status}"
        page = await context.new_page()
        scripts: set[str] = set()

        def note(request: Request) -> None:
            if request.resource_type == "script" or request.url.split("?")[0].endswith(".js"):
                scripts.add(request.url)

        page.on("request", note)
        await page.goto(path, wait_until="load")
        paint_ms = await page.evaluate(FIRST_PAINT)
        await page.wait_for_timeout(2_000)
        return float(paint_ms), scripts
    finally:
        await context.close()


def _gzip_bytes(url: str) -> int:
    """Return what the server sends for a script to a client that understands gzip only."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return len(answer.read())


async def _measure(url: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        scripts: set[str] = set()
        for name, path in PAGES.items():
            samples = [await _sample(browser, url, path) for _ in range(SAMPLES)]
            paints = sorted(paint for paint, _ in samples)
            report(
                f"page.{name}.fcp_ms",
                statistics.median(paints),
                "ms",
                "limit",
                FCP_LIMIT_MS,
                better="lower",
                slowest_ms=round(paints[-1]),
                samples=SAMPLES,
            )
            scripts = samples[-1][1]
        await browser.close()
    sizes = {script: _gzip_bytes(script) for script in scripts}
    for script, size in sorted(sizes.items(), key=lambda item: -item[1])[:8]:
        say(f"  {size / 1000:7.1f} KB  {script.rsplit('/', 1)[-1]}")
    total_kb = sum(sizes.values()) / 1000
    report("page.alerts.js_kb", total_kb, "KB gzip", "limit", JS_LIMIT_KB, better="lower", files=len(sizes))


def main() -> None:
    """Measure the product at BENCH_URL, or start one."""
    url = os.environ.get("BENCH_URL", "")
    if url:
        asyncio.run(_measure(url.rstrip("/")))
        return
    with tempfile.TemporaryDirectory(prefix="premium-page-") as folder, trial_run(Path(folder)) as trial:
        asyncio.run(_measure(trial.url))
