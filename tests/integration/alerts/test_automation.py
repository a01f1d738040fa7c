"""If-then-else from a real event to what is done of it, with the log of every step; done once whatever is repeated."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.alerts import service as rules
from backend.alerts.automation import runner
from backend.alerts.automation import service as automation
from backend.alerts.automation.planning import MAX_PATH, TRIGGERED_BY_RULE
from backend.alerts.automation.schemas import RunFilter
from backend.alerts.firing.facts import Fact, Match
from backend.alerts.firing.quota_book import QuotaBook
from backend.alerts.firing.recorder import Aside, record
from backend.alerts.schemas import RuleUpdate
from backend.chain.events import from_json_fields, to_json_fields
from backend.core.errors import InvalidInputError
from backend.core.job_runner import JobRunner
from backend.worker.jobs import all_tasks
from tests.integration.alerts.world import TOKEN, until

HOOK = "https://example.com/hook"


def above(world, price, within=None):
    """A guard's leaf: the token's price is above `price`."""
    conditions = {"price_usd": {"gt": price}, "chain": world.chain_id, "token": TOKEN}
    return {"type": "price", "conditions": conditions, "within": within}


async def priced(world, number, price):
    """Store a reading in block `number`."""
    block = world.block(number)
    async with world.worker.unit_of_work() as session:
        at = datetime.fromtimestamp(block["taken_at"], UTC)
        await session.execute(text("select ensure_month_partition('price_readings', :at)"), {"at": at})
        await session.execute(
            text(
                "insert into price_readings (chain_id, token, taken_at, block_hash, block_number, price_usd, source)"
                " values (:chain, :token, :at, :hash, :number, :price, 'test pool')"
            ),
            {
                "chain": world.chain_id, "token": TOKEN, "at": at, "hash": block["block_hash"], "number": number,
                "price": Decimal(price),
            },
        )  # fmt: skip


async def fire(world, user, *rule_ids, event=None, chain_id=None):
    """Store alerts of these rules, as the worker does with one transfer."""
    event = event or world.transfer(10)
    facts = [Fact(event, to_json_fields(event))]
    async with world.worker.unit_of_work() as session:
        at = datetime.fromtimestamp(event.taken_at, UTC)
        await session.execute(text("select ensure_month_partition('alert_history', :at)"), {"at": at})
    chain_id = world.chain_id if chain_id is None else chain_id
    async with QuotaBook().turn() as turn, world.worker.unit_of_work() as session:
        return await record(
            session, chain_id, facts, [Match(0, each, 1) for each in rule_ids], turn, Aside(lambda _: False)
        )


async def jobs_done(world):
    tasks = [each for each in all_tasks() if each.name.startswith("alerts.")]
    await JobRunner(world.settings, world.worker, world.redis, tasks).run_until_idle()


async def logged(world, user):
    """Every run of the user with its steps, newest first."""
    async with world.app.unit_of_work(user.id) as session:
        page = await automation.list_runs(session, user, RunFilter())
        return [await automation.get_run(session, user, each.id) for each in page.items]


async def outbox(world, user):
    async with world.worker.unit_of_work() as session:
        rows = await session.execute(
            text("select destination from notification_outbox where user_id = :id order by created_at"), {"id": user.id}
        )
        return list(rows.scalars())


async def enabled(world, user, rule_id):
    async with world.app.unit_of_work(user.id) as session:
        return (await rules.get_rule(session, user, rule_id)).enabled


async def triggered_events(world, user):
    async with world.worker.unit_of_work() as session:
        rows = await session.execute(
            text("select event from platform_events where user_id = :id order by place"), {"id": user.id}
        )
        return [from_json_fields(event) for event in rows.scalars()]


async def test_then_when_the_guard_holds(world, make_user):
    user = await make_user()
    other = await world.rule(user, name="Other")
    rule = await world.rule(
        user,
        name="Guarded",
        guard={"all": [above(world, 100), {"not": above(world, 5000)}]},
        actions=[{"type": "webhook", "destination": HOOK}, {"type": "disable_rule", "ruleId": str(other.id)}],
        elseActions=[{"type": "webhook", "destination": "https://example.com/else"}],
    )
    assert rule.guard_description is not None and rule.guard_description.count("rises above") == 2
    await priced(world, 9, "150")
    await priced(world, 11, "1")  # after the event: it is not looked at
    (told,) = await fire(world, user, rule.id)
    assert await outbox(world, user) == []
    await jobs_done(world)
    (run,) = await logged(world, user)
    assert (run.status, run.branch, run.alert_id, run.path) == ("done", "then", told.alert_id, [rule.id])
    assert [(step.type, step.outcome) for step in run.steps] == [
        ("trigger", "done"), ("guard", "done"), ("webhook", "done"), ("disable_rule", "done")
    ]  # fmt: skip
    read = run.steps[1].details["read"][0]
    assert (read["value"], read["threshold"], read["source"], read["verdict"]) == ("150", "100", "test pool", "holds")
    assert run.steps[1].details["verdict"] is True and all(step.milliseconds >= 0 for step in run.steps)
    assert await outbox(world, user) == [HOOK]
    assert not await enabled(world, user, other.id)

    # Again, whatever is repeated: the same event, the same job.
    assert await fire(world, user, rule.id) == []
    await runner.run_automation(world.worker, run.id)
    await jobs_done(world)
    assert await outbox(world, user) == [HOOK] and len(await logged(world, user)) == 1


@pytest.mark.parametrize(
    ("price", "within", "branch", "status", "sent"),
    [("50", None, "else", "done", ["https://example.com/else"]), ("150", 5, None, "skipped", []),
     (None, None, None, "skipped", []), ("150", 12, "then", "done", [HOOK])],
)  # fmt: skip
async def test_else_when_it_does_not_and_neither_when_nobody_knows(
    world, make_user, price, within, branch, status, sent
):
    user = await make_user()
    rule = await world.rule(
        user,
        guard=above(world, 100, within),
        actions=[{"type": "webhook", "destination": HOOK}],
        elseActions=[{"type": "webhook", "destination": "https://example.com/else"}],
    )
    if price:
        await priced(world, 9, price)  # a block, 12 seconds, before the event
    await fire(world, user, rule.id)
    await jobs_done(world)
    (run,) = await logged(world, user)
    assert (run.branch, run.status) == (branch, status)
    assert await outbox(world, user) == sent
    if branch is None:
        assert "problem" in run.steps[1].details["read"][0] and run.steps[1].outcome == "skipped"


async def test_a_rule_starts_the_next_and_never_goes_in_a_circle(world, make_user):
    user = await make_user()
    first, second = await world.rule(user, name="First"), await world.rule(user, name="Second")
    for rule, target in ((first, second), (second, first)):
        async with world.app.unit_of_work(user.id) as session:
            change = RuleUpdate.model_validate({"actions": [{"type": "trigger_rule", "ruleId": str(target.id)}]})
            await rules.update_rule(session, user, rule.id, change)
    await fire(world, user, first.id)
    await jobs_done(world)
    (event,) = await triggered_events(world, user)
    assert (event.topic, event.subject, event.details["path"]) == (TRIGGERED_BY_RULE, str(second.id), str(first.id))
    (told,) = await fire(world, user, second.id, event=event, chain_id=0)
    assert told.data["message"] == "Triggered by your rule “First”"
    assert await fire(world, user, second.id, event=event, chain_id=0) == []
    await jobs_done(world)
    circle, begun = await logged(world, user)
    assert begun.status == "done" and begun.path == [first.id]
    assert (circle.status, circle.path, circle.steps[-1].outcome) == ("done", [first.id, second.id], "stopped")
    assert "circle" in circle.steps[-1].summary and circle.steps_failed == 1
    assert len(await triggered_events(world, user)) == 1


async def test_the_whole_way_from_a_transfer_over_two_rules_to_a_message(world, make_user):
    """Stream, worker, job, relay, worker, job: with the real processes' code."""
    user = await make_user()
    second = await world.rule(
        user, name="Second", conditions={"value_usd": 900_000_000}, guard=above(world, 1),
        actions=[{"type": "webhook", "destination": HOOK}],
    )  # fmt: skip
    await world.rule(user, name="First", actions=[{"type": "trigger_rule", "ruleId": str(second.id)}])
    await priced(world, 9, "5")
    async with world.working():
        await world.emit(world.transfer(10))

        async def told():
            await jobs_done(world)
            return await outbox(world, user)

        assert await until(told, 60) == [HOOK]
    late, early = await logged(world, user)
    assert (late.rule_id, late.branch, len(late.path)) == (second.id, "then", 2)
    assert early.steps[-1].type == "trigger_rule" and early.steps[-1].outcome == "done"


async def test_rules_start_rules_only_so_deep(world, make_user):
    user = await make_user()
    last = await world.rule(user, name="Last")
    chain = [last]
    for _ in range(MAX_PATH):
        before = await world.rule(user, actions=[{"type": "trigger_rule", "ruleId": str(chain[-1].id)}])
        chain.append(before)
    chain.reverse()
    await fire(world, user, chain[0].id)
    for depth in range(1, MAX_PATH + 2):
        await jobs_done(world)
        events = await triggered_events(world, user)
        if len(events) < depth:
            break
        await fire(world, user, chain[depth].id, event=events[-1], chain_id=0)
    runs = await logged(world, user)
    assert len(runs) == MAX_PATH and len(runs[0].path) == MAX_PATH
    assert runs[0].steps[-1].outcome == "stopped" and "deep" in runs[0].steps[-1].summary


async def test_what_cannot_be_done_is_said_and_does_not_keep_the_rest(world, make_user, admin_database):
    user = await make_user("free")
    gone, paused = await world.rule(user), await world.rule(user)
    rule = await world.rule(
        user,
        actions=[
            {"type": "enable_rule", "ruleId": str(gone.id)},
            {"type": "trigger_rule", "ruleId": str(paused.id)},
            {"type": "enable_rule", "ruleId": str(paused.id)},
            {"type": "in_app"},
        ],
    )
    async with world.app.unit_of_work(user.id) as session:
        await rules.delete_rule(session, user, gone.id)
        await rules.set_enabled(session, user, paused.id, False)
    others = [await world.rule(user)]
    assert others
    await fire(world, user, rule.id)
    await jobs_done(world)
    (run,) = await logged(world, user)
    assert [step.outcome for step in run.steps] == ["done", "failed", "skipped", "done", "done"]
    assert run.status == "failed" and "deleted" in run.steps[1].summary
    assert await enabled(world, user, paused.id)

    async with world.app.unit_of_work(user.id) as session:
        await rules.set_enabled(session, user, paused.id, False)
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("insert into alert_rules (user_id, name, type, conditions, actions)"
                 " select user_id, name, type, conditions, '[]' from alert_rules where id = :id"),
            {"id": rule.id},
        )  # fmt: skip
    await fire(world, user, rule.id, event=world.transfer(12))
    await jobs_done(world)
    newest, _ = await logged(world, user)
    assert newest.steps[3].outcome == "failed" and newest.steps[3].details["code"] == "TIER_LIMIT_REACHED"
    assert not await enabled(world, user, paused.id)


async def test_an_alert_that_was_withdrawn_does_nothing(world, make_user):
    user = await make_user()
    rule = await world.rule(user, guard=above(world, 1), actions=[{"type": "webhook", "destination": HOOK}])
    (told,) = await fire(world, user, rule.id)
    async with world.worker.unit_of_work() as session:
        await session.execute(
            text("update alert_history set withdrawn_at = now() where id = :id"), {"id": told.alert_id}
        )
    await jobs_done(world)
    (run,) = await logged(world, user)
    assert (run.status, run.steps) == ("skipped", []) and run.problem is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"guard": {"all": []}}, {"guard": {"nonsense": 1}},
        {"guard": {"type": "whale", "conditions": {"value_usd": 5000}}},
        {"guard": {"not": {"not": {"not": {"not": {"not": {"type": "price", "conditions": {}}}}}}}},
        {"guard": {"type": "price", "conditions": {"price_usd": 5}}},
        {"actions": [{"type": "trigger_rule"}]},
        {"actions": [{"type": "enable_rule", "ruleId": "018f0000-0000-7000-8000-000000000000"}]},
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused(world, make_user, changes):
    with pytest.raises(InvalidInputError):
        await world.rule(await make_user(), **changes)


async def test_nobody_acts_on_the_rules_of_others(world, make_user):
    theirs = await world.rule(await make_user())
    with pytest.raises(InvalidInputError):
        await world.rule(await make_user(), actions=[{"type": "disable_rule", "ruleId": str(theirs.id)}])


ROOT = Path(__file__).resolve().parents[3]
# Each step's end takes a while, so that the kill comes somewhere in the middle of a run.
SLOW_WORKER = """
import asyncio, sys
from backend.alerts.automation import repository
from backend.core.db import Database
from backend.core.job_runner import JobRunner
from backend.core.redis import make_redis
from backend.core.settings import Settings
from backend.worker.jobs import all_tasks
from tests.integration.jobs.conftest import QUICK
insert = repository.insert_step

async def slowly(session, values):
    await insert(session, values)
    print("step", values["number"], flush=True)
    await asyncio.sleep(0.1)

repository.insert_step = slowly

async def main():
    settings = Settings(_env_file=None, environment="test", worker_database_url=sys.argv[1], redis_url=sys.argv[2])
    database = Database(settings.worker_database_url, pool_size=4)
    tasks = [each for each in all_tasks() if each.name == "alerts.run_automation"]
    await JobRunner(settings, database, make_redis(settings.redis_url), tasks, times=QUICK).run()

asyncio.run(main())
"""


async def slow_worker(world):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLOW_WORKER, world.settings.worker_database_url, world.settings.redis_url,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_a_worker_killed_anywhere_leaves_each_step_done_once(world, make_user):
    user = await make_user()
    other = await world.rule(user)
    actions = [{"type": "webhook", "destination": f"{HOOK}{n}"} for n in range(3)]
    actions += [{"type": "disable_rule", "ruleId": str(other.id)}]
    rule = await world.rule(user, guard=above(world, 1), actions=actions)
    await priced(world, 9, "5")
    for number in range(10, 14):
        await fire(world, user, rule.id, event=world.transfer(number))

    async def ended():
        return all(run.status == "done" for run in await logged(world, user))

    for lines in (3, 5):
        process = await slow_worker(world)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            for _ in range(lines):
                assert await process.stdout.readline()
        process.kill()
        await process.wait()
    process = await slow_worker(world)
    try:
        await until(ended, 90)
    finally:
        process.kill()
        await process.wait()
    runs = await logged(world, user)
    assert len(runs) == 4
    assert all([step.number for step in run.steps] == [0, 1, 2, 3, 4, 5] for run in runs)
    assert sorted(await outbox(world, user)) == sorted(4 * [f"{HOOK}{n}" for n in range(3)])
    assert not await enabled(world, user, other.id)
    assert [run.steps[5].outcome for run in runs].count("done") == 1
