"""A run that is killed leaves nothing behind, and the next one goes on where it was."""

import json
import os
import signal
import sys
import urllib.request
from pathlib import Path

import psutil
import psycopg
import pytest

from backend.embedded.ports import wait_until
from backend.embedded.trial import Trial, trial_run

pytestmark = pytest.mark.long


def children_of(trial: Trial) -> list[int]:
    """The processes that the run says are its own."""
    return [int(pid) for pid in json.loads((trial.var_dir / "run" / "children.json").read_text())]


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def rpc(trial: Trial, method: str, *parameters: object) -> dict:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
    request = urllib.request.Request(trial.rpc_url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["result"]


def users(trial: Trial) -> list[tuple]:
    password = json.loads((trial.var_dir / "secrets" / "postgres.json").read_text())["premium_owner"]
    port = trial.environment["EMBEDDED_POSTGRES_PORT"]
    with psycopg.connect(f"postgresql://premium_owner:{password}@127.0.0.1:{port}/premium") as connection:
        return connection.execute("select id, email, created_at from premium_users").fetchall()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_killed_run_leaves_nothing_and_the_next_goes_on(work_dir: Path):
    var_dir = work_dir / "killed"
    with trial_run(var_dir, WEBHOOK_ALLOW_PRIVATE="true") as first:
        genesis = rpc(first, "eth_getBlockByNumber", "0x0", False)["hash"]
        market = (var_dir / "demo" / "addresses.json").read_text()
        known = users(first)
        pids = children_of(first)
        assert len(alive(pids)) == len(pids) >= 8
        os.kill(first.pid, signal.SIGKILL)
        assert wait_until(lambda: not alive(pids), 40), [psutil.Process(pid).cmdline() for pid in alive(pids)]
    with trial_run(var_dir, WEBHOOK_ALLOW_PRIVATE="true") as second:
        assert rpc(second, "eth_getBlockByNumber", "0x0", False)["hash"] == genesis
        assert (var_dir / "demo" / "addresses.json").read_text() == market
        assert users(second) == known
        pids = children_of(second)
        assert len(alive(pids)) >= 8
    assert alive(pids) == []
