"""Changing the key that signs webhooks: stored sealed, both valid for a while, nobody else's."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.core import sealing
from backend.core.clock import now_seconds, use_clock
from backend.core.jobs import JobContext
from backend.core.settings import Settings, get_settings
from backend.notifications.service import (
    keep_derived_secrets,
    read_secret,
    rotate_secret,
    send_mail,
    signing_secrets,
    webhook_secret,
)
from backend.worker.resealing import SEALED_COLUMNS, reseal_all, reseal_secrets
from tests.doubles.webhook_receiver import WebhookReceiver
from tests.integration.notifications.conftest import Outbox, dispatching
from tests.integration.notifications.test_dispatcher import hmac_by_hand


async def rotate(outbox: Outbox, settings: Settings, user: UUID, hours: int) -> str:
    async with outbox.app.unit_of_work(user) as session:
        return (await rotate_secret(session, user, hours, settings)).secret


async def test_for_a_while_messages_carry_both_signatures(
    outbox: Outbox, settings: Settings, receiver: WebhookReceiver
) -> None:
    user, other = await outbox.new_user(), await outbox.new_user()
    first = webhook_secret(user, settings)
    second = await rotate(outbox, settings, user, 1)
    [message] = await outbox.put(user, f"{receiver.url}/ok")
    [others] = await outbox.put(other, f"{receiver.url}/ok")
    async with dispatching(outbox, settings):
        await outbox.reaches(message, "sent")
        await outbox.reaches(others, "sent")
    by_id = {request.headers["X-Webhook-ID"]: request for request in receiver.received}
    for message_id, secrets in ((message, (second, first)), (others, (webhook_secret(other, settings),))):
        request = by_id[str(message_id)]
        signed = request.headers["X-Webhook-Timestamp"].encode() + b"." + request.body
        expected = ["sha256=" + hmac_by_hand(secret.encode(), signed) for secret in secrets]
        assert request.headers["X-Webhook-Signature"].split(",") == expected


async def test_the_old_secret_ends_with_its_time_and_at_once_without_one(outbox: Outbox, settings: Settings) -> None:
    user = await outbox.new_user()
    first = webhook_secret(user, settings)
    second = await rotate(outbox, settings, user, 24)
    async with outbox.app.unit_of_work(user) as session:
        read = await read_secret(session, user, settings)
        assert (read.secret, (await signing_secrets(session, [user], settings))[user]) == (second, (second, first))
        assert read.old_valid_until is not None
        later = now_seconds() + timedelta(hours=24, seconds=1).total_seconds()
        use_clock(lambda: later)
        try:
            assert (await signing_secrets(session, [user], settings))[user] == (second,)
            assert (await read_secret(session, user, settings)).old_valid_until is None
        finally:
            use_clock(None)
    third = await rotate(outbox, settings, user, 0)
    async with outbox.worker.unit_of_work() as session:
        assert (await signing_secrets(session, [user], settings))[user] == (third,)
        stored = (await session.execute(text("select * from webhook_secrets"))).mappings().one()
    assert len({first, second, third}) == 3
    assert all(third not in str(value) for value in stored.values())


async def test_two_at_once_leave_the_last_two(outbox: Outbox, settings: Settings) -> None:
    user = await outbox.new_user()
    made = await asyncio.gather(*(rotate(outbox, settings, user, 1) for _ in range(2)))
    async with outbox.app.unit_of_work(user) as session:
        assert set((await signing_secrets(session, [user], settings))[user]) == set(made)


async def test_nobody_changes_or_reads_anothers(outbox: Outbox, settings: Settings) -> None:
    user, other = await outbox.new_user(), await outbox.new_user()
    await rotate(outbox, settings, user, 0)
    async with outbox.app.unit_of_work(other) as session:
        assert (await session.execute(text("select count(*) from webhook_secrets"))).scalar_one() == 0
        assert (await read_secret(session, user, settings)).secret == webhook_secret(user, settings)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with outbox.app.unit_of_work(other) as session:
            await rotate_secret(session, user, 0, settings)


@pytest.fixture
def use_keys(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that starts the process anew with other keys."""

    def use(*keys: bytes, secret_key: str = "s" * 32) -> None:
        monkeypatch.setenv("ENCRYPTION_KEYS", ",".join(key.decode() for key in keys))
        monkeypatch.setenv("SECRET_KEY", secret_key)
        get_settings.cache_clear()
        sealing.forget_keys()

    return use


@pytest.fixture(autouse=True)
def _keys_are_read_anew() -> object:
    yield
    get_settings.cache_clear()
    sealing.forget_keys()


async def test_secrets_outlive_a_change_of_every_key(
    outbox: Outbox, settings: Settings, use_keys: Callable[..., None]
) -> None:
    one, two = Fernet.generate_key(), Fernet.generate_key()
    use_keys()  # sealed under the key that SECRET_KEY gives
    derived_user, user = await outbox.new_user(), await outbox.new_user()
    derived = webhook_secret(derived_user)
    async with outbox.app.unit_of_work(user) as session:
        secret = (await rotate_secret(session, user, 24)).secret
        await send_mail(
            session,
            user_id=user,
            to="ann@example.com",
            template="verify_email",
            values={"link": "https://premium.example/1", "valid_for": "24 hours"},
        )
    use_keys(one)
    async with outbox.worker.unit_of_work() as session:
        assert await keep_derived_secrets(session, get_settings()) == 1
        assert await keep_derived_secrets(session, get_settings()) == 0
    found = {(r.column.table, r.column.column): r for r in await reseal_all(outbox.worker)}
    assert found["mail_outbox", "content"].resealed == 1
    assert found["webhook_secrets", "sealed_old_secret"].resealed == 1
    assert (found["webhook_secrets", "sealed_secret"].resealed, found["webhook_secrets", "sealed_secret"].secrets) == (
        1,
        2,
    )
    assert sum(r.resealed for r in await reseal_all(outbox.worker)) == 0, "the second time there is nothing to do"
    use_keys(one, secret_key="t" * 32)
    use_keys(two, one, secret_key="t" * 32)
    await reseal_secrets(JobContext(settings, outbox.worker, None, 0, 1), timestamp=0)  # type: ignore[arg-type]
    use_keys(two, secret_key="t" * 32)
    async with outbox.worker.unit_of_work() as session:
        secrets = await signing_secrets(session, [user, derived_user])
    assert secrets[user][0] == secret
    assert secrets[derived_user] == (derived,)
    use_keys(Fernet.generate_key(), secret_key="t" * 32)
    assert sum(r.unreadable for r in await reseal_all(outbox.worker)) == 4
    async with outbox.worker.unit_of_work() as session:
        assert (await signing_secrets(session, [user]))[user] == (), "no exception that would stop everybody's webhooks"


async def test_every_sealed_column_is_walked(outbox: Outbox) -> None:
    async with outbox.admin.unit_of_work() as session:
        rows = await session.execute(
            text(
                "select table_name, column_name from information_schema.columns where table_schema = 'public'"
                " and column_name like '%sealed%' and data_type = 'bytea'"
            )
        )
        sealed = {tuple(row) for row in rows}
    assert len(sealed) >= 4
    assert sealed - {(column.table, column.column) for column in SEALED_COLUMNS} == set()
    async with outbox.worker.unit_of_work() as session:
        for column in SEALED_COLUMNS:
            await session.execute(text(f"update {column.table} set {column.column} = {column.column}"))
