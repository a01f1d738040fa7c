"""The drill of a chain that does not answer: the running product's local chain holds its breath.

    python -m backend.embedded.chain_drill 90

Its RPC accepts connections and answers nothing for so many seconds, as a provider that stalls does, and makes no
blocks; then it goes on as if nothing had been. docs/runbooks/chain.md says what the pages show meanwhile.
"""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from backend.core.settings import get_settings
from backend.embedded.claim import RunClaim
from backend.embedded.errors import StartError

MOST_SECONDS = 3_600


@contextmanager
def stalled_chain(claim: RunClaim) -> Iterator[int]:
    """Stall the local chain of a running product; yield its process id. Raises StartError when there is none."""
    chain = next((child for child in claim.children() if child.name().startswith("anvil")), None)
    if chain is None:
        raise StartError("no local chain runs here", "start the product first: make run")
    chain.send_signal(signal.SIGSTOP)
    try:
        yield chain.pid
    finally:
        chain.send_signal(signal.SIGCONT)


def main(arguments: list[str] | None = None) -> None:
    """Stall the chain for the seconds that are given."""
    parser = argparse.ArgumentParser(prog="python -m backend.embedded.chain_drill", description="Stall the local chain")
    parser.add_argument("seconds", type=float)
    seconds = min(MOST_SECONDS, max(0.0, parser.parse_args(arguments).seconds))
    settings = get_settings()
    try:
        with stalled_chain(RunClaim(settings.var_dir, settings.app_url)):
            sys.stdout.write(f"the local chain does not answer for {seconds:g} s\n")
            sys.stdout.flush()
            time.sleep(seconds)
    except StartError as error:
        sys.exit(f"{error}")
    sys.stdout.write("the local chain answers again\n")


if __name__ == "__main__":
    main()
