"""Erasure: fourteen days to think, then nothing is left of the person in any table, any partition, Redis or jobs."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.core.audit import audit
from backend.core.db import Database
from backend.core.errors import ForbiddenError, InvalidInputError
from backend.core.jobs import defer
from backend.notifications.service import send_mail
from backend.privacy import erasing, service, tasks
from tests.integration.privacy.catalogue import Person, all_tables

# The mail that says it is done goes to whoever it was; it has a retention of its own.
MAY_REMAIN = {"mail_outbox": "erasure_done"}


async def leftovers(database: Database, person: Person) -> dict[str, list[str]]:
    """The rows, of every table of every schema, that still give the person away."""
    found: dict[str, list[str]] = {}
    async with database.unit_of_work() as session:
        for name, table in (await all_tables(database)).items():
            if table.is_partition:
                continue
            rows = await session.execute(
                text(
                    f"select to_jsonb(t)::text from {table.full_name} t where exists (select from"
                    " unnest(cast(:traces as text[])) trace"
                    " where position(lower(trace) in lower(to_jsonb(t)::text)) > 0)"
                ),
                {"traces": list(person.traces())},
            )
            kept = MAY_REMAIN.get(name)
            if left := [row for row in rows.scalars() if kept is None or kept not in row]:
                found[name] = left
    return found


async def ask(app_database, user) -> None:
    async with app_database.unit_of_work(user.id) as session:
        await service.request_erasure(session, user, "delete", True)


async def make_due(admin_database, user) -> None:
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("update erasure_requests set due_at = now() - interval '1 second' where user_id = :id"),
            {"id": user.id},
        )


@pytest.fixture(autouse=True)
def _no_steps_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The domains' own steps are tested by themselves."""
    monkeypatch.setattr(erasing, "_steps", {})


@pytest.fixture
async def leaving(admin_database, make_someone) -> tuple[Person, Any]:
    """Somebody with a row in every table, whose earlier wish (a row like any other) is taken back."""
    person, user = await make_someone()
    async with admin_database.unit_of_work() as session:
        await session.execute(text("delete from erasure_requests where user_id = :id"), {"id": user.id})
    return person, user


@contextmanager
def step(name: str, function: Any) -> Iterator[None]:
    erasing.erasure_step(name)(function)
    try:
        yield
    finally:
        erasing._steps.pop(name)


async def test_nothing_is_left_anywhere(app_database, admin_database, make_someone, leaving, job, redis) -> None:
    person, user = leaving
    other, _ = await make_someone()
    async with admin_database.unit_of_work() as session:
        old_month = "cast('2023-02-05 10:00+00' as timestamptz)"
        await session.execute(text(f"select ensure_month_partition('alert_history', {old_month})"))
        await session.execute(
            text(
                "insert into alert_history (id, triggered_at, alert_rule_id, user_id, rule_version, type, event_id,"
                f" chain_id, block_number, block_hash, message, event_data) select gen_random_uuid(), {old_month},"
                " alert_rule_id, user_id, 1, type, 'old', 1, 1, '0x', message, '{}' from alert_history"
                " where user_id = :id"
            ),
            {"id": person.id},
        )
        await session.execute(
            text(
                "insert into local_mailbox (id, recipient, subject, html, plain)"
                " values (gen_random_uuid(), :to, 'Hello', '', '')"
            ),
            {"to": person.email},
        )
        await send_mail(session, user_id=None, to=person.email, template="erasure_done", values={"date": "earlier"})
        await defer(session, "test.later", run_at=None, user_id=str(person.id), nested={"of": [str(person.id)]})
        await defer(session, "test.later", user_id=str(other.id))
    await redis.set(f"limit:user/{person.id}", 1)
    await redis.set(f"limit:user/{other.id}", 1)
    await ask(app_database, user)
    assert len(await leftovers(admin_database, person)) > 12
    await make_due(admin_database, user)
    assert await erasing.erase_due(job) == 1
    assert await leftovers(admin_database, person) == {}
    async with admin_database.unit_of_work() as session:
        mails = await session.execute(
            text("select count(*) from mail_outbox where recipient = :to"), {"to": person.email}
        )
        assert mails.scalar_one() == 1, "the last one"
    assert [key.decode() async for key in redis.scan_iter()] == [f"limit:user/{other.id}"]
    remaining = await leftovers(admin_database, other)
    assert {"premium_users", "alert_history", "audit_log", "procrastinate.procrastinate_jobs"} <= remaining.keys()
    assert await erasing.erase_due(job) == 0


async def test_the_log_stays_without_the_person(app_database, admin_database, leaving, job) -> None:
    person, user = leaving
    async with app_database.unit_of_work(user.id) as session:
        await audit(session, user.id, "wallet.added", person.address, {"label": person.mark})
    await ask(app_database, user)
    await make_due(admin_database, user)
    async with admin_database.unit_of_work() as session:
        before = set(
            (await session.execute(text("select id from audit_log where user_id = :id"), {"id": user.id})).scalars()
        )
    await erasing.erase_due(job)
    async with admin_database.unit_of_work() as session:
        rows = (
            await session.execute(
                text(
                    "select id, user_id, action, target, details, ip_address, user_agent, request_id from audit_log"
                    " where user_id = (select user_id from audit_log where id = any(:ids) limit 1)"
                ),
                {"ids": list(before)},
            )
        ).all()
    assert {row.id for row in rows} >= before and len(before) >= 3
    assert len({row.user_id for row in rows}) == 1 and rows[0].user_id != user.id
    assert {(row.target, str(row.details), row.ip_address, row.user_agent, row.request_id) for row in rows} == {
        ("", "{}", "", "", "")
    }
    assert "account.erased" in {row.action for row in rows}


async def test_it_waits_for_fourteen_days_and_can_be_taken_back(app_database, admin_database, leaving, job) -> None:
    _, user = leaving
    await ask(app_database, user)
    async with app_database.unit_of_work(user.id) as session:
        wish = await service.erasure_of(session, user)
    assert wish.scheduled and wish.due_at - wish.requested_at == timedelta(days=14)
    await ask(app_database, user)
    assert await erasing.erase_due(job) == 0
    async with app_database.unit_of_work(user.id) as session:
        assert await service.erasure_of(session, user) == wish
        await service.cancel_erasure(session, user)
        assert not (await service.erasure_of(session, user)).scheduled
    async with admin_database.unit_of_work() as session:
        logged = await session.execute(
            text("select action from audit_log where user_id = :id and action like 'account.erasure%' order by id"),
            {"id": user.id},
        )
        assert logged.scalars().all() == ["account.erasure_requested", "account.erasure_cancelled"]
        mails = await session.execute(
            text("select template from mail_outbox where user_id = :id and template like 'erasure%'"), {"id": user.id}
        )
        assert mails.scalars().all() == ["erasure_scheduled"]


async def test_it_needs_the_word_and_proof(app_database, leaving) -> None:
    _, user = leaving
    for word, proven, error in (("remove", True, InvalidInputError), ("delete", False, ForbiddenError)):
        with pytest.raises(error):
            async with app_database.unit_of_work(user.id) as session:
                await service.request_erasure(session, user, word, proven)


async def test_an_account_is_erased_only_when_it_is_due_whoever_asks(worker_database, app_database, leaving) -> None:
    _, user = leaving
    await ask(app_database, user)
    with pytest.raises(DBAPIError, match="no erasure of this account is due"):
        async with worker_database.unit_of_work() as session:
            await session.execute(text("select erase_user(:id)"), {"id": user.id})


async def test_steps_of_other_domains_come_first_and_hold_it_up_when_they_fail(
    app_database, admin_database, leaving, make_someone, job
) -> None:
    _, user = leaving
    second, other = await make_someone()
    done: list[Any] = []
    for each in (user, other):
        await ask(app_database, each)
        await make_due(admin_database, each)

    async def at_stripe(context: Any, user_id: Any) -> None:
        if user_id == user.id and len(done) < 2:
            done.append("failed")
            raise ConnectionError("payments are away")
        async with context.database.unit_of_work() as session:
            still = await session.execute(text("select count(*) from premium_users where id = :id"), {"id": user_id})
            done.append((user_id, still.scalar_one()))

    with step("payments", at_stripe):
        assert await erasing.erase_due(job) == 1
        assert await leftovers(admin_database, second) == {}
        async with app_database.unit_of_work(user.id) as session:
            assert (await service.erasure_of(session, user)).scheduled
        assert await erasing.erase_due(job) == 1
    assert (user.id, 1) in done and (other.id, 1) in done


async def test_the_last_mail_goes_to_who_it_was(app_database, admin_database, leaving, job) -> None:
    person, user = leaving
    await ask(app_database, user)
    await make_due(admin_database, user)
    await tasks.erase_due(job, 0)
    async with admin_database.unit_of_work() as session:
        mails = await session.execute(
            text("select user_id, template from mail_outbox where recipient = :to"), {"to": person.email}
        )
        assert [tuple(row) for row in mails] == [(None, "erasure_done")]


async def test_it_outlives_somebody_who_locks_the_same_rows_in_another_order(
    app_database, admin_database, worker_database, leaving, job
) -> None:
    """As a webhook does that comes because the customer was deleted: PostgreSQL ends one of the two."""
    _, user = leaving
    await ask(app_database, user)
    await make_due(admin_database, user)
    at_work = asyncio.Event()

    async def webhook() -> None:
        async with worker_database.unit_of_work() as session:
            held = text("select user_id from billing_customers where user_id = :id for update")
            assert (await session.execute(held, {"id": user.id})).scalar_one() == user.id
            at_work.set()
            await asyncio.sleep(0.5)  # the erasure holds the user by now, and waits for this row
            await session.execute(text("select id from premium_users where id = :id for key share"), {"id": user.id})

    other = asyncio.create_task(webhook())
    await at_work.wait()
    assert await erasing.erase_due(job) == 1
    await asyncio.gather(other, return_exceptions=True)
