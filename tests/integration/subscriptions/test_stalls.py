"""A Stripe that takes a request and says nothing: we give up soon, hold nothing, and stop asking for a while."""

import asyncio

import pytest

from backend.subscriptions.calls import StripeCalls
from backend.subscriptions.connection import payments_connection
from backend.subscriptions.errors import PaymentsUnavailableError, UncertainChangeError
from backend.subscriptions.gateway import StripeGateway
from tests.integration.subscriptions.conftest import Shop


async def test_a_stall_is_given_up_and_then_not_asked_again(shop: Shop) -> None:
    settings = shop.api.settings
    gateway = StripeGateway(settings, StripeCalls(payments_connection(settings), try_seconds=0.2))
    await shop.faults("/v1/subscriptions", method="GET", times=20, seconds=3)
    try:
        async with asyncio.timeout(14):  # waiting for what stalls would take 15 s
            for _ in range(5):
                with pytest.raises(PaymentsUnavailableError):
                    await gateway.subscriptions_of("cus_any")
        await shop.faults()
        with pytest.raises(PaymentsUnavailableError):  # the circuit is open: nothing is sent, or it would be answered
            await gateway.subscriptions_of("cus_any")
    finally:
        await shop.faults()
        await gateway.close()


async def test_a_write_without_an_answer_is_said_to_be_uncertain(shop: Shop) -> None:
    user = await shop.api.new_user("free")
    await shop.buy(user, "starter")
    settings = shop.api.settings
    gateway = StripeGateway(settings, StripeCalls(payments_connection(settings), try_seconds=0.2))
    subscription = (await gateway.subscriptions_of(await shop.customer(user)))[0]
    await shop.faults(f"/v1/subscriptions/{subscription.id}", method="POST", times=5, seconds=3)
    try:
        with pytest.raises(UncertainChangeError):
            await gateway.update(subscription.id, {"cancel_at_period_end": True})
    finally:
        await shop.faults()
        await gateway.close()
