"""Codes of the second factor change every 30 seconds: tests that count in steps begin early in one."""

import asyncio
import time

from backend.accounts.two_factor.totp import PERIOD_SECONDS

NEEDED_SECONDS = 10.0


async def early_in_a_step() -> None:
    """Wait for the next step when this one is nearly over, so that "the code of a step ago" stays that."""
    left = PERIOD_SECONDS - time.time() % PERIOD_SECONDS
    if left < NEEDED_SECONDS:
        await asyncio.sleep(left + 0.1)
