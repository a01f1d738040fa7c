"""Channels over real sockets and a real outbox: what is held, what may have been sent, what a provider says."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from backend.accounts.service import CurrentUser
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.notifications import channel_service, dispatch_repository
from backend.notifications.channel_schemas import ChannelCreate, NotificationSettingsRead
from backend.notifications.service import AlertNews, enqueue_alerts, enqueue_withdrawals, list_deliveries, resend
from tests.doubles.webhook_receiver import WebhookReceiver, webhook_receiver
from tests.integration.notifications.conftest import Outbox, dispatching, eventually

ROOT = Path(__file__).resolve().parents[3]
RULES = (UUID(int=7), UUID(int=8))
PATH = "/services/T0000AAAA/B0000BBBB/"


@pytest.fixture
def slack(settings: Settings, receiver: WebhookReceiver) -> Settings:
    """Settings by which the receiver is Slack."""
    return settings.model_copy(update={"slack_hooks_url": receiver.url})


async def confirmed(outbox: Outbox) -> CurrentUser:
    user_id = await outbox.new_user()
    async with outbox.admin.unit_of_work() as session:
        await session.execute(
            text("update premium_users set email_verified_at = now() where id = :id"), {"id": user_id}
        )
        for rule in RULES:
            await session.execute(
                text(
                    "insert into alert_rules (id, user_id, name, type, conditions, actions)"
                    " values (:rule, :id, 'My rule', 'price', '[]', '[]') on conflict do nothing"
                ),
                {"rule": rule, "id": user_id},
            )
    return CurrentUser(id=user_id, email=f"{user_id}@example.com", tier="pro")


async def add_slack(outbox: Outbox, user: CurrentUser, settings: Settings, secret: str = "a" * 24) -> UUID:
    async with outbox.app.unit_of_work(user.id) as session:
        data = ChannelCreate(channel="slack", label="Desk", target=f"{settings.slack_hooks_url}{PATH}{secret}")
        return (await channel_service.add_channel(session, user, data, settings)).id


def news(user: CurrentUser, number: int = 1, told_by: tuple[str, ...] = ("notify",), **changes: object) -> AlertNews:
    values: dict[str, object] = {
        "user_id": user.id,
        "alert_id": UUID(int=1000 + number),
        "rule_id": UUID(int=7),
        "rule_name": "My rule",
        "kind": "price",
        "message": f"UNI rose {number}",
        "actions": [{"type": kind} for kind in told_by],
        "payload": {"alertId": str(number), "ruleName": "My rule", "message": f"UNI rose {number}"},
        "triggered_at": utc_now(),
        "news_at": utc_now(),
        **changes,
    }
    return AlertNews(**values)  # type: ignore[arg-type]


async def tell(outbox: Outbox, *each: AlertNews) -> int:
    async with outbox.worker.unit_of_work() as session:
        return await enqueue_alerts(session, each)


async def rows(outbox: Outbox, user: CurrentUser) -> list[dict[str, object]]:
    async with outbox.admin.unit_of_work() as session:
        found = await session.execute(
            text("select * from notification_outbox where user_id = :id order by created_at, id"), {"id": user.id}
        )
        return [dict(row._mapping) for row in found]


async def all_are(outbox: Outbox, user: CurrentUser, *statuses: str) -> list[dict[str, object]]:
    async def there() -> bool:
        return {str(row["status"]) for row in await rows(outbox, user)} <= set(statuses)

    await eventually(there)
    return await rows(outbox, user)


async def test_notify_goes_through_every_channel_that_is_wanted(
    outbox: Outbox, slack: Settings, receiver: WebhookReceiver
) -> None:
    user, other = await confirmed(outbox), await confirmed(outbox)
    channel = await add_slack(outbox, user, slack)
    await add_slack(outbox, other, slack, "b" * 24)
    told = news(user)
    assert await tell(outbox, told) == 2, "mail and Slack"
    assert await tell(outbox, told) == 0, "the same news again is no news"
    async with dispatching(outbox, slack):
        sent = await all_are(outbox, user, "sent")
    by_channel = {str(row["channel"]): row for row in sent}
    assert by_channel["slack"]["channel_id"] == channel
    assert str(by_channel["slack"]["destination"]).endswith("\u2026aaaa"), "the hook's secret is not in the outbox"
    [request] = receiver.received
    assert request.path == PATH + "a" * 24
    assert orjson.loads(request.body)["text"] == "My rule: UNI rose 1"
    async with outbox.admin.unit_of_work() as session:
        [mail] = (await session.execute(text("select * from local_mailbox"))).all()
    assert (mail.recipient, mail.subject) == (user.email, "My rule") and "UNI rose 1" in mail.plain
    async with outbox.app.unit_of_work(user.id) as session:
        await channel_service.choose_alerts(session, user.id, {"price": {"email": False}})
    assert await tell(outbox, news(user, 2)) == 1
    assert await tell(outbox, news(user, 3, ("email",))) == 1, "a rule that names a channel is not asked again"
    assert await tell(outbox, news(user, 4, ("in_app",))) == 0


async def test_slack_says_no(outbox: Outbox, slack: Settings, receiver: WebhookReceiver) -> None:
    user = await confirmed(outbox)
    channel = await add_slack(outbox, user, slack)
    receiver.answers[PATH + "a" * 24] = [(429, {"Retry-After": "1"}, "rate_limited"), (404, {}, "no_service")]
    await tell(outbox, news(user, told_by=("slack",)))
    async with dispatching(outbox, slack):
        [row] = await all_are(outbox, user, "dead")
    assert (row["attempts"], row["last_status_code"], row["last_error"]) == (2, 404, "Slack answered 404: no_service.")
    first, second = receiver.times
    assert second - first >= 1.0, "it waited as long as it was told to"
    async with outbox.app.unit_of_work(user.id) as session:
        [_, item] = (await channel_service.list_channels(session, user, slack)).items
    assert (item.id, item.status, item.last_error) == (channel, "broken", "Slack answered 404: no_service.")
    assert await tell(outbox, news(user, 2, ("slack",))) == 0, "nothing more is sent to an address that is gone"


async def test_one_hook_gets_one_message_a_second(outbox: Outbox, slack: Settings, receiver: WebhookReceiver) -> None:
    user = await confirmed(outbox)
    await add_slack(outbox, user, slack)
    await add_slack(outbox, user, slack, "b" * 24)
    await tell(outbox, *[news(user, n, ("slack",)) for n in range(3)])
    async with dispatching(outbox, slack):
        await all_are(outbox, user, "sent")
    for path in ("a", "b"):
        times = [at for at, one in zip(receiver.times, receiver.received, strict=True) if one.path.endswith(path)]
        assert len(times) == 3
        assert all(later - earlier >= 0.95 for earlier, later in pairwise(times))


async def test_a_black_hole_may_have_taken_it_and_is_not_asked_again(
    outbox: Outbox, slack: Settings, receiver: WebhookReceiver
) -> None:
    user = await confirmed(outbox)
    await add_slack(outbox, user, slack)
    receiver.answers[PATH + "a" * 24] = [None]
    await tell(outbox, news(user, told_by=("slack",)))
    async with dispatching(outbox, slack.model_copy(update={"webhook_timeout_seconds": 0.5})):
        [row] = await all_are(outbox, user, "maybe_sent")
        await asyncio.sleep(0.5)
    assert len(receiver.received) == 1
    assert row["maybe_sent_at"] is not None and "No answer within" in str(row["last_error"])


async def test_nobody_there_is_tried_again(outbox: Outbox, settings: Settings) -> None:
    async with webhook_receiver() as gone:
        away = settings.model_copy(update={"slack_hooks_url": gone.url})
    user = await confirmed(outbox)
    await add_slack(outbox, user, away)
    await tell(outbox, news(user, told_by=("slack",)))
    async with dispatching(outbox, away):
        [row] = await all_are(outbox, user, "dead")
    assert (row["attempts"], row["last_error"]) == (6, "No connection to the receiver.")


async def _killed_while_sending(outbox: Outbox, receiver: WebhookReceiver) -> None:
    """Run the process until the receiver has the request and holds its answer back; then kill -9."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio; from backend.core.settings import get_settings; from backend.worker.notifications import run;"
        "asyncio.run(run(get_settings()))",
        cwd=ROOT,
        env={
            **os.environ,
            "WORKER_DATABASE_URL": outbox.urls.worker,
            "WEBHOOK_ALLOW_PRIVATE": "true",
            "SLACK_HOOKS_URL": receiver.url,
            "ENVIRONMENT": "test",
        },
    )
    try:
        async with asyncio.timeout(40):
            await receiver.arrived.wait()
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_killed_between_send_and_record_it_is_maybe_sent_and_never_doubled(
    outbox: Outbox, slack: Settings, receiver: WebhookReceiver
) -> None:
    user = await confirmed(outbox)
    await add_slack(outbox, user, slack)
    receiver.answers[PATH + "a" * 24] = [None]
    await tell(outbox, news(user, told_by=("slack",)))
    await _killed_while_sending(outbox, receiver)
    [row] = await rows(outbox, user)
    assert row["status"] == "sending" and row["attempt_id"] is not None, "it died with the message in hand"
    async with dispatching(outbox, slack):
        await asyncio.sleep(1.5)
        assert [each["status"] for each in await rows(outbox, user)] == ["sending"], "its lease still runs"
        await outbox.end_leases()
        [row] = await all_are(outbox, user, "maybe_sent")
        await asyncio.sleep(1.5)
        assert len(receiver.received) == 1, "never sent twice by itself"
        async with outbox.app.unit_of_work(user.id) as session:
            [shown] = (await list_deliveries(session, user.id, "maybe_sent")).items
            assert shown.maybe_sent_at is not None and "may have arrived" in str(shown.last_error)
            await resend(session, user.id, shown.id)
        [row] = await all_are(outbox, user, "sent")
    assert len(receiver.received) == 2 and row["maybe_sent_at"] is None


async def test_an_outcome_that_comes_late_clears_the_doubt(outbox: Outbox, slack: Settings) -> None:
    user = await confirmed(outbox)
    await add_slack(outbox, user, slack)
    await tell(outbox, news(user, told_by=("slack",)))
    limits: dict[str, object] = {"limit": 1, "lease_seconds": 60, "per_lane": 1, "lane_room": {}, "resting": {}}
    async with outbox.worker.unit_of_work() as session:
        [taken] = await dispatch_repository.claim_due(session, channel="slack", dedupes=False, **limits)  # type: ignore[arg-type]
    await outbox.end_leases()
    async with outbox.worker.unit_of_work() as session:
        assert await dispatch_repository.claim_due(session, channel="slack", dedupes=False, **limits) == []  # type: ignore[arg-type]
        assert await dispatch_repository.mark_maybe_sent(session, ["webhook"], "maybe") == 1
    sent = dispatch_repository.Outcome(message_id=taken.id, attempt_id=taken.attempt_id, status="sent")
    async with outbox.worker.unit_of_work() as session:
        await dispatch_repository.record_outcomes(session, [sent])
    [row] = await rows(outbox, user)
    assert (row["status"], row["maybe_sent_at"]) == ("sent", None)


async def choose(outbox: Outbox, user: CurrentUser, **values: object) -> None:
    async with outbox.app.unit_of_work(user.id) as session:
        await channel_service.change_settings(session, user.id, NotificationSettingsRead.model_validate(values))


async def hours_are_over(outbox: Outbox) -> None:
    async with outbox.admin.unit_of_work() as session:
        await session.execute(
            text("update notification_outbox set held_until = now() - interval '1 second' where status = 'held'")
        )


async def test_quiet_hours_hold_and_one_message_has_it_all(
    outbox: Outbox, slack: Settings, receiver: WebhookReceiver
) -> None:
    user = await confirmed(outbox)
    await add_slack(outbox, user, slack)
    now = utc_now()
    until = (now + timedelta(hours=2)).replace(second=0, microsecond=0)
    quiet = {"quiet_from": f"{now - timedelta(hours=1):%H:%M}", "quiet_to": f"{until:%H:%M}"}
    await choose(outbox, user, **quiet, critical_kinds=["protocol_risk"])
    hook = {"type": "webhook", "destination": f"{receiver.url}/ok"}
    await tell(outbox, *[news(user, n, told_by=("slack",)) for n in range(25)])
    await tell(outbox, news(user, 90, told_by=("slack",), kind="protocol_risk"))
    await tell(outbox, news(user, 91, **{"actions": [hook]}))
    async with dispatching(outbox, slack):
        await eventually(lambda: len(receiver.received) == 2)
        await asyncio.sleep(1.5)
        assert {one.path for one in receiver.received} == {"/ok", PATH + "a" * 24}, "critical kinds and webhooks pass"
        async with outbox.app.unit_of_work(user.id) as session:
            held = await list_deliveries(session, user.id, "held")
        assert held.total == 25 and {item.held_until for item in held.items} == {until}
        assert {item.held_for for item in held.items} == {"quiet"}
        await hours_are_over(outbox)
        found = await all_are(outbox, user, "sent", "bundled")
    [bundle] = [row for row in found if row["event_type"] == "alert.bundle"]
    parts = [row for row in found if row["status"] == "bundled"]
    assert len(parts) == 25 and {row["bundle_id"] for row in parts} == {bundle["id"]}
    said = orjson.loads(receiver.received[-1].body)
    assert said["blocks"][0]["text"]["text"] == "25 \u00d7 My rule"
    assert any("5 more" in block["text"]["text"] for block in said["blocks"][:-1])


async def test_alerts_of_a_rule_within_some_seconds_are_one_message(
    outbox: Outbox, slack: Settings, receiver: WebhookReceiver
) -> None:
    user = await confirmed(outbox)
    await add_slack(outbox, user, slack)
    await choose(outbox, user, group_seconds=2)
    async with dispatching(outbox, slack):
        for number in range(3):
            await tell(outbox, news(user, number, told_by=("slack",)))
            await asyncio.sleep(0.3)
        await tell(outbox, news(user, 9, told_by=("slack",), rule_id=UUID(int=8)))
        found = await all_are(outbox, user, "sent", "bundled")
    assert [row["status"] for row in found if row["alert_rule_id"] == UUID(int=7)].count("bundled") == 3
    texts = sorted(orjson.loads(one.body)["text"] for one in receiver.received)
    assert texts == ["3 \u00d7 My rule: Newest of 3: UNI rose 2", "My rule: UNI rose 9"]


async def test_what_was_withdrawn_while_it_was_held_is_not_told(outbox: Outbox, slack: Settings) -> None:
    user = await confirmed(outbox)
    await add_slack(outbox, user, slack)
    await choose(outbox, user, digest="daily")
    held = news(user, told_by=("slack",))
    await tell(outbox, held)
    async with outbox.worker.unit_of_work() as session:
        assert await enqueue_withdrawals(session, [news(user, event_type="alert.withdrawn")]) == 0
    [row] = await rows(outbox, user)
    assert row["status"] == "dropped" and "withdrawn" in str(row["last_error"])


async def test_a_removed_channel_gets_nothing_more(outbox: Outbox, slack: Settings, receiver: WebhookReceiver) -> None:
    user, stranger = await confirmed(outbox), await confirmed(outbox)
    channel = await add_slack(outbox, user, slack)
    await tell(outbox, news(user, told_by=("slack",)))
    async with outbox.app.unit_of_work(stranger.id) as session:
        with pytest.raises(NotFoundError):
            await channel_service.remove_channel(session, stranger.id, channel)
    async with outbox.app.unit_of_work(user.id) as session:
        await channel_service.remove_channel(session, user.id, channel)
    [row] = await rows(outbox, user)
    assert (row["status"], row["channel_id"]) == ("dropped", None)
    async with outbox.app.unit_of_work(user.id) as session:
        await resend(session, user.id, UUID(str(row["id"])))
    async with dispatching(outbox, slack):
        [row] = await all_are(outbox, user, "dead")
    assert "was removed" in str(row["last_error"]) and receiver.received == []


async def test_a_test_shows_what_was_asked_and_answered(
    outbox: Outbox, slack: Settings, receiver: WebhookReceiver
) -> None:
    user = await confirmed(outbox)
    channel = await add_slack(outbox, user, slack)
    receiver.answers[PATH + "a" * 24] = [(500, {"X-Said": "no\u00ff"}, "<b>nope</b>\x00")]
    async with dispatching(outbox, slack):
        async with outbox.app.unit_of_work(user.id) as session:
            message = await channel_service.start_test(session, user, channel)
        done = await channel_service.await_delivery(outbox.app, user.id, message)
        assert (done.status, done.attempts, done.last_status_code) == ("dead", 1, 500), "a test is tried once"
        receipt = done.receipt or {}
        assert (receipt["method"], receipt["status"]) == ("POST", 500) and receipt["seconds"] >= 0
        assert "a" * 24 not in orjson.dumps(receipt).decode(), "the secret is not shown"
        assert "This channel works" in receipt["request_body"] and receipt["body"] == "<b>nope</b>\ufffd"
        assert receipt["headers"]["X-Said"]
        async with outbox.app.unit_of_work(user.id) as session:
            mail = await channel_service.start_test(session, user, channel_service.email_channel_id(user.id))
        assert (await channel_service.await_delivery(outbox.app, user.id, mail)).status == "sent"


async def test_channels_are_typed_once_and_not_too_many(outbox: Outbox, settings: Settings) -> None:
    user = await confirmed(outbox)

    async def add(channel: str, target: str) -> None:
        async with outbox.app.unit_of_work(user.id) as session:
            data = ChannelCreate(channel=channel, label="x", target=target)
            await channel_service.add_channel(session, user, data, settings)

    await add("webhook", "https://example.com/a")
    with pytest.raises(ConflictError):
        await add("webhook", "https://EXAMPLE.com:443/a")
    for channel, target in (("email", "other@example.com"), ("pigeon", "x"), ("webhook", "http://user:pw@x/")):
        with pytest.raises(InvalidInputError):
            await add(channel, target)
    results = await asyncio.gather(
        *(add("webhook", f"https://example.com/{n}") for n in range(25)), return_exceptions=True
    )
    assert sum(result is None for result in results) == 19
    async with outbox.admin.unit_of_work() as session:
        sealed = (await session.execute(text("select sealed_target from notification_channels"))).scalars().all()
    assert len(sealed) == 20 and all(b"example.com" not in bytes(each) for each in sealed)


async def test_names_of_a_megabyte_and_html_go_out(outbox: Outbox, slack: Settings, receiver: WebhookReceiver) -> None:
    user = await confirmed(outbox)
    await add_slack(outbox, user, slack)
    evil = "<script>alert(1)</script>\u202e\U0001f4a9" + "n" * 1_000_000
    payload = {"alertId": "1", "ruleName": evil, "message": evil}
    await tell(outbox, news(user, rule_name=evil, message=evil, payload=payload, alert_id=new_id()))
    async with dispatching(outbox, slack):
        await all_are(outbox, user, "sent")
    assert len(receiver.received[0].body) < 20_000
    async with outbox.admin.unit_of_work() as session:
        [mail] = (await session.execute(text("select * from local_mailbox"))).all()
    assert "<script>" not in mail.html and "&lt;script&gt;" in mail.html and len(mail.subject) <= 150
