"""Every table of the catalogue: the web role sees and writes the rows of one user, and of nobody without one."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.core.db import Database
from backend.privacy.register import HELD, INTERNAL, SHARED
from tests.integration.privacy.catalogue import Person, Table, all_tables, insertion, make_person

REFUSED = ("permission denied", "row-level security", "must be owner")


async def count(database: Database, user_id: UUID | None, statement: str, **values: object) -> int | None:
    """What a count gives, or how many rows a change met (taken back); None when the role may not do it at all."""
    try:
        async with database.unit_of_work(user_id) as session:
            result = await session.execute(text(statement), values)
            found = result.scalar_one() if result.returns_rows else result.rowcount  # type: ignore[attr-defined]
            await session.rollback()
            return found
    except DBAPIError as error:
        assert any(words in str(error.orig) for words in REFUSED), error
        return None


async def changeable(database: Database, table: Table) -> list[str]:
    """The columns that the web role may write at all."""
    async with database.unit_of_work() as session:
        result = await session.execute(
            text(
                "select attname::text from pg_attribute where attrelid = cast(:name as regclass) and attnum > 0"
                " and not attisdropped and attgenerated = ''"
                " and has_column_privilege('premium_app', attrelid, attnum, 'update')"
            ),
            {"name": table.full_name},
        )
        return list(result.scalars())


@pytest.fixture(scope="module")
async def people(database_urls) -> tuple[Person, Person]:
    database = Database(database_urls.admin, pool_size=2)
    found = await make_person(database), await make_person(database)
    await database.close()
    return found


async def test_every_table_is_in_the_register(admin_database: Database) -> None:
    tables = {name for name, table in (await all_tables(admin_database)).items() if not table.is_partition}
    assert tables - HELD.keys() - SHARED.keys() - INTERNAL.keys() == set(), "say in the register whose these are"
    assert (HELD.keys() | SHARED.keys() | INTERNAL.keys()) - tables == set(), "these are gone"
    assert HELD.keys().isdisjoint(SHARED.keys() | INTERNAL.keys())
    assert len(HELD) > 12


async def test_every_column_is_exported_or_withheld(admin_database: Database) -> None:
    tables = await all_tables(admin_database)
    for name, holding in HELD.items():
        columns = [column["column_name"] for column in tables[name].columns]
        assert sorted(columns) == sorted((*holding.exported, *holding.withheld)), name
        assert holding.owner in columns


async def test_what_has_a_user_is_held_for_a_user(admin_database: Database) -> None:
    tables = await all_tables(admin_database)
    for name in (*SHARED, *INTERNAL):
        columns = {column["column_name"] for column in tables[name].columns}
        assert not columns & {"user_id", "owner_id", "account_id", "email"}, name


async def test_every_held_table_has_row_security_and_partitions_are_closed(admin_database: Database) -> None:
    await make_person(admin_database)  # makes this month's partition of alerts
    tables = await all_tables(admin_database)
    assert [name for name in HELD if not tables[name].has_row_security] == []
    partitions = [table for table in tables.values() if table.is_partition]
    assert partitions
    for table in partitions:
        assert table.has_row_security, table.name
        async with admin_database.unit_of_work() as session:
            may = await session.execute(
                text("select has_any_column_privilege('premium_app', cast(:name as regclass), 'select')"),
                {"name": table.full_name},
            )
            assert not may.scalar_one(), table.name


async def test_nothing_of_another_user_is_visible(app_database: Database, people: tuple[Person, Person]) -> None:
    mine, other = people
    seen = 0
    for name, holding in HELD.items():
        owner = f'select count(*) from "{name}" where "{holding.owner}" = :whose'
        own = await count(app_database, mine.id, owner, whose=mine.id)
        if own is None:
            continue
        seen += 1
        assert own == 1, name
        assert await count(app_database, mine.id, owner, whose=other.id) == 0, name
        assert await count(app_database, mine.id, f'select count(*) from "{name}"') == 1, name
        assert await count(app_database, None, f'select count(*) from "{name}"') == 0, name
    assert seen >= 10


async def test_nothing_of_another_user_can_be_changed_or_removed(
    app_database: Database, admin_database: Database, people: tuple[Person, Person]
) -> None:
    mine, other = people
    tables = await all_tables(admin_database)
    for name, holding in HELD.items():
        whose = f'where "{holding.owner}" = :whose'
        for user_id in (mine.id, None):
            for column in await changeable(admin_database, tables[name]):
                changed = await count(
                    app_database, user_id, f'update "{name}" set "{column}" = "{column}" {whose}', whose=other.id
                )
                assert changed in (0, None), (name, column)
            assert await count(app_database, user_id, f'delete from "{name}" {whose}', whose=other.id) in (0, None)
            # The same forgetting whose rows are meant, which is what row security is for.
            everything = await count(app_database, user_id, f'delete from "{name}"')
            assert everything in ((0, 1, None) if user_id else (0, None)), name


async def test_nothing_can_be_written_for_another_user(
    app_database: Database, admin_database: Database, people: tuple[Person, Person]
) -> None:
    mine, other = people
    tables = await all_tables(admin_database)
    for name in HELD:
        for user_id in (mine.id, None):
            statement, values = insertion(tables[name], other)
            with pytest.raises(DBAPIError) as caught:
                async with app_database.unit_of_work(user_id) as session:
                    await session.execute(statement, values)
            assert any(words in str(caught.value.orig) for words in REFUSED), (name, caught.value)


async def test_shared_tables_are_read_only_and_internal_ones_closed(app_database: Database) -> None:
    for name in SHARED:
        if name != "alembic_version":
            assert await count(app_database, None, f'select count(*) from "{name}"') is not None, name
        assert await count(app_database, None, f'delete from "{name}"') is None, name
    for name in INTERNAL:
        assert await count(app_database, None, f"select count(*) from {name}") is None, name


async def test_neither_role_owns_anything_or_stands_above_row_security(admin_database: Database) -> None:
    async with admin_database.unit_of_work() as session:
        roles = await session.execute(
            text(
                "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles"
                " where rolname like 'premium%' and rolname <> (select current_user)"
            )
        )
        found = {row[0]: tuple(row[1:]) for row in roles}
        assert {"premium_app", "premium_worker"} <= found.keys()
        assert set(found.values()) == {(False,) * 5}
        for role in ("premium_app", "premium_worker"):
            owned = await session.execute(
                text(
                    "select (select count(*) from pg_class where relowner = r.oid)"
                    " + (select count(*) from pg_proc where proowner = r.oid)"
                    " + (select count(*) from pg_namespace where nspowner = r.oid)"
                    " + (select count(*) from pg_database where datdba = r.oid)"
                    " + (select count(*) from pg_auth_members where member = r.oid)"
                    " from pg_roles r where rolname = :role"
                ),
                {"role": role},
            )
            assert owned.scalar_one() == 0, role
            may = await session.execute(text("select has_schema_privilege(:role, 'public', 'create')"), {"role": role})
            assert not may.scalar_one(), role


async def test_functions_that_run_as_the_owner_are_closed_and_pinned(admin_database: Database) -> None:
    """`public` may run none of them, and none takes its tables from the caller's search path."""
    async with admin_database.unit_of_work() as session:
        rows = await session.execute(
            text(
                "select p.proname, p.proconfig::text as config,"
                " has_function_privilege('public', p.oid, 'execute') as open"
                " from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
                " where p.prosecdef and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'"
            )
        )
        found = rows.mappings().all()
    assert {"erase_user", "auth_find_user"} <= {row["proname"] for row in found}
    for row in found:
        assert "search_path=" in (row["config"] or ""), row["proname"]
        assert not row["open"], row["proname"]
