"""Web Push, through the outbox and the dispatcher, to a push service that checks and a browser that opens."""

from collections.abc import AsyncIterator, Callable
from uuid import UUID

import orjson
import pytest

from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.embedded.postgres import DatabaseUrls
from backend.notifications.proven import add_proven_channel
from backend.notifications.push.vapid import new_private_key, public_key
from backend.notifications.schemas import NewMessage
from backend.notifications.service import enqueue
from tests.doubles.push_service import Browser, PushService, push_service
from tests.integration.notifications.conftest import Outbox, dispatching

KEY = new_private_key()


@pytest.fixture
def settings(make_settings: Callable[..., Settings], fresh_database_urls: DatabaseUrls) -> Settings:
    return make_settings(
        worker_database_url=fresh_database_urls.worker,
        webhook_allow_private=True,
        webhook_timeout_seconds=5,
        vapid_private_key=KEY,
    )


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


async def _channel(outbox: Outbox, settings: Settings, browser: Browser) -> tuple[UUID, UUID]:
    user_id = await outbox.new_user()
    said = browser.subscription()
    target = orjson.dumps({"endpoint": said["endpoint"], "keys": said["keys"]}).decode()
    async with outbox.app.unit_of_work(user_id) as session:
        return user_id, await add_proven_channel(session, settings, user_id, "push", "Test", target, "127.0.0.1")


async def _put(outbox: Outbox, user_id: UUID, channel_id: UUID, **changes: object) -> NewMessage:
    values: dict[str, object] = {
        "user_id": user_id,
        "channel": "push",
        "channel_id": channel_id,
        "destination": "127.0.0.1",
        "event_type": "alert.triggered",
        "kind": "price",
        "alert_id": new_id(),
        "payload": {"ruleName": "WETH above 4,000", "message": "WETH rose above $4,000 ✓", "alertId": "a"},
        **changes,
    }
    message = NewMessage(**values)  # type: ignore[arg-type]
    async with outbox.worker.unit_of_work() as session:
        assert await enqueue(session, [message]) == 1
    return message


async def _status(outbox: Outbox, channel_id: UUID) -> tuple[str, str | None]:
    from sqlalchemy import text

    async with outbox.admin.unit_of_work() as session:
        row = await session.execute(
            text("select status, last_error from notification_channels where id = :id"), {"id": channel_id}
        )
        return tuple(row.one())  # type: ignore[return-value]


async def test_only_the_browser_can_read_what_the_service_takes(
    outbox: Outbox, settings: Settings, service: PushService
) -> None:
    browser, other = service.subscribe(public_key(settings)), service.subscribe(public_key(settings))
    user_id, channel_id = await _channel(outbox, settings, browser)
    message = await _put(outbox, user_id, channel_id)
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message.id, "sent")
    assert service.refused == []
    (pushed,) = service.taken
    shown = browser.open(pushed.body)
    assert shown["title"] == "WETH above 4,000"
    assert shown["body"] == "WETH rose above $4,000 ✓"
    assert shown["tag"] == str(message.alert_id)
    assert shown["url"].startswith("/alerts/")
    assert pushed.headers["TTL"] == "14400"
    assert pushed.headers["Urgency"] == "high"
    assert b"WETH" not in pushed.body
    with pytest.raises(Exception, match=""):
        other.open(pushed.body)
    assert row["last_status_code"] == 201
    assert "push/" not in str(row["receipt"]), "the subscription's address is a secret"


async def test_the_same_alert_replaces_itself_for_a_device_that_was_off(
    outbox: Outbox, settings: Settings, service: PushService
) -> None:
    browser = service.subscribe(public_key(settings))
    user_id, channel_id = await _channel(outbox, settings, browser)
    alert_id = new_id()
    first = await _put(outbox, user_id, channel_id, alert_id=alert_id)
    async with dispatching(outbox, settings):
        await outbox.reaches(first.id, "sent")
        gone = await _put(outbox, user_id, channel_id, alert_id=alert_id, event_type="alert.withdrawn")
        other = await _put(outbox, user_id, channel_id)
        await outbox.reaches(gone.id, "sent")
        await outbox.reaches(other.id, "sent")
    assert len(service.taken) == 3
    waiting = [browser.open(each.body)["title"] for each in service.waiting().values()]
    assert sorted(waiting) == ["WETH above 4,000", "Withdrawn: WETH above 4,000"]


@pytest.mark.parametrize("kind_of_end", ["gone", "unknown"])
async def test_a_subscription_that_was_given_up_is_used_no_more(
    outbox: Outbox, settings: Settings, service: PushService, kind_of_end: str
) -> None:
    browser = service.subscribe(public_key(settings))
    name = browser.endpoint.rsplit("/", 1)[1]
    if kind_of_end == "gone":
        service.gone.add(name)
    else:
        del service.subscriptions[name]
    user_id, channel_id = await _channel(outbox, settings, browser)
    message = await _put(outbox, user_id, channel_id)
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message.id, "dead")
    assert row["attempts"] == 1
    status, error = await _status(outbox, channel_id)
    assert status == "broken"
    assert error is not None
    assert "Turn push on there again" in error


async def test_a_busy_service_is_given_time(outbox: Outbox, settings: Settings, service: PushService) -> None:
    browser = service.subscribe(public_key(settings))
    user_id, channel_id = await _channel(outbox, settings, browser)
    service.script = [(429, "1"), (503, None)]
    message = await _put(outbox, user_id, channel_id)
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message.id, "sent")
    assert row["attempts"] == 3
    assert len(service.taken) == 1


async def test_a_service_that_knows_another_key_is_not_asked_again(
    outbox: Outbox, settings: Settings, service: PushService
) -> None:
    browser = service.subscribe("another-sender")
    user_id, channel_id = await _channel(outbox, settings, browser)
    message = await _put(outbox, user_id, channel_id)
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message.id, "dead")
    assert row["attempts"] == 1
    assert service.refused == ["the subscription was made for another sender"]
    assert "does not accept our key" in str(row["last_error"])
