"""Alerts an hour and a day by plan: exactly so many are told, whatever is repeated and whichever chain comes first."""

import asyncio

import orjson
from sqlalchemy import text

from backend.accounts.service import change_tier
from backend.alerts import service
from backend.alerts.engine.quota import DAY_SECONDS, HOUR_SECONDS, Period
from backend.alerts.firing import processor
from backend.alerts.firing.held_back import sum_up
from backend.alerts.schemas import HistoryFilter
from backend.core.redis import EVENTS_GROUP, events_stream, user_alerts_channel
from tests.integration.alerts.world import until

HOOK = {"type": "webhook", "destination": "https://example.com/h"}
FIRST = 70  # this block and the 296 after it lie in one hour


async def stored(world, user):
    """Return (block, suppressed) of the user's alerts by block."""
    async with world.worker.unit_of_work() as session:
        rows = await session.execute(
            text("select block_number, suppressed from alert_history where user_id = :id order by triggered_at, id"),
            {"id": user.id},
        )
        return [(row.block_number, row.suppressed) for row in rows]


async def sent(world, user):
    async with world.worker.unit_of_work() as session:
        rows = await session.execute(
            text("select event_type, payload from notification_outbox where user_id = :id order by created_at, id"),
            {"id": user.id},
        )
        return [(row.event_type, row.payload) for row in rows]


async def again(world, after):
    """Have everything after an entry delivered once more, and wait for it."""
    await world.redis.xgroup_setid(events_stream(world.chain_id), EVENTS_GROUP, after)
    await until(world.settled)


async def test_the_first_of_the_hour_are_told_the_rest_is_kept_and_its_user_told_once(world, make_user):
    user = await make_user("free")
    await world.rule(user, actions=[HOOK])
    pubsub = world.redis.pubsub()
    await pubsub.subscribe(user_alerts_channel(user.id))
    async with world.working():
        for number in range(FIRST, FIRST + 6):
            await world.emit(world.transfer(number))
        await until(world.settled)
        await world.emit(world.transfer(FIRST + 6), world.transfer(FIRST + 7))
        await until(world.settled)
        await world.emit(world.transfer(367))
        await world.quiet()
    rows = await stored(world, user)
    assert rows == [(FIRST + n, n >= 5) for n in range(8)] + [(367, False)]
    messages = await sent(world, user)
    assert [kind for kind, _ in messages].count("alert.triggered") == 6
    (limit,) = [payload for kind, payload in messages if kind == "alert.limit_reached"]
    assert limit == {
        "limit": 5, "per": "hour", "since": "2024-05-01T22:00:00.000Z", "until": "2024-05-01T23:00:00.000Z",
        "upgradeTo": "starter",
    }  # fmt: skip
    assert not await world.redis.exists("alerts:dead"), "nothing was put aside"
    live = [message async for message in _published(pubsub)]
    assert [each["type"] for each in live] == ["alert"] * 5 + ["limit_reached"] + ["alert"]
    async with world.app.unit_of_work(user.id) as session:
        silent = await service.list_history(session, user, HistoryFilter(status="suppressed"))
        told = await service.list_history(session, user, HistoryFilter(status="active"))
    assert [alert.block_number for alert in silent.items] == [FIRST + 7, FIRST + 6, FIRST + 5]
    assert all(alert.suppressed for alert in silent.items) and told.total == 6


async def _published(pubsub):
    while message := await pubsub.get_message(timeout=1.0):
        if message["type"] == "message":
            yield orjson.loads(message["data"])


async def test_delivering_everything_again_changes_nothing(world, make_user):
    user = await make_user("free")
    await world.rule(user, actions=[HOOK])
    async with world.working():
        for number in range(FIRST, FIRST + 9):
            await world.emit(world.transfer(number), world.transfer(number, 1))
        await until(world.settled)
        rows, messages = await stored(world, user), await sent(world, user)
        assert [flag for _, flag in rows].count(False) == 5 and len(rows) == 18
        for start in ("0-0", "2-1", "3-1", "7-1"):
            await again(world, start)
            assert await stored(world, user) == rows
            assert await sent(world, user) == messages


async def test_what_was_known_takes_no_place_of_what_is_new(world, make_user):
    """A part of a batch is stored, the worker dies, and the batch comes again with more: all five places are used."""
    user = await make_user("free")
    await world.rule(user)
    async with world.working():
        await world.emit(*(world.transfer(FIRST, index) for index in range(3)))
        await until(world.settled)
    # The same block is emitted in another cut, as after Redis lost the stream: three known, four new.
    await world.emit(*(world.transfer(FIRST, index) for index in range(7)))
    async with world.working():
        await until(world.settled)
    rows = await stored(world, user)
    assert len(rows) == 7 and [flag for _, flag in rows].count(False) == 5


async def test_a_burst_larger_than_a_transaction_is_cut_exactly(world, make_user, monkeypatch):
    monkeypatch.setattr(processor, "STORED_AT_ONCE", 4)
    starter, pro = await make_user("starter"), await make_user("pro")
    for number in range(7):
        await world.rule(starter, name=f"r{number}")
        await world.rule(pro, name=f"r{number}")
    async with world.working():
        await world.emit(world.transfer(FIRST), world.transfer(FIRST + 1))
        await until(world.settled)
    assert [flag for _, flag in await stored(world, starter)].count(False) == 10
    assert [flag for _, flag in await stored(world, pro)].count(False) == 14
    async with world.app.unit_of_work(starter.id) as session:
        assert (await service.alert_counts(session, starter)).alerts_hour_limit == 10


async def test_two_workers_share_the_hour(make_world, make_user):
    """Each with a chain of its own, the second begun while the first counts in memory alone."""
    user = await make_user("starter")
    one = make_world()
    await one.rule(user)
    two = make_world()
    await two.rule(user)
    async with one.working():
        await one.emit(one.transfer(FIRST))
        await until(one.settled)
        async with two.working():
            await two.emit(two.transfer(FIRST))
            await until(two.settled)
            for number in range(FIRST + 1, FIRST + 12):
                await asyncio.gather(one.emit(one.transfer(number)), two.emit(two.transfer(number)))
                if number % 3 == 0:
                    await asyncio.gather(until(one.settled), until(two.settled))
            await asyncio.gather(until(one.settled), until(two.settled))
    rows = await stored(one, user)
    assert len(rows) == 24 and [flag for _, flag in rows].count(False) == 10


async def test_two_chains_of_one_worker_share_the_hour(make_world, make_user, monkeypatch):
    monkeypatch.setattr(processor, "STORED_AT_ONCE", 3)
    users = [await make_user("starter") for _ in range(5)]
    one = make_world()
    for user in users:
        await one.rule(user)
    two = make_world()
    for user in users:
        await two.rule(user)
        await two.rule(user, name="once more")
    one.settings.chains.update(two.settings.chains)
    async with one.working():
        for number in range(FIRST, FIRST + 9):
            await asyncio.gather(one.emit(one.transfer(number)), two.emit(two.transfer(number)))
        await one.emit(one.orphaned(FIRST + 1))
        await asyncio.gather(until(one.settled), until(two.settled))
    for user in users:
        flags = [flag for _, flag in await stored(one, user)]
        withdrawn = sum(each[2] for each in await one.history())
        assert len(flags) == 27 and 10 <= flags.count(False) <= 10 + withdrawn


async def test_another_plan_counts_within_the_hour(world, make_user):
    user = await make_user("free")
    await world.rule(user)
    async with world.working():
        for number in range(FIRST, FIRST + 7):
            await world.emit(world.transfer(number))
        await until(world.settled)
        async with world.worker.unit_of_work() as session:
            await change_tier(session, user.id, "starter", "test")
        for number in range(FIRST + 7, FIRST + 15):
            await world.emit(world.transfer(number))
        await until(world.settled)
    told = [number - FIRST for number, suppressed in await stored(world, user) if not suppressed]
    assert told == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]


async def test_a_withdrawn_alert_gives_its_place_back(world, make_user):
    user = await make_user("free")
    await world.rule(user)
    async with world.working():
        for number in range(FIRST, FIRST + 6):
            await world.emit(world.transfer(number))
        await world.emit(world.orphaned(FIRST))
        await world.emit(world.orphaned(FIRST + 5))  # silent: nobody hears of its end either
        await world.emit(world.transfer(FIRST + 7), world.transfer(FIRST + 8))
        await until(world.settled)
    assert await stored(world, user) == [
        *((FIRST + n, False) for n in range(5)), (FIRST + 5, True), (FIRST + 7, False), (FIRST + 8, True),
    ]  # fmt: skip


async def test_what_was_held_back_is_summed_up_through_every_channel_once(world, make_user, admin_database):
    user = await make_user("free")
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("update premium_users set email_verified_at = now() where id = :id"), {"id": user.id}
        )
    rule = await world.rule(user, actions=[HOOK, {"type": "email"}])
    async with world.working():
        for number in range(FIRST, FIRST + 8):
            await world.emit(world.transfer(number))
        await until(world.settled)
    hour = Period(HOUR_SECONDS, 1_714_600_800 // 3600)  # 2024-05-01T22:00:00Z
    async with world.worker.unit_of_work() as session:
        jobs = await session.execute(
            text("select args from procrastinate.procrastinate_jobs where task_name = 'alerts.sum_up_held_back'")
        )
        assert {"user_id": str(user.id), "seconds": 3600, "number": hour.number} in [row.args for row in jobs]
    assert await sum_up(world.worker, user.id, hour) == 3
    assert await sum_up(world.worker, user.id, hour) == 3, "the same once more"
    async with world.worker.unit_of_work() as session:
        rows = await session.execute(
            text("select channel, event_type, payload from notification_outbox where user_id = :id"), {"id": user.id}
        )
        sent_by = sorted((row.channel, row.event_type) for row in rows if row.event_type != "alert.triggered")
    each = ("alert.held_back", "alert.limit_reached")
    assert sent_by == [("email", name) for name in each] + [("webhook", name) for name in each]
    [summary, _] = [payload for kind, payload in await sent(world, user) if kind == "alert.held_back"]
    assert summary["count"] == 3 and summary["items"][0]["ruleId"] == str(rule.id)
    assert "3 alerts between 22:00 and 23:00 UTC" in summary["message"]
    assert await sum_up(world.worker, user.id, Period(HOUR_SECONDS, hour.number + 1)) == 0


HOUR_BLOCKS = 300
DAY = Period(DAY_SECONDS, 1_714_608_000 // DAY_SECONDS)  # 2024-05-02, which begins with block 667
DAY_FIRST = 667


async def test_the_day_is_full_after_eight_full_hours_and_tells_it_once(world, make_user):
    user = await make_user("free")
    rule = await world.rule(user, actions=[HOOK])
    pubsub = world.redis.pubsub()
    await pubsub.subscribe(user_alerts_channel(user.id))
    async with world.working():
        for hour in range(10):
            first = DAY_FIRST + hour * HOUR_BLOCKS
            await world.emit(*(world.transfer(first, index) for index in range(6)))
            await world.emit(world.transfer(first + 1))
        await until(world.settled)
        tomorrow = DAY_FIRST + 24 * HOUR_BLOCKS
        await world.emit(world.transfer(tomorrow))
        await world.quiet()
    rows = await stored(world, user)
    told = [number for number, suppressed in rows if not suppressed]
    assert told == [DAY_FIRST + hour * HOUR_BLOCKS for hour in range(8) for _ in range(5)] + [tomorrow]
    limits = [payload for kind, payload in await sent(world, user) if kind == "alert.limit_reached"]
    # The eighth hour and the day are used up by the same alert: what comes then is kept silent by the day.
    assert sorted(each["per"] for each in limits) == ["day"] + ["hour"] * 7
    assert next(each for each in limits if each["per"] == "day") == {
        "limit": 40, "per": "day", "since": "2024-05-02T00:00:00.000Z", "until": "2024-05-03T00:00:00.000Z",
        "upgradeTo": "starter",
    }  # fmt: skip
    live = [message["data"]["per"] async for message in _published(pubsub) if message["type"] == "limit_reached"]
    assert sorted(live) == ["day"] + ["hour"] * 7
    assert await sum_up(world.worker, user.id, DAY) == 30
    [summary] = [payload for kind, payload in await sent(world, user) if kind == "alert.held_back"]
    assert (summary["count"], summary["per"], summary["items"][0]["ruleId"]) == (30, "day", str(rule.id))
    assert summary["message"].startswith("30 alerts of May 2, 2024 (UTC) were above your plan's limit")


async def test_another_worker_counts_the_day_that_was_begun(world, make_user):
    """The second worker reads what the first one told of the day; its hours are other ones."""
    user = await make_user("starter")
    for number in range(10):
        await world.rule(user, name=f"r{number}")
    for hours in (range(3), range(3, 9)):
        async with world.working():
            for hour in hours:
                await world.emit(world.transfer(DAY_FIRST + hour * HOUR_BLOCKS))
            await until(world.settled)
    assert [flag for _, flag in await stored(world, user)].count(False) == 80
    async with world.app.unit_of_work(user.id) as session:
        assert (await service.alert_counts(session, user)).alerts_day_limit == 80


async def test_two_chains_at_once_share_the_day(make_world, make_user):
    user = await make_user("free")
    one = make_world()
    await one.rule(user)
    two = make_world()
    await two.rule(user)
    async with one.working(), two.working():
        for hour in range(10):
            number = DAY_FIRST + hour * HOUR_BLOCKS
            events = [[world.transfer(number, index) for index in range(4)] for world in (one, two)]
            await asyncio.gather(one.emit(*events[0]), two.emit(*events[1]))
            await asyncio.gather(until(one.settled), until(two.settled))
    rows = await stored(one, user)
    assert len(rows) == 80 and [flag for _, flag in rows].count(False) == 40
