"""Snapshots: one an hour, replaced by later ones, taken back with their block, seen by their owner alone."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.core.clock import use_clock
from backend.core.redis import user_portfolio_channel
from backend.portfolio.snapshots import service
from backend.portfolio.snapshots.records import hour_of, make_snapshot
from backend.portfolio.snapshots.store import Place
from tests.integration.portfolio.snapshots.conftest import HASH, NOW, asset, chain, hours_before, worth

pytestmark = pytest.mark.usefixtures("_a_day_in_may", "empty_store")


async def test_what_was_saved_is_read_back_to_the_last_digit(save, mine, user):
    saved = make_snapshot(
        user.id,
        NOW,
        [chain(1), chain(31337), chain(10, state="unknown", block_number=None, block_hash=None, problem="timed out")],
        [
            asset("0.000000000000000001", 1, amount_raw=2**255, decimals=0),
            asset("123456789012345678901234567890.123456789012345678"),
            asset(None, token="0x" + "33" * 20, symbol="A\0B", amount_raw=None),
        ],
        is_complete=True,
    )
    assert saved.total_value_usd == Decimal("123456789012345678901234567890.123456789012345679")
    assert not saved.is_complete, "a chain is unknown"
    assert (await save(saved)).written == [Place(user.id, hour_of(NOW))]
    async with mine() as store:
        read = await service.latest(store, user)
    assert read.total_value_usd == saved.total_value_usd and read.taken_at == NOW
    assert sorted(read.chains, key=lambda part: part.chain_id) == sorted(saved.chains, key=lambda part: part.chain_id)
    assert read.assets[:2] == saved.assets[:2] and read.assets[2].symbol == "AB"
    assert read.assets[2].value_usd is None


async def test_the_sum_of_parts_is_the_whole_at_every_break_down(save, mine, user):
    parts = [asset(f"{n}.{n:018d}", n % 3, token=f"0x{n:040x}", category="ab"[n % 2]) for n in range(1, 60)]
    await save(make_snapshot(user.id, NOW, [chain(0), chain(1), chain(2)], parts, is_complete=True))
    async with mine() as store:
        found = await service.breakdown_at(store, user, NOW)
    assert found is not None and found.snapshot is not None
    total = sum((part.value_usd for part in parts), Decimal(0))
    assert found.total_value_usd == sum(found.chains_usd.values()) == sum(found.categories_usd.values()) == total


def test_a_snapshot_that_does_not_add_up_is_refused(user):
    with pytest.raises(ValueError):
        make_snapshot(user.id, NOW, [chain(1)], [asset("1", 2)], is_complete=True)
    with pytest.raises(ValueError):
        make_snapshot(user.id, NOW, [chain(1), chain(1)], [], is_complete=True)
    with pytest.raises(ValueError):
        make_snapshot(user.id, NOW, [chain(1, state="unknown")], [asset("1", 1)], is_complete=True)


async def test_a_later_one_takes_the_hour_and_an_earlier_one_does_not(save, mine, user):
    at = hour_of(NOW)
    await save(worth(user.id, at + timedelta(minutes=5), "5"))
    assert len((await save(worth(user.id, at + timedelta(minutes=9), "9"))).written) == 1
    assert (await save(worth(user.id, at + timedelta(minutes=7), "7"))).written == []
    assert len((await save(worth(user.id, at + timedelta(minutes=9), "9"))).written) == 1, "the same again"
    async with mine() as store:
        found = await service.history(store, user, "1h")
    assert [point.value_usd for point in found.points if point.samples] == [Decimal(9)]
    both = [worth(user.id, at + timedelta(minutes=m), str(m)) for m in (20, 30, 25)]
    assert len((await save(*both)).written) == 1
    async with mine() as store:
        assert (await service.latest(store, user)).total_value_usd == 30


async def test_only_of_accounts_that_there_are_and_times_that_are_kept(save, user, new_user, admin_database):
    gone = await new_user()
    async with admin_database.unit_of_work() as session:
        await session.execute(text("delete from premium_users where id = :id"), {"id": gone.id})
    saved = await save(worth(gone.id, NOW, "1"), worth(user.id, NOW, "1"))
    assert [place.user_id for place in saved.written] == [user.id]
    for at in (NOW + timedelta(hours=1), NOW - timedelta(days=91)):
        with pytest.raises(ValueError):
            await save(worth(user.id, at, "1"))


async def test_each_sees_their_own_and_the_web_writes_nothing(save, user, new_user, web, app_database):
    other = await new_user()
    await save(worth(user.id, NOW, "1"), worth(other.id, NOW, "2"))
    async with web.open(user.id) as store:
        assert await store.latest(other.id, NOW, hours_before(5)) is None
        assert await store.hours(other.id, hours_before(5), NOW) == []
        assert (await store.latest(user.id, NOW, hours_before(5)))["total_value_usd"] == 1
    async with web.open() as store:
        assert await store.latest(user.id, NOW, hours_before(5)) is None
    for attempt in (
        "update portfolio_snapshots set total_value_usd = 0",
        "delete from portfolio_snapshots",
        "select * from portfolio_snapshots_y2026m05",
        "insert into portfolio_rollups select * from portfolio_rollups",
        "select ensure_month_partition('portfolio_snapshots', now())",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with app_database.unit_of_work(user.id) as session:
                await session.execute(text(attempt))


async def test_partitions_are_of_tables_partitioned_by_range_only(worker_database):
    for name in ("premium_users", "portfolio_marks", "pg_class"):
        with pytest.raises(DBAPIError, match="not a table partitioned by month"):
            async with worker_database.unit_of_work() as session:
                await session.execute(text(f"select ensure_month_partition('{name}', now())"))


async def block(database, block_hash: str, at, *, orphaned: bool) -> None:
    async with database.unit_of_work() as session:
        await session.execute(
            text(
                "insert into chain_blocks (chain_id, block_hash, block_number, parent_hash, taken_at, emit_seq,"
                " orphaned_at) values (31337, :hash, 1, '0x', :at, (select count(*) from chain_blocks),"
                " case when :orphaned then cast(:now as timestamptz) end) on conflict (chain_id, block_hash)"
                " do update set orphaned_at = excluded.orphaned_at"
            ),
            {"hash": block_hash, "at": at, "orphaned": orphaned, "now": NOW},
        )


async def test_a_dropped_block_takes_its_snapshot_back_and_one_that_is_back_returns_it(
    save, mine, user, new_user, worker, redis, admin_database
):
    other = await new_user()
    await block(admin_database, HASH, NOW, orphaned=False)
    old = hours_before(1)
    await save(worth(user.id, old, "1", block_hash="0xold"), worth(other.id, NOW, "3", block_hash="0xother"))
    await save(worth(user.id, NOW, "2"))
    assert await service.withdraw_orphaned(worker, redis) == ([], [])

    await block(admin_database, HASH, NOW, orphaned=True)
    place = Place(user.id, hour_of(NOW))
    assert await service.withdraw_orphaned(worker, redis) == ([place], [])
    assert await service.withdraw_orphaned(worker, redis) == ([], []), "it is marked already"
    async with mine() as store:
        assert (await service.latest(store, user)).total_value_usd == 1
        found = await service.history(store, user, "24h")
    assert [point.value_usd for point in found.points] == [1], "the running hour is no gap"

    await block(admin_database, HASH, NOW, orphaned=False)
    assert await service.withdraw_orphaned(worker, redis) == ([], [place])
    async with mine() as store:
        assert (await service.latest(store, user)).total_value_usd == 2

    await block(admin_database, HASH, NOW, orphaned=True)
    await service.withdraw_orphaned(worker, redis)
    again = await save(worth(user.id, NOW - timedelta(minutes=1), "4", block_hash="0xnew"))
    assert again.written == [place], "what is withdrawn gives way to an earlier one too"
    refused = await save(worth(user.id, NOW + timedelta(minutes=1), "5"))
    assert (refused.written, refused.on_dropped_blocks) == ([], [place])


async def test_who_loses_the_running_hour_gets_another_snapshot(save, user, new_user, worker, redis, admin_database):
    other = await new_user()
    await block(admin_database, HASH, NOW, orphaned=False)
    await save(worth(user.id, NOW, "2"), worth(other.id, hours_before(1), "3"))
    await block(admin_database, HASH, NOW, orphaned=True)
    assert len((await service.withdraw_orphaned(worker, redis))[0]) == 2
    await service.withdraw_orphaned(worker, redis)
    async with admin_database.unit_of_work() as session:
        asked = await session.execute(
            text(
                "select args from procrastinate.procrastinate_jobs"
                " where task_name = 'portfolio.take' and args::text like any(:who)"
            ),
            {"who": [f"%{each.id}%" for each in (user, other)]},
        )
        assert asked.scalars().all() == [{"user_ids": [str(user.id)]}], "an hour that is over cannot be read again"


async def test_a_mark_stays_when_the_chain_has_forgotten_the_block(save, user, worker, redis, admin_database):
    await block(admin_database, HASH, NOW, orphaned=False)
    await save(worth(user.id, NOW, "2"))
    await block(admin_database, HASH, NOW, orphaned=True)
    assert len((await service.withdraw_orphaned(worker, redis))[0]) == 1
    async with admin_database.unit_of_work() as session:
        await session.execute(text("delete from chain_blocks"))
    assert await service.withdraw_orphaned(worker, redis) == ([], [])


async def test_a_block_dropped_while_nobody_looked_is_found(save, user, worker, redis, admin_database):
    """The job was away for days: it looks from where it stopped, not from now."""
    await service.withdraw_orphaned(worker, redis)
    await block(admin_database, HASH, NOW, orphaned=False)
    await save(worth(user.id, NOW, "2"))
    await block(admin_database, HASH, NOW, orphaned=True)
    use_clock((NOW + timedelta(days=3)).timestamp)
    assert len((await service.withdraw_orphaned(worker, redis))[0]) == 1


async def test_open_pages_hear_of_it(save, user, redis, worker):
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(user_portfolio_channel(user.id))
        await pubsub.get_message(timeout=2)
        await save(worth(user.id, NOW, "12.5"))
        message = await pubsub.get_message(timeout=2)
    assert orjson.loads(message["data"]) == {
        "type": "snapshot",
        "data": {
            "hour": "2026-05-20T12:00:00.000Z",
            "takenAt": "2026-05-20T12:30:00.000Z",
            "totalValueUsd": "12.5",
            "isComplete": True,
        },
    }


async def test_two_workers_that_save_the_same_users_do_not_block_each_other(worker, redis, new_user):
    users = [await new_user() for _ in range(20)]
    batches = [[worth(each.id, NOW, str(n)) for each in order] for n, order in enumerate((users, users[::-1]))]
    async with asyncio.timeout(20):
        saved = await asyncio.gather(*(service.save_snapshots(worker, redis, batch) for batch in batches * 2))
    assert all(len(each.written) == 20 for each in saved)
