"""From the stream to stored alerts: matching, exactly once, gates, withdrawal, rule changes, poison."""

import asyncio
from decimal import Decimal

import orjson
import psycopg
from sqlalchemy import text

from backend.alerts import service
from backend.alerts.firing import processor
from backend.alerts.schemas import HistoryFilter, RuleUpdate
from backend.core.redis import EVENTS_GROUP, events_stream, user_alerts_channel
from tests.integration.alerts.world import TOKEN, until


async def outbox(world, user):
    async with world.worker.unit_of_work() as session:
        rows = await session.execute(
            text(
                "select event_type, payload, alert_id from notification_outbox where user_id = :id order by created_at"
            ),
            {"id": user.id},
        )
        return [tuple(row) for row in rows]


async def newest(world, user, column):
    async with world.worker.unit_of_work() as session:
        found = await session.execute(
            text(f"select max({column}) from alert_history where user_id = :id"), {"id": user.id}
        )
        return found.scalar_one()


async def add_block(world, number, orphaned=False):
    block = world.block(number)
    async with world.worker.unit_of_work() as session:
        await session.execute(
            text(
                "insert into chain_blocks (chain_id, block_hash, block_number, parent_hash, taken_at, emit_seq,"
                " orphaned_at) values (:chain_id, :block_hash, :block_number, '0x', to_timestamp(:taken_at),"
                " :block_number, case when :orphaned then now() end)"
            ),
            {**block, "orphaned": orphaned},
        )


async def test_a_transfer_and_a_price_become_alerts_with_everything_about_them(world, make_user):
    user, other = await make_user(), await make_user()
    hook = {"type": "webhook", "destination": "https://example.com/h"}
    whale = await world.rule(user, actions=[{"type": "in_app"}, hook])
    price = await world.rule(user, "price", conditions={"above": 100})
    await world.rule(other, conditions={"value_usd": 6000})
    pubsub = world.redis.pubsub()
    await pubsub.subscribe(user_alerts_channel(user.id))
    async with world.working():
        await world.emit(world.transfer(1), world.price(1, "99.5", "101"), world.price(2, "101", "102"))
        rows = await world.quiet()
    assert [row[:2] for row in rows] == [(whale.id, world.transfer(1).id), (price.id, world.price(1, "1", "2").id)]
    async with world.app.unit_of_work(user.id) as session:
        page = await service.list_history(session, user, HistoryFilter())
        assert (await service.get_rule(session, user, whale.id)).last_triggered_at == page.items[0].triggered_at
    by_type = {alert.type: alert for alert in page.items}
    assert by_type["whale"].message.startswith("5 AAA ($5,000.00) moved from 0x1111…1111 to 0x2222…2222 on ")
    assert by_type["whale"].message.endswith(f" · tx {world.transfer(1).tx_hash}")
    assert by_type["price"].message == (
        f"AAA on Chain {world.chain_id} rose above $100: now $101.00 (+1.51% since the last reading)"
    )
    assert by_type["whale"].event["value_usd"] == "5000"
    ((event_type, payload, alert_id),) = await outbox(world, user)
    assert (event_type, alert_id) == ("alert.triggered", by_type["whale"].id)
    assert payload["alertId"] == str(by_type["whale"].id)
    assert (payload["ruleId"], payload["txHash"]) == (str(whale.id), world.transfer(1).tx_hash)
    told = [message for _ in range(20) if (message := await pubsub.get_message(timeout=0.2))]
    live = [orjson.loads(message["data"]) for message in told if message["type"] == "message"]
    assert [(each["type"], each["data"]["alertId"]) for each in live] == [
        ("alert", str(by_type["whale"].id)),
        ("alert", str(by_type["price"].id)),
    ]
    assert [each["data"] for each in live] == [
        by_type[kind].model_dump(mode="json", by_alias=True) for kind in ("whale", "price")
    ]
    await pubsub.aclose()


async def test_changes_of_rules_reach_a_running_worker(world, make_user):
    user = await make_user()
    async with world.working():
        await world.emit(world.transfer(1))
        assert await world.quiet() == []
        rule = await world.rule(user)
        number = 1

        async def fires():
            nonlocal number
            number += 1
            await world.emit(world.transfer(number))
            rows = await world.quiet()
            return [row for row in rows if row[1] == world.transfer(number).id]

        await until(fires, 2)
        async with world.app.unit_of_work(user.id) as session:
            await service.update_rule(
                session, user, rule.id, RuleUpdate(conditions={"value_usd": 4000, "chain": world.chain_id})
            )
        assert (await until(fires, 2))[0][3] in (1, 2)
        await asyncio.sleep(1)
        assert (await fires())[0][3] == 2
        async with world.app.unit_of_work(user.id) as session:
            await service.set_enabled(session, user, rule.id, False)
        assert not await fires()
        async with world.app.unit_of_work(user.id) as session:
            await service.set_enabled(session, user, rule.id, True)
        await until(fires, 2)
        async with world.app.unit_of_work(user.id) as session:
            await service.delete_rule(session, user, rule.id)
        assert not await fires()


async def test_a_rule_committed_late_is_not_missed(world, make_user):
    user = await make_user()
    async with world.working():
        await world.emit(world.transfer(1))
        await world.quiet()
        slow = world.app.unit_of_work(user.id)
        session = await slow.__aenter__()
        from backend.alerts.schemas import RuleCreate  # the rule is made now, and committed after others

        data = RuleCreate(name="slow", type="whale", conditions={"value_usd": 1000, "chain": world.chain_id})
        rule = await service.create_rule(session, user, data)
        for _ in range(3):
            await world.rule(await make_user(), conditions={"value_usd": 10**9})
            await asyncio.sleep(0.7)
        await slow.__aexit__(None, None, None)
        await asyncio.sleep(1)
        await world.emit(world.transfer(2))
        assert [row[:2] for row in await world.quiet()] == [(rule.id, world.transfer(2).id)]


async def test_what_was_read_but_not_acknowledged_is_processed_after_a_restart(world, make_user):
    user = await make_user()
    rule = await world.rule(user)
    stream = events_stream(world.chain_id)
    await world.emit(world.transfer(1))
    await world.emit(world.transfer(2))
    await world.redis.xgroup_create(stream, EVENTS_GROUP, id="0")
    await world.redis.xreadgroup(EVENTS_GROUP, "one that died", {stream: ">"}, count=10)
    async with world.working():
        rows = await world.quiet()
    assert [row[:2] for row in rows] == [(rule.id, world.transfer(1).id), (rule.id, world.transfer(2).id)]


async def test_delivering_everything_again_changes_nothing(world, make_user):
    user = await make_user()
    hook = {"type": "webhook", "destination": "https://example.com/h"}
    await world.rule(user, actions=[hook])
    await world.rule(user, name="cool", cooldown_seconds=30, actions=[hook])
    await world.rule(user, name="once", frequency="once", actions=[hook])
    async with world.working():
        for number in range(1, 10):
            await world.emit(world.transfer(number), world.transfer(number, 1))
        first = await world.quiet()
        sent = await outbox(world, user)
        assert len(first) == len(sent) == 18 + 3 + 1
        pubsub = world.redis.pubsub()
        await pubsub.subscribe(user_alerts_channel(user.id))
        await world.redis.xgroup_destroy(events_stream(world.chain_id), EVENTS_GROUP)
        await until(world.settled)
        assert await world.history() == first
        await world.redis.xgroup_setid(events_stream(world.chain_id), EVENTS_GROUP, "4-1")
        await until(world.settled)
        assert await world.history() == first
        assert await outbox(world, user) == sent
    told = [message for _ in range(20) if (message := await pubsub.get_message(timeout=0.2))]
    news = {orjson.loads(message["data"])["type"] for message in told if message["type"] == "message"}
    assert news == {"reload"}, "whoever stored them may not have told: open pages read again"
    await pubsub.aclose()


async def test_an_orphaned_block_withdraws_its_alerts_and_arms_once_rules(world, make_user):
    user = await make_user()
    hook = {"type": "webhook", "destination": "https://example.com/h"}
    once = await world.rule(user, frequency="once", actions=[hook])
    always = await world.rule(user)
    async with world.working():
        await world.emit(world.transfer(1))
        await world.emit(world.transfer(2))
        await world.quiet()
        async with world.app.unit_of_work(user.id) as session:
            assert not (await service.get_rule(session, user, once.id)).enabled
        await world.emit(world.orphaned(1))
        await world.quiet()
        async with world.app.unit_of_work(user.id) as session:
            again = await service.get_rule(session, user, once.id)
            assert (again.enabled, again.last_triggered_at) == (True, None)
            newest = (await service.get_rule(session, user, always.id)).last_triggered_at
            assert newest is not None and newest.timestamp() == world.block(2)["taken_at"]
            withdrawn = (await service.list_history(session, user, HistoryFilter(status="withdrawn"))).items
        assert {alert.rule_id for alert in withdrawn} == {once.id, always.id}
        assert all("reorganisation" in str(alert.withdrawn_reason) for alert in withdrawn)
        assert [row[0] for row in await outbox(world, user)] == ["alert.triggered", "alert.withdrawn"]
        await asyncio.sleep(1)
        await world.emit(world.transfer(3))
        rows = await world.quiet()
    fired = {(row[0], row[1]): row[2] for row in rows}
    assert fired == {
        (once.id, world.transfer(1).id): True,
        (always.id, world.transfer(1).id): True,
        (always.id, world.transfer(2).id): False,
        (once.id, world.transfer(3).id): False,
        (always.id, world.transfer(3).id): False,
    }


async def test_a_block_that_is_already_orphaned_leaves_a_withdrawn_row_and_tells_nobody(world, make_user):
    user = await make_user()
    hook = {"type": "webhook", "destination": "https://example.com/h"}
    await world.rule(user, actions=[hook])
    once = await world.rule(user, frequency="once", actions=[hook])
    await add_block(world, 1, orphaned=True)
    await add_block(world, 2)
    async with world.working():
        await world.emit(world.transfer(1))
        await world.emit(world.transfer(2))
        rows = await world.quiet()
    assert [(row[1], row[2]) for row in rows] == [(world.transfer(1).id, True)] * 2 + [
        (world.transfer(2).id, False)
    ] * 2
    assert len(await outbox(world, user)) == 2
    async with world.app.unit_of_work(user.id) as session:
        assert not (await service.get_rule(session, user, once.id)).enabled


async def test_a_block_that_counts_again_brings_its_alerts_back(world, make_user):
    user = await make_user()
    await world.rule(user)
    async with world.working():
        for event in (world.transfer(1), world.orphaned(1)):
            await world.emit(event)
        assert [row[2] for row in await world.quiet()] == [True]
        withdrawn_at = await newest(world, user, "withdrawn_at")
        await world.emit(world.transfer(1))
        assert [row[2] for row in await world.quiet()] == [False]
    assert await newest(world, user, "recorded_at") > withdrawn_at, "it is news for who was away since"


async def test_poison_is_put_aside_and_the_rest_goes_on(world, make_user):
    user = await make_user()
    rule = await world.rule(user)
    stream = events_stream(world.chain_id)
    long_id = world.transfer(2, 7, tx_hash="0x" + "f" * 500)
    async with world.working():
        await world.redis.xadd(stream, {"e": b"not json", "at": b"1"}, id="1-1")
        await world.redis.xadd(stream, {"e": b'[{"kind": "transfer"}, {"kind": "else"}]', "at": b"1"}, id="2-1")
        world.sequence = 2
        await world.emit(world.transfer(1, symbol="A\0B"), long_id, world.transfer(3))
        rows = await world.quiet()
    assert [row[:2] for row in rows] == [(rule.id, world.transfer(1).id), (rule.id, world.transfer(3).id)]
    parked = await world.redis.xrange("alerts:dead")
    assert [fields[b"id"] for _, fields in parked] == [b"1-1", b"2-1", b"3-1"]


async def test_a_burst_is_stored_in_parts_and_a_failure_between_them_doubles_nothing(world, make_user, monkeypatch):
    user = await make_user()
    rules = [await world.rule(user) for _ in range(7)]
    pubsub = world.redis.pubsub()
    await pubsub.subscribe(user_alerts_channel(user.id))
    monkeypatch.setattr(processor, "STORED_AT_ONCE", 3)
    record, sizes = processor.record, []

    async def failing_once(session, chain_id, facts, part, hours, aside):
        sizes.append(len(part))
        if len(sizes) == 2:
            raise psycopg.OperationalError("the connection is gone")
        return await record(session, chain_id, facts, part, hours, aside)

    monkeypatch.setattr(processor, "record", failing_once)
    async with world.working():
        await world.emit(world.transfer(1))
        rows = await world.quiet()
    assert sorted(row[0] for row in rows) == sorted(rule.id for rule in rules)
    assert sizes[:2] == [3, 3]
    assert sizes[2:] == [3, 3, 1], "the first part was tried again, and the others came after it"
    told = [message for _ in range(30) if (message := await pubsub.get_message(timeout=0.2))]
    news = [orjson.loads(message["data"]) for message in told if message["type"] == "message"]
    news = [each["data"]["ruleId"] for each in news if each["type"] == "alert"]
    assert sorted(news) == sorted(str(rule.id) for rule in rules)
    await pubsub.aclose()


async def test_two_workers_share_nothing_and_double_nothing(world, make_user):
    user = await make_user()
    rule = await world.rule(user, cooldown_seconds=24)
    async with world.working() as first, world.working():
        for number in range(1, 31):
            await world.emit(world.transfer(number))
            if number == 15:
                first.cancel()
        rows = await world.quiet()
    assert [row[1] for row in rows] == [world.transfer(number).id for number in range(1, 31, 2)]
    assert {row[0] for row in rows} == {rule.id}


async def test_unknown_values_never_match_a_threshold(world, make_user):
    user = await make_user()
    by_amount = await world.rule(user, conditions={"value_usd": None, "amount": 5, "token": TOKEN})
    await world.rule(user)
    async with world.working():
        await world.emit(world.transfer(1, value_usd=None), world.transfer(2, value_usd=None, amount=None))
        await world.emit(world.transfer(3, value_usd=None, amount=Decimal("4.99999999999999")))
        rows = await world.quiet()
    assert [row[:2] for row in rows] == [(by_amount.id, world.transfer(1).id)]
