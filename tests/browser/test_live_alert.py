"""The spine, end to end: a rule made in the browser fires from a swap that web3.py makes by hand."""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import BrowserContext, Page, expect
from web3 import Web3

from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import load_addresses
from backend.embedded.trial import Trial
from tests.browser.conftest import sign_in

SWAPS = 3
SWAP_ETH = 150
# A swap of this size is worth more than the traders' whales ever move, so only ours fires the rule.
THRESHOLD_USD = 400_000
ROUTER_ABI = json.loads(
    '[{"type":"function","name":"swapExactETHForTokens","stateMutability":"payable","inputs":[{"name":"amountOutMin",'
    '"type":"uint256"},{"name":"path","type":"address[]"},{"name":"to","type":"address"},{"name":"deadline",'
    '"type":"uint256"}],"outputs":[{"name":"amounts","type":"uint256[]"}]}]'
)
# Remembers when the page first showed each transaction, by the clock of this machine.
WATCH = """() => {
  window.seenAt = {};
  const look = () => document.querySelectorAll('[title^="0x"]').forEach((node) => {
    const hash = node.getAttribute('title');
    if (hash.length === 66 && !(hash in window.seenAt)) window.seenAt[hash] = Date.now();
  });
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true});
  look();
}"""


def swap_by_hand(w3: Web3, trial: Trial) -> str:
    """Send ETH into the WETH/USDC pair through Router02 with nothing but web3.py, and return the hash."""
    market = load_addresses(trial.var_dir / "demo" / "addresses.json")
    router = w3.eth.contract(address=Web3.to_checksum_address(market.routers.uniswap_v2), abi=ROUTER_ABI)
    guest = Web3.to_checksum_address(ACCOUNTS["guest"])
    path = [Web3.to_checksum_address(market.tokens[symbol].address) for symbol in ("WETH", "USDC")]
    swap = router.functions.swapExactETHForTokens(1, path, guest, int(time.time()) + 600)
    sent = swap.transact({"from": guest, "value": Web3.to_wei(SWAP_ETH, "ether")})
    return Web3.to_hex(sent)


async def block_seen_at(w3: Web3, tx_hash: str) -> tuple[float, int]:
    """Return when the block with this transaction could first be read, in Unix milliseconds, and its number."""
    async with asyncio.timeout(20):
        while True:
            receipts = await asyncio.to_thread(lambda: w3.provider.make_request("eth_getTransactionReceipt", [tx_hash]))  # type: ignore[arg-type]
            if receipts.get("result"):
                return time.time() * 1000, int(receipts["result"]["blockNumber"], 16)
            await asyncio.sleep(0.01)


async def make_rule(page: Page) -> None:
    """Write the rule as a sentence and save it."""
    await page.goto("/alerts/new/?kind=whale&back=%2Falerts%2F%3Ftab%3Drules")
    await page.get_by_label("Name").fill("Mine by hand")
    amount = page.get_by_role("textbox", name="Worth at least")
    await amount.fill(f"{THRESHOLD_USD:,}")
    await amount.press("Enter")
    await expect(page.get_by_text("Mine by hand")).to_be_visible(timeout=15_000)


async def test_rule_made_in_browser_fires_from_a_swap_within_a_second_of_its_block(
    context: BrowserContext, running_app: Trial, screenshots: Path, record_property: Callable[[str, object], None]
) -> None:
    await sign_in(context)
    page = await context.new_page()
    await make_rule(page)
    await page.goto("/alerts/?tab=live")
    await expect(page.get_by_role("tab", name="Live").or_(page.get_by_role("link", name="Live")).first).to_be_visible()
    await page.wait_for_timeout(1_500)
    await page.evaluate(WATCH)
    w3 = Web3(Web3.HTTPProvider(running_app.rpc_url))
    delays_ms = []
    for _ in range(SWAPS):
        tx_hash = await asyncio.to_thread(swap_by_hand, w3, running_app)
        mined_ms, _number = await block_seen_at(w3, tx_hash)
        await page.wait_for_function("hash => hash in window.seenAt", arg=tx_hash, timeout=15_000)
        delays_ms.append(await page.evaluate("hash => window.seenAt[hash]", tx_hash) - mined_ms)
    await page.screenshot(path=screenshots / "live-alert.png")
    record_property("block_to_alert_ms", [round(delay) for delay in delays_ms])
    assert statistics.median(delays_ms) < 1_000, delays_ms

    await page.goto("/alerts/history/")
    await expect(page.get_by_role("row").filter(has_text="Mine by hand").first).to_be_visible(timeout=15_000)
