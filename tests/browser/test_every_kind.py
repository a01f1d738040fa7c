"""Every kind of alert fires in the running demo from something that really happens on its chain, and the page says so.

Value locked in a protocol needs an hour of history: its rules are tested through the real path in
tests/integration/alerts.
"""

import asyncio
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, expect

from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses, load_addresses
from backend.demo.causes import cause
from backend.demo.rpc import Rpc
from backend.demo.trade import send_and_wait, whale_swap
from backend.demo.transactions import Transaction
from backend.embedded.trial import Trial
from tests.browser.conftest import sign_in
from tests.browser.test_api_of_the_product import Api, api

pytestmark = pytest.mark.long

__all__ = ["api"]  # the fixture
CHAIN = {"chain": DEMO_CHAIN_ID}
PATIENCE_SECONDS = 100.0
WHALE_USD = 900_000


def wanted(market: DemoAddresses, weth_usd: Decimal, fee_gwei: Decimal) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return (type, conditions) of a rule of each kind, by name."""
    watched, weth = market.watched, market.tokens["WETH"].address
    assert watched is not None
    above = {**CHAIN, "token": weth, "price_usd": {"gt": float(round(weth_usd * Decimal("1.001"), 4))}}
    return {
        "A whale": ("whale", {**CHAIN, "value_usd": WHALE_USD - 50_000}),
        "A price": ("price", above),
        "Gas rises": ("gas", {**CHAIN, "base_fee_gwei": {"gt": round(float(fee_gwei * Decimal("1.2")), 6)}}),
        "Liquidity leaves": (
            "protocol_risk",
            {**CHAIN, "signal": "liquidity_removed", "value_usd": 10_000, "share_pct": 3},
        ),
        "The oracle is off": (
            "protocol_risk",
            {**CHAIN, "signal": "oracle_deviation", "token": weth, "deviation_pct": 5},
        ),
        "New owner": ("protocol_risk", {**CHAIN, "signal": "ownership_changed", "contract": watched.ownable}),
        "New code": ("protocol_risk", {**CHAIN, "signal": "implementation_changed", "contract": watched.vault}),
        "A proposal": ("governance", {**CHAIN, "governor": watched.governor, "step": "proposal_created"}),
        "Every minute": ("schedule", {"cron": "* * * * *", "time_zone": "Europe/Berlin"}),
        "Price and gas": ("multi", {"all": [
            {"type": "price", "conditions": above, "within": 120},
            {"type": "gas", "conditions": {**CHAIN, "base_fee_gwei": {"lt": 9_000}}, "within": 120},
        ]}),
    }  # fmt: skip


async def test_every_kind_fires_from_a_real_cause(
    api: Api,
    context: BrowserContext,
    running_app: Trial,
    screenshots: Path,
) -> None:
    market = load_addresses(running_app.var_dir / "demo" / "addresses.json")
    prices = await api.send("GET", f"/v1/market/prices?chainId={DEMO_CHAIN_ID}")
    weth = next(one for one in prices["items"] if one["symbol"] == "WETH")
    async with Rpc(running_app.rpc_url) as rpc:
        block = await rpc.call("eth_getBlockByNumber", "latest", False)
    fee_gwei = Decimal(int(block["baseFeePerGas"], 16)) / 10**9
    made: dict[str, str] = {}
    try:
        for name, (kind, conditions) in wanted(market, Decimal(weth["priceUsd"]), fee_gwei).items():
            rule = {"name": name, "type": kind, "conditions": conditions, "actions": [{"type": "in_app"}]}
            made[name] = (await api.send("POST", "/v1/alerts/rules", json=rule))["id"]
        follows = {"name": "After the whale", "type": "chained", "conditions": {"rule": made["A whale"]}}
        made["After the whale"] = (await api.send("POST", "/v1/alerts/rules", json=follows))["id"]
        made["Richer"] = await rule_on_the_portfolio(api)
        await asyncio.sleep(1.5)  # changes of rules are seen within a second
        await read_portfolio(api)
        gift = Transaction(ACCOUNTS["guest"], ACCOUNTS["demo"], "0x", 21_000, value_wei=30 * 10**18)
        await send_and_wait(running_app.rpc_url, gift)
        await read_portfolio(api)
        await send_and_wait(running_app.rpc_url, whale_swap(market, WHALE_USD))
        await send_and_wait(running_app.rpc_url, whale_swap(market, 5 * WHALE_USD))
        for name in ("liquidity_removed", "ownership_changed", "implementation_changed", "proposal_created"):
            await cause(running_app.rpc_url, market, name)
        await cause(running_app.rpc_url, market, "oracle_deviation")
        await cause(running_app.rpc_url, market, "gas_spike")
        messages = await alerts_of(api, made)
        await cause(running_app.rpc_url, market, "oracle_back")
        await sign_in(context)
        page = await context.new_page()
        for name in made:
            await page.goto(f"/alerts/history/?rule={made[name]}")
            await expect(page.get_by_role("link", name=name).first).to_be_visible(timeout=20_000)
        await page.screenshot(path=screenshots / "every-kind.png", full_page=True)
        assert all("0x" in messages[name] or "$" in messages[name] for name in ("A whale", "Liquidity leaves"))
    finally:
        for rule_id in made.values():
            await api.send("DELETE", f"/v1/alerts/rules/{rule_id}")


async def rule_on_the_portfolio(api: Api) -> str:
    """Make a rule that waits for the portfolio to be worth $50,000 more than it is; return its id."""
    worth = Decimal((await read_portfolio(api))["totalValueUsd"])
    more = {"measure": "value", "value": {"gt": float(round(worth + 50_000, 2))}}
    rule = {"name": "Richer", "type": "portfolio", "conditions": more, "actions": [{"type": "in_app"}]}
    return (await api.send("POST", "/v1/alerts/rules", json=rule))["id"]


async def read_portfolio(api: Api) -> dict[str, Any]:
    """Have the portfolio read anew, as soon as the plan allows it, and return what was read."""
    before = (await api.send("GET", "/v1/portfolio"))["takenAt"]
    end = time.monotonic() + PATIENCE_SECONDS
    is_asked = False
    while True:
        assert time.monotonic() < end, "the portfolio was not read"
        if not is_asked:
            headers = {"Authorization": f"Bearer {api.token}"}
            async with api.session.post(f"{api.url}/v1/portfolio/refresh", headers=headers) as answer:
                is_asked = answer.status == 202
        now = await api.send("GET", "/v1/portfolio")
        if is_asked and now["takenAt"] not in (None, before) and now["isComplete"]:
            return now
        await asyncio.sleep(1.0)


async def alerts_of(api: Api, made: dict[str, str]) -> dict[str, str]:
    """Wait until every rule has an alert; return their messages by the rules' names."""
    messages: dict[str, str] = {}
    end = time.monotonic() + PATIENCE_SECONDS
    while missing := made.keys() - messages.keys():
        assert time.monotonic() < end, f"no alert of: {', '.join(sorted(missing))}"
        for name in missing:
            page = await api.send("GET", f"/v1/alerts/history?ruleId={made[name]}&pageSize=1")
            if page["items"]:
                messages[name] = page["items"][0]["message"]
        await asyncio.sleep(1.0)
    return messages
