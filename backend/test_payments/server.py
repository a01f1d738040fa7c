"""The process: `python -m backend.test_payments.server CONFIG` serves until it is told to stop."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.core.logging import configure_logging, get_logger
from backend.test_payments import control
from backend.test_payments.account import Account, open_account
from backend.test_payments.config import Config, read_config
from backend.test_payments.faults import Faults
from backend.test_payments.gateway import Gateway
from backend.test_payments.pages import checkout_page, invoice_page, portal_page

log = get_logger(__name__)
TICK_SECONDS = 5.0


def create_app(account: Account) -> Starlette:
    """Return the application over an account that is open."""
    gateway = Gateway(account, Faults())

    async def api(request: Request) -> Response:
        return await gateway.answer(request)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [
        Route("/_health", health),
        *control.ROUTES,
        Route("/c/pay/{session}", checkout_page.show),
        Route("/c/pay/{session}", checkout_page.pay, methods=["POST"]),
        Route("/p/session/{secret}", portal_page.show),
        Route("/p/session/{secret}/{action}", portal_page.act, methods=["POST"]),
        Route("/i/{invoice}/{secret}", invoice_page.show),
        Route("/i/{invoice}/{secret}", invoice_page.pay, methods=["POST"]),
        Route("/i/{invoice}/{secret}/pdf", invoice_page.pdf),
        Route("/{path:path}", api, methods=["GET", "POST", "DELETE", "PUT", "PATCH"]),
    ]
    app = Starlette(routes=routes)
    app.state.account = account
    app.state.gateway = gateway
    return app


@asynccontextmanager
async def serving(config: Config) -> AsyncIterator[Account]:
    """Serve on a socket for the length of the block, with deliveries and time at work; yield the account."""
    account = open_account(config)
    app = create_app(account)
    server = Server(
        app, address=config.host, port=config.port, interface=Interfaces.ASGI, log_enabled=False, websockets=False
    )
    tasks = [
        asyncio.create_task(server.serve()),
        asyncio.create_task(account.postman.run()),
        asyncio.create_task(_let_time_pass(account)),
    ]
    try:
        yield account
    finally:
        server.stop()
        for task in tasks[1:]:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.gather(*tasks, return_exceptions=True)
        account.records.close()


async def _let_time_pass(account: Account) -> None:
    while True:
        try:
            account.pass_time()
        except Exception:
            log.exception("time did not pass")
        await asyncio.sleep(TICK_SECONDS)


async def _main(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    async with serving(config):
        log.info("test payments are ready", port=config.port)
        await stop.wait()


def main() -> int:
    """Read the configuration named on the command line and serve; return the exit code."""
    configure_logging("test-payments")
    if len(sys.argv) != 2:
        log.error("the configuration file is not named")
        return 2
    asyncio.run(_main(read_config(Path(sys.argv[1]))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
