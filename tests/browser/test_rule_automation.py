"""What a rule does beside telling: checks and actions in the builder, the log of its runs, snoozing; what is advised.

Both looks are looked at as they are used: 1440 px in light, 390 px in dark; axe must find nothing in either.
"""

import json
import re
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Locator, Page, expect

from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.addresses import load_addresses
from backend.embedded.trial import Trial

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
PATIENCE_SECONDS = 90.0


class Rules:
    """Rules made for a test, which go with it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.headers, self.made = context, {"Origin": url}, []

    async def make(self, name: str, kind: str, conditions: dict[str, Any], **options: Any) -> str:
        rule = {"name": name, "type": kind, "conditions": conditions, **options}
        answer = await self.context.request.post("/v1/alerts/rules", headers=self.headers, data=rule)
        assert answer.ok, await answer.text()
        self.made.append((await answer.json())["data"]["id"])
        return self.made[-1]

    async def read(self, rule_id: str) -> dict[str, Any]:
        return (await (await self.context.request.get(f"/v1/alerts/rules/{rule_id}")).json())["data"]

    async def alerts(self, rule_id: str) -> int:
        page = await self.context.request.get(f"/v1/alerts/history?ruleId={rule_id}&pageSize=1")
        return (await page.json())["data"]["total"]

    async def delete(self) -> None:
        for rule_id in self.made:
            await self.context.request.delete(f"/v1/alerts/rules/{rule_id}", headers=self.headers)


@pytest_asyncio.fixture(loop_scope="session")
async def rules(context: BrowserContext, signed_in_page: Page, running_app: Trial) -> AsyncIterator[Rules]:
    made = Rules(context, running_app.url)
    yield made
    await made.delete()


async def look(page: Page, name: str, screenshots: Path) -> None:
    """Take a picture of the page in both looks, and have axe look too."""
    findings: dict[str, list[str]] = {}
    for width, scheme in ((390, "dark"), (1440, "light")):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await page.set_viewport_size({"width": width, "height": 900})
        await page.evaluate("window.scrollTo(0, 0)")
        await page.wait_for_timeout(300)
        await page.screenshot(path=screenshots / f"{name}-{width}.png", full_page=True)
        violations = (await Axe().run(page)).response["violations"]
        findings[f"{name} {width}"] = [
            f"{each['id']}: {node['html'][:200]}" for each in violations for node in each["nodes"]
        ]
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert not any(findings.values()), json.dumps(findings, indent=1)


def card(page: Page, title: str) -> Locator:
    return page.locator("main section").filter(has=page.get_by_role("heading", name=title, exact=True))


async def act_on(part: Locator, verb: str, rule: str) -> None:
    await part.get_by_role("button", name="Act on another rule").click()
    await part.get_by_label("What is done").select_option(label=verb)
    await part.get_by_label("Rule", exact=True).select_option(label=rule)


async def test_a_rule_with_a_check_acts_on_others_and_logs_each_step(
    signed_in_page: Page, rules: Rules, screenshots: Path
) -> None:
    page, mark = signed_in_page, uuid.uuid4().hex[:6]
    never = {"chain": DEMO_CHAIN_ID, "token": "WETH", "price_usd": {"gt": 99_999}}
    other = await rules.make(f"Other {mark}", "price", never)
    await page.goto("/alerts/new/?kind=whale")
    await page.get_by_role("textbox", name="Worth at least").fill("1000")
    await page.get_by_label("At most every").select_option(label="at most every 1 day")
    await page.locator("#name").fill(f"Checked {mark}")
    only_if = card(page, "Only if")
    await only_if.get_by_role("button", name="Add a check").click()
    await only_if.get_by_role("textbox", name="Price", exact=True).fill("99,999")
    await only_if.get_by_label("in the app").check()
    await only_if.get_by_role("button", name="Act on another rule").click()
    await page.get_by_role("button", name="Create rule").click()
    await expect(page.locator("#acts-error")).to_have_text("Choose the rule to act on.")
    await only_if.get_by_label("What is done").select_option(label="pause the rule")
    await only_if.get_by_label("Rule", exact=True).select_option(label=f"Other {mark}")
    await expect(page.locator("#acts-error")).to_be_empty()
    await act_on(card(page, "Tell me"), "trigger the rule", f"Other {mark}")
    await expect(page.get_by_text("A transfer worth at least $1,000 on any chain")).to_be_visible()
    await look(page, "builder-automation", screenshots)
    await page.get_by_role("button", name="Create rule").click()
    await page.wait_for_url("**/alerts/rules/**")
    made = page.url.rstrip("/").rpartition("/")[2]
    rules.made.append(made)

    await expect(card(page, "Only if")).to_contain_text("WETH on Demo market rises above $99,999")
    options = card(page, "Options")
    await expect(options).to_contain_text(f"trigger the rule “Other {mark}”")
    await expect(options).to_contain_text(f"pause the rule “Other {mark}”")
    end = time.monotonic() + PATIENCE_SECONDS
    while (await rules.read(other))["enabled"]:
        assert time.monotonic() < end, "the rule that was to be paused is still at work"
        await page.wait_for_timeout(1_000)
    await page.reload()
    log = card(page, "Execution log")
    run = log.get_by_role("button", name=re.compile("the check did not hold"))
    await expect(run).to_contain_text("Done")
    await run.click()
    await expect(run).to_have_attribute("aria-expanded", "true")
    steps = log.get_by_role("list", name="Execution log").get_by_role("listitem")
    await expect(steps.filter(has_text=f"Other {mark}")).to_contain_text("Done")
    await look(page, "rule-with-runs", screenshots)

    await page.get_by_role("link", name="Edit").click()
    await expect(only_if.get_by_role("textbox", name="Price", exact=True)).to_have_value("99999")
    await expect(only_if.get_by_label("What is done")).to_have_value("disable_rule")
    await expect(card(page, "Tell me").get_by_label("What is done")).to_have_value("trigger_rule")
    await only_if.get_by_role("button", name="Remove").click()
    await page.get_by_role("button", name="Save rule").click()
    await expect(card(page, "Execution log")).to_be_visible()
    stored = await rules.read(made)
    assert (stored["guard"], stored["elseActions"], stored["version"]) == (None, [], 2)


async def test_a_rule_is_snoozed_and_woken(signed_in_page: Page, rules: Rules, screenshots: Path) -> None:
    page, conditions = signed_in_page, {"chain": DEMO_CHAIN_ID, "base_fee_gwei": {"gt": 9_000}}
    rule_id = await rules.make(f"Sleepy {uuid.uuid4().hex[:6]}", "gas", conditions)
    await page.goto(f"/alerts/rules/{rule_id}/")
    await page.get_by_label("Snooze").select_option(label="for 8 hours")
    snoozed = page.get_by_role("term").filter(has_text="Snoozed")
    await expect(snoozed).to_be_visible()
    await expect(page.get_by_text(re.compile(r"^until \d{4}-\d\d-\d\d \d\d:\d\d UTC$"))).to_be_visible()
    assert (await rules.read(rule_id))["snoozedUntil"] is not None
    await look(page, "rule-snoozed", screenshots)
    await page.get_by_role("button", name="Wake").click()
    await expect(snoozed).to_have_count(0)
    await expect(page.get_by_label("Snooze")).to_be_visible()
    assert (await rules.read(rule_id))["snoozedUntil"] is None


async def test_advice_is_taken_with_one_press_or_put_away(
    signed_in_page: Page, rules: Rules, running_app: Trial, screenshots: Path
) -> None:
    page, mark = signed_in_page, uuid.uuid4().hex[:6]
    market = load_addresses(running_app.var_dir / "demo" / "addresses.json")
    pools = [pool.address.lower() for pool in market.pools.values()]
    watching = await rules.make(f"Pools {mark}", "whale", {"wallet": pools}, cooldownSeconds=5)
    end = time.monotonic() + PATIENCE_SECONDS
    advice = card(page, "Worth doing")
    watch = advice.get_by_role("listitem").filter(has_text="Watch the price of")
    while True:
        await page.goto("/alerts/")
        await expect(advice.get_by_role("listitem").first.or_(advice.get_by_text("Nothing to improve"))).to_be_visible()
        if await watch.count() >= 2:
            break
        assert time.monotonic() < end, f"too little is advised after {await rules.alerts(watching)} alerts"
        await page.wait_for_timeout(2_000)
    await look(page, "advice", screenshots)
    title = await watch.last.get_by_role("paragraph").first.inner_text()
    await advice.get_by_role("listitem").filter(has_text=title).get_by_role("button", name="Not now").click()
    await expect(advice.get_by_text(title, exact=True)).to_have_count(0)
    taken = await watch.first.get_by_role("paragraph").first.inner_text()
    await watch.first.get_by_role("button", name="Do it").click()
    await page.wait_for_url("**/alerts/rules/**")
    rules.made.append(page.url.rstrip("/").rpartition("/")[2])
    token = taken.removeprefix("Watch the price of ")
    await expect(page.get_by_role("heading", level=2, name=re.compile(f"^{token} .*by at least 10%"))).to_be_visible()
    await page.goto("/alerts/")
    await expect(advice.get_by_role("listitem").first.or_(advice.get_by_text("Nothing to improve"))).to_be_visible()
    await expect(advice.get_by_text(title, exact=True)).to_have_count(0)
    await expect(advice.get_by_text(taken, exact=True)).to_have_count(0)
