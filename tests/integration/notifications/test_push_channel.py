"""Web Push, through the outbox and the dispatcher, to a push service that checks and a browser that opens."""

import time
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import orjson
import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text

from backend.core.clock import use_clock
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.embedded.postgres import DatabaseUrls
from backend.notifications.proven import add_proven_channel
from backend.notifications.push.vapid import new_private_key, public_key
from backend.notifications.schemas import NewMessage
from backend.notifications.service import enqueue
from backend.notifications.signed_pictures import picture_path
from tests.doubles.push_service import Browser, PushService, push_service
from tests.integration.api.conftest import serving
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
    with pytest.raises(InvalidTag):
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


async def test_a_picture_is_there_for_a_day_for_whoever_has_its_address(
    outbox: Outbox,
    make_settings: Callable[..., Settings],
    fresh_database_urls: DatabaseUrls,
    service: PushService,
) -> None:
    settings = make_settings(
        database_url=fresh_database_urls.app,
        worker_database_url=fresh_database_urls.worker,
        admin_database_url=fresh_database_urls.admin,
        webhook_allow_private=True,
        vapid_private_key=KEY,
    )
    token = "0x00000000000000000000000000000000000000aa"
    async with outbox.admin.unit_of_work() as session:
        await session.execute(text("select ensure_month_partition('price_readings', now())"))
        await session.execute(
            text(
                "insert into price_readings (chain_id, token, price_usd, source, block_number, block_hash, taken_at)"
                " select 1, :token, 100 + n, 'test', n, '0x' || n, now() - make_interval(mins => 60 - n)"
                " from generate_series(1, 50) as n"
            ),
            {"token": token},
        )
    browser = service.subscribe(public_key(settings))
    user_id, channel_id = await _channel(outbox, settings, browser)
    event = {"price_usd": "150", "token": token}
    payload = {"ruleName": "r", "message": "m", "chainId": 1, "event": event}
    message = await _put(outbox, user_id, channel_id, payload=payload)
    plain = await _put(outbox, user_id, channel_id)
    async with dispatching(outbox, settings):
        await outbox.reaches(message.id, "sent")
        await outbox.reaches(plain.id, "sent")
    said = {shown["tag"]: shown for shown in (browser.open(each.body) for each in service.taken)}
    image = said[str(message.alert_id)]["image"]
    assert "image" not in said[str(plain.alert_id)], "no series, no picture"
    async with serving(settings) as api:
        reply = await api.anonymous.get(image)
        assert (reply.status, reply.headers["Content-Type"]) == (200, "image/png")
        assert reply.content.startswith(b"\x89PNG")
        changed = image[:-10] + ("A" if image[-10] != "A" else "B") + image[-9:]
        assert (await api.anonymous.get(changed)).status == 404
        stranger = picture_path(settings, await outbox.new_user(), message.id)
        assert (await api.anonymous.get(stranger)).status == 404
        use_clock(lambda: time.time() + 86_500)
        try:
            assert (await api.anonymous.get(image)).status == 404
        finally:
            use_clock(None)
