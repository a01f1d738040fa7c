"""What was logged can be read by its user, changed by nobody and removed only when it is old."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.core.audit import audit
from backend.core.db import Database
from tests.integration.privacy.catalogue import make_person

CHANGES = (
    "update audit_log set details = '{}'",
    "update audit_log set user_id = user_id where user_id = :id",
    "delete from audit_log where user_id = :id",
    "truncate audit_log",
    "insert into audit_log (id, user_id, action, channel) select id, user_id, action, channel from audit_log"
    " where user_id = :id on conflict (id) do update set action = 'forged'",
)


@pytest.mark.parametrize("statement", CHANGES)
async def test_the_log_is_append_only_for_both_roles(app_database, worker_database, admin_database, statement) -> None:
    person = await make_person(admin_database)
    for database, user_id in ((app_database, person.id), (worker_database, None)):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.unit_of_work(user_id) as session:
                await session.execute(text(statement), {"id": person.id} if ":id" in statement else {})
        async with database.unit_of_work(user_id) as session:
            await audit(session, person.id, "account.tried")


async def test_nobody_can_log_for_another(app_database: Database, admin_database: Database) -> None:
    mine, other = await make_person(admin_database), await make_person(admin_database)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with app_database.unit_of_work(mine.id) as session:
            await audit(session, other.id, "account.forged")


async def test_only_old_entries_can_be_removed_whatever_is_asked(worker_database: Database) -> None:
    for ask in ("select delete_audit_before(now(), 10)", "select drop_alert_months_before(now())"):
        with pytest.raises(DBAPIError, match="kept for at least"):
            async with worker_database.unit_of_work() as session:
                await session.execute(text(ask))


async def test_the_web_role_may_neither_erase_nor_remove(app_database: Database, admin_database: Database) -> None:
    person = await make_person(admin_database)
    asked = (
        f"select erase_user('{person.id}')",
        "select delete_audit_before(now() - interval '9 years', 10)",
        "select drop_alert_months_before(now() - interval '9 years')",
    )
    for statement in asked:
        with pytest.raises(DBAPIError, match="permission denied"):
            async with app_database.unit_of_work(person.id) as session:
                await session.execute(text(statement))
