"""Books kept calculated: an edit of what stands alone is put into them, anything else has them made anew."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from backend.core.db import Database
from backend.tax import store
from backend.tax.optimisation.kept import Kept, KeptBooks
from backend.tax.transactions import Edit, TaxLeg, TransactionKind, Worth
from tests.integration.ledger.conftest import NewUser
from tests.unit.tax.made import START, made

REASON = "a receipt says so"
BOUGHT = made(
    1, kind=TransactionKind.BUY, legs=(TaxLeg("ETH", "ETH", Decimal(2)), TaxLeg("fiat:USD", "USD", Decimal(-100)))
)
SPENT = made(
    2,
    kind=TransactionKind.SPEND,
    happened_at=START + timedelta(days=9),
    legs=(TaxLeg("ETH", "ETH", Decimal(-1), Worth(Decimal(70), "USD", "file")),),
)
GAVE = replace(SPENT, id=UUID(int=77), happened_at=START + timedelta(days=10))


def figures(kept: Kept) -> str:
    return repr((kept.history.assess_all(2024, 2024), kept.done.outcome.disposals, kept.book.version))


def worth(usd: int) -> Edit:
    return Edit(worths={0: Worth(Decimal(usd), "USD", "you")}, reason=REASON)


async def test_edits_are_put_in_and_other_changes_read_anew(new_user: NewUser, app_database: Database):
    user, books = await new_user(), KeptBooks()

    async def kept(books: KeptBooks = books) -> Kept:
        async with app_database.unit_of_work(user) as session:
            return await books.of(session, user)

    async def edit(edits: dict[UUID, Edit | None]) -> None:
        async with app_database.unit_of_work(user) as session:
            await store.edit_transactions(session, user, edits)

    async with app_database.unit_of_work(user) as session:
        await store.add_transactions(session, user, [BOUGHT, SPENT])
    first = await kept()
    steps: list[tuple[bool, Callable[[], Awaitable[None]]]] = [
        (True, lambda: edit({SPENT.id: worth(90)})),
        (True, lambda: edit({SPENT.id: worth(95), BOUGHT.id: Edit(kind=TransactionKind.INCOME, reason=REASON)})),
        (True, lambda: edit({SPENT.id: None})),
        (False, lambda: edit({SPENT.id: Edit(kind=TransactionKind.IGNORED, reason=REASON)})),
        (False, lambda: edit({SPENT.id: None})),  # what was ignored before did not stand alone
    ]
    before = first
    for is_put_in, step in steps:
        await step()
        now = await kept()
        assert (now.made_at == before.made_at) is is_put_in
        assert now.book.version == before.book.version + 1
        assert figures(now) == figures(await kept(KeptBooks()))
        before = now
    await edit({SPENT.id: worth(91)})
    async with app_database.unit_of_work(user) as session:
        await store.add_transactions(session, user, [GAVE])
    await edit({SPENT.id: worth(92)})
    now = await kept()
    assert now.made_at > before.made_at and now.book.transactions == 3
    assert figures(now) == figures(await kept(KeptBooks()))


async def test_many_edits_are_read_anew(new_user: NewUser, app_database: Database):
    user = await new_user()
    rows = [replace(SPENT, id=UUID(int=100 + number)) for number in range(21)]
    async with app_database.unit_of_work(user) as session:
        await store.add_transactions(session, user, rows)
        version = await store.book_version(session, user)
        await store.edit_transactions(session, user, {each.id: worth(1) for each in rows})
        assert await store.changed_since(session, user, version) == (version + 1, None)
        for usd in range(2, 30):
            await store.edit_transactions(session, user, {rows[0].id: worth(usd)})
        now, changed = await store.changed_since(session, user, version + 28)
        assert (now, changed) == (version + 29, [(rows[0], worth(29))])
        assert (await store.changed_since(session, user, version))[1] is None
