"""The store of tax transactions on a real PostgreSQL: once each, in order, edits kept, and only to their owner."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import orjson
from sqlalchemy import text

from backend.core.db import Database
from backend.core.ids import new_id
from backend.tax import records, store
from backend.tax.store import Entry, Written
from backend.tax.transactions import Edit, TaxLeg, TransactionKind, Worth
from tests.integration.ledger.conftest import NewUser
from tests.unit.tax.made import EDIT, RICH, START, made


async def entries(database: Database, user_id: UUID) -> list[Entry]:
    async with database.unit_of_work(user_id) as session:
        return await store.entries_of(session, user_id)


async def version(database: Database, user_id: UUID) -> int:
    async with database.unit_of_work(user_id) as session:
        return await store.book_version(session, user_id)


async def assets(database: Database, user_id: UUID) -> list[tuple[str, UUID]]:
    async with database.unit_of_work(user_id) as session:
        rows = await session.execute(text("select asset, id from tax_transactions, unnest(assets) asset order by 1, 2"))
        return [(row.asset, row.id) for row in rows]


async def test_a_transaction_comes_out_as_it_went_in_and_again_adds_nothing(new_user: NewUser, app_database: Database):
    user = await new_user()
    assert await version(app_database, user) == 0
    async with app_database.unit_of_work(user) as session:
        assert await store.add_transactions(session, user, [made(3), RICH, RICH]) == Written(2, 0)
    assert await entries(app_database, user) == [(RICH, None), (made(3), None)]
    before = await version(app_database, user)
    assert before > 0
    async with app_database.unit_of_work(user) as session:
        assert await store.add_transactions(session, user, [RICH, made(3)]) == Written(0, 2)
    assert await version(app_database, user) == before
    assert len(await assets(app_database, user)) == 4


async def test_what_a_source_says_anew_holds_and_edits_stay(new_user: NewUser, app_database: Database):
    user = await new_user()
    async with app_database.unit_of_work(user) as session:
        await store.add_transactions(session, user, [RICH])
        assert await store.edit_transactions(session, user, {RICH.id: EDIT}) == 1
        assert await store.edit_transactions(session, user, {RICH.id: EDIT}) == 0
    before = await version(app_database, user)
    changed = replace(RICH, kind=TransactionKind.DEPOSIT, legs=(TaxLeg("BTC", "BTC", Decimal(1)),), fees=())
    async with app_database.unit_of_work(user) as session:
        assert await store.add_transactions(session, user, [changed]) == Written(0, 1, 1)
    assert await entries(app_database, user) == [(changed, EDIT)]
    assert await assets(app_database, user) == [("BTC", RICH.id)]
    assert await version(app_database, user) == before + 1
    assert await shown(app_database, user) == [EDIT.kind]
    async with app_database.unit_of_work(user) as session:
        assert await store.edit_transactions(session, user, {RICH.id: None, UUID(int=404): EDIT}) == 1
    assert await entries(app_database, user) == [(changed, None)]
    assert await shown(app_database, user) == [TransactionKind.DEPOSIT]


async def shown(database: Database, user_id: UUID) -> list[TransactionKind]:
    async with database.unit_of_work(user_id) as session:
        rows = await session.execute(text("select shown_kind from tax_transactions order by happened_at, id"))
        return [TransactionKind(row.shown_kind) for row in rows]


async def test_a_rule_holds_where_the_user_says_nothing(new_user: NewUser, app_database: Database):
    user, rule = await new_user(), new_id()
    sets = Edit(kind=TransactionKind.INCOME, note="by a rule", reason="all of this contract")
    async with app_database.unit_of_work(user) as session:
        await store.add_transactions(session, user, [made(1), made(2)])
        values = {"id": rule, "user_id": user, "sets": orjson.dumps(records.edit_json(sets)).decode()}
        await session.execute(
            text("insert into tax_rules (id, user_id, name, matches, sets) values (:id, :user_id, 'r', '{}', :sets)"),
            values,
        )
        await session.execute(text("update tax_transactions set rule_id = :id"), {"id": rule})
        own = Edit(kind=TransactionKind.IGNORED, reason="spam")
        await store.edit_transactions(session, user, {made(2).id: own})
        await store.add_transactions(session, user, [replace(made(1), note="new")])
    found = await entries(app_database, user)
    assert [edit for _, edit in found] == [sets, replace(own, note="by a rule")]
    assert await shown(app_database, user) == [TransactionKind.INCOME, TransactionKind.IGNORED]


async def test_order_is_time_then_sequence(new_user: NewUser, app_database: Database):
    user = await new_user()
    same = [made(number, happened_at=START, sequence=number % 3) for number in range(9)]
    later = made(20, happened_at=START + timedelta(microseconds=1))
    async with app_database.unit_of_work(user) as session:
        await store.add_transactions(session, user, [later, *reversed(same)])
    expected = sorted(same, key=lambda each: (each.sequence, each.id))
    assert [each for each, _ in await entries(app_database, user)] == [*expected, later]


async def test_dust_and_giants_are_exact(new_user: NewUser, app_database: Database):
    user = await new_user()
    legs = tuple(
        TaxLeg("ETH", "ETH", Decimal(amount), Worth(Decimal(amount), "USD", "file"))
        for amount in ("1e-18", "1e30", "-123456789012345678901234567890.123456789012345678")
    )
    async with app_database.unit_of_work(user) as session:
        await store.add_transactions(session, user, [made(1, legs=legs)])
    ((found, _),) = await entries(app_database, user)
    assert found.legs == legs


async def test_any_text_is_kept_to_the_letter(new_user: NewUser, app_database: Database):
    user, odd = await new_user(), 'tab\t, \\ "quoted" {a,b}, \r\ntwo lines, \\N, \u2028, \u00e9\U0001f600'
    leg = TaxLeg('A"\\,{B}', odd[:20], Decimal(1), None, "principal", odd)
    written = made(1, note=odd, wallet=odd, to_wallet="\\N", protocol="\\.", problem="", legs=(leg,))
    async with app_database.unit_of_work(user) as session:
        await store.add_transactions(session, user, [written])
    assert await entries(app_database, user) == [(written, None)]
    assert await assets(app_database, user) == [(leg.asset, written.id)]


async def test_an_import_goes_with_all_it_brought(new_user: NewUser, app_database: Database):
    user, first, second = await new_user(), new_id(), new_id()
    async with app_database.unit_of_work(user) as session:
        for each in (first, second):
            await session.execute(
                text("""insert into tax_imports
                  (id, user_id, source, account, file_name, content, content_sha256, state)
                  values (:id, :user, 'generic', 'a', 'f', '', '', 'committed')"""),
                {"id": each, "user": user},
            )
        await store.add_transactions(session, user, [made(1, import_id=first), made(2, import_id=first), RICH])
        again = await store.add_transactions(session, user, [made(1, import_id=second), made(3, import_id=second)])
        assert again == Written(1, 1)
        assert await store.remove_import(session, user, second) == 1
        assert await store.remove_import(session, user, first) == 2
        assert await store.remove_import(session, user, first) == 0
    assert await entries(app_database, user) == [(RICH, None)]


async def test_nobody_sees_or_changes_anothers(new_user: NewUser, app_database: Database):
    mine, theirs = await new_user(), await new_user()
    async with app_database.unit_of_work(theirs) as session:
        await store.add_transactions(session, theirs, [made(1)])
    async with app_database.unit_of_work(mine) as session:
        assert await store.entries_of(session, theirs) == []
        assert await store.edit_transactions(session, theirs, {made(1).id: EDIT}) == 0
        assert await store.remove_transactions(session, theirs, [made(1).id]) == 0
    assert await entries(app_database, theirs) == [(made(1), None)]


async def test_pages_leave_nothing_out(new_user: NewUser, app_database: Database, monkeypatch):
    user = await new_user()
    monkeypatch.setattr(store, "_READ_AT_ONCE", 4)
    rows = [made(number, happened_at=START + timedelta(seconds=number // 5)) for number in range(20)]
    async with app_database.unit_of_work(user) as session:
        await store.add_transactions(session, user, rows)
    assert [each for each, _ in await entries(app_database, user)] == rows
