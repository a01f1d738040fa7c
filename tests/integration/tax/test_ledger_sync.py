"""The wallets' history taken over from a real ledger: once, whatever happens in between, and edits stay."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from backend.accounts import entitlements
from backend.accounts.service import Cap
from backend.core.clock import utc_now
from backend.core.ids import new_id
from backend.core.jobs import JobContext, locks_in_line
from backend.ledger.events import Event, Kind, Leg
from backend.tax import store, tasks
from backend.tax.ledger_sync import Synced
from backend.tax.review import rules_repository
from backend.tax.sync.service import SYNC, defer_syncs
from backend.tax.transactions import Edit, TransactionKind
from tests.integration.ledger.events import CHAIN, NATIVE, OTHER, START, TOKEN, WALLET, event
from tests.integration.tax.conftest import Taxpayer
from tests.unit.tax.made import made

PRICED = Leg(token=NATIVE, amount_raw=-(10**18), price_usd=Decimal(3000), price_source="pool", priced_at=START)
SWAP = event(9, kind=Kind.SWAP, legs=(PRICED, Leg(token=TOKEN, amount_raw=5)), protocol="Uniswap V3")
EDIT = Edit(kind=TransactionKind.GIFT_IN, reason="from my aunt")


async def test_what_the_ledger_holds_is_taken_over_once(taxpayer: Taxpayer):
    await taxpayer.past(event(5), SWAP)
    assert await taxpayer.sync() == Synced(added=2)
    (came, _), (swap, _) = await taxpayer.entries()
    assert (came.id, came.kind, came.legs[0].asset) == (event(5).id, TransactionKind.DEPOSIT, f"{CHAIN}:{TOKEN}")
    assert (swap.kind, swap.legs[0].worth and swap.legs[0].worth.amount) == (TransactionKind.SWAP, Decimal(3000))
    before = await taxpayer.version()
    assert await taxpayer.sync() == Synced()
    assert await taxpayer.version() == before


async def test_what_changes_in_the_ledger_changes_here_and_edits_stay(taxpayer: Taxpayer):
    unpriced = event(6, legs=(Leg(token=NATIVE, amount_raw=1),))
    await taxpayer.past(event(5), unpriced, event(7))
    await taxpayer.sync()
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        await store.edit_transactions(session, taxpayer.id, {event(5).id: EDIT})
    priced = replace(unpriced.legs[0], price_usd=Decimal(2))
    async with taxpayer.worker.unit_of_work() as session:  # as repricing does
        await session.execute(
            text("update ledger_events set legs = jsonb_set(legs, '{0,price_usd}', '\"2\"') where id = :id"),
            {"id": event(6).id},
        )
    assert await taxpayer.sync() == Synced(changed=1)
    assert await taxpayer.sync() == Synced()
    await taxpayer.past(event(5), replace(unpriced, legs=(priced,)), event(8))
    assert await taxpayer.sync() == Synced(added=1, removed=1)
    found = await taxpayer.entries()
    assert [(each.id, edit) for each, edit in found] == [(event(5).id, EDIT), (event(6).id, None), (event(8).id, None)]


async def test_what_a_reorganisation_withdrew_goes_and_what_comes_back_has_its_edit(taxpayer: Taxpayer):
    recent = [event(block, happened_at=utc_now() - timedelta(minutes=block)) for block in (3, 2, 1)]
    await taxpayer.past(*recent)
    await taxpayer.sync()
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        await store.edit_transactions(session, taxpayer.id, {recent[0].id: EDIT})
    await taxpayer.past(recent[2])
    assert await taxpayer.sync() == Synced(removed=1)
    await taxpayer.past(*recent)
    assert await taxpayer.sync() == Synced(added=1)
    assert [(each.id, edit) for each, edit in await taxpayer.entries()] == [
        (recent[0].id, EDIT),
        (recent[1].id, None),
        (recent[2].id, None),
    ]
    # It stays gone: an hour later its edit goes too.
    await taxpayer.past(*recent[1:])
    async with taxpayer.worker.unit_of_work() as session:
        await session.execute(text("update tax_transactions set happened_at = happened_at - interval '2 hours'"))
    assert (await taxpayer.sync()).removed == 1
    assert len(await taxpayer.entries()) == 2


async def test_a_wallet_that_leaves_the_portfolio_leaves_the_book(taxpayer: Taxpayer):
    await taxpayer.past(event(5))
    await taxpayer.sync()
    async with taxpayer.admin.unit_of_work() as session:
        await session.execute(text("update portfolio_wallets set paused_by_plan = true"))
    assert await taxpayer.sync() == Synced(removed=1)
    async with taxpayer.admin.unit_of_work() as session:
        await session.execute(text("update portfolio_wallets set paused_by_plan = false"))
    assert await taxpayer.sync() == Synced(added=1)


async def test_several_transfers_of_one_hash_and_trades_of_one_second_stay_apart_and_in_order(taxpayer: Taxpayer):
    same_hash = [
        event(5, number, legs=(Leg(token=TOKEN, amount_raw=1 + number, counterparty=OTHER),)) for number in range(3)
    ]
    same_second = [
        event(
            block, kind=Kind.SWAP, tx_index=index, tx_hash=f"0x{block}{index}", happened_at=START + timedelta(hours=1)
        )
        for block in (8, 9)
        for index in (0, 1)
    ]
    await taxpayer.past(*reversed(same_second), *reversed(same_hash))
    assert await taxpayer.sync() == Synced(added=7)
    assert [each.id for each, _ in await taxpayer.entries()] == [each.id for each in (*same_hash, *same_second)]


async def test_dust_and_giants_keep_every_digit(taxpayer: Taxpayer):
    amounts = (1, -1, 10**48, 2**256 - 1)
    legs = tuple(Leg(token=NATIVE, amount_raw=amount, token_id=None) for amount in amounts)
    await taxpayer.past(*(event(5 + place, legs=(leg,)) for place, leg in enumerate(legs)))
    await taxpayer.sync()
    assert [each.legs[0].amount for each, _ in await taxpayer.entries()] == [
        Decimal(f"{amount}e-18") for amount in amounts
    ]


async def test_two_syncs_at_once_do_the_work_of_one(taxpayer: Taxpayer):
    await taxpayer.past(*(event(block) for block in range(1, 40)))
    done = await asyncio.gather(*(taxpayer.sync() for _ in range(4)))
    assert sorted(each.added for each in done) == [0, 0, 0, 39]
    assert len(await taxpayer.entries()) == 39
    assert await taxpayer.version() == 1


class _KilledError(Exception):
    pass


async def test_a_kill_at_any_statement_leaves_the_book_as_it_was(taxpayer: Taxpayer):
    await taxpayer.past(event(5), event(6))
    await taxpayer.sync()
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        await store.edit_transactions(session, taxpayer.id, {event(5).id: EDIT})
    before, version = await taxpayer.entries(), await taxpayer.version()
    await taxpayer.past(event(5, legs=(Leg(token=TOKEN, amount_raw=7),)), SWAP)

    statements = killed = 0
    engine = taxpayer.worker.engine.sync_engine
    while True:
        left = statements

        def count(*_: Any) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise _KilledError

        sqlalchemy_event.listen(engine, "after_cursor_execute", count)
        try:
            done = await taxpayer.sync()
            break
        except _KilledError:
            killed += 1
            assert await taxpayer.entries() == before
            assert await taxpayer.version() == version
        finally:
            sqlalchemy_event.remove(engine, "after_cursor_execute", count)
        statements += 1
    assert killed > 12
    assert done == Synced(added=1, changed=1, removed=1)
    found = await taxpayer.entries()
    assert [(each.id, edit) for each, edit in found] == [(event(5).id, EDIT), (SWAP.id, None)]
    assert found[0][0].legs[0].amount == 7


async def test_above_the_plan_s_cap_the_oldest_stay_and_files_take_their_room(
    taxpayer: Taxpayer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(entitlements.PLANS["pro"].caps, Cap.TAX_TRANSACTIONS, 4)
    await taxpayer.past(*(event(block) for block in range(1, 6)))
    assert await taxpayer.sync() == Synced(added=4, left_out=1)
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        await store.add_transactions(session, taxpayer.id, [made(1)])
    assert await taxpayer.sync() == Synced(removed=1, left_out=2)
    wallets = [each.id for each, _ in await taxpayer.entries() if each.source == "wallet"]
    assert wallets == [event(block).id for block in (1, 2, 3)]


async def test_the_job_is_in_line_once_and_only_for_plans_with_tax(taxpayer: Taxpayer, redis: Any):
    events: list[Event] = [event(5)]
    await taxpayer.past(*events)
    async with taxpayer.worker.unit_of_work() as session:
        await defer_syncs(session, [taxpayer.id])
        await defer_syncs(session, [taxpayer.id])
        assert await locks_in_line(session, [f"{SYNC}:{taxpayer.id}"]) == {f"{SYNC}:{taxpayer.id}"}
    context = JobContext(settings=taxpayer.settings, database=taxpayer.worker, redis=redis, job_id=1, attempt=1)
    async with taxpayer.admin.unit_of_work() as session:
        await session.execute(text("update premium_users set tier = 'starter'"))
    await tasks.sync_wallets(context, str(taxpayer.id))
    assert await taxpayer.entries() == []
    async with taxpayer.admin.unit_of_work() as session:
        await session.execute(text("update premium_users set tier = 'pro'"))
    await tasks.sync_wallets(context, str(taxpayer.id))
    assert len(await taxpayer.entries()) == 1
    assert (await taxpayer.entries())[0][0].wallet == WALLET


async def test_a_bulk_rule_decides_what_comes_from_wallets_too(taxpayer: Taxpayer):
    sets = {"kind": "income", "reason": "all from this one are rewards"}
    async with taxpayer.app.unit_of_work(taxpayer.id) as session:
        values = {"id": new_id(), "user_id": taxpayer.id, "matches": {"counterparty": OTHER}, "sets": sets}
        row = {**values, "name": "rewards", "created_at": utc_now()}
        await rules_repository.insert_rule(session, row)
    await taxpayer.past(event(5))
    await taxpayer.sync()
    ((_, edit),) = await taxpayer.entries()
    assert edit is not None and edit.kind is TransactionKind.INCOME
