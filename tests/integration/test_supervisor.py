"""Children: started again after a crash, stopped with their parent whatever happens to it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from backend.embedded.claim import RunClaim
from backend.embedded.errors import StartError
from backend.embedded.launch import Launch
from backend.embedded.ports import wait_until
from backend.embedded.supervisor import Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(grandchild.pid, flush=True)\n"
    "time.sleep(600)",
]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Supervisor:
    claim = RunClaim(tmp_path, "http://localhost")
    claim.take()
    return Supervisor(claim, said.append)


def launch(tmp_path: Path, argv: list[str], name: str = "child", stop_seconds: float = 5) -> Launch:
    return Launch(name, argv, tmp_path / "log" / f"{name}.log", stop_seconds=stop_seconds)


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_killed_child_is_started_again(supervisor: Supervisor, tmp_path: Path, said: list[str]):
    child = await supervisor.start(launch(tmp_path, SLEEP), stage=1)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(20):
        while child.process.pid == first or not child.is_running:
            await asyncio.sleep(0.05)
    assert "child was killed by signal 9; starting it again in 1 s" in said[0]
    second = child.process.pid
    await supervisor.stop()
    assert not is_alive(first)
    assert not is_alive(second)


async def test_stop_takes_stubborn_children_and_grandchildren(supervisor: Supervisor, tmp_path: Path):
    spec = launch(tmp_path, STUBBORN, stop_seconds=0.3)
    child = await supervisor.start(spec, stage=1)
    async with asyncio.timeout(20):
        while not spec.log_file.read_text().endswith("\n"):
            await asyncio.sleep(0.05)
    grandchild = int(spec.log_file.read_text())
    assert child.process is not None
    await supervisor.stop()
    assert not is_alive(child.process.pid)
    assert wait_until(lambda: not is_alive(grandchild), 5)


async def test_child_that_ends_at_once_is_explained(supervisor: Supervisor, tmp_path: Path):
    child = await supervisor.start(launch(tmp_path, [sys.executable, "-c", "print('no disk'); exit(3)"]), stage=1)
    with pytest.raises(StartError, match="no disk"):
        await supervisor.wait_ready(child, lambda: False, 20)
    await supervisor.stop()


def test_second_run_of_a_checkout_is_refused(tmp_path: Path):
    first = RunClaim(tmp_path, "http://localhost:1")
    first.take()
    with pytest.raises(StartError, match=rf"running already \(process {os.getpid()}, http://localhost:1\)"):
        RunClaim(tmp_path, "http://localhost:1").take()


PARENT = """
import asyncio, sys
from pathlib import Path
from backend.embedded.claim import RunClaim
from backend.embedded.launch import Launch
from backend.embedded.supervisor import Supervisor

async def main(var):
    claim = RunClaim(var, "http://localhost")
    claim.take()
    supervisor = Supervisor(claim, print)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN) if {deaf} else 0; time.sleep(600)"
    await supervisor.start(Launch("child", [sys.executable, "-c", code], var / "child.log"), 1)
    print("started", flush=True)
    await asyncio.sleep(600)

asyncio.run(main(Path(sys.argv[1])))
"""


def start_parent(tmp_path: Path, *, deaf: bool) -> tuple["subprocess.Popen[bytes]", int]:
    """Start a supervisor with one child in a process of its own; return it and the child's id."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.replace("{deaf}", str(deaf)), str(tmp_path)], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"started\n"
    (child,) = json.loads((tmp_path / "run" / "children.json").read_text())
    time.sleep(0.5)  # the child's interpreter sets its signal handler
    return parent, int(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_children_end_with_a_killed_supervisor(tmp_path: Path):
    parent, child = start_parent(tmp_path, deaf=False)
    parent.kill()
    parent.wait()
    assert wait_until(lambda: not is_alive(child), 10)


def test_next_run_stops_what_a_killed_one_left(tmp_path: Path):
    parent, child = start_parent(tmp_path, deaf=True)
    parent.kill()
    parent.wait()
    assert is_alive(child)
    claim = RunClaim(tmp_path, "http://localhost")
    claim.take()
    assert claim.stop_orphans(seconds=1) == [child]
    assert not is_alive(child)


def test_somebody_elses_process_with_a_reused_id_is_left_alone(tmp_path: Path):
    stranger = subprocess.Popen(SLEEP)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "children.json").write_text(json.dumps({str(stranger.pid): time.time() - 3600}))
    claim = RunClaim(tmp_path, "http://localhost")
    claim.take()
    try:
        assert claim.stop_orphans(seconds=1) == []
        assert is_alive(stranger.pid)
    finally:
        stranger.kill()
        stranger.wait()
