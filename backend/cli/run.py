"""`premium run`: starts everything, says where it is, stops everything."""

import asyncio
import signal
import sys

from backend.core.settings import Settings
from backend.embedded.errors import StartError


def run(settings: Settings) -> int:
    """Run the product until Ctrl-C or SIGTERM; return the exit code."""
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    from backend.embedded.product import Product, summary

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
        print(summary(product), flush=True)
        await stop_wanted.wait()
    except (StartError, BaseExceptionGroup) as error:
        _explain(_start_error(error))
        return 1
    finally:
        stopping.cancel()
        _say("stopping …")
        await asyncio.gather(starting, return_exceptions=True)
        await product.stop()
        _say("stopped")
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
