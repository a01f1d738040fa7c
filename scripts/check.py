"""Runs the checks of `make test`, all of them or those named: lint types unit integration browser.

Every stage runs even if an earlier one failed; each prints its duration; the exit code is 1 if any failed. The types
are looked at beside the first of the other stages: that is one process, and the machine has more than one core.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
PYTEST = [str(BIN / "pytest"), "-p", "no:cacheprovider", "--color=no", "--durations=12", "--durations-min=5"]
STAGES: dict[str, list[list[str]]] = {
    "lint": [
        [str(BIN / "ruff"), "check", "--no-cache", "."],
        [str(BIN / "ruff"), "format", "--no-cache", "--check", "."],
        [str(BIN / "lint-imports"), "--no-cache", "--no-logo"],
    ],
    "types": [[str(BIN / "pyright")]],
    "unit": [[*PYTEST, "tests/unit", "-n", "2"]],
    # Half of their time is waiting. Who has nothing left takes of what others have not begun.
    "integration": [[*PYTEST, "tests/integration", "-n", "4", "--dist", "worksteal"]],
    "browser": [[*PYTEST, "tests/browser", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]],
}
BESIDE = "types"


def environment() -> dict[str, str]:
    """Return the environment of the checks: our Node, nothing that calls home, a home directory."""
    return {
        "HOME": str(Path.home()),
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "",  # where a machine says so: every process would compile every module again
        "NODE_USE_SYSTEM_CA": "1",
        "PYRIGHT_PYTHON_CACHE_DIR": str(ROOT / ".venv" / "pyright"),
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
    }


def run_stage(name: str, output: IO[str] | None = None) -> bool:
    """Run one stage, its output going to ours or into a file; return True when it passed."""
    print(f"\n=== {name}", file=output, flush=True)
    started = time.monotonic()
    passed = True
    for command in STAGES[name]:
        done = subprocess.run(  # noqa: S603 - our own tools
            command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
        passed = passed and done.returncode == 0
    words = f"=== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - started:.1f} s"
    print(words, file=output, flush=True)
    return passed


def run_stages(names: list[str]) -> dict[str, bool]:
    """Run stages in their order, `BESIDE` at the side of the others; return which passed."""
    if BESIDE not in names or len(names) == 1:
        return {name: run_stage(name) for name in names}
    with TemporaryFile("w+") as output, ThreadPoolExecutor(1) as pool:
        beside = pool.submit(run_stage, BESIDE, output)
        results: dict[str, bool] = {}
        for name in names:
            if name != BESIDE:
                results[name] = run_stage(name)
            if beside.done() and BESIDE not in results:
                results[BESIDE] = _told(beside, output)
        if BESIDE not in results:
            results[BESIDE] = _told(beside, output)
    return results


def _told(stage: Future[bool], output: IO[str]) -> bool:
    passed = stage.result()
    output.seek(0)
    print(output.read(), end="", flush=True)
    return passed


def main() -> int:
    """Run the stages named on the command line, or all; return the exit code."""
    names = sys.argv[1:] or list(STAGES)
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        print(f"no such check: {', '.join(unknown)} (there are: {', '.join(STAGES)})", file=sys.stderr)
        return 2
    started = time.monotonic()
    results = run_stages(names)
    failed = [name for name, passed in results.items() if not passed]
    print(
        f"\n{len(names) - len(failed)} of {len(names)} checks passed in {time.monotonic() - started:.1f} s", flush=True
    )
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
