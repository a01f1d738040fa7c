"""A chain under the test's control, and what the follower made of it."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import text

from backend.chain import repository
from backend.chain.events import Event, Occurrence, PriceUpdate, Reading, decode_entry
from backend.core.db import Database
from backend.core.redis import events_stream
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.addresses import DemoAddresses, load_addresses
from backend.demo.anvil import anvil_binary
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction, pending_nonces, send_calls
from backend.embedded.launch import Launch, start, stop
from backend.embedded.ports import free_port, is_port_free, wait_until
from backend.worker import follower

TRANSFER_TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
MINED_AT_ONCE = 200


@dataclass
class Anvil:
    """One anvil process; without `block_seconds` it mines only when told to."""

    directory: Path
    load_state: Path | None = None
    block_seconds: float | None = None
    chain_id: int = DEMO_CHAIN_ID
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def launch(self) -> Launch:
        argv = [str(anvil_binary()), "--quiet", "--port", str(self.port), "--accounts", "20", "--hardfork", "cancun"]
        argv += ["--gas-limit", "30000000", "--chain-id", str(self.chain_id), "--order", "fees"]
        argv += ["--no-mining"] if self.block_seconds is None else ["--block-time", f"{self.block_seconds:g}"]
        if self.load_state is not None:
            # Loaded, and saved there again by a clean stop: a copy, since several chains start from the same state.
            own = self.directory / f"state-{self.port}.json"
            if not own.exists():
                shutil.copyfile(self.load_state, own)
            argv += ["--state", str(own)]
        return Launch("anvil", argv, self.directory / f"anvil-{self.port}.log")

    def start(self) -> None:
        self.process = start(self.launch())
        assert wait_until(lambda: not is_port_free(self.port), 20, lambda: self.process.poll() is None)  # type: ignore[union-attr]

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, self.launch())
            self.process = None

    async def call(self, method: str, *params: Any) -> Any:
        async with Rpc(self.url) as rpc:
            return await rpc.call(method, *params)

    async def mine(self, transactions: Sequence[Transaction] = (), blocks: int = 1) -> None:
        """Put transactions into the next block and mine it, then empty ones."""
        async with Rpc(self.url) as rpc:
            nonces = await pending_nonces(rpc, sorted({item.sender for item in transactions}))
            await rpc.all(send_calls(transactions, nonces))
            for start in range(0, blocks, MINED_AT_ONCE):  # a thousand in one call take longer than a call may
                await rpc.call("anvil_mine", hex(min(MINED_AT_ONCE, blocks - start)))

    async def head(self) -> tuple[int, str]:
        block = await self.call("eth_getBlockByNumber", "latest", False)
        return int(block["number"], 16), block["hash"]

    async def logs(self, first: int, last: int) -> list[dict[str, Any]]:
        return await self.call("eth_getLogs", {"fromBlock": hex(first), "toBlock": hex(last)})


@dataclass
class Market:
    """The demo market on an anvil of the test's own."""

    anvil: Anvil
    addresses: DemoAddresses
    addresses_file: Path


def market_of(anvil: Anvil, addresses_file: Path) -> Market:
    return Market(anvil, load_addresses(addresses_file), addresses_file)


@asynccontextmanager
async def following(settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """Run the follower process's coroutine for the length of a block."""
    task = asyncio.create_task(follower.run(settings))
    try:
        yield task
        if task.done() and not task.cancelled():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def stream_entries(redis: Redis, chain_id: int = DEMO_CHAIN_ID) -> list[tuple[str, list[Event]]]:
    """Return the whole stream: entry ids and their events."""
    return [(key.decode(), decode_entry(entry)[0]) for key, entry in await redis.xrange(events_stream(chain_id))]


async def stream_events(redis: Redis, chain_id: int = DEMO_CHAIN_ID) -> list[Event]:
    return [event for _, events in await stream_entries(redis, chain_id) for event in events]


async def until(condition, seconds: float = 30.0, message: str = "it did not happen"):
    """Wait for an async condition to return something true, and return that."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        result = await condition()
        if result:
            return result
        assert asyncio.get_running_loop().time() < deadline, message
        await asyncio.sleep(0.02)


ERC20_TOPICS = {
    TRANSFER_TOPIC: (3, 32),
    "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925": (3, 32),  # Approval
    "0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822": (3, 128),  # V2 Swap
    "0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f": (2, 64),  # V2 Mint
    "0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496": (3, 64),  # V2 Burn
    "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67": (3, 160),  # V3 Swap
    "0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde": (4, 128),  # V3 Mint
    "0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c": (4, 96),  # V3 Burn
}


async def expected_ids(anvil: Anvil, first: int, last: int) -> list[str]:
    """Return the ids that a range of blocks must give, from the node's logs and receipts alone (without prices)."""
    ids = []
    logs = await anvil.logs(first, last)
    for number in range(first, last + 1):
        block = await anvil.call("eth_getBlockByNumber", hex(number), True)
        for transaction in block["transactions"]:
            if int(transaction["value"], 16) == 0:
                continue
            receipt = await anvil.call("eth_getTransactionReceipt", transaction["hash"])
            if receipt["status"] == "0x1":
                ids.append(f"{DEMO_CHAIN_ID}:{block['hash']}:tx{int(transaction['transactionIndex'], 16)}")
        for log in logs:
            shape = ERC20_TOPICS.get(log["topics"][0])
            if log["blockHash"] == block["hash"] and shape == (len(log["topics"]), len(log["data"]) // 2 - 1):
                ids.append(f"{DEMO_CHAIN_ID}:{block['hash']}:{int(log['logIndex'], 16)}")
    return ids


async def followed(database: Database, number: int, block_hash: str) -> bool:
    """True once the chain was followed up to this block."""
    async with database.unit_of_work() as session:
        checkpoint = await repository.read_checkpoint(session, DEMO_CHAIN_ID)
    return checkpoint is not None and (checkpoint.block_number, checkpoint.block_hash) == (number, block_hash)


async def wait_for_head(market: Market, database: Database, redis: Redis | None = None, seconds: float = 40) -> int:
    """Wait until the newest block was followed and, with `redis`, is in the stream; return its number."""
    number, block_hash = await market.anvil.head()
    await until(lambda: followed(database, number, block_hash), seconds, f"block {number} was not followed")
    if redis is not None:

        async def emitted() -> bool:
            async with database.unit_of_work() as session:
                query = "select max(greatest(emit_seq * sign(event_count), orphan_seq)) from chain_blocks"
                newest = (await session.execute(text(query))).scalar_one()
            entries = await redis.xrevrange(events_stream(DEMO_CHAIN_ID), count=1)
            return newest is None or newest == 0 or bool(entries and int(entries[0][0].split(b"-")[0]) >= newest)

        await until(emitted, seconds, "the stream is behind the database")
    return number


async def assert_complete(market: Market, database: Database, redis: Redis, first: int, last: int) -> list[Event]:
    """Everything that happened in these canonical blocks was emitted exactly once; return all events of the stream."""
    entries = await stream_entries(redis)
    assert len({key for key, _ in entries}) == len(entries)
    orders = [tuple(int(part) for part in key.split("-")) for key, _ in entries]
    assert orders == sorted(orders)
    events = [event for _, events in entries for event in events]
    hashes = {(await market.anvil.call("eth_getBlockByNumber", hex(n), False))["hash"] for n in range(first, last + 1)}
    read = (PriceUpdate, Reading, Occurrence)
    emitted = [event for event in events if event.block_hash in hashes and not isinstance(event, read)]
    assert [event.id for event in emitted] == await expected_ids(market.anvil, first, last)
    async with database.unit_of_work() as session:
        query = "select block_number, block_hash from chain_blocks where orphaned_at is null order by block_number"
        rows = (await session.execute(text(query))).all()
        metrics = await session.execute(
            text(
                "select block_hash || ':r:' || metric || ':' || subject from metric_readings"
                " where block_hash = any(:hashes) and metric <> 'market.volume_usd' union all"
                " select block_hash || ':' || log_index || ':' || topic from chain_occurrences"
                " where block_hash = any(:hashes)"
            ),
            {"hashes": list(hashes)},
        )
        readings = await session.execute(
            text("select block_hash || ':price:' || token from price_readings where block_hash = any(:hashes)"),
            {"hashes": list(hashes)},
        )
    assert [number for number, _ in rows if first <= number <= last] == list(range(first, last + 1))
    updates = [event.id for event in events if isinstance(event, PriceUpdate) and event.block_hash in hashes]
    assert sorted(updates) == sorted(f"{DEMO_CHAIN_ID}:{reading}" for reading in readings.scalars())
    noted = [event.id for event in events if isinstance(event, (Reading, Occurrence)) and event.block_hash in hashes]
    assert sorted(noted) == sorted(f"{DEMO_CHAIN_ID}:{each}" for each in metrics.scalars())
    return events
