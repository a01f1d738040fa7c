"""A chain under the test's control, and what the follower made of it."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from backend.chain.events import Event, decode_entry
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


@dataclass
class Anvil:
    """One anvil process; without `block_seconds` it mines only when told to."""

    directory: Path
    load_state: Path | None = None
    block_seconds: float | None = None
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
        argv += ["--gas-limit", "30000000", "--chain-id", str(DEMO_CHAIN_ID), "--order", "fees"]
        argv += ["--no-mining"] if self.block_seconds is None else ["--block-time", f"{self.block_seconds:g}"]
        if self.load_state is not None:
            argv += ["--load-state", str(self.load_state)]
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
            await rpc.call("anvil_mine", hex(blocks))

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
        if task.done():
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
