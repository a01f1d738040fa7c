"""An anvil of a test's own, with or without the demo market."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from backend.core.errors import UnavailableError
from backend.demo.anvil import anvil_command, prepare_state
from backend.demo.rpc import Rpc

BY_HAND = 3600.0  # block time of a chain that mines only on evm_mine


@dataclass
class LocalChain:
    """A chain that can be stopped, killed and started again on the same port with the same saved state."""

    port: int
    state_file: Path
    block_seconds: float
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        prepare_state(self.state_file)
        command = anvil_command(self.port, self.state_file, self.block_seconds)
        self.process = await asyncio.create_subprocess_exec(*command)
        async with Rpc(self.url) as rpc:
            for _attempt in range(40):
                with contextlib.suppress(UnavailableError):
                    await rpc.call("eth_chainId")
                    return
        raise AssertionError("anvil did not start")

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            await asyncio.wait_for(self.process.wait(), 20)
            self.process = None


@contextlib.asynccontextmanager
async def local_chain(directory: Path, port: int, block_seconds: float = BY_HAND) -> AsyncIterator[LocalChain]:
    """Yield a running chain on `port` that keeps its state in `directory`; it is stopped at the end."""
    chain = LocalChain(port, directory / "chain.json", block_seconds)
    await chain.start()
    try:
        yield chain
    finally:
        await chain.end(signal.SIGKILL)
