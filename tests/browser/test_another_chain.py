"""One variable, and the product follows somebody else's chain: a stranger's address is read there, to the cent.

The chain says that it is Base; it is an anvil of this test's own, and prices come from doubles of DefiLlama and
CoinGecko. The stranger has NFTs too: some with a floor price, some without, and some that nobody asked for.
"""

import asyncio
from contextlib import AsyncExitStack, suppress
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from backend.core.errors import UnavailableError
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.accounts import ACCOUNTS
from backend.demo.anvil import anvil_command
from backend.demo.artifacts import multicall3_runtime
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction, send_and_mine
from backend.embedded.ports import free_port
from backend.embedded.trial import trial_run
from tests.browser.conftest import sign_in
from tests.browser.test_every_page import LOOKS, axe
from tests.doubles.nfts import deploy_collections, mint_batch
from tests.doubles.nfts import mint as mint_piece
from tests.doubles.price_sources import price_double
from tests.doubles.tokens import deploy_tokens, mint

pytestmark = pytest.mark.long

BASE = 8453
STRANGER = "0x00000000219ab540356cbb839cbe05303d7705fa"
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
ETH, COIN = 12_345_678_901_234_567_890, 2_500_500_001  # 12.3… ETH; 2,500.500001 of a token with 6 decimals
ETH_USD, COIN_USD = Decimal("3001.25"), Decimal("0.9987")


FLOOR = (Decimal("4.67"), Decimal("9713.91"))  # ETH, US dollars


async def a_chain_of_base(directory: Path, port: int) -> tuple[asyncio.subprocess.Process, str, str]:
    """Start it; return its process, the token that the stranger holds, and the collection that has a floor."""
    own = anvil_command(port, directory / "base.json", 2.0)
    command = [str(BASE) if part == str(DEMO_CHAIN_ID) else part for part in own]
    process = await asyncio.create_subprocess_exec(*command)
    async with Rpc(f"http://127.0.0.1:{port}") as rpc:
        for _attempt in range(40):
            with suppress(UnavailableError):
                assert int(await rpc.call("eth_chainId"), 16) == BASE
                break
        await rpc.call("anvil_setCode", MULTICALL3, multicall3_runtime())
        (token,) = await deploy_tokens(rpc, [("PlainToken", ("STR", 6))])
        await send_and_mine(rpc, [mint(token, STRANGER, COIN)])
        await send_and_mine(rpc, [Transaction(ACCOUNTS["treasury"].lower(), STRANGER, "0x", 21_000, ETH)])
        penguins, sketches, lure = await deploy_collections(
            rpc,
            [
                ("Collectible", "Penguins", "PPG"),
                ("Items", "Sketches", "SKT"),
                ("Items", "Claim at free-mint.io", "FREE"),
            ],
        )
        await send_and_mine(
            rpc,
            [
                *(mint_piece(penguins, STRANGER, token_id) for token_id in (3, 2**255)),
                mint_batch(sketches, STRANGER, {1: 10, 7: 3}),
                mint_batch(lure, STRANGER, {1: 2}),
            ],
        )
    return process, token, penguins


async def worth_of(context: BrowserContext) -> Decimal:
    """Return the portfolio's total, as soon as there is one."""
    for _ in range(120):
        said = await (await context.request.get("/v1/portfolio")).json()
        if said["data"]["totalValueUsd"] is not None and said["data"]["assets"]:
            return Decimal(said["data"]["totalValueUsd"])
        await asyncio.sleep(0.5)
    raise AssertionError("there is no snapshot")


async def look_at_nfts(page: Page, screenshots: Path) -> None:
    """The page of NFTs: what has a floor counts, the rest is apart, spam is left out; the user has the last word."""
    await page.goto("/portfolio/nfts/")
    priced = page.get_by_role("table", name="Collections with a floor price").locator("tbody tr")
    for said in ("Penguins", "#3, #57896…9968", "$9,713.91", "$19,427.82", "CoinGecko"):
        await expect(priced.first).to_contain_text(said)
    apart = page.get_by_role("table", name="Collections without a floor price").locator("tbody tr")
    await expect(apart.filter(has_text="Sketches")).to_contain_text("13")
    spam = page.get_by_role("list", name="Left out as spam").get_by_role("listitem")
    await expect(spam.filter(has_text="FREE").first).to_contain_text("carries a web address")
    for width, scheme in LOOKS:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": 900})
        assert await axe(page) == []
        await page.screenshot(path=screenshots / f"portfolio-nfts-{width}-{scheme}.png", full_page=True)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await apart.filter(has_text="Sketches").get_by_role("button", name="Hide this collection").click()
    hidden = spam.filter(has_text="Sketches").first
    await expect(hidden).to_contain_text("You have hidden it.")
    await hidden.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("You have hidden it.")).to_have_count(0)


async def test_a_strangers_address_on_a_chain_of_others(browser: Browser, work_dir: Path, screenshots: Path) -> None:
    directory, port = work_dir / "base", free_port()
    directory.mkdir()
    chain, token, penguins = await a_chain_of_base(directory, port)
    async with price_double() as prices, AsyncExitStack() as stack:
        stack.callback(chain.kill)
        prices.prices = {"coingecko:ethereum": ETH_USD, f"base:{token}": COIN_USD}
        prices.floors = {f"base/{penguins}": FLOOR}
        running = trial_run(
            directory / "product",
            CHAINS=orjson.dumps({str(BASE): f"http://127.0.0.1:{port}"}).decode(),
            DEFILLAMA_COINS_URL=prices.defillama_url,
            COINGECKO_API_URL=prices.coingecko_url,
            COINGECKO_API_KEY=prices.key,
            TOKEN_LIST_URLS="",
            ECB_RATES_URL="",
        )
        trial = await asyncio.to_thread(running.__enter__)
        stack.push_async_callback(asyncio.to_thread, running.__exit__, None, None, None)
        context = await browser.new_context(base_url=trial.url)
        stack.push_async_callback(context.close)
        await sign_in(context)
        page = await context.new_page()
        await page.goto("/portfolio/wallets/")
        await page.get_by_label("Address or ENS name").fill(STRANGER)
        await page.get_by_role("button", name="Add wallet").click()
        worth = Decimal(ETH).scaleb(-18) * ETH_USD + Decimal(COIN).scaleb(-6) * COIN_USD + 2 * FLOOR[1]
        assert await worth_of(context) == worth
        await page.goto("/portfolio/")
        await expect(page.get_by_text("$58,977.54").first).to_be_visible(timeout=20_000)
        await expect(page.get_by_text("Base", exact=True).first).to_be_visible()
        await expect(page.get_by_text("DefiLlama").first).to_be_visible()
        await expect(page.get_by_text("Demo market")).to_have_count(0)
        await look_at_nfts(page, screenshots)
