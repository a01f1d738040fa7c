"""`premium run`: starts everything, says where it is, stops everything."""

import asyncio
import logging
import signal
import sys
import time

from backend.core.logging import configure_logging
from backend.core.settings import Settings
from backend.embedded.errors import StartError
from backend.embedded.supervisor import rotate_log


def run(settings: Settings) -> int:
    """Run the product until Ctrl-C or SIGTERM; return the exit code."""
    settings = settings.model_copy(update={"var_dir": settings.var_dir.absolute()})
    try:
        _log_to_file(settings)
    except OSError as error:
        _explain(
            StartError(f"{settings.log_dir} cannot be written: {error.strerror}", "fix its permissions, or VAR_DIR")
        )
        return 1
    return asyncio.run(_run(settings))


def _log_to_file(settings: Settings) -> None:
    """Keep the terminal for progress: what libraries log in this process goes to var/log/run.log."""
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    rotate_log(settings.log_dir / "run.log")
    configure_logging("run", settings.log_level)
    handler = logging.FileHandler(settings.log_dir / "run.log")
    handler.setFormatter(logging.getLogger().handlers[0].formatter)
    logging.getLogger().handlers[:] = [handler]


async def _run(settings: Settings) -> int:
    from backend.embedded.product import Product, summary

    started = time.monotonic()
    product = Product(settings, _say)
    loop = asyncio.get_running_loop()
    stop_wanted = asyncio.Event()

    def on_signal() -> None:
        if stop_wanted.is_set():
            product.kill()
        stop_wanted.set()

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signum, on_signal)
    starting = asyncio.create_task(product.start())
    stopping = asyncio.create_task(stop_wanted.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop_wanted.is_set():
            starting.cancel()
            return 0
        await starting
        print(summary(product, time.monotonic() - started), flush=True)
        await stop_wanted.wait()
    except (StartError, BaseExceptionGroup) as error:
        _explain(_start_error(error))
        return 1
    finally:
        stopping.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await product.stop()
    return 0


def _start_error(error: BaseException) -> StartError:
    """Return the first problem of a group; anything that is no StartError is a defect of ours and goes up."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, StartError):
        raise error
    return error


def _explain(error: StartError) -> None:
    print(f"\nCannot start: {error.problem}", file=sys.stderr)
    if error.remedy:
        print(f"  What to do: {error.remedy}", file=sys.stderr)
    print(file=sys.stderr, flush=True)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)
