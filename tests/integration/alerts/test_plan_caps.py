"""The plan's caps on rules and watched wallets: exact under concurrency, on every way to an active rule."""

import asyncio

import pytest
from sqlalchemy import text

from backend.accounts.service import change_tier
from backend.alerts import service
from backend.alerts.schemas import RuleCreate, RuleUpdate
from backend.core.errors import TierLimitError
from backend.core.ids import new_id

WALLETS = [f"0x{n:040x}" for n in range(1, 120)]


def whale(**changes):
    return RuleCreate.model_validate({"name": "Big", "type": "whale", "conditions": {"value_usd": 5000}, **changes})


async def made(database, user, rule):
    async with database.unit_of_work(user.id) as session:
        return await service.create_rule(session, user, rule)


async def toggled(database, user, rule, enabled):
    async with database.unit_of_work(user.id) as session:
        return await service.set_enabled(session, user, rule.id, enabled)


async def moved(worker_database, user, tier):
    """Change the plan the way the payments' job does, and return the user as of then."""
    async with worker_database.unit_of_work() as session:
        await change_tier(session, user.id, tier, "test")
        done = await service.enforce_caps(session, user.id, tier)
    return type(user)(user.id, user.email, tier), done


async def rules_of(database, user):
    async with database.unit_of_work(user.id) as session:
        return (await service.list_rules(session, user, page_size=100)).items[::-1]


async def test_two_tabs_that_make_the_tenth_rule_leave_ten(app_database, make_user):
    user = await make_user("starter")
    for number in range(9):
        await made(app_database, user, whale(name=f"r{number}"))
    results = await asyncio.gather(*(made(app_database, user, whale()) for _ in range(2)), return_exceptions=True)
    (refused,) = [result for result in results if isinstance(result, TierLimitError)]
    assert len(await rules_of(app_database, user)) == 10
    assert refused.details == {"cap": "alert_rules", "limit": 10, "used": 10, "upgradeTo": "pro"}
    assert refused.message == "Your Starter plan allows 10 alert rules; 10 in use. Pro allows 50."


async def test_a_paused_rule_takes_a_place_and_cannot_be_resumed_above_the_cap(
    app_database, worker_database, make_user
):
    user = await make_user("starter")
    rules = [await made(app_database, user, whale(name=f"r{number}")) for number in range(5)]
    await toggled(app_database, user, rules[0], enabled=False)
    user, done = await moved(worker_database, user, "free")
    assert (done.paused, done.resumed) == ([rules[4].id], [])
    for attempt in (rules[0], rules[4]):
        with pytest.raises(TierLimitError) as refused:
            await toggled(app_database, user, attempt, enabled=True)
        assert refused.value.details == {"cap": "alert_rules", "limit": 3, "used": 3, "upgradeTo": "starter"}
    with pytest.raises(TierLimitError) as refused:
        await made(app_database, user, whale(enabled=False))
    assert refused.value.details["used"] == 5
    await toggled(app_database, user, rules[1], enabled=False)
    waiting = (rules[0], rules[4])
    results = await asyncio.gather(
        *(toggled(app_database, user, rule, enabled=True) for rule in waiting), return_exceptions=True
    )
    assert sum(isinstance(result, TierLimitError) for result in results) == 1
    assert sum(rule.enabled for rule in await rules_of(app_database, user)) == 3


async def test_a_smaller_plan_pauses_the_newest_and_a_larger_one_brings_them_back(
    app_database, worker_database, make_user
):
    user = await make_user("pro")
    rules = [await made(app_database, user, whale(name=f"r{number}")) for number in range(6)]
    user, done = await moved(worker_database, user, "free")
    assert done.paused == [rule.id for rule in rules[3:]]
    shown = await rules_of(app_database, user)
    assert [(rule.enabled, rule.paused_by_plan) for rule in shown] == [(True, False)] * 3 + [(False, True)] * 3
    async with worker_database.unit_of_work() as session:
        again = await service.enforce_caps(session, user.id, "free")
    assert (again.paused, again.resumed) == ([], [])
    await toggled(app_database, user, rules[3], enabled=False)  # paused by the user now: no plan brings it back
    user, done = await moved(worker_database, user, "starter")
    assert done.resumed == [rules[4].id, rules[5].id]
    assert [rule.enabled for rule in await rules_of(app_database, user)] == [True] * 3 + [False] + [True] * 2
    async with worker_database.unit_of_work() as session:
        rows = await session.execute(text("select action from audit_log where user_id = :id"), {"id": user.id})
        by_plan = sorted(row.action for row in rows if not row.action.startswith("alert_rule."))
        assert by_plan == [
            *["account.tier_changed"] * 2,
            *("alert_rules.paused_by_plan", "alert_rules.resumed_by_plan"),
        ]


async def test_wallets_count_once_among_active_rules(app_database, worker_database, make_user):
    user = await make_user("starter")
    first = await made(app_database, user, whale(conditions={"wallet": WALLETS[:9]}))
    results = await asyncio.gather(
        *(made(app_database, user, whale(conditions={"wallet": WALLETS[place]})) for place in (20, 21)),
        return_exceptions=True,
    )
    (refused,) = [result for result in results if isinstance(result, TierLimitError)]
    assert refused.details == {"cap": "watched_wallets", "limit": 10, "used": 10, "upgradeTo": "pro"}
    paused = await made(app_database, user, whale(conditions={"wallet": WALLETS[30:35]}, enabled=False))
    for attempt in (
        toggled(app_database, user, paused, enabled=True),
        made(app_database, user, whale(conditions={"wallet": WALLETS[30]})),
    ):
        with pytest.raises(TierLimitError) as caught:
            await attempt
        assert caught.value.details["cap"] == "watched_wallets"
    async with app_database.unit_of_work(user.id) as session:
        with pytest.raises(TierLimitError):
            await service.update_rule(session, user, first.id, RuleUpdate(conditions={"wallet": WALLETS[:10]}))
        await service.update_rule(session, user, first.id, RuleUpdate(conditions={"wallet": WALLETS[:8]}))
        counts = await service.alert_counts(session, user)
    assert (counts.wallets_watched, counts.wallets_limit) == (9, 10)
    user, done = await moved(worker_database, user, "free")
    assert done.paused == [first.id], "eight wallets are too many, the single one of the newer rule is not"


async def test_a_rule_made_while_the_plan_shrinks_is_not_missed(app_database, worker_database, make_user):
    user = await make_user("pro")
    for number in range(3):
        await made(app_database, user, whale(name=f"r{number}"))
    (_, done), *_ = await asyncio.gather(
        moved(worker_database, user, "free"), *(made(app_database, user, whale(name=str(new_id()))) for _ in range(3))
    )
    async with worker_database.unit_of_work() as session:
        later = await service.enforce_caps(session, user.id, "free")
    assert len(done.paused) + len(later.paused) == 3
