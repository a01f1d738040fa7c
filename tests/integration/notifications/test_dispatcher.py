"""Webhooks over real sockets and a real outbox: retries, dead letters, guards, slow receivers, a killed dispatcher."""

import asyncio
import hashlib
import os
import signal
import socket
import sys
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from sqlalchemy import text

from backend.core.errors import ConflictError, NotFoundError
from backend.core.http import OutgoingHttp
from backend.core.settings import Settings
from backend.notifications import dispatch_repository as repository
from backend.notifications.channels.webhook import WebhookChannel
from backend.notifications.service import list_deliveries, resend, webhook_secret
from tests.doubles.webhook_receiver import Received, WebhookReceiver, webhook_receiver
from tests.integration.notifications.conftest import Outbox, dispatching, eventually

MOST_PER_HOST = WebhookChannel.pace.at_once_per_target
ROOT = Path(__file__).resolve().parents[3]


def hmac_by_hand(key: bytes, message: bytes) -> str:
    """HMAC-SHA256 written out from RFC 2104, so that the test does not share the product's code."""
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def check_signature(request: Received, secret: str) -> None:
    signed = request.headers["X-Webhook-Timestamp"].encode() + b"." + request.body
    assert request.headers["X-Webhook-Signature"] == "sha256=" + hmac_by_hand(secret.encode(), signed)


async def test_a_message_arrives_once_with_id_and_signature(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver
) -> None:
    user = await outbox.new_user()
    [message] = await outbox.put(user, f"{receiver.url}/ok")
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message, "sent")
    assert (row["attempts"], row["last_status_code"], row["last_error"]) == (1, 200, None)
    [request] = receiver.received
    check_signature(request, webhook_secret(user, settings))
    body = orjson.loads(request.body)
    assert body["id"] == request.headers["X-Webhook-ID"] == str(message)
    assert body["type"] == "alert.triggered"
    assert body["data"] == {"alertId": "0", "message": "1,000 UNI moved"}
    assert body["timestamp"].endswith("Z")


async def test_failures_are_tried_again_under_the_same_id(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver
) -> None:
    receiver.script = [500, 429, 404, 503]
    user = await outbox.new_user()
    [message] = await outbox.put(user, f"{receiver.url}/script")
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message, "sent")
    assert row["attempts"] == 5
    assert {request.headers["X-Webhook-ID"] for request in receiver.received} == {str(message)}
    assert len({request.body for request in receiver.received}) == 1
    for request in receiver.received:
        check_signature(request, webhook_secret(user, settings))


async def test_six_failures_make_a_dead_letter_that_can_be_sent_again(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver
) -> None:
    receiver.script = [500] * 6
    user, stranger = await outbox.new_user(), await outbox.new_user()
    [message] = await outbox.put(user, f"{receiver.url}/script")
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message, "dead")
        assert (row["attempts"], row["last_status_code"]) == (6, 500)
        assert len(receiver.received) == 6
        async with outbox.app.unit_of_work(user) as session:
            page = await list_deliveries(session, user, "dead")
            assert [item.id for item in page.items] == [message]
            assert page.items[0].last_error == "The receiver answered 500."
            assert page.items[0].message == "1,000 UNI moved"
        async with outbox.app.unit_of_work(stranger) as session:
            assert (await list_deliveries(session, stranger)).total == 0
            with pytest.raises(NotFoundError):
                await resend(session, stranger, message)
            with pytest.raises(NotFoundError):
                await resend(session, user, message)  # row-level security, not the condition
        async with outbox.app.unit_of_work(user) as session:
            assert (await resend(session, user, message)).status == "pending"
            with pytest.raises(ConflictError):
                await resend(session, user, message)
        await outbox.reaches(message, "sent")
    assert {request.headers["X-Webhook-ID"] for request in receiver.received} == {str(message)}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/redirect", "redirects are not followed"),
        ("/reset", "broke the connection off"),
        ("/stall", "No answer within"),
        ("/status/410", "answered 410"),
    ],
)
async def test_what_is_not_a_success(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver, path: str, words: str
) -> None:
    [message] = await outbox.put(await outbox.new_user(), f"{receiver.url}{path}")
    quick = settings.model_copy(update={"webhook_timeout_seconds": 0.2})
    async with dispatching(outbox, quick):
        row = await outbox.reaches(message, "dead")
    assert words in str(row["last_error"])
    assert receiver.of("/ok") == []


@pytest.mark.parametrize("path", ["/endless", "/drip", "/status/204", "/status/299"])
async def test_an_accepted_message_is_sent_whatever_the_answer_holds(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver, path: str
) -> None:
    [message] = await outbox.put(await outbox.new_user(), f"{receiver.url}{path}")
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message, "sent")
    assert row["attempts"] == 1


class RebindingResolver(AbstractResolver):
    """A name server of an attacker: the name was public when the rule was made, and is this machine now."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=6, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("allow_private", [False, True])
async def test_a_name_that_turns_into_a_private_address_is_refused_when_connecting(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver, allow_private: bool
) -> None:
    port = receiver.url.rpartition(":")[2]
    [message] = await outbox.put(await outbox.new_user(), f"http://rebind.example.com:{port}/ok")
    resolver = RebindingResolver()
    http = OutgoingHttp(timeout_seconds=5, allow_private=allow_private, resolver=resolver)
    async with dispatching(outbox, settings, http):
        row = await outbox.reaches(message, "sent" if allow_private else "dead")
    assert resolver.asked > 0
    if not allow_private:
        assert receiver.received == []
        assert row["last_error"] == "The address is not public, so nothing was sent."


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[::1]", "0"],
)
async def test_no_spelling_of_this_machine_is_reached(receiver: WebhookReceiver, host: str) -> None:
    port = receiver.url.rpartition(":")[2]
    async with OutgoingHttp(timeout_seconds=5) as http:
        with pytest.raises(Exception) as caught:
            await http.post(f"http://{host}:{port}/ok", b"{}", {})
    assert type(caught.value).__name__ == "NoAnswerError"
    assert receiver.received == []


async def test_a_black_hole_does_not_stall_others(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver
) -> None:
    async with webhook_receiver() as hole:
        user = await outbox.new_user()
        stuck = await outbox.put(user, *[f"{hole.url}/stall"] * 200)
        patient = settings.model_copy(update={"webhook_timeout_seconds": 600})
        async with dispatching(outbox, patient):
            await eventually(lambda: len(hole.received) == MOST_PER_HOST)
            sent = await outbox.put(user, *[f"{receiver.url}/ok"] * 30)
            for message in sent:
                await outbox.reaches(message, "sent")
            assert len(hole.received) == MOST_PER_HOST, "one host never takes more than its places"
            assert {await outbox.status(message) for message in stuck[:5]} <= {"sending", "pending"}


async def test_a_failing_receiver_rests(outbox: Outbox, settings: Settings, receiver: WebhookReceiver) -> None:
    user = await outbox.new_user()
    await outbox.put(user, *[f"{receiver.url}/status/500"] * 40)
    async with dispatching(outbox, settings, threshold=20):
        await eventually(lambda: len(receiver.received) >= 20)
        [other] = await outbox.put(user, f"{receiver.url}/ok")
        await outbox.reaches(other, "sent")
        seen = len(receiver.of("/status/500"))
    assert seen < 20 + MOST_PER_HOST, "after 20 failures in a row only what was on its way still goes out"


async def test_two_dispatchers_never_take_the_same_message(outbox: Outbox) -> None:
    user = await outbox.new_user()
    messages = await outbox.put(user, *[f"http://host{n % 7}.example/{n % 11}" for n in range(60)])

    async def claim() -> list[UUID]:
        async with outbox.worker.unit_of_work() as session:
            taken = await repository.claim_due(
                session, limit=25, lease_seconds=60, per_lane=100, lane_room={}, resting={}
            )
            await asyncio.sleep(0.05)  # hold the locks while the others look
        return [message.id for message in taken]

    taken = [message for batch in await asyncio.gather(*(claim() for _ in range(4))) for message in batch]
    assert len(taken) == len(set(taken)) == 60
    assert set(taken) == set(messages)
    assert await claim() == []
    await outbox.end_leases()
    assert len(await claim()) == 25


async def test_places_of_hosts_and_resting_destinations_are_kept(outbox: Outbox) -> None:
    user = await outbox.new_user()
    await outbox.put(user, *["https://a.example/1"] * 5, *["https://a.example/2"] * 5, *["https://b.example:8443/"] * 5)

    async def claim(**limits: object) -> list[str]:
        options = {"limit": 100, "lease_seconds": 60, "per_lane": 100, "lane_room": {}, "resting": {}, **limits}
        try:
            async with outbox.worker.unit_of_work() as session:
                taken = await repository.claim_due(session, **options)  # type: ignore[arg-type]
                raise LookupError
        except LookupError:
            return sorted(message.destination for message in taken)

    assert len(await claim()) == 15
    assert len(await claim(per_lane=3)) == 6
    assert len(await claim(lane_room={"a.example": 2})) == 7
    assert await claim(lane_room={"a.example": 0}) == ["https://b.example:8443/"] * 5
    assert await claim(resting={"https://a.example/1": 0, "https://b.example:8443/": 1}) == [
        *["https://a.example/2"] * 5,
        "https://b.example:8443/",
    ]


async def test_a_killed_dispatcher_loses_nothing(outbox: Outbox, settings: Settings, receiver: WebhookReceiver) -> None:
    [message] = await outbox.put(await outbox.new_user(), f"{receiver.url}/stall")
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
            "ENVIRONMENT": "test",
        },
    )
    try:
        await asyncio.wait_for(receiver.arrived.wait(), 30)
        assert await outbox.status(message) == "sending"
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert await outbox.status(message) == "sending", "it died with the message in hand"
    async with outbox.admin.unit_of_work() as session:
        await session.execute(
            text("update notification_outbox set destination = :url where id = :id"),
            {"url": f"{receiver.url}/ok", "id": message},
        )
    async with dispatching(outbox, settings):
        await asyncio.sleep(0.5)
        assert receiver.of("/ok") == [], "its lease still runs"
        await outbox.end_leases()
        row = await outbox.reaches(message, "sent")
    assert row["attempts"] == 2
    [again] = receiver.of("/ok")
    assert again.headers["X-Webhook-ID"] == str(message) == receiver.of("/stall")[0].headers["X-Webhook-ID"]


async def test_a_stopped_dispatcher_hands_back_what_it_holds(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.worker.dispatcher._LEAVE_SECONDS", 0.1)
    [message] = await outbox.put(await outbox.new_user(), f"{receiver.url}/stall")
    async with dispatching(outbox, settings):
        await asyncio.wait_for(receiver.arrived.wait(), 20)
    row = await outbox.row(message)
    assert (row["status"], row["attempts"], row["locked_until"]) == ("pending", 0, None)


async def test_a_late_outcome_does_not_overwrite_a_newer_attempt(outbox: Outbox) -> None:
    [message] = await outbox.put(await outbox.new_user(), "https://a.example/")

    async def claim() -> UUID:
        async with outbox.worker.unit_of_work() as session:
            [taken] = await repository.claim_due(
                session, limit=1, lease_seconds=60, per_lane=1, lane_room={}, resting={}
            )
            return taken.attempt_id

    first = await claim()
    await outbox.end_leases()
    second = await claim()
    async with outbox.worker.unit_of_work() as session:
        late = repository.Outcome(message_id=message, attempt_id=first, status="dead", error="late", status_code=500)
        await repository.record_outcomes(session, [late])
    assert await outbox.status(message) == "sending"
    async with outbox.worker.unit_of_work() as session:
        sent = repository.Outcome(message_id=message, attempt_id=second, status="sent", status_code=200)
        await repository.record_outcomes(session, [sent, late])
    assert await outbox.status(message) == "sent"


async def test_it_goes_on_when_postgresql_drops_its_connections(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver
) -> None:
    user = await outbox.new_user()
    async with dispatching(outbox, settings):
        [first] = await outbox.put(user, f"{receiver.url}/ok")
        await outbox.reaches(first, "sent")
        async with outbox.worker.unit_of_work() as session:
            dropped = await session.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
                )
            )
            assert dropped.all()
        [second] = await outbox.put(user, f"{receiver.url}/ok")
        await outbox.reaches(second, "sent")
