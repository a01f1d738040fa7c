"""Processes left from a run that was killed: found by the data directory they work in, and only then stopped."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil


def stop_postgres_leftovers(data_dir: Path) -> bool:
    """Stop servers and backends that still work in `data_dir`; return True when there were any.

    Afterwards a lock file naming somebody else's process (its id was reused) is removed: PostgreSQL would refuse
    to start because of it.
    """
    lock_file = data_dir / "postmaster.pid"
    found = list(_working_in(data_dir, "postgres"))
    if found:
        parents = {process.pid for process in found}
        masters = [process for process in found if _parent_pid(process) not in parents]
        _stop(masters, signal.SIGINT, 20)
        _stop(list(_working_in(data_dir, "postgres")), signal.SIGKILL, 5)
    if lock_file.exists():
        first_line = lock_file.read_text().split("\n", 1)[0].strip()
        if first_line.lstrip("-").isdigit() and psutil.pid_exists(abs(int(first_line))):
            lock_file.unlink(missing_ok=True)
    return bool(found)


def stop_leftover(data_dir: Path, program: str) -> bool:
    """Stop processes called `program` whose working directory is `data_dir`; return True when there were any."""
    found = list(_working_in(data_dir, program))
    _stop(found, signal.SIGTERM, 10)
    _stop(list(_working_in(data_dir, program)), signal.SIGKILL, 5)
    return bool(found)


def _working_in(data_dir: Path, program: str) -> Iterator[psutil.Process]:
    wanted = data_dir.resolve()
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error, OSError):
            if (process.info["name"] or "").startswith(program) and Path(process.cwd()).resolve() == wanted:
                yield process


def _parent_pid(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def _stop(processes: list[psutil.Process], signum: signal.Signals, seconds: float) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(signum)
    psutil.wait_procs(processes, timeout=seconds)
