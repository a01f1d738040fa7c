"""The store of the ledger on a real PostgreSQL: what goes in comes out, in order, once, and only to its owner."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.ledger import repository, service
from backend.ledger.events import Approval, Event, Kind, Leg
from backend.ledger.records import row_of
from backend.ledger.service import Wanted, place_of
from tests.integration.ledger.conftest import NewUser
from tests.integration.ledger.events import CHAIN, NATIVE, OTHER, START, TOKEN, WALLET, block_hash, event, tx_hash

RICH = event(
    7,
    1,
    kind=Kind.LP_ADD,
    legs=(
        Leg(
            token=TOKEN,
            amount_raw=-(2**255),
            role="principal",
            counterparty=OTHER,
            log_index=0,
            price_usd=Decimal("0.000000000000000001"),
            price_source="pool",
            priced_at=START,
        ),
        Leg(token=NATIVE, amount_raw=1),
        Leg(token=OTHER, amount_raw=1, token_id=2**256 - 1, role="receipt"),
    ),
    approvals=(
        Approval(token=OTHER, spender=WALLET, amount_raw=None),
        Approval(token=TOKEN, spender=OTHER, amount_raw=2**256 - 1, token_id=5),
    ),
    protocol="Uniswap V3",
    counterparty=OTHER,
    identifiers={"pool": OTHER, "token_id": "77"},
    method="0x12345678",
    fee_wei=None,
    fee_price_usd=Decimal("3500.123456789012345678"),
    succeeded=False,
    problem="Native movements inside of calls are unknown.",
)


async def put(
    database: Database, user_id: UUID, events: list[Event], blocks: tuple[int, int] = (0, 10**9), version: int = 1
) -> repository.Changed:
    async with database.unit_of_work() as session:
        await service.open_coverage(session, user_id, {(each.wallet, each.chain_id) for each in events})
        rows = [row_of(each, version) for each in events]
        return await repository.replace_range(session, user_id, WALLET, CHAIN, blocks, rows)


async def got(database: Database, user_id: UUID, wanted: Wanted = service.EVERYTHING, **how: Any) -> list[Event]:
    async with database.unit_of_work(user_id) as session:
        return await service.events_of(session, user_id, wanted, **how)


async def test_an_event_comes_out_as_it_went_in(new_user: NewUser, app_database: Database, worker_database: Database):
    user = await new_user()
    await put(worker_database, user, [RICH, event(5)])
    assert await got(app_database, user) == [event(5), RICH]
    async with app_database.unit_of_work(user) as session:
        assert await service.event_of(session, user, RICH.id) == RICH
        assert await service.event_of(session, user, event(6).id) is None


async def test_importing_again_doubles_nothing_and_keeps_prices(
    new_user: NewUser, app_database: Database, worker_database: Database
):
    user = await new_user()
    priced = [replace(leg, price_usd=Decimal(2), price_source="pool", priced_at=START) for leg in event(5).legs]
    first = replace(event(5), legs=tuple(priced))
    assert await put(worker_database, user, [first, event(6)]) == repository.Changed(2, 0)
    again = await put(worker_database, user, [event(5), event(6)], version=2)
    assert not again and await got(app_database, user) == [first, event(6)]
    async with worker_database.unit_of_work() as session:
        found = await session.execute(text("select decoder_version from ledger_events where user_id = :u"), {"u": user})
        assert set(found.scalars()) == {2}
    # Another reading of the same transaction takes the first one's place: two events, then one.
    split = [replace(event(6), kind=Kind.SWAP), event(6, 1)]
    assert await put(worker_database, user, [event(5), *split]) == repository.Changed(2, 0)
    assert await got(app_database, user) == [first, *split]
    assert await put(worker_database, user, [event(5), event(6)]) == repository.Changed(1, 1)
    assert await got(app_database, user) == [first, event(6)]


async def test_a_range_that_is_read_again_touches_nothing_else(
    new_user: NewUser, app_database: Database, worker_database: Database
):
    user = await new_user()
    await put(worker_database, user, [event(5), event(6), event(7)])
    moved = replace(event(6), block_number=7, block_hash=block_hash(7, "bb"), happened_at=event(7).happened_at)
    # Block 6 lost its transaction to another block 7, whose own one is gone.
    assert await put(worker_database, user, [moved], (6, 7)) == repository.Changed(1, 1)
    assert await got(app_database, user) == [event(5), moved]
    async with worker_database.unit_of_work() as session:
        only = await repository.replace_transactions(session, user, WALLET, CHAIN, [tx_hash(5)], [])
    assert only == repository.Changed(0, 1) and await got(app_database, user) == [moved]


async def test_pages_join_without_gap_or_overlap_both_ways(
    new_user: NewUser, app_database: Database, worker_database: Database
):
    user = await new_user()
    # Blocks of one second, several transactions and events a block, two wallets in one transaction.
    events = [
        event(block, number, tx_index=index, tx_hash=tx_hash(100 * block + index), happened_at=START, wallet=wallet)
        for block in (3, 4)
        for index in (0, 1)
        for wallet in (WALLET, OTHER)
        for number in (0, 1)
    ]
    async with worker_database.unit_of_work() as session:
        await service.open_coverage(session, user, {(WALLET, CHAIN), (OTHER, CHAIN)})
        for wallet in (WALLET, OTHER):
            rows = [row_of(each, 1) for each in events if each.wallet == wallet]
            await repository.replace_range(session, user, wallet, CHAIN, (0, 9), rows)
    whole = await got(app_database, user)
    keys = [(e.happened_at, e.chain_id, e.block_number, e.tx_index, e.number, e.id) for e in whole]
    assert keys == sorted(keys) and {e.id for e in whole} == {e.id for e in events}
    for newest_first in (False, True):
        pages: list[Event] = []
        while page := await got(
            app_database, user, after=place_of(pages[-1]) if pages else None, newest_first=newest_first, limit=3
        ):
            pages += page
        assert pages == (whole[::-1] if newest_first else whole)
    of_token: list[Event] = []
    wanted = Wanted(token=TOKEN, wallets=[WALLET])
    while page := await got(app_database, user, wanted, after=place_of(of_token[-1]) if of_token else None, limit=3):
        of_token += page
    assert of_token == [each for each in whole if each.wallet == WALLET]


@pytest.mark.parametrize(
    ("wanted", "blocks"),
    [
        (Wanted(), [5, 6, 7]),
        (Wanted(kinds=[Kind.SWAP, Kind.LP_ADD]), [6, 7]),
        (Wanted(token=NATIVE), [6, 7]),
        (Wanted(token=TOKEN.upper().replace("X", "x")), [5, 7]),
        (Wanted(token=OTHER, chains=[CHAIN]), [7]),
        (Wanted(token=OTHER, chains=[1]), []),
        (Wanted(chains=[1]), []),
        (Wanted(protocol="Uniswap V3"), [7]),
        (Wanted(identifiers={"token_id": "77"}), [7]),
        (Wanted(identifiers={"token_id": "78"}), []),
        (Wanted(since=event(6).happened_at), [6, 7]),
        (Wanted(until=event(6).happened_at), [5]),
        (Wanted(wallets=[OTHER]), []),
        (Wanted(tx_hash=tx_hash(6)), [6]),
    ],
)
async def test_filters(
    new_user: NewUser, app_database: Database, worker_database: Database, wanted: Wanted, blocks: list[int]
):
    user = await new_user()
    swap = event(6, kind=Kind.SWAP, legs=(Leg(token=NATIVE, amount_raw=-5),))
    await put(worker_database, user, [event(5), swap, RICH])
    assert [each.block_number for each in await got(app_database, user, wanted)] == blocks
    async with app_database.unit_of_work(user) as session:
        assert await service.count_of(session, user, wanted) == len(blocks)


async def test_two_users_with_the_same_wallet_have_a_history_each(
    new_user: NewUser, app_database: Database, worker_database: Database
):
    one, two = await new_user(), await new_user()
    await put(worker_database, one, [event(5), event(6)])
    await put(worker_database, two, [event(5)])
    assert len(await got(app_database, one)) == 2 and len(await got(app_database, two)) == 1
    async with app_database.unit_of_work(one) as session:
        assert await service.events_of(session, two) == []
        assert await service.coverage_of(session, two) == []
        await service.forget_wallet(session, two, WALLET)
        await service.forget_wallet(session, one, WALLET)
    assert await got(app_database, one) == [] and len(await got(app_database, two)) == 1
    async with worker_database.unit_of_work() as session:
        left = await session.execute(text("select count(*) from ledger_event_tokens where user_id = :u"), {"u": one})
        assert left.scalar_one() == 0


async def test_the_web_writes_no_events(new_user: NewUser, app_database: Database):
    user = await new_user()

    async def tries(session: AsyncSession) -> None:
        await service.open_coverage(session, user, [(WALLET, CHAIN)])

    with pytest.raises(DBAPIError, match="permission denied"):
        async with app_database.unit_of_work(user) as session:
            await tries(session)


async def test_events_on_a_dropped_block_are_gone_until_they_are_read_again(
    new_user: NewUser, app_database: Database, worker_database: Database
):
    user, other = await new_user(), await new_user()
    # A chain of its own: blocks of other tests are not dropped with it.
    chain_id = int(user.hex[-8:], 16)
    events = [event(block, chain_id=chain_id) for block in (5, 6, 7)]

    async def read(whose: UUID, found: list[Event]) -> None:
        async with worker_database.unit_of_work() as session:
            await service.open_coverage(session, whose, [(WALLET, chain_id)])
            rows = [row_of(each, 1) for each in found]
            await repository.replace_range(session, whose, WALLET, chain_id, (0, 9), rows)
            (covered,) = await repository.coverage(session, whose, [WALLET])
            await repository.move_coverage(session, {**covered, "from_block": 2, "to_block": 9})

    await read(user, events)
    await read(other, [event(5, chain_id=chain_id)])
    async with worker_database.unit_of_work() as session:
        for block in (6, 7):
            await session.execute(
                text(
                    "insert into chain_blocks (chain_id, block_hash, block_number, parent_hash, taken_at, event_count,"
                    " emit_seq, orphaned_at, recorded_at)"
                    " values (:chain, :hash, :number, '0x', :at, 0, :number, now(), now())"
                ),
                {"chain": chain_id, "hash": block_hash(block), "number": block, "at": events[block - 5].happened_at},
            )
    async with worker_database.unit_of_work() as session:
        assert await service.withdraw_orphaned(session, utc_now() - timedelta(minutes=1)) == {user}
    async with worker_database.unit_of_work() as session:
        assert await service.withdraw_orphaned(session, utc_now() - timedelta(minutes=1)) == set()
    assert await got(app_database, user) == [events[0]]
    assert len(await got(app_database, other)) == 1
    async with app_database.unit_of_work(user) as session:
        (covered,) = await service.coverage_of(session, user)
        assert (covered.from_block, covered.to_block) == (2, 5)
    # Read again: one stands in another block now, the other one came back with its own.
    moved = event(6, branch="bb", chain_id=chain_id)
    await read(user, [events[0], moved, events[2]])
    assert await got(app_database, user) == [events[0], moved, events[2]]
