"""One run a checkout: a lock that ends with its process, and a list of children that outlived theirs."""

import fcntl
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from backend.embedded.errors import StartError
from backend.embedded.launch import kill_group


class RunClaim:
    """Holds `var/run/premium.lock` while this process lives, and remembers its children's ids and start times."""

    def __init__(self, var_dir: Path, url: str) -> None:
        self._directory = var_dir / "run"
        self._url = url
        self._lock: IO[str] | None = None
        self._children: dict[int, float] = {}

    def take(self) -> None:
        """Take the lock. Raises StartError when another run of this checkout holds it."""
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = (self._directory / "premium.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise StartError(
                f"this checkout is running already (process {holder})", "use that one, or stop it with Ctrl-C first"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}, {self._url}")
        lock.flush()
        self._lock = lock

    def stop_orphans(self, seconds: float = 15) -> list[int]:
        """Stop children of an earlier run that was killed, and return their ids."""
        stopped: list[psutil.Process] = []
        for process in self.children():
            with suppress(psutil.Error):
                process.send_signal(signal.SIGINT if process.name().startswith("postgres") else signal.SIGTERM)
                stopped.append(process)
        _, alive = psutil.wait_procs(stopped, timeout=seconds)
        for process in alive:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, timeout=5)
        for process in stopped:
            kill_group(process.pid)
        self._children.clear()
        self._write()
        return [process.pid for process in stopped]

    def children(self) -> list[psutil.Process]:
        """Return the children that are written down and live, whichever run started them.

        A process is ours only if both its id and its start time are those we wrote down.
        """
        found: list[psutil.Process] = []
        for pid, started_at in self._recorded().items():
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                if abs(process.create_time() - started_at) < 0.01:
                    found.append(process)
        return found

    def add_child(self, pid: int) -> None:
        """Remember a child that was started."""
        with suppress(psutil.Error):
            self._children[pid] = psutil.Process(pid).create_time()
            self._write()

    def remove_child(self, pid: int) -> None:
        """Forget a child that ended."""
        if self._children.pop(pid, None) is not None:
            self._write()

    @property
    def _file(self) -> Path:
        return self._directory / "children.json"

    def _recorded(self) -> dict[int, float]:
        try:
            return {int(pid): float(started) for pid, started in json.loads(self._file.read_text()).items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def _write(self) -> None:
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(json.dumps(self._children))
        unfinished.replace(self._file)
