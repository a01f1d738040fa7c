"""What a stranger sees after `make run`."""

from playwright.async_api import Page

from tests.doubles.running_product import RunningProduct


async def test_terminal_says_where_and_who(product: RunningProduct):
    assert f"Premium is ready: {product.url}" in product.output
    assert "demo@example.com / premium-demo" in product.output
    for part in ("PostgreSQL 18", "Redis", "local EVM chain 31337"):
        assert part in product.output
    assert "Traceback" not in product.output


async def test_first_page_comes_alive_without_errors(product: RunningProduct, page: Page):
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    await page.goto("/")
    await page.wait_for_load_state("networkidle")
    assert problems == []
    # The bundle was built for another port: the page must talk to the one it came from.
    port = product.url.rsplit(":", 1)[1]
    assert sockets and all(f":{port}/" in url for url in sockets)


async def test_no_secret_reaches_terminal_or_logs(product: RunningProduct):
    secrets = [url.split(":")[2].split("@")[0] for url in (product.database_urls.app, product.database_urls.admin)]
    written = product.output + "".join(
        path.read_text(errors="replace") for path in (product.var_dir / "log").glob("*.log")
    )
    assert len(written) > 1000
    for secret in secrets:
        assert secret not in written
