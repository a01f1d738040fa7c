"""A chain of one's own: emits events as the follower does, and reads what came of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import text

from backend.accounts.service import CurrentUser
from backend.alerts import service
from backend.alerts.schemas import RuleCreate, RuleRead
from backend.chain.events import BlockOrphaned, Event, PriceUpdate, TokenTransfer, encode_entry
from backend.core.db import Database
from backend.core.redis import events_stream
from backend.core.settings import Settings
from backend.worker import alerts as worker

TOKEN = "0x00000000000000000000000000000000000000aa"
_chains = count(500_001)
MAY_2024 = 1_714_600_000


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> Any:
    """Wait until the condition holds and return its value; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            if value := await condition():
                return value
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)


@dataclass
class World:
    """One made-up chain in the shared database and Redis."""

    settings: Settings
    redis: Redis
    app: Database
    worker: Database
    chain_id: int = field(default_factory=lambda: next(_chains))
    sequence: int = 0

    def block(self, number: int) -> dict[str, Any]:
        """Return what every event of a block has in common; blocks are 12 s apart."""
        return {
            "chain_id": self.chain_id,
            "block_number": number,
            "block_hash": f"0x{self.chain_id:08x}{number:056x}",
            "taken_at": MAY_2024 + 12 * number,
        }

    def transfer(self, number: int, log_index: int = 0, **changes: Any) -> TokenTransfer:
        """Return a transfer worth $5,000 (unless said otherwise) in block `number`."""
        block = self.block(number)
        values = {
            "tx_hash": f"0x{number:064x}", "token": TOKEN, "sender": "0x" + "1" * 40, "recipient": "0x" + "2" * 40,
            "amount_raw": 5000, "symbol": "AAA", "amount": Decimal(5), "value_usd": Decimal(5000), **changes,
        }  # fmt: skip
        event_id = f"{self.chain_id}:{block['block_hash']}:{log_index}"
        return TokenTransfer(id=event_id, log_index=log_index, **block, **values)

    def price(self, number: int, before: str, now: str, **changes: Any) -> PriceUpdate:
        """Return a reading in block `number`."""
        block = self.block(number)
        return PriceUpdate(
            id=f"{self.chain_id}:{block['block_hash']}:price:{TOKEN}", token=TOKEN, symbol="AAA", source="test pool",
            price_usd=Decimal(now), previous_price_usd=Decimal(before), **block, **changes,
        )  # fmt: skip

    def orphaned(self, number: int) -> BlockOrphaned:
        """Return the news that block `number` is gone."""
        block = self.block(number)
        return BlockOrphaned(id=f"{self.chain_id}:{block['block_hash']}:orphaned", **block)

    async def emit(self, *events: Event) -> bytes:
        """Add one entry to the chain's stream."""
        self.sequence += 1
        entry = encode_entry(list(events), time.time())
        return await self.redis.xadd(events_stream(self.chain_id), entry, id=f"{self.sequence}-1")  # type: ignore[arg-type]

    async def rule(self, user: CurrentUser, kind: str = "whale", **changes: Any) -> RuleRead:
        """Make a rule on this chain: whales of $1,000 and more unless said otherwise."""
        conditions = {"value_usd": 1000} if kind == "whale" else {}
        conditions = {**conditions, "chain": self.chain_id, **changes.pop("conditions", {})}
        if kind == "price":
            conditions.setdefault("token", TOKEN)
        values = {"name": "r", "type": kind, **changes, "conditions": conditions}
        async with self.app.unit_of_work(user.id) as session:
            return await service.create_rule(session, user, RuleCreate.model_validate(values))

    async def history(self) -> list[tuple[Any, ...]]:
        """Return (rule id, event id, withdrawn?, version) of every alert of the chain, in the order of their blocks."""
        statement = (
            "select alert_rule_id, event_id, withdrawn_at is not null, rule_version from alert_history"
            " where chain_id = :chain_id order by block_number, event_id, alert_rule_id"
        )
        async with self.worker.unit_of_work() as session:
            return [tuple(row) for row in await session.execute(text(statement), {"chain_id": self.chain_id})]

    async def settled(self) -> bool:
        """Return whether everything that was emitted has been processed and acknowledged."""
        groups = await self.redis.xinfo_groups(events_stream(self.chain_id))
        last = f"{self.sequence}-1".encode()
        return bool(groups) and groups[0]["last-delivered-id"] == last and groups[0]["pending"] == 0

    async def quiet(self, seconds: float = 20.0) -> list[tuple[Any, ...]]:
        """Wait until everything is processed and return the history."""
        await until(self.settled, seconds)
        return await self.history()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[asyncio.Task[None]]:
        """Run the alert worker in this process for the length of the block."""
        task = asyncio.create_task(worker.run(self.settings))
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
