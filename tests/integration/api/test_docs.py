"""The examples of docs/api.md work when they are copied into a shell; the metrics page names every metric."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from backend.accounts.service import seed_demo_account
from backend.core import telemetry
from tests.integration.api.conftest import Api

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_every_shell_block_of_the_api_page_runs(api: Api) -> None:
    async with api.admin.unit_of_work() as session:
        await seed_demo_account(session, api.settings)
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / "api.md").read_text(), re.DOTALL)
    script = "set -eu\n" + "\n".join(blocks).replace("http://localhost:8000", api.url)
    assert script.count("curl") >= 18
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, (out[-2000:], err[-2000:])
    assert out.count(b'"success":true') >= 12


def test_the_metrics_page_names_every_metric() -> None:
    page = (DOCS / "metrics.md").read_text()
    made = {
        metric._name + ("_total" if metric._type == "counter" else "")
        for metric in vars(telemetry).values()
        if hasattr(metric, "_name")
    }
    assert len(made) >= 14
    assert made == set(re.findall(r"^\| `(premium_\w+)`", page, re.MULTILINE))


async def test_metrics_of_all_processes_add_up(api: Api, tmp_path: Path) -> None:
    """With PROMETHEUS_MULTIPROC_DIR two processes' counters are one number."""
    import os
    import sys

    code = (
        "import sys; from backend.core.telemetry import deliveries, live_clients;"
        "deliveries.labels('webhook', 'sent').inc(2); live_clients.labels('api').set(3)\n"
        "if sys.argv[1] == 'show':\n"
        "    from backend.api.health import read_metrics\n"
        "    print(read_metrics().decode())"
    )
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    out = b""
    for step in ("count", "show"):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, step, env=env, cwd=DOCS.parent, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
    assert 'premium_deliveries_total{channel="webhook",outcome="sent"} 4.0' in out.decode()
