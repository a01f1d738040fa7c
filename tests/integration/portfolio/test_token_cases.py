"""Odd tokens the whole way: transfers on a chain, discovery, balances as of a block, snapshot, row of the page."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import MULTICALL3
from backend.chain.rpc.pool import RpcPool
from backend.core.db import Database
from backend.core.formats import UNKNOWN
from backend.core.ids import new_id
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.accounts import ACCOUNTS
from backend.demo.rpc import Rpc
from backend.portfolio.aggregator import Aggregator
from backend.portfolio.discovery.finding import Finder
from backend.portfolio.sink import StoreSink
from backend.portfolio.snapshots.records import AssetPart, Snapshot
from backend.portfolio.snapshots.service import worker_home
from state.portfolio_rows import AssetRow, asset_rows
from tests.doubles.tokens import deploy_tokens, mint, rebase, transfer
from tests.integration.chain.harness import Anvil
from tests.integration.portfolio.test_aggregator import GivenPrices

WALLET, OTHER = ACCOUNTS["trader_7"].lower(), ACCOUNTS["trader_8"].lower()
WIDE_RAW = 3 * 10**36 + 1
NAMES = {
    "FEE": ("FeeToken", ()),
    "REBASE": ("RebasingToken", ()),
    "WHOLE": ("PlainToken", ("WHOLE", 0)),
    "WIDE": ("PlainToken", ("WIDE", 36)),
    "SELF": ("PlainToken", ("SELF", 18)),
    "WORD": ("WordToken", ()),
    "BAD": ("RevertingToken", ()),
}


@dataclass
class Given:
    """A user whose wallet got the tokens, and the way from the chain to the page."""

    user_id: UUID
    wallet_id: UUID
    pool: RpcPool
    database: Database
    aggregator: Aggregator
    sink: StoreSink
    tokens: dict[str, str]

    async def discover(self) -> None:
        """Find the wallet's tokens; and the user's word that none of them is spam, since nothing lists them."""
        await Finder(self.database, {DEMO_CHAIN_ID: self.pool}, {DEMO_CHAIN_ID: MULTICALL3}, self.user_id).run()
        values = {"user": self.user_id, "wallet": self.wallet_id, "chain": DEMO_CHAIN_ID}
        async with self.database.unit_of_work() as session:
            # Neither of these logs transfers: they were found elsewhere.
            await session.execute(
                text(
                    "insert into portfolio_wallet_tokens (wallet_id, user_id, chain_id, token, found_by)"
                    " select :wallet, :user, :chain, t, 'list' from unnest(cast(:tokens as text[])) t"
                    " on conflict do nothing"
                ),
                {**values, "tokens": [self.tokens["WORD"], self.tokens["BAD"]]},
            )
            await session.execute(
                text(
                    "insert into portfolio_token_verdicts (user_id, chain_id, token, is_spam, decided_by)"
                    " select :user, :chain, token, false, 'user' from portfolio_wallet_tokens where user_id = :user"
                    " on conflict do nothing"
                ),
                {"user": self.user_id, "chain": DEMO_CHAIN_ID},
            )
        await Finder(self.database, {DEMO_CHAIN_ID: self.pool}, {DEMO_CHAIN_ID: MULTICALL3}, self.user_id).run()

    async def rows(self) -> tuple[Snapshot, dict[str, tuple[AssetPart, AssetRow]]]:
        """Take a snapshot; return it with its holdings and their rows by the name of the token."""
        await self.aggregator.take([self.user_id])
        taken = (await self.sink.last([self.user_id]))[self.user_id]
        rows = asset_rows(taken, taken.assets, {})
        names = {address: name for name, address in self.tokens.items()} | {NATIVE_TOKEN: "ETH"}
        assert len({part.token for part in taken.assets}) == len(taken.assets), "each token once"
        shown = zip(taken.assets, rows, strict=True)
        return taken, {names[part.token]: (part, row) for part, row in shown if part.token in names}


@pytest.fixture
async def given(
    make_settings: Callable[..., Settings],
    anvil: Anvil,
    admin_database: Database,
    worker_database: Database,
    redis,
    make_pool: Callable[..., RpcPool],
) -> AsyncIterator[Given]:
    async with Rpc(anvil.url) as rpc:
        tokens = dict(zip(NAMES, await deploy_tokens(rpc, list(NAMES.values())), strict=True))
    await anvil.mine([mint(tokens["FEE"], OTHER, 1_000 * 10**18), mint(tokens["REBASE"], WALLET, 1_000 * 10**9)])
    await anvil.mine(
        [
            transfer(OTHER, tokens["FEE"], WALLET, 100 * 10**18),
            rebase(tokens["REBASE"], 15 * 10**17),
            mint(tokens["WHOLE"], WALLET, 7),
            mint(tokens["WIDE"], WALLET, WIDE_RAW),
            mint(tokens["SELF"], WALLET, 10 * 10**18),
        ]
    )
    await anvil.mine([transfer(WALLET, tokens["SELF"], WALLET, 4 * 10**18)])
    user_id, wallet_id = new_id(), new_id()
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("insert into premium_users (id, email, tier) values (:id, :email, 'pro')"),
            {"id": user_id, "email": f"{user_id}@example.com"},
        )
        await session.execute(
            text(
                "insert into portfolio_wallets (id, user_id, address, added_by) values (:id, :user, :wallet, 'address')"
            ),
            {"id": wallet_id, "user": user_id, "wallet": WALLET},
        )
    settings = make_settings(chains={DEMO_CHAIN_ID: [anvil.url]}, defillama_coins_url="")
    home, pool = worker_home(settings, worker_database), make_pool(anvil.url)
    sink = StoreSink(home, redis)
    priced = {name: tokens[name] for name in ("FEE", "REBASE", "WHOLE", "WIDE", "SELF", "WORD")}
    prices = GivenPrices({(DEMO_CHAIN_ID, token): "2.5" for token in priced.values()})
    aggregator = Aggregator(worker_database, {DEMO_CHAIN_ID: pool}, {DEMO_CHAIN_ID: MULTICALL3}, prices, sink)
    yield Given(user_id, wallet_id, pool, worker_database, aggregator, sink, tokens)
    await home.close()


async def test_odd_tokens_are_shown_as_the_chain_has_them(given: Given, anvil: Anvil) -> None:
    await given.discover()
    taken, shown = await given.rows()
    assert taken.is_complete and "BAD" not in shown, "what refuses to say its balance and was never held is nothing"
    exact = {name: row.exact for name, (_, row) in shown.items() if name != "ETH"}
    word = int(WALLET, 16) % 1_000
    assert exact == {
        "FEE": "99 FEE",  # what arrived: one percent stayed with the token
        "REBASE": "1500 REBASE",  # no log tells of it
        "WHOLE": "7 WHOLE",
        "WIDE": "3.000000000000000000000000000000000001 WIDE",
        "SELF": "10 SELF",  # sent to itself: neither twice nor gone
        "WORD": f"{Decimal(word).scaleb(-18):f} MKR",  # a symbol of 32 bytes
    }
    for name, (part, row) in shown.items():
        if name == "ETH":
            assert row.value == UNKNOWN and row.why, "no source has its price here"
            continue
        balance = await anvil.call("eth_call", {"to": part.token, "data": f"0x70a08231{WALLET[2:]:>064}"}, "latest")
        assert part.amount_raw == int(balance, 16)
        assert Fraction(part.value_usd or 0) == Fraction(part.amount_raw) / 10 ** (part.decimals or 0) * Fraction(5, 2)
        assert (row.why, row.wallet) == ("", part.wallet)
    assert shown["WHOLE"][1].value == "$17.50"


async def test_what_is_held_and_then_refuses_is_unknown_on_the_page(given: Given, anvil: Anvil) -> None:
    await given.discover()
    before, _ = await given.rows()
    code = await anvil.call("eth_getCode", given.tokens["BAD"], "latest")
    await anvil.call("anvil_setCode", given.tokens["SELF"], code)
    await anvil.mine()
    taken, shown = await given.rows()
    part, row = shown["SELF"]
    assert (part.amount_raw, part.value_usd) == (None, None) and not taken.is_complete
    assert (row.amount, row.value) == (UNKNOWN, UNKNOWN) and row.why
    lost = next(each.value_usd or 0 for each in before.assets if each.token == given.tokens["SELF"])
    assert Fraction(taken.total_value_usd) == Fraction(before.total_value_usd) - Fraction(lost)
