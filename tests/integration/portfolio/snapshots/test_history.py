"""Roll-ups and what is read from them: the same whether rolled up or not, gaps are gaps, late hours count."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend.core import clock
from backend.portfolio.snapshots import service
from backend.portfolio.snapshots.records import day_of, make_snapshot, week_of
from tests.integration.portfolio.snapshots.conftest import NOW, asset, chain, hours_before, worth
from tests.integration.portfolio.snapshots.test_snapshots import block

pytestmark = pytest.mark.usefixtures("_a_day_in_may", "empty_store")


async def a_past(save, user, days=20, seed=3):
    """Hours of some weeks: most are there, some incomplete, some days wholly so, one day missing."""
    chance = random.Random(seed)
    missing, incomplete = 4, 9
    made = []
    for ago in range(days * 24, -1, -1):
        at = hours_before(ago) + timedelta(minutes=chance.randrange(-29, 29))
        day = (NOW.date() - at.date()).days
        if at > NOW or day == missing or chance.random() < 0.1:
            continue
        value = str(Decimal(chance.randrange(10**9)) / 10**6)
        flow = "1.5" if chance.random() < 0.98 else None
        made.append(worth(user.id, at, value, is_complete=day != incomplete and chance.random() < 0.9, flow=flow))
    await save(*made)
    newest = {}
    for each in sorted(made, key=lambda each: each.taken_at):
        newest[each.hour] = each
    return newest


async def points(mine, user, step, start=None, end=NOW):
    async with mine() as store:
        return await service.series(store, user, start or NOW - timedelta(days=20), end, step)


@pytest.mark.parametrize("step", ["day", "week"])
async def test_rolled_up_reads_as_if_it_were_not(save, mine, user, worker, step):
    await a_past(save, user)
    before = await points(mine, user, step)
    assert await service.roll_up(worker) == 19
    assert await points(mine, user, step) == before
    assert await service.roll_up(worker) == 0
    async with worker.open() as store:
        await store.roll_up_day(day_of(NOW) - timedelta(days=8))
    assert await points(mine, user, step) == before, "again is the same"


async def test_days_say_what_their_hours_say(save, mine, user, worker):
    hours = await a_past(save, user)
    await service.roll_up(worker)
    found = {point.starts_at: point for point in await points(mine, user, "day")}
    assert len(found) == 21
    for day, point in found.items():
        of_day = [each for hour, each in sorted(hours.items()) if day_of(hour) == day]
        counted = [each for each in of_day if each.is_complete] or of_day
        assert point.samples == len(of_day)
        if not of_day:
            assert (point.value_usd, point.min_usd, point.complete_share) == (None, None, None)
            continue
        values = [each.total_value_usd for each in counted]
        assert (point.first_usd, point.value_usd, point.taken_at) == (values[0], values[-1], counted[-1].taken_at)
        assert (point.min_usd, point.max_usd) == (min(values), max(values))
        assert abs(point.mean_usd - sum(values) / len(values)) < Decimal("1e-20")
        share = Decimal(sum(each.is_complete for each in of_day)) / len(of_day)
        assert point.complete_share == share.quantize(Decimal("0.0001"))
        flows = [each.net_flow_usd for each in of_day]
        assert point.net_flow_usd == (None if None in flows else sum(flows))
    assert sum(not point.samples for point in found.values()) >= 1
    assert any(point.complete_share == 0 for point in found.values() if point.samples)


async def test_late_and_replaced_hours_change_days_that_are_rolled_up(save, mine, user, worker, new_user):
    await a_past(save, user)
    other = await new_user()
    await save(worth(other.id, hours_before(24 * 10), "7"))
    await service.roll_up(worker)
    day = day_of(NOW) - timedelta(days=6)
    await save(worth(user.id, day + timedelta(hours=23, minutes=59), "999999"))
    found = {point.starts_at: point for point in await points(mine, user, "day")}
    assert (found[day].value_usd, found[day].max_usd) == (999999, 999999)
    weeks = {point.starts_at: point for point in await points(mine, user, "week")}
    assert weeks[week_of(day)].max_usd == 999999
    missing = day_of(NOW) - timedelta(days=4)
    assert not found[missing].samples
    await save(worth(user.id, missing + timedelta(hours=3), "42"))
    found = {point.starts_at: point for point in await points(mine, user, "day")}
    assert (found[missing].samples, found[missing].value_usd) == (1, 42)
    async with worker.open() as store:
        rows = await store.rollups(other.id, "day", day_of(hours_before(1000)), NOW)
    assert [row["last_value_usd"] for row in rows] == [7], "others are not touched"


async def test_a_dropped_block_changes_days_that_are_rolled_up(save, mine, user, worker, redis, admin_database):
    day = day_of(NOW) - timedelta(days=3)
    await save(
        worth(user.id, day + timedelta(hours=1), "1", block_hash="0xa"),
        worth(user.id, day + timedelta(hours=2), "100", block_hash="0xb"),
        worth(user.id, day + timedelta(days=1), "5", block_hash="0xb"),
    )
    await service.roll_up(worker)
    await block(admin_database, "0xb", day, orphaned=True)
    assert len((await service.withdraw_orphaned(worker, redis))[0]) == 2
    rolled = await points(mine, user, "day", day)
    assert [point.value_usd for point in rolled[:2]] == [1, None], "a day without hours has no roll-up"
    await block(admin_database, "0xb", day, orphaned=False)
    assert len((await service.withdraw_orphaned(worker, redis))[1]) == 2
    assert [point.value_usd for point in (await points(mine, user, "day", day))[:2]] == [100, 5]


async def test_flows_that_are_learnt_later_reach_the_roll_ups(save, mine, user, worker):
    day = day_of(NOW) - timedelta(days=5)
    await save(*(worth(user.id, day + timedelta(hours=hour), "1") for hour in range(3)))
    await service.roll_up(worker)
    assert (await points(mine, user, "day", day))[0].net_flow_usd is None
    async with worker.open() as store:
        await service.set_flows(store, user.id, {day + timedelta(hours=hour): Decimal(hour) for hour in range(3)})
    assert (await points(mine, user, "day", day))[0].net_flow_usd == 3
    by_hour = await points(mine, user, "hour", day, day + timedelta(hours=2))
    assert [point.net_flow_usd for point in by_hour] == [0, 1, 2]


async def test_ranges_have_their_step_and_gaps_stay_gaps(save, mine, user, worker):
    await save(
        worth(user.id, hours_before(24 * 60), "60"),
        worth(user.id, hours_before(5), "5"),
        worth(user.id, hours_before(3), "3"),
        worth(user.id, hours_before(0), "0.5"),
    )
    async with mine() as store:
        day = await service.history(store, user, "24h")
        hour = await service.history(store, user, "1h")
        quarter = await service.history(store, user, "90d")
        everything = await service.history(store, user, "all")
    assert [point.value_usd for point in day.points[-6:]] == [5, None, 3, None, None, Decimal("0.5")]
    assert len(day.points) == 25 and day.step == "hour"
    assert [point.value_usd for point in hour.points] == [None, Decimal("0.5")]
    assert quarter.step == everything.step == "day" and len(quarter.points) == 61, "from when it is tracked"
    assert quarter.points == everything.points and quarter.points[0].value_usd == 60
    assert quarter.tracked_since == datetime(2026, 3, 21, 12, tzinfo=UTC)
    assert sum(bool(point.samples) for point in quarter.points) == 2


async def test_nothing_is_nothing(mine, user):
    async with mine() as store:
        assert await service.latest(store, user) is None
        assert (await service.history(store, user, "all")).points == []
        assert await service.breakdown_at(store, user, NOW) is None
        assert await service.compare_times(store, user, hours_before(5), NOW) is None
        assert await service.latest_and_day_before(store, user) == (None, None)


async def test_everything_of_years_is_by_week(save, mine, user, worker, admin_database):
    for day in range(500, 60, -30):
        clock.use_clock((NOW - timedelta(days=day)).timestamp)
        await save(worth(user.id, NOW - timedelta(days=day), str(day)))
    clock.use_clock(NOW.timestamp)
    await save(worth(user.id, NOW, "1"))
    async with mine() as store:
        before = await service.history(store, user, "all")
    await service.roll_up(worker)
    async with mine() as store:
        found = await service.history(store, user, "all")
        year = await service.history(store, user, "1y")
    assert found.step == "week" and found.points == before.points
    assert [point.value_usd for point in found.points if point.samples][:2] == [500, 470]
    assert len(found.points) == 500 // 7 + 2 and len(year.points) == 366


async def test_what_it_was_made_of_at_a_time(save, mine, user, worker, admin_database):
    old = NOW - timedelta(days=89)
    parts = [asset("10", 1, category="lending"), asset("5", category=None)]
    await save(make_snapshot(user.id, old, [chain(1), chain()], parts, is_complete=True))
    async with mine() as store:
        exact = await service.breakdown_at(store, user, old + timedelta(hours=2))
        assert await service.breakdown_at(store, user, old + timedelta(hours=2, seconds=1)) is None
        assert await service.breakdown_at(store, user, old - timedelta(seconds=1)) is None
    assert exact is not None and exact.snapshot is not None and exact.categories_usd == {"lending": 10, "other": 5}
    await service.roll_up(worker)
    clock.use_clock((NOW + timedelta(days=40)).timestamp)
    async with admin_database.unit_of_work() as session:
        await session.execute(text("delete from portfolio_snapshots"))
    async with mine() as store:
        rolled = await service.breakdown_at(store, user, day_of(old) + timedelta(hours=23))
    assert rolled is not None and rolled.snapshot is None
    assert (rolled.chains_usd, rolled.categories_usd) == ({1: 10, 31337: 5}, {"lending": 10, "other": 5})


async def test_two_times_are_compared(save, mine, user):
    before = asset("100", amount_raw=10 * 10**18, price_usd=Decimal(10))
    after = asset("240", amount_raw=12 * 10**18, price_usd=Decimal(20))
    await save(
        make_snapshot(user.id, hours_before(24), [chain()], [before], is_complete=True),
        make_snapshot(user.id, NOW, [chain()], [after], is_complete=True),
    )
    async with mine() as store:
        found = await service.compare_times(store, user, hours_before(23), NOW)
        newest, day_before = await service.latest_and_day_before(store, user)
    assert found is not None and (found.change_usd, found.change_pct) == (140, 140)
    (change,) = found.assets
    assert (change.by_price_usd, change.by_amount_usd) == (100, 40)
    assert newest is not None and day_before is not None and day_before.total_value_usd == 100


async def test_old_months_go_once_they_are_rolled_up(save, user, worker, worker_database, admin_database):
    async def months(parent):
        async with admin_database.unit_of_work() as session:
            rows = await session.execute(
                text(
                    "select relname from pg_inherits join pg_class on oid = inhrelid"
                    " where inhparent = cast(:p as regclass)"
                ),
                {"p": parent},
            )
            return {name[-8:] for name in rows.scalars()}

    async def drop(parent, before):
        async with worker_database.unit_of_work() as session:
            statement = text("select drop_portfolio_months_before(cast(:p as regclass), :before)")
            return (await session.execute(statement, {"p": parent, "before": before})).scalar_one()

    past = datetime(2024, 1, 10, tzinfo=UTC)
    clock.use_clock(past.timestamp)
    await save(worth(user.id, past, "1"))
    before = datetime(2024, 3, 1, tzinfo=UTC)
    assert await drop("portfolio_snapshots", before) == 0
    assert "y2024m01" in await months("portfolio_snapshots"), "nothing is rolled up"
    clock.use_clock((past + timedelta(days=40)).timestamp)
    await service.roll_up(worker)
    assert await drop("portfolio_snapshots", before) >= 1
    assert "y2024m01" not in await months("portfolio_snapshots")
    assert "y2024m01" in await months("portfolio_rollups")
    with pytest.raises(Exception, match="at least 30 days"):
        await drop("portfolio_snapshots", datetime.now(UTC))
    with pytest.raises(Exception, match="at least a year"):
        await drop("portfolio_rollups", datetime.now(UTC))
    assert await drop("portfolio_rollups", datetime(2024, 4, 2, tzinfo=UTC)) >= 1
