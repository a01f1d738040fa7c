"""A worker process ends when it is told to, whatever its coroutine does."""

import signal
import subprocess
import sys

import pytest

from backend.core.settings import ROOT

PROGRAM = """
import asyncio, sys
from backend.cli import worker
from backend.core.settings import Settings

async def polite(settings):
    print("working", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("tidied", flush=True)

async def deaf(settings):
    print("working", flush=True)
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def broken(settings):
    raise RuntimeError("no rules today")

worker.STOP_SECONDS = 0.5
worker.load_worker = lambda name: {"polite": polite, "deaf": deaf, "broken": broken}[name]
worker._serve_metrics = lambda settings, name: None
sys.exit(worker.run_worker(sys.argv[1], Settings()))
"""


def start(kind: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, kind], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize(
    ("kind", "code", "says"), [("polite", 0, "worker stopped"), ("deaf", 1, "did not stop in time")]
)
def test_sigterm_ends_a_worker(kind: str, code: int, says: str):
    process = start(kind)
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=30)
    assert process.returncode == code
    assert says in log
    assert ("tidied" in out) == (kind == "polite")


def test_worker_that_fails_says_why_and_ends():
    process = start("broken")
    _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no rules today" in log
