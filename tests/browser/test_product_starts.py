"""What a stranger sees after `make run`."""

import json

from playwright.async_api import Page

from backend.embedded.trial import Trial


def test_terminal_says_where_and_who(running_app: Trial):
    output = (running_app.var_dir / "run.out").read_text()
    assert f"Premium is ready: {running_app.url}" in output
    assert "demo@example.com / premium-demo" in output
    for part in ("PostgreSQL 18", "Redis", "local EVM chain 31337", "test payments on http://localhost:"):
        assert part in output
    assert "Traceback" not in output


async def test_first_page_comes_alive_on_the_port_it_came_from(running_app: Trial, page: Page):
    problems: list[str] = []
    sockets: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("websocket", lambda socket: sockets.append(socket.url))
    await page.goto("/")
    await page.wait_for_load_state("networkidle")
    assert problems == []
    port = running_app.environment["PORT"]  # the bundle may have been built for another one
    assert sockets
    assert all(f":{port}/" in url for url in sockets)


def test_no_secret_reaches_terminal_or_logs(running_app: Trial):
    secrets: list[str] = []
    for file in (running_app.var_dir / "secrets").glob("*.json"):
        assert file.stat().st_mode & 0o077 == 0
        secrets += json.loads(file.read_text()).values()
    assert len(secrets) >= 4
    logs = [running_app.var_dir / "run.out", *(running_app.var_dir / "log").glob("*.log")]
    written = "".join(log.read_text(errors="replace") for log in logs)
    assert "premium" in written
    for secret in secrets:
        assert secret not in written
