"""Rules on a real PostgreSQL: they decide what is there and what comes, own edits win, and they go without a trace."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.cli.seed import seed_database
from backend.core.db import Database
from backend.core.errors import InvalidInputError, NotFoundError, TierLimitError
from backend.core.settings import Settings
from backend.tax import store
from backend.tax.engine.events import IncomeKind
from backend.tax.review import rules
from backend.tax.review.schemas import MatchesBody, RuleCreate, RulePreviewBody, SetsBody
from backend.tax.transactions import Edit, TaxLeg, TaxTransaction, TransactionKind
from tests.integration.ledger.conftest import NewUser
from tests.unit.tax.made import made

FAUCET = "0x" + "Fa" * 20
REWARD = SetsBody(kind=TransactionKind.INCOME, income=IncomeKind.REWARD, reason="A faucet pays rewards")


def deposit(number: int, amount: str = "5", counterparty: str | None = FAUCET, **more: Any) -> TaxTransaction:
    legs = (TaxLeg("UNI", "UNI", Decimal(amount), None, "principal", counterparty),)
    return replace(made(number), kind=TransactionKind.DEPOSIT, legs=legs, fees=(), **more)


def rule(name: str = "Faucet", sets: SetsBody = REWARD, **matches: Any) -> RuleCreate:
    return RuleCreate(name=name, matches=MatchesBody(**(matches or {"counterparty": FAUCET.lower()})), sets=sets)


@pytest.fixture
async def user(new_user: NewUser) -> CurrentUser:
    return CurrentUser(await new_user(), "somebody@example.com", "pro")


async def put(database: Database, user: CurrentUser, *transactions: TaxTransaction) -> None:
    async with database.unit_of_work(user.id) as session:
        await store.add_transactions(session, user.id, transactions)


async def kinds(database: Database, user: CurrentUser) -> dict[UUID, TransactionKind]:
    """What each transaction counts as: by what is read of it, and by what lists look up."""
    async with database.unit_of_work(user.id) as session:
        entries = await store.entries_of(session, user.id)
        rows = await session.execute(text("select id, shown_kind from tax_transactions"))
        shown = {row.id: TransactionKind(row.shown_kind) for row in rows}
    read = {each.id: (edit.kind if edit else None) or each.kind for each, edit in entries}
    assert read == shown
    return read


async def add(database: Database, user: CurrentUser, wanted: RuleCreate) -> UUID:
    async with database.unit_of_work(user.id) as session:
        return (await rules.add_rule(session, user, wanted)).id


async def test_a_rule_decides_what_is_there_and_what_comes(user: CurrentUser, app_database: Database):
    one, other = deposit(1), deposit(2, counterparty=None)
    await put(app_database, user, one, other)
    async with app_database.unit_of_work(user.id) as session:
        preview = await rules.preview_rule(session, user, RulePreviewBody(**rule().model_dump(exclude={"name"})))
        before = await store.book_version(session, user.id)
    assert (preview.transactions, preview.changed, preview.edited) == (1, 1, 0)
    assert [each.id for each in preview.examples] == [one.id]
    assert (await kinds(app_database, user))[one.id] is TransactionKind.DEPOSIT  # a preview changes nothing

    rule_id = await add(app_database, user, rule())
    assert await kinds(app_database, user) == {one.id: TransactionKind.INCOME, other.id: TransactionKind.DEPOSIT}
    later = deposit(3)
    await put(app_database, user, later)
    assert (await kinds(app_database, user))[later.id] is TransactionKind.INCOME
    async with app_database.unit_of_work(user.id) as session:
        assert await store.book_version(session, user.id) > before
        listed = await rules.list_rules(session, user)
        entries = {each.id: edit for each, edit in await store.entries_of(session, user.id)}
    assert [(each.id, each.transactions, each.matches, each.sets) for each in listed.items] == [
        (rule_id, 2, rule().matches, REWARD)
    ]
    said = entries[later.id]
    assert said is not None and (said.income, said.reason) == (IncomeKind.REWARD, "A faucet pays rewards")

    async with app_database.unit_of_work(user.id) as session:
        assert (await rules.delete_rule(session, user, rule_id)).transactions == 2
    assert set((await kinds(app_database, user)).values()) == {TransactionKind.DEPOSIT}
    async with app_database.unit_of_work(user.id) as session:
        with pytest.raises(NotFoundError):
            await rules.delete_rule(session, user, rule_id)


async def test_an_own_edit_wins_and_stays_when_the_rule_goes(user: CurrentUser, app_database: Database):
    mine, rest = deposit(1), deposit(2)
    await put(app_database, user, mine, rest)
    async with app_database.unit_of_work(user.id) as session:
        await store.edit_transactions(session, user.id, {mine.id: Edit(kind=TransactionKind.GIFT_IN, reason="Ann")})
        preview = await rules.preview_rule(session, user, RulePreviewBody(**rule().model_dump(exclude={"name"})))
    assert (preview.transactions, preview.edited) == (2, 1)
    rule_id = await add(app_database, user, rule())
    assert await kinds(app_database, user) == {mine.id: TransactionKind.GIFT_IN, rest.id: TransactionKind.INCOME}
    async with app_database.unit_of_work(user.id) as session:
        await rules.delete_rule(session, user, rule_id)
    assert await kinds(app_database, user) == {mine.id: TransactionKind.GIFT_IN, rest.id: TransactionKind.DEPOSIT}


async def test_the_rule_made_last_decides_and_gives_back_what_it_took(user: CurrentUser, app_database: Database):
    small, large = deposit(1, "0.01"), deposit(2, "50")
    await put(app_database, user, small, large)
    await add(app_database, user, rule())
    dust = rule("Dust", SetsBody(kind=TransactionKind.IGNORED), asset="UNI", amount_below="0.1")
    dust_id = await add(app_database, user, dust)
    assert await kinds(app_database, user) == {small.id: TransactionKind.IGNORED, large.id: TransactionKind.INCOME}
    async with app_database.unit_of_work(user.id) as session:
        await rules.delete_rule(session, user, dust_id)
    assert set((await kinds(app_database, user)).values()) == {TransactionKind.INCOME}


async def test_a_transaction_that_its_source_tells_anew_is_decided_anew(user: CurrentUser, app_database: Database):
    one = deposit(1)
    await put(app_database, user, one)
    await add(app_database, user, rule())
    await put(app_database, user, replace(one, legs=deposit(1, counterparty=None).legs))
    assert await kinds(app_database, user) == {one.id: TransactionKind.DEPOSIT}
    await put(app_database, user, one)
    assert await kinds(app_database, user) == {one.id: TransactionKind.INCOME}


async def test_a_rule_and_an_import_at_once_miss_nothing(user: CurrentUser, app_database: Database):
    for number in range(6):
        later = deposit(10 + number)
        made_rule, _ = await asyncio.gather(
            add(app_database, user, rule(f"rule {number}")), put(app_database, user, later)
        )
        assert (await kinds(app_database, user))[later.id] is TransactionKind.INCOME
        async with app_database.unit_of_work(user.id) as session:
            await rules.delete_rule(session, user, made_rule)


async def test_what_asks_for_too_much_or_nothing_is_refused(user: CurrentUser, app_database: Database):
    for wrong in ({}, {"kind": "deposit", "amount_below": "1"}, {"asset": "UNI", "amount_below": "0"}):
        with pytest.raises(ValueError):
            MatchesBody(**wrong)
    for says in ({}, {"kind": "gift_in", "income": "airdrop"}, {"reason": "why not"}):
        with pytest.raises(ValueError):
            SetsBody(**says)
    async with app_database.unit_of_work(user.id) as session:
        with pytest.raises(TierLimitError):
            await rules.list_rules(session, CurrentUser(user.id, user.email, "starter"))


async def test_rules_are_not_without_number(user: CurrentUser, app_database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "MOST_RULES", 1)
    await add(app_database, user, rule())
    with pytest.raises(InvalidInputError, match="1 rules already"):
        await add(app_database, user, rule())


async def test_nobody_elses_transactions_or_rules(user: CurrentUser, new_user: NewUser, app_database: Database):
    other = CurrentUser(await new_user(), "other@example.com", "pro")
    await put(app_database, user, deposit(1))
    await put(app_database, other, deposit(1))
    rule_id = await add(app_database, user, rule())
    assert set((await kinds(app_database, other)).values()) == {TransactionKind.DEPOSIT}
    async with app_database.unit_of_work(other.id) as session:
        assert (await rules.list_rules(session, other)).total == 0
        with pytest.raises(NotFoundError):
            await rules.delete_rule(session, other, rule_id)


async def test_the_demo_account_begins_with_rules_that_it_can_delete(
    make_settings: Callable[..., Settings], app_database: Database, admin_database: Database
):
    settings = make_settings(demo_email="demo-rules@example.com")
    for _ in range(2):
        await seed_database(settings)
    async with admin_database.unit_of_work() as session:
        statement = "select id, email, tier from premium_users where email = 'demo-rules@example.com'"
        row = (await session.execute(text(statement))).one()
    demo = CurrentUser(row.id, row.email, row.tier)
    async with app_database.unit_of_work(demo.id) as session:
        found = (await rules.list_rules(session, demo)).items
        assert len(found) == 4
        assert all(each.name.startswith("Demo market: ") for each in found)
        await rules.delete_rule(session, demo, found[0].id)
    await seed_database(settings)
    async with app_database.unit_of_work(demo.id) as session:
        assert (await rules.list_rules(session, demo)).total == 3
