"""The local Stripe for tests: a server on a real socket inside the test's event loop, and the official SDK for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import stripe

from backend.embedded.ports import free_port
from backend.test_payments.account import Account
from backend.test_payments.config import Config, Price, Product
from backend.test_payments.server import serving

SECRET_KEY, WEBHOOK_SECRET = "sk_test_of_the_tests", "whsec_of_the_tests"
PRODUCTS = tuple(
    Product(
        f"prod_premium_{tier}",
        f"Premium {tier.capitalize()}",
        (
            Price(f"price_premium_{tier}_month", f"premium_{tier}_month", "month", month),
            Price(f"price_premium_{tier}_year", f"premium_{tier}_year", "year", month * 10),
        ),
    )
    for tier, month in (("starter", 2_500), ("pro", 5_000))
)
CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 40", "cvc": "123", "name": "Jo Card"}
DAY = 86_400


@dataclass
class LocalStripe:
    """A running server: its address, its account (to look inside), the SDK's client."""

    url: str
    account: Account
    client: stripe.StripeClient

    async def call(self, work: Callable[[Any], Any]) -> Any:
        """Return what `work` returns for the SDK's v1 services; the SDK blocks, so it runs in a thread."""
        return await asyncio.to_thread(work, self.client.v1)

    async def control(self, what: str, method: str = "POST", /, **given: Any) -> Any:
        """Use a control endpoint."""
        headers = {"Authorization": f"Bearer {SECRET_KEY}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.request(method, f"{self.url}/_control/{what}", json=given) as answer,
        ):
            body = await answer.json()
            assert answer.status == 200, body
            return body

    async def fill_in(self, address: str, **fields: str) -> tuple[int, str]:
        """Post a form of a hosted page; return the status and where it leads, or the page."""
        async with (
            aiohttp.ClientSession() as http,
            http.post(address, data=fields, allow_redirects=False) as answer,
        ):
            return answer.status, answer.headers.get("Location") or await answer.text()

    async def checkout(self, customer: str | None = None, price: str = "price_premium_pro_month", **more: Any) -> Any:
        """Return a new checkout session."""
        given = {
            "mode": "subscription",
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": "http://product.example/done?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://product.example/plans",
            **({"customer": customer} if customer else {}),
            **more,
        }
        return await self.call(lambda v1: v1.checkout.sessions.create(given))

    async def subscribe(
        self, customer: str, price: str = "price_premium_pro_month", card: str = "", **data: Any
    ) -> Any:
        """Go through checkout on the hosted page; return the subscription."""
        more = {"subscription_data": data} if data else {}
        session = await self.checkout(customer, price, **more)
        status, place = await self.fill_in(session.url, **(CARD | ({"number": card} if card else {})))
        assert status == 303, place
        done = await self.call(lambda v1: v1.checkout.sessions.retrieve(session.id))
        return await self.call(lambda v1: v1.subscriptions.retrieve(done.subscription))


@asynccontextmanager
async def local_stripe(data_file: Path, webhook_url: str = "", port: int = 0) -> AsyncIterator[LocalStripe]:
    """Serve test payments on a free port (or `port`), with the data in `data_file`."""
    config = Config(
        str(data_file),
        SECRET_KEY,
        port or free_port(),
        webhook_url=webhook_url,
        webhook_secret=WEBHOOK_SECRET,
        products=PRODUCTS,
    )
    async with serving(config) as account:
        client = stripe.StripeClient(SECRET_KEY, base_addresses={"api": config.address}, max_network_retries=0)
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection(config.host, config.port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.02)
        yield LocalStripe(config.address, account, client)
