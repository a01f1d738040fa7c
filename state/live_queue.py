"""Gathering news that come together, and knowing when the tab is gone."""

import asyncio
from typing import Any

from reflex_base.registry import RegistrationContext

GATHER_SECONDS = 0.05  # the news of one block come together, and reach the page in one update


async def next_messages(queue: asyncio.Queue[dict[str, Any]], wait_seconds: float) -> list[dict[str, Any]]:
    """Return what came together in the queue, waiting for the first at most `wait_seconds`."""
    try:
        async with asyncio.timeout(max(0.0, wait_seconds)):
            messages = [await queue.get()]
    except TimeoutError:
        return []
    await asyncio.sleep(GATHER_SECONDS)
    while not queue.empty():
        messages.append(queue.get_nowait())
    return messages


async def is_open(token: str) -> bool:
    """Return whether the tab with this client token is still connected to any of our processes."""
    namespace = RegistrationContext.get().app.event_namespace
    return namespace is not None and await namespace._token_manager.is_token_connected(token)
