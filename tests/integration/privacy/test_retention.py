"""What is older than its period goes, what is younger stays, and the documents say the same."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.accounts.tasks import delete_old
from backend.core.clock import utc_now
from backend.core.retention import PERIODS, kept
from backend.core.settings import ROOT
from backend.privacy import retention, retention_repository, tasks
from backend.privacy.service import erased_unless_confirmed
from tests.integration.privacy.catalogue import Person, all_tables, insertion, make_person

# What counts as old in each table: the columns to set to a time.
AGES = {
    "notification_outbox": ("created_at",),
    "automation_runs": ("created_at",),
    "recommendation_answers": ("answered_at",),
    "platform_events": ("created_at",),
    "user_sessions": ("expires_at", "revoked_at"),
    "account_links": ("expires_at", "used_at"),
    "refresh_tokens": ("expires_at",),
    "api_keys": ("expires_at", "revoked_at"),
    "audit_log": ("recorded_at",),
    "tax_reports": ("requested_at",),
}


async def set_age(database, table: str, columns: tuple[str, ...], user_id, at) -> None:
    async with database.unit_of_work() as session:
        await session.execute(
            text(f"update {table} set {', '.join(f'{column} = :at' for column in columns)} where user_id = :id"),
            {"at": at, "id": user_id},
        )


async def rows(database, table: str, user_id) -> int:
    async with database.unit_of_work() as session:
        return (
            await session.execute(text(f"select count(*) from {table} where user_id = :id"), {"id": user_id})
        ).scalar_one()


@pytest.mark.parametrize("table", AGES)
async def test_rows_go_when_their_time_is_over(admin_database, job, table: str) -> None:
    old, young = await make_person(admin_database), await make_person(admin_database)
    limit = utc_now() - kept(table)
    await set_age(admin_database, table, AGES[table], old.id, limit - timedelta(minutes=5))
    await set_age(admin_database, table, AGES[table], young.id, limit + timedelta(minutes=5))
    await tasks.delete_old_rows(job, 0)
    await delete_old(job, 0)
    assert (await rows(admin_database, table, old.id), await rows(admin_database, table, young.id)) == (0, 1)


async def test_a_live_session_stays_however_old(admin_database, job) -> None:
    person = await make_person(admin_database)
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text(
                "update user_sessions set created_at = now() - interval '3 years', revoked_at = null,"
                " expires_at = now() + interval '1 hour' where user_id = :id"
            ),
            {"id": person.id},
        )
        await session.execute(
            text("update api_keys set revoked_at = null, expires_at = null where user_id = :id"), {"id": person.id}
        )
    await tasks.delete_old_rows(job, 0)
    assert await rows(admin_database, "user_sessions", person.id) == 1
    assert await rows(admin_database, "api_keys", person.id) == 1


async def test_the_last_mail_to_whoever_left_stays_a_day(admin_database, job) -> None:
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text(
                "insert into mail_outbox (id, user_id, recipient, template, created_at) values"
                " (gen_random_uuid(), null, 'old@example.com', 'erasure_done', now() - interval '25 hours'),"
                " (gen_random_uuid(), null, 'new@example.com', 'erasure_done', now() - interval '23 hours')"
            )
        )
    await tasks.delete_old_rows(job, 0)
    async with admin_database.unit_of_work() as session:
        left = await session.execute(text("select recipient from mail_outbox where user_id is null"))
        assert left.scalars().all() == ["new@example.com"]


async def test_months_of_alerts_are_dropped_and_then_the_deleted_rules(admin_database, job) -> None:
    person = await make_person(admin_database)
    rule = person.rows["alert_rules"]["id"]
    now = utc_now()
    ended = now - kept("alert_history") - timedelta(days=40)
    inside = now - kept("alert_history") + timedelta(days=2)
    async with admin_database.unit_of_work() as session:
        await session.execute(text("delete from alert_history where user_id = :id"), {"id": person.id})
        for at in (ended, inside):
            values = {"id": person.id, "rule": rule, "at": at}
            await session.execute(text("select ensure_month_partition('alert_history', :at)"), {"at": at})
            await session.execute(
                text(
                    "insert into alert_history (triggered_at, alert_rule_id, user_id, rule_version, type, event_id,"
                    " chain_id, block_number, block_hash, message, event_data)"
                    " values (:at, :rule, :id, 1, 'whale', 'e', 1, 1, '0x', 'm', '{}')"
                ),
                values,
            )
        await session.execute(
            text("update alert_rules set deleted_at = now() - interval '31 days' where id = :rule"), {"rule": rule}
        )
    assert (await retention.delete_old_rows(job.database))["alert_history"] >= 1
    assert await rows(admin_database, "alert_history", person.id) == 1
    assert await rows(admin_database, "alert_rules", person.id) == 1, "an alert refers to it"
    async with admin_database.unit_of_work() as session:
        await session.execute(text("delete from alert_history where user_id = :id"), {"id": person.id})
    await tasks.delete_old_rows(job, 0)
    assert await rows(admin_database, "alert_rules", person.id) == 0


async def test_many_rows_go_in_parts_and_one_failure_does_not_keep_the_others(admin_database, job, monkeypatch) -> None:
    person = await make_person(admin_database)
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text(
                "insert into audit_log (id, user_id, action, channel, recorded_at) select gen_random_uuid(), :id,"
                " 'a.b', 'job', now() - interval '3 years' from generate_series(1, 25)"
            ),
            {"id": person.id},
        )
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 10)
    plain = retention_repository.delete_before

    async def delete_before(session, name, before, at_most):
        if name == "alert_history":
            raise OSError("away")
        return await plain(session, name, before, at_most)

    monkeypatch.setattr(retention_repository, "delete_before", delete_before)
    with pytest.raises(OSError):
        await tasks.delete_old_rows(job, 0)
    assert await rows(admin_database, "audit_log", person.id) == 1


def test_the_document_shows_every_period() -> None:
    shown = (ROOT / "docs" / "privacy.md").read_text()
    for name, period in PERIODS.items():
        days = period.kept.days
        length = f"{days} days" if days > 1 else "1 day" if days else f"{period.kept.seconds // 3600} hour"
        assert f"| {name} | {length} after {period.since} |" in shown, name


async def never_confirmed(database, *, days: float, **changes) -> UUID:
    """An account that signed up so many days ago and did not confirm its address, with rules and sessions."""
    person = await make_person(database)
    async with database.unit_of_work() as session:
        for table in ("user_wallets", "user_identities", "subscriptions", "billing_customers", "erasure_requests"):
            await session.execute(text(f"delete from {table} where user_id = :id"), {"id": person.id})
        values = {"email_verified_at": None, "wallet_address": None, "tier": "free", **changes}
        values["created_at"] = utc_now() - timedelta(days=days)
        await session.execute(
            text(f"update premium_users set {', '.join(f'{name} = :{name}' for name in values)} where id = :id"),
            {"id": person.id, **values},
        )
    return person.id


async def accounts(database, *ids: UUID) -> list[bool]:
    async with database.unit_of_work() as session:
        found = await session.execute(text("select id from premium_users where id = any(:ids)"), {"ids": list(ids)})
        there = set(found.scalars())
    return [each in there for each in ids]


async def test_accounts_that_nobody_confirmed_go_after_thirty_days(admin_database, job, redis) -> None:
    old, young = [await never_confirmed(admin_database, days=days) for days in (30.01, 29.99)]
    async with admin_database.unit_of_work() as session:
        await session.execute(text("delete from mail_outbox"))
    await redis.set(f"limit:user/{old}", 1)
    await tasks.erase_unconfirmed(job, 0)
    assert await accounts(admin_database, old, young) == [False, True]
    for table in ("alert_rules", "user_sessions", "notification_outbox", "erasure_requests", "audit_log"):
        assert await rows(admin_database, table, old) == 0, table
    assert await rows(admin_database, "alert_rules", young) == 1
    assert await redis.get(f"limit:user/{old}") is None
    async with admin_database.unit_of_work() as session:
        assert (await session.execute(text("select count(*) from mail_outbox"))).scalar_one() == 0, "no mail is sent"


@pytest.mark.parametrize(
    "what", ["confirmed", "plan", "user_wallets", "user_identities", "subscriptions", "billing_customers", "asked"]
)
async def test_an_account_that_is_somebodys_stays(admin_database, app_database, job, what: str) -> None:
    changes = {"confirmed": {"email_verified_at": utc_now()}, "plan": {"tier": "starter"}}.get(what, {})
    user_id = await never_confirmed(admin_database, days=400, **changes)
    tables = await all_tables(admin_database)
    person = Person(user_id, f"mark{user_id.hex[:8]}")
    if what in tables:
        async with admin_database.unit_of_work() as session:
            await session.execute(*insertion(tables[what], person))
    if what == "asked":
        async with admin_database.unit_of_work() as session:
            await session.execute(*insertion(tables["erasure_requests"], person))
    async with app_database.unit_of_work(user_id) as session:
        assert await erased_unless_confirmed(session, CurrentUser(user_id, "", "free")) is None
    await tasks.erase_unconfirmed(job, 0)
    assert await accounts(admin_database, user_id) == [True]


async def test_the_day_is_told_before(admin_database, app_database) -> None:
    user_id = await never_confirmed(admin_database, days=10)
    async with app_database.unit_of_work(user_id) as session:
        day = await erased_unless_confirmed(session, CurrentUser(user_id, "", "free"))
    assert day is not None and abs(day - utc_now() - timedelta(days=20)) < timedelta(minutes=1)


@pytest.mark.parametrize("what", ["confirms", "links a wallet"])
async def test_who_confirms_at_that_very_moment_stays(admin_database, job, what: str) -> None:
    user_id = await never_confirmed(admin_database, days=31)
    tables = await all_tables(admin_database)
    async with admin_database.unit_of_work() as session:
        if what == "confirms":
            await session.execute(
                text("update premium_users set email_verified_at = now() where id = :id"), {"id": user_id}
            )
        else:
            await session.execute(*insertion(tables["user_wallets"], Person(user_id, "mark00000000")))
        erasing = asyncio.create_task(tasks.erase_unconfirmed(job, 0))  # it sees the account as it was, and waits
        await asyncio.sleep(1.0)
        assert not erasing.done()
    await erasing
    assert await accounts(admin_database, user_id) == [True]
