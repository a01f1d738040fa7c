"""What every benchmark shares: one JSON object a line, the machine's load beside it, and a clock."""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def report(
    name: str,
    value: float,
    unit: str,
    peer: str = "",
    peer_value: float | None = None,
    *,
    better: str = "higher",
    **notes: object,
) -> None:
    """Print one measurement. `ratio` says how many times better than the peer the value is (above 1: better)."""
    ratio = None
    if peer_value and value:
        ratio = value / peer_value if better == "higher" else peer_value / value
    line = {
        "name": name,
        "value": _short(value),
        "unit": unit,
        "peer": peer or None,
        "peer_value": None if peer_value is None else _short(peer_value),
        "ratio": None if ratio is None else _short(ratio),
        **notes,
        "load": round(os.getloadavg()[0], 2),
    }
    print(json.dumps(line), flush=True)


def say(text: str) -> None:
    """Print a line of progress, apart from the results."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    """Measure a block: the list holds the elapsed seconds after it."""
    elapsed = [0.0]
    begin = time.perf_counter()
    yield elapsed
    elapsed[0] = time.perf_counter() - begin


def resident_mb(pid: int | str = "self") -> float:
    """Return a process's resident memory in MB (Linux), or this one's peak where /proc is missing."""
    try:
        with open(f"/proc/{pid}/statm") as statm:  # noqa: PTH123
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def peak_mb() -> float:
    """Return this process's largest resident memory so far in MB.

    On Linux it is read of the program alone: `getrusage` counts what its parent had when it was started.
    """
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024 / 1e6
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used so far (Linux), 0 where /proc is missing."""
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            fields = stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _short(value: float) -> float:
    return round(value, 3) if abs(value) < 100 else round(value)
