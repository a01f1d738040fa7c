"""Users, messages and a running dispatcher for the tests of the outbox."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.core.db import Database
from backend.core.http import OutgoingHttp
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.embedded.postgres import DatabaseUrls
from backend.notifications.channels.registry import open_channels
from backend.notifications.circuits import Circuits
from backend.notifications.service import NewMessage, enqueue
from backend.worker.dispatcher import Dispatcher
from tests.doubles.webhook_receiver import WebhookReceiver, webhook_receiver

FAST = (0.02, 0.02, 0.02, 0.02, 0.02)


async def eventually(check: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `check` holds; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            held = check()
            if await held if not isinstance(held, bool) else held:
                return
            await asyncio.sleep(0.02)


class Outbox:
    """Puts messages in line and looks at how they fare, as the owner of the schema."""

    def __init__(self, urls: DatabaseUrls) -> None:
        self.urls = urls
        self.admin = Database(urls.admin, pool_size=2)
        self.worker = Database(urls.worker, pool_size=4)
        self.app = Database(urls.app, pool_size=2)

    async def new_user(self) -> UUID:
        user_id = new_id()
        async with self.admin.unit_of_work() as session:
            await session.execute(
                text("insert into premium_users (id, email) values (:id, :email)"),
                {"id": user_id, "email": f"{user_id}@example.com"},
            )
        return user_id

    async def put(self, user_id: UUID, *destinations: str) -> list[UUID]:
        messages = [
            NewMessage(
                user_id=user_id,
                destination=destination,
                event_type="alert.triggered",
                payload={"alertId": str(number), "message": "1,000 UNI moved"},
            )
            for number, destination in enumerate(destinations)
        ]
        async with self.worker.unit_of_work() as session:
            assert await enqueue(session, messages) == len(messages)
            assert await enqueue(session, messages) == 0, "the same message twice is one message"
        return [message.id for message in messages]

    async def row(self, message_id: UUID) -> dict[str, object]:
        async with self.admin.unit_of_work() as session:
            row = await session.execute(text("select * from notification_outbox where id = :id"), {"id": message_id})
            return dict(row.one()._mapping)

    async def status(self, message_id: UUID) -> object:
        return (await self.row(message_id))["status"]

    async def reaches(self, message_id: UUID, status: str) -> dict[str, object]:
        async def there() -> bool:
            return await self.status(message_id) == status

        await eventually(there)
        return await self.row(message_id)

    async def end_leases(self) -> None:
        """Let the time of every lease pass."""
        async with self.admin.unit_of_work() as session:
            await session.execute(
                text(
                    "update notification_outbox set locked_until = now() - interval '1 second' where status = 'sending'"
                )
            )

    async def close(self) -> None:
        for database in (self.admin, self.worker, self.app):
            await database.close()


@pytest.fixture
async def outbox(fresh_database_urls: DatabaseUrls) -> AsyncIterator[Outbox]:
    """An empty outbox of a database of this test alone."""
    held = Outbox(fresh_database_urls)
    yield held
    await held.close()


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    """A receiver on this machine."""
    async with webhook_receiver() as running:
        yield running


@pytest.fixture
def settings(make_settings: Callable[..., Settings], fresh_database_urls: DatabaseUrls) -> Settings:
    """Settings of this test's database; webhooks may reach this machine."""
    return make_settings(
        worker_database_url=fresh_database_urls.worker, webhook_allow_private=True, webhook_timeout_seconds=5
    )


@asynccontextmanager
async def dispatching(
    outbox: Outbox, settings: Settings, http: OutgoingHttp | None = None, threshold: int = 1000
) -> AsyncIterator[Dispatcher]:
    """A dispatcher at work, with waits of milliseconds between attempts."""
    async with open_channels(settings, outbox.worker, http) as channels:
        dispatcher = Dispatcher(
            settings,
            outbox.worker,
            channels,
            retry_seconds=FAST,
            circuits=Circuits(asyncio.get_running_loop().time, threshold=threshold, rest_seconds=60),
        )
        task = asyncio.create_task(dispatcher.run())
        try:
            yield dispatcher
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
