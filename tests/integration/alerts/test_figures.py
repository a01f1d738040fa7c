"""Dashboard and analytics: the same figures whether days are rolled up or read live, and nobody else's."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from backend.alerts.insights import service as insights
from backend.core import clock
from backend.core.errors import InvalidInputError
from backend.core.ids import new_id
from tests.integration.alerts.conftest import insert_alert
from tests.integration.alerts.test_service import made, whale

NOW = datetime(2024, 5, 20, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _may_2024():
    clock.use_clock(NOW.timestamp)
    yield
    clock.use_clock(None)


@pytest.fixture(autouse=True)
async def _nothing_rolled_up(admin_database):
    async with admin_database.unit_of_work() as session:
        for table in ("alert_days", "delivery_days", "alert_roll_up", "alert_history", "notification_outbox"):
            await session.execute(text(f"delete from {table}"))


async def message(database, user, alert_id, at, status="sent", seconds=1, channel="webhook"):
    async with database.unit_of_work() as session:
        await session.execute(
            text(
                "insert into notification_outbox (id, user_id, alert_id, channel, destination, event_type, payload,"
                " status, created_at, sent_at) values (:id, :user, :alert, :channel, 'https://example.com/h', 'alert',"
                " '{}', :status, :at, :sent)"
            ),
            {
                "id": new_id(), "user": user.id, "alert": alert_id, "channel": channel, "status": status, "at": at,
                "sent": at + timedelta(seconds=seconds) if status == "sent" else None,
            },
        )  # fmt: skip


async def stored_at(database, alert_id, seconds, **flags):
    """Say that the alert was stored so many seconds after its block, and whether it is withdrawn or suppressed."""
    async with database.unit_of_work() as session:
        await session.execute(
            text(
                "update alert_history set recorded_at = triggered_at + make_interval(secs => :seconds),"
                " suppressed = :suppressed, withdrawn_at = case when :withdrawn then triggered_at end where id = :id"
            ),
            {"id": alert_id, "seconds": seconds, "suppressed": False, "withdrawn": False, **flags},
        )


async def a_history(admin_database, app_database, user):
    """Two rules; alerts on three days of May, one of them suppressed and one withdrawn; messages of three outcomes."""
    first, second = await made(app_database, user, whale(name="First")), await made(app_database, user, whale(name="B"))
    moments = ["2024-05-01 23:59:59+00", "2024-05-02 00:00:00+00", "2024-05-02 10:00:00+00", "2024-05-20 12:00:00+00"]
    ids = []
    for number, at in enumerate(moments):
        ids.append(await insert_alert(admin_database, user, first.id, f"e{number}", at=at))
        await stored_at(admin_database, ids[-1], 2 + number)
    silent = await insert_alert(admin_database, user, second.id, "silent", at=moments[2], chain=10)
    gone = await insert_alert(admin_database, user, second.id, "gone", at=moments[2], chain=10, type="price")
    await stored_at(admin_database, silent, 1, suppressed=True)
    await stored_at(admin_database, gone, 1, withdrawn=True)
    noon = datetime(2024, 5, 2, 12, tzinfo=UTC)
    await message(admin_database, user, ids[2], noon, seconds=3)
    await message(admin_database, user, ids[2], noon, status="dead")
    await message(admin_database, user, ids[3], NOW - timedelta(hours=1), seconds=1, channel="email")
    await message(admin_database, user, ids[3], NOW - timedelta(hours=1), status="pending")
    return first, second


async def analysed(app_database, user, *wanted):
    async with app_database.unit_of_work(user.id) as session:
        return await insights.analytics(session, user, *wanted)


async def test_figures_are_the_same_rolled_up_or_live(admin_database, app_database, worker_database, make_user):
    user, other = await make_user(), await make_user()
    first, second = await a_history(admin_database, app_database, user)
    await a_history(admin_database, app_database, other)
    wanted = [(30, "day"), (20, "week"), (366, "month"), (1, "day"), (5, "day", date(2024, 5, 4))]
    live = [await analysed(app_database, user, *each) for each in wanted]
    assert await insights.roll_up(worker_database) == 18
    async with admin_database.unit_of_work() as session:
        # What is rolled up is not read live any more: without its rows the figures stay.
        await session.execute(text("delete from notification_outbox where created_at < '2024-05-19'"))
        await session.execute(text("delete from alert_history where triggered_at < '2024-05-19'"))
    rolled = [await analysed(app_database, user, *each) for each in wanted]
    for before, after in zip(live, rolled, strict=True):
        assert before.model_dump(exclude={"latency"}) == after.model_dump(exclude={"latency"})

    month = live[0]
    assert (month.first, month.last, len(month.periods)) == (date(2024, 4, 21), date(2024, 5, 20), 30)
    assert month.total.model_dump() == {"alerts": 6, "told": 4, "suppressed": 1, "withdrawn": 1}
    told = {each.start: each.told for each in month.periods if each.alerts}
    assert told == {date(2024, 5, 1): 1, date(2024, 5, 2): 2, date(2024, 5, 20): 1}
    assert [(each.kind, each.alerts) for each in month.kinds] == [("whale", 5), ("price", 1)]
    assert [(each.chain_id, each.chain, each.told) for each in month.chains] == [
        (1, "Ethereum", 4),
        (10, "OP Mainnet", 0),
    ]
    assert [(each.rule_id, each.name, each.alerts) for each in month.top_rules] == [
        (first.id, "First", 4), (second.id, "B", 2)
    ]  # fmt: skip
    assert (month.deliveries.sent, month.deliveries.dead, month.deliveries.waiting) == (2, 1, 1)
    assert month.deliveries.rate_pct == 66.67
    assert [(each.channel, each.sent, each.rate_pct) for each in month.channels] == [
        ("email", 1, 100.0), ("webhook", 1, 50.0)
    ]  # fmt: skip
    assert [(each.start, each.alerts) for each in live[1].periods] == [
        (date(2024, 4, 29), 5), (date(2024, 5, 6), 0), (date(2024, 5, 13), 0), (date(2024, 5, 20), 1)
    ]  # fmt: skip
    assert (len(live[2].periods), live[2].periods[-1].start, live[2].periods[-1].alerts) == (13, date(2024, 5, 1), 6)
    assert (live[3].total.alerts, live[4].total.alerts) == (1, 5)


async def test_latency_is_that_of_the_newest(admin_database, app_database, make_user):
    user = await make_user()
    await a_history(admin_database, app_database, user)
    found = (await analysed(app_database, user, 30)).latency
    assert (found.event_to_stored.sample, found.event_to_stored.p50_ms, found.event_to_stored.p95_ms) == (6, 2500, 4750)
    assert (found.stored_to_delivered.p50_ms, found.stored_to_delivered.sample) == (2000, 2)
    # Block at 10:00, delivered at 12:00:03; block at 12:00, "delivered" 11:30:01: before its block, which is no time.
    assert (found.event_to_delivered.p50_ms, found.event_to_delivered.sample) == (7_203_000, 1)
    none = (await analysed(app_database, await make_user(), 30)).latency
    assert (none.event_to_stored.p50_ms, none.event_to_delivered.p95_ms, none.stored_to_delivered.sample) == (
        None,
        None,
        0,
    )


async def test_a_dashboard_shows_every_kind_of_rule(admin_database, app_database, make_user):
    user = await make_user()
    await a_history(admin_database, app_database, user)
    async with app_database.unit_of_work(user.id) as session:
        shown = await insights.dashboard(session, user)
    assert (shown.rules_total, shown.rules_active, shown.rules_paused) == (2, 2, 0)
    assert [(each.kind, each.rules, each.alerts_7d) for each in shown.kinds] == [("whale", 2, 1)]
    assert (shown.last_24h.told, shown.last_7d.told, shown.last_30d.told) == (1, 1, 4)
    assert len(shown.hours) == 24 and shown.hours[-1].start == datetime(2024, 5, 20, 12, tzinfo=UTC)
    assert [each.told for each in shown.hours if each.alerts] == [1] and shown.hours[-1].told == 1
    assert (shown.deliveries.sent, shown.deliveries.waiting, shown.deliveries.rate_pct) == (1, 1, 100)
    assert len(shown.newest) == 6 and shown.newest[0].triggered_at == datetime(2024, 5, 20, 12, tzinfo=UTC)
    assert shown.as_of == NOW

    async with app_database.unit_of_work((other := await make_user()).id) as session:
        empty = await insights.dashboard(session, other)
    assert (empty.rules_total, empty.last_30d.alerts, empty.newest, empty.deliveries.rate_pct) == (0, 0, [], None)


async def test_a_week_is_counted_again_each_night(admin_database, app_database, worker_database, make_user):
    user = await make_user()
    rule = await made(app_database, user, whale())
    await insert_alert(admin_database, user, rule.id, "old", at="2024-05-03 10:00:00+00")
    late = await insert_alert(admin_database, user, rule.id, "late", at="2024-05-17 10:00:00+00")
    await insights.roll_up(worker_database)
    await stored_at(admin_database, late, 1, withdrawn=True)
    assert (await analysed(app_database, user, 30)).total.withdrawn == 0
    assert await insights.roll_up(worker_database) == insights.COUNTED_AGAIN_DAYS
    assert (await analysed(app_database, user, 30)).total.model_dump() == {
        "alerts": 2, "told": 1, "suppressed": 0, "withdrawn": 1
    }  # fmt: skip


async def test_nothing_to_roll_up(worker_database):
    assert await insights.roll_up(worker_database) == 0


@pytest.mark.parametrize(("days", "last"), [(0, None), (367, None), (1, date(2024, 5, 22)), (1, date(1999, 1, 1))])
async def test_a_span_that_cannot_be_counted(app_database, make_user, days, last):
    user = await make_user()
    async with app_database.unit_of_work(user.id) as session:
        with pytest.raises(InvalidInputError):
            await insights.analytics(session, user, days, "day", last)
