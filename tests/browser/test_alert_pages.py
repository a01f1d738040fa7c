"""The alert pages: thousands of alerts in a list of a few rows, a rule with its chart, figures; and what they weigh."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from backend.embedded.trial import Trial

expect.set_options(timeout=20_000)  # the machine that runs tests may be busy
COPIES = 1_500
MOST_KILOBYTES = 220
COPY = """
insert into alert_history (id, triggered_at, alert_rule_id, user_id, rule_version, type, event_id, chain_id,
  block_number, block_hash, tx_hash, token, message, event_data, recorded_at)
select gen_random_uuid(), triggered_at - interval '2 hours' - n * interval '1 second', alert_rule_id, user_id,
  rule_version, type, event_id || ':' || n, chain_id, block_number, block_hash, tx_hash, token, message,
  event_data || jsonb_build_object('value_usd', (1000 + n)::text), recorded_at
from (select * from alert_history where alert_rule_id = %s order by triggered_at limit 1) as one,
  generate_series(1, %s) as n
"""


@pytest_asyncio.fixture(loop_scope="session")
async def rule(context: BrowserContext, signed_in_page: Page, running_app: Trial) -> AsyncIterator[dict[str, Any]]:
    """A rule of the demo user with 1,500 alerts and more."""
    headers = {"Origin": running_app.url}
    made = await context.request.post(
        "/v1/alerts/rules",
        headers=headers,
        data={
            "name": f"Many {uuid.uuid4().hex[:6]}",
            "type": "whale",
            "conditions": [{"field": "value_usd", "operator": "gte", "value": 1000}],
            "actions": [{"type": "in_app"}],
        },
    )
    rule = (await made.json())["data"]
    async with asyncio.timeout(60):
        while True:
            page = await context.request.get(f"/v1/alerts/history?ruleId={rule['id']}&pageSize=1")
            if (await page.json())["data"]["total"]:
                break
            await asyncio.sleep(0.5)
    socket, port = running_app.var_dir / "postgres", running_app.environment["EMBEDDED_POSTGRES_PORT"]
    with psycopg.connect(f"host={socket} port={port} user=postgres dbname=premium") as connection:
        # Of hours that are over: the plan's alerts of this hour are for the tests that come after.
        connection.execute("select ensure_month_partition('alert_history', now() - interval '3 hours')")
        connection.execute(COPY, (rule["id"], COPIES))
    yield rule
    await context.request.delete(f"/v1/alerts/rules/{rule['id']}", headers=headers)


async def test_long_history_is_scrolled_sorted_and_read_by_keyboard(
    signed_in_page: Page, rule: dict[str, Any], screenshots: Path
) -> None:
    page = signed_in_page
    await page.goto(f"/alerts/history/?rule={rule['id']}")
    rows = page.locator("tbody tr[data-index]")
    await expect(rows.first).to_contain_text(rule["name"])
    total = int(await page.locator("table").get_attribute("aria-rowcount") or 0) - 1
    assert total > COPIES
    assert await rows.count() < 60

    await rows.first.focus()
    await page.keyboard.press("End")
    last = page.locator(f"tr[data-index='{total - 1}']")
    await expect(last).to_be_focused()
    await expect(last).to_contain_text(rule["name"])
    assert await rows.count() < 60
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Alert")).to_contain_text(rule["name"])
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("tr[data-index='1']")).to_be_focused()

    await page.get_by_role("link", name="Value").click()
    await page.wait_for_url("**sort=-value**")
    await expect(page.locator("th[aria-sort='descending']")).to_contain_text("Value")
    await page.get_by_role("link", name="Value").click()
    await page.wait_for_url("**sort=value**")
    await expect(page.locator("th[aria-sort='ascending']")).to_contain_text("Value")
    await expect(rows.first).to_contain_text(re.compile(r"\$1,00\d\.\d\d"))
    await page.screenshot(path=screenshots / "history-long.png")


async def test_rule_page_shows_reading_threshold_and_alerts(
    context: BrowserContext, signed_in_page: Page, running_app: Trial, rule: dict[str, Any], screenshots: Path
) -> None:
    page, headers = signed_in_page, {"Origin": running_app.url}
    made = await context.request.post(
        "/v1/alerts/rules",
        headers=headers,
        data={
            "name": f"Chart {uuid.uuid4().hex[:6]}",
            "type": "price",
            "conditions": [
                {"field": "chain", "operator": "eq", "value": 31337},
                {"field": "token", "operator": "eq", "value": "WETH"},
                {"field": "price_usd", "operator": "gt", "value": 99999},
            ],
        },
    )
    price = (await made.json())["data"]
    await page.goto(f"/alerts/rules/{price['id']}/?range=1h")
    await expect(page.get_by_role("heading", level=2, name=re.compile("rises above"))).to_be_visible()
    await expect(page.get_by_role("img", name=re.compile(r"Price: \d+ readings"))).to_be_visible()
    await expect(page.locator(".chart canvas").first).to_be_visible()
    await expect(page.get_by_text("Threshold $99,999.00 is above this view")).to_be_visible()
    await page.get_by_role("button", name="View as table").click()
    await expect(page.locator(".chart-rows tbody tr").first).to_contain_text("$")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Delete rule").click()
    await page.wait_for_url("**/alerts/?tab=rules")

    await page.goto(f"/alerts/rules/{rule['id']}/?range=24h")
    await expect(page.locator(".chart canvas").first).to_be_visible()
    await expect(page.locator("main li").first).to_contain_text(rule["name"])
    await page.screenshot(path=screenshots / "rule.png")
    await page.goto(f"/alerts/rules/{price['id']}/")
    await expect(page.get_by_role("heading", name="There is no such rule").first).to_be_visible()


async def test_builder_says_the_rule_in_words_and_blames_the_right_blank(
    context: BrowserContext, signed_in_page: Page, running_app: Trial
) -> None:
    page, name = signed_in_page, f"Built {uuid.uuid4().hex[:6]}"
    await page.goto("/alerts/")
    await page.get_by_role("link", name="New rule").first.click()  # an empty page offers it too
    await page.get_by_role("link", name="Token prices").click()
    blank = page.get_by_role("textbox", name="Price", exact=True)
    await blank.fill("much")
    await page.get_by_role("button", name="Create rule").click()
    await expect(page.get_by_role("alert").filter(has_text="This is not a number.")).to_be_visible()
    await expect(blank).to_have_value("much")
    await blank.fill("99,999.5")
    await blank.press("Tab")
    await page.get_by_role("combobox", name="Compared how").select_option(label="below")
    await expect(page.get_by_text(re.compile(r"on Demo market falls below \$99,999.50"))).to_be_visible()
    await page.get_by_label("How often").select_option(label="once")
    await page.locator("#name").fill(name)
    await page.get_by_role("button", name="Create rule").click()
    await page.wait_for_url("**/alerts/")  # where it began
    await page.goto("/alerts/?tab=rules")
    await page.get_by_role("row").filter(has_text=name).get_by_role("link", name="falls below").click()
    await page.wait_for_url("**/alerts/rules/**")
    await expect(page.get_by_role("heading", level=2, name=re.compile("falls below"))).to_be_visible()
    await page.get_by_role("link", name="Edit").click()
    await expect(blank).to_have_value("99999.5")
    await page.get_by_role("combobox", name="Compared how").select_option(label="above")
    await page.get_by_role("button", name="Save rule").click()
    await expect(page.get_by_role("heading", level=2, name=re.compile("rises above"))).to_be_visible()
    rule_id = page.url.rstrip("/").rpartition("/")[2]
    stored = (await (await context.request.get(f"/v1/alerts/rules/{rule_id}")).json())["data"]
    assert (stored["name"], stored["frequency"], stored["version"]) == (name, "once", 2)
    await context.request.delete(f"/v1/alerts/rules/{rule_id}", headers={"Origin": running_app.url})


async def test_template_opens_in_the_builder_with_its_blanks_left_blank(signed_in_page: Page) -> None:
    page = signed_in_page
    await page.goto("/alerts/new/")
    await page.get_by_role("link", name=re.compile("^Gas is cheap")).click()
    await expect(page.get_by_text(re.compile("The base fee on Demo market falls below"))).to_be_visible()
    await expect(page.get_by_text(re.compile("It would (not )?have told you"))).to_be_visible()
    await page.goto("/alerts/new/?template=price-target")
    await expect(page.get_by_role("textbox", name="Price", exact=True)).to_have_value("")


async def test_figures_name_what_was_counted(signed_in_page: Page, rule: dict[str, Any]) -> None:
    page = signed_in_page
    await page.goto("/alerts/")
    tile = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Alerts, 24 hours"))
    await expect(tile).to_contain_text(re.compile(r"\d,\d{3}"))
    await page.goto("/alerts/analytics/?unit=week")
    await expect(page.get_by_role("link", name=rule["name"])).to_be_visible()
    await page.get_by_text("View as table").click()
    await expect(page.locator(".bar-rows tbody tr")).to_have_count(27)


async def test_pages_of_alerts_are_light(signed_in_page: Page, running_app: Trial, rule: dict[str, Any]) -> None:
    page, weights = signed_in_page, {}
    async with httpx.AsyncClient(headers={"Accept-Encoding": "gzip"}) as client:
        for address in ("/alerts/", "/alerts/history/", "/alerts/analytics/", f"/alerts/rules/{rule['id']}/"):
            await page.goto(address)
            await page.wait_for_selector("main section")
            scripts = await page.evaluate(
                "performance.getEntriesByType('resource').map(each => each.name).filter(name => /\\.js$/.test(name))"
            )
            total = 0
            for script in {name for name in scripts if "lightweight-charts" not in name}:
                async with client.stream("GET", script) as answer:
                    total += sum([len(chunk) async for chunk in answer.aiter_raw()])
            weights[address] = total / 1000
    assert all(0 < weight <= MOST_KILOBYTES for weight in weights.values()), weights
