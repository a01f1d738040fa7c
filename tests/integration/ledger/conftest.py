"""Users with wallets in the ledger, and a demo market whose every balance is noted block by block."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.chain.events import NATIVE_TOKEN
from backend.chain.rpc.pool import RpcPool
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.accounts import ACCOUNTS, SENDERS
from backend.demo.calldata import call_data
from backend.demo.market_view import read_market
from backend.demo.rpc import Rpc
from backend.demo.swaps import swap_transaction
from backend.demo.trader_config import TraderConfig
from backend.demo.trader_model import MarketView, TraderModel
from backend.demo.traders import transaction_of
from backend.demo.transactions import Transaction, send_calls
from backend.ledger import service
from backend.ledger.events import Event
from backend.ledger.importing.run import Imports, close_shared_imports
from backend.market.ladder.service import close_shared_ladders, shared_ladder
from tests.integration.api.conftest import api
from tests.integration.chain.conftest import make_market, market, market_state
from tests.integration.chain.harness import Market

__all__ = ["api", "make_market", "market", "market_state"]

NewUser = Callable[[], Awaitable[UUID]]
Import = Callable[..., Awaitable[bool]]
SENDER_ADDRESSES = tuple(ACCOUNTS[name] for name in SENDERS)


@pytest.fixture
def new_user(admin_database: Database) -> NewUser:
    """A function that makes a user."""

    async def make() -> UUID:
        user_id = new_id()
        async with admin_database.unit_of_work() as session:
            await session.execute(
                text("insert into premium_users (id, email, tier) values (:id, :email, 'starter')"),
                {"id": user_id, "email": f"{user_id}@example.com"},
            )
        return user_id

    return make


@dataclass
class Traded:
    """A market with traders at work: after each block what every wallet holds was noted."""

    market: Market
    model: TraderModel | None = None
    balances: dict[int, dict[tuple[str, str], int]] = field(default_factory=dict)
    draw: random.Random = field(default_factory=lambda: random.Random(11))

    @property
    def wallets(self) -> list[str]:
        return [address.lower() for address in SENDER_ADDRESSES]

    @property
    def tokens(self) -> list[str]:
        return [token.address.lower() for token in self.market.addresses.tokens.values()]

    async def go_on(self, blocks: int, seconds: float = 10.0, *, failing: bool = True) -> None:
        """Let the traders trade; now and then a transaction fails."""
        addresses = self.market.addresses
        async with Rpc(self.market.anvil.url) as rpc:
            for _ in range(blocks):
                snapshot = await read_market(rpc, addresses, SENDER_ADDRESSES)
                view = MarketView(seconds, snapshot.base_fee_wei, snapshot.pools)
                self.model = self.model or TraderModel.start(TraderConfig(), 5, view)
                sent = [transaction_of(addresses, intent, snapshot) for intent in self.model.step(view)]
                if failing and self.draw.random() < 0.3:
                    sender = ACCOUNTS["demo_trading"]
                    sent.append(swap_transaction(addresses, sender, ["WETH-USDC-V2"], "USDC", 10**6, 10**30))
                await rpc.batch(send_calls(sent, snapshot.nonces))
                await rpc.call("anvil_mine", "0x1")
                await self.note(rpc)

    async def send(self, *transactions: Transaction) -> int:
        """Put transactions into the next block; return its number."""
        await self.market.anvil.mine(transactions)
        async with Rpc(self.market.anvil.url) as rpc:
            return await self.note(rpc)

    async def note(self, rpc: Rpc) -> int:
        number = int(await rpc.call("eth_blockNumber"), 16)
        keys = [(wallet, token) for wallet in self.wallets for token in (NATIVE_TOKEN, *self.tokens)]
        calls = [
            ("eth_getBalance", [wallet, hex(number)])
            if token == NATIVE_TOKEN
            else ("eth_call", [{"to": token, "data": call_data("balanceOf(address)", wallet)}, hex(number)])
            for wallet, token in keys
        ]
        answers = await rpc.all(calls)
        self.balances[number] = dict(zip(keys, (int(answer, 16) for answer in answers), strict=True))
        return number


@pytest.fixture
async def traded(market: Market) -> Traded:
    """The demo market after 12 blocks of trading."""
    found = Traded(market)
    async with Rpc(market.anvil.url) as rpc:
        await found.note(rpc)
    await found.go_on(12)
    return found


@pytest.fixture
async def make_pool() -> AsyncIterator[Callable[..., RpcPool]]:
    """A function that returns a pool of the given providers."""
    made: list[RpcPool] = []

    def make(*urls: str, timeout_seconds: float = 5.0) -> RpcPool:
        made.append(RpcPool(DEMO_CHAIN_ID, list(urls), timeout_seconds=timeout_seconds))
        return made[-1]

    yield make
    for pool in made:
        await pool.close()


@pytest.fixture
async def imported(
    make_settings: Callable[..., Settings],
    worker_database: Database,
    redis: Redis,
    market: Market,
    make_pool: Callable[..., RpcPool],
) -> AsyncIterator[Import]:
    """A function that imports wallets of a user, from the market's own node unless another address is given."""
    await close_shared_imports()

    async def run(user_id: UUID, *wallets: str, url: str = "", seconds: float = 60.0, **settings: object) -> bool:
        made = make_settings(var_dir=market.addresses_file.parents[1], **settings)
        ladder = shared_ladder(made, worker_database, redis, stores=True)
        pools = {DEMO_CHAIN_ID: make_pool(url or market.anvil.url)}
        wanted = [(wallet, DEMO_CHAIN_ID) for wallet in wallets]
        async with worker_database.unit_of_work() as session:
            await service.open_coverage(session, user_id, wanted)
        return (await Imports(made, worker_database, ladder, pools).run(user_id, wanted, seconds)).changed

    yield run
    await close_shared_imports()
    await close_shared_ladders()


def sums_of(events: list[Event], after: int, until: int) -> dict[str, int]:
    """What a wallet's balances changed by in blocks after one and up to another, by its events alone."""
    sums: dict[str, int] = {}
    for event in events:
        if after < event.block_number <= until:
            for leg in event.legs:
                if leg.token_id is None:
                    sums[leg.token] = sums.get(leg.token, 0) + leg.amount_raw
            if event.fee_wei:
                sums[NATIVE_TOKEN] = sums.get(NATIVE_TOKEN, 0) - event.fee_wei
    return sums
