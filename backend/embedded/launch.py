"""How one child process is started and stopped, the same for the supervisor, tests and benchmarks.

A child runs in a session of its own, so that Ctrl-C reaches only the supervisor, which then stops the children in
order. On Linux the kernel signals the child if the supervisor dies without stopping it.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Launch:
    """What it takes to start a child: the command, its environment, the system user, how it likes to be stopped."""

    name: str
    argv: list[str]
    log_file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    cwd: Path | None = None


def popen_options(launch: Launch) -> dict[str, Any]:
    """Return the keyword arguments for `subprocess.Popen` (or asyncio's twin) that `launch` asks for."""
    options: dict[str, Any] = {
        "cwd": launch.cwd,
        "env": {**os.environ, **launch.env},
        "stdin": subprocess.DEVNULL,
        "stderr": subprocess.STDOUT,
        "start_new_session": True,
        "preexec_fn": _die_with_parent(launch.stop_signal, os.getpid()),
    }
    if launch.user is not None:
        import pwd

        entry = pwd.getpwnam(launch.user)
        options |= {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return options


def _die_with_parent(signum: signal.Signals, parent_pid: int) -> Callable[[], None] | None:
    """Return what the child runs before exec: ask for `signum` on the parent's death, or die if it is dead already."""
    libc = _LIBC
    if libc is None:
        return None

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signum))
        if os.getppid() != parent_pid:
            os._exit(1)

    return ask


def start(launch: Launch) -> subprocess.Popen[bytes]:
    """Start the child with its output appended to its log file. Raises OSError when the command cannot be run."""
    launch.log_file.parent.mkdir(parents=True, exist_ok=True)
    with launch.log_file.open("ab") as log:
        started = subprocess.Popen(launch.argv, stdout=log, **popen_options(launch))  # noqa: S603 - our own commands
    return cast("subprocess.Popen[bytes]", started)


def stop(process: subprocess.Popen[bytes], launch: Launch) -> None:
    """Stop the child and everything it started: politely first, by force after `stop_seconds`."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(launch.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            process.wait(launch.stop_seconds)
    kill_group(process.pid)
    process.wait(10)


def kill_group(leader_pid: int) -> None:
    """Kill whatever is left of the process group that a child led; silent when nothing is."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader_pid, signal.SIGKILL)


def log_tail(log_file: Path, lines: int = 15) -> str:
    """Return the last lines of a log, for a message about a child that did not start."""
    if not log_file.exists():
        return "(no output)"
    return "\n".join(log_file.read_text(errors="replace").splitlines()[-lines:])
