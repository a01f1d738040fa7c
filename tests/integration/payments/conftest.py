"""A local Stripe for each test file, and customers of one's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.local_stripe import LocalStripe, local_stripe
from tests.doubles.webhook_receiver import WebhookReceiver, webhook_receiver

_numbers = count(1)


@pytest.fixture(scope="module")
async def receiver() -> AsyncIterator[WebhookReceiver]:
    """Somebody who takes webhooks."""
    async with webhook_receiver() as running:
        yield running


@pytest.fixture(scope="module")
async def payments(tmp_path_factory: pytest.TempPathFactory, receiver: WebhookReceiver) -> AsyncIterator[LocalStripe]:
    """A local Stripe that tells `receiver` of its events."""
    file: Path = tmp_path_factory.mktemp("payments") / "payments.sqlite"
    async with local_stripe(file, f"{receiver.url}/ok") as running:
        yield running


@pytest.fixture
def customer(payments: LocalStripe) -> Callable[..., Awaitable[Any]]:
    """A function that returns a new customer."""

    async def make(**given: Any) -> Any:
        return await payments.call(
            lambda v1: v1.customers.create({"email": f"customer{next(_numbers)}@example.com", **given})
        )

    return make
