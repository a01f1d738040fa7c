"""Starts children, starts crashed ones again, and stops every one of them in the reverse order."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from backend.embedded.claim import RunClaim
from backend.embedded.errors import StartError
from backend.embedded.launch import Launch, kill_group, log_tail, popen_options

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
STABLE_SECONDS = 60.0
KEPT_LOGS = 3


@dataclass
class Child:
    """A child and what becomes of it. `stage` orders stopping: the highest first, equal ones together."""

    launch: Launch
    stage: int
    before_start: Callable[[], object] | None = None
    process: asyncio.subprocess.Process | None = None
    started_at: float = 0.0
    crashes: int = 0
    watcher: asyncio.Task[None] | None = None
    stopping: bool = field(default=False)

    @property
    def is_running(self) -> bool:
        """Return True while the process lives."""
        return self.process is not None and self.process.returncode is None


class Supervisor:
    """The parent of every process of one run. Use from one event loop in the main thread only.

    (The kernel signals a child when the thread that started it ends.)
    """

    def __init__(self, claim: RunClaim, say: Callable[[str], None]) -> None:
        self._claim = claim
        self._say = say
        self._children: list[Child] = []

    @property
    def has_children(self) -> bool:
        """Return True when there is something to stop."""
        return bool(self._children)

    async def start(self, launch: Launch, stage: int, before_start: Callable[[], object] | None = None) -> Child:
        """Start a child that is started again whenever it ends by itself; `before_start` runs before each restart.

        Raises StartError when the command cannot be run at all.
        """
        rotate_log(launch.log_file)
        child = Child(launch, stage, before_start)
        await self._spawn(child)
        self._children.append(child)
        child.watcher = asyncio.create_task(self._watch(child))
        return child

    async def wait_ready(self, child: Child, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready` (run in a thread) says True. Raises StartError if the child ends or time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if await asyncio.to_thread(ready):
                return
            if not child.is_running or child.crashes:
                break
            await asyncio.sleep(0.05)
        problem = "ended at once" if child.crashes or not child.is_running else f"was not ready after {seconds:.0f} s"
        raise StartError(
            f"{child.launch.name} {problem}; the end of its log:\n{log_tail(child.launch.log_file)}",
            f"the whole log: {child.launch.log_file}",
        )

    async def run_once(self, launch: Launch) -> None:
        """Run a command to its end. Raises StartError with the end of its log when it fails."""
        rotate_log(launch.log_file)
        child = Child(launch, stage=99)
        await self._spawn(child)
        self._children.append(child)
        process = child.process
        code = await process.wait() if process is not None else 1
        self._children.remove(child)
        if process is not None:
            self._claim.remove_child(process.pid)
        if code != 0:
            raise StartError(
                f"{launch.name} failed (exit code {code}); the end of its log:\n{log_tail(launch.log_file)}",
                f"the whole log: {launch.log_file}",
            )

    async def stop(self) -> None:
        """Stop every child, stage by stage from the highest; none is left when this returns."""
        for child in self._children:
            child.stopping = True
            if child.watcher is not None:
                child.watcher.cancel()
        ordered = sorted(self._children, key=lambda child: -child.stage)
        for _, together in groupby(ordered, key=lambda child: child.stage):
            await asyncio.gather(*(self._stop(child) for child in together))
        self._children.clear()

    def kill(self) -> None:
        """Kill every child at once (a second Ctrl-C)."""
        for child in self._children:
            if child.process is not None:
                kill_group(child.process.pid)

    async def _spawn(self, child: Child) -> None:
        launch = child.launch
        launch.log_file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with launch.log_file.open("ab") as log:
                child.process = await asyncio.create_subprocess_exec(*launch.argv, stdout=log, **popen_options(launch))
        except OSError as error:
            raise StartError(f"{launch.name} could not be started: {error}", "run: make setup") from None
        child.started_at = time.monotonic()
        self._claim.add_child(child.process.pid)

    async def _watch(self, child: Child) -> None:
        """Start the child again after each end, waiting longer the more often it crashed in a row."""
        while child.process is not None:
            code = await child.process.wait()
            self._claim.remove_child(child.process.pid)
            kill_group(child.process.pid)
            if child.stopping:
                return
            if time.monotonic() - child.started_at > STABLE_SECONDS:
                child.crashes = 0
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**child.crashes)
            child.crashes += 1
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            self._say(f"{child.launch.name} {how}; starting it again in {pause:.0f} s ({child.launch.log_file})")
            await asyncio.sleep(pause)
            await self._spawn_again(child)

    async def _spawn_again(self, child: Child) -> None:
        while True:
            try:
                if child.before_start is not None:
                    await asyncio.to_thread(child.before_start)
                await self._spawn(child)
            except (StartError, OSError) as error:
                self._say(f"{child.launch.name} could not be started again: {error}")
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)
            else:
                return

    async def _stop(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(child.launch.stop_signal)
        await _wait(process.wait(), child.launch.stop_seconds)
        kill_group(process.pid)
        await _wait(process.wait(), 10)
        self._claim.remove_child(process.pid)


async def _wait(awaitable: Awaitable[object], seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await awaitable


def rotate_log(log_file: Path) -> None:
    """Move the log of the run before aside; the last three runs are kept."""
    for number in range(KEPT_LOGS - 1, 0, -1):
        older = log_file.with_suffix(f".log.{number}")
        if older.exists():
            older.replace(log_file.with_suffix(f".log.{number + 1}"))
    if log_file.exists() and log_file.stat().st_size:
        log_file.replace(log_file.with_suffix(".log.1"))
