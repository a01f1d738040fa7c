"""What is held back now, the messages of a rule, and runs and analytics as files, over REST."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.core.clock import utc_now
from backend.core.ids import new_id
from backend.notifications.engine.holding import Hold
from backend.notifications.schemas import NewMessage
from backend.notifications.service import enqueue
from tests.integration.api.conftest import WHALE, Api

DASHBOARD, DELIVERIES = "/v1/alerts/dashboard", "/v1/notifications/deliveries"


async def message(api: Api, user: CurrentUser, channel: str = "email", hold: Hold | None = None, **more: object) -> str:
    """Put a message in the outbox."""
    new = NewMessage(
        user_id=user.id, channel=channel, destination="a@example.com", event_type="alert.triggered",
        payload={"message": "It moved"}, **more,
    )  # type: ignore[arg-type] # fmt: skip
    async with api.admin.unit_of_work() as session:
        await enqueue(session, [new.held(hold) if hold else new])
    return str(new.id)


async def alerts(api: Api, user: CurrentUser, rule_id: str, count: int, at: datetime, *, suppressed: bool) -> None:
    """Write alerts of a moment into the history."""
    async with api.admin.unit_of_work() as session:
        await session.execute(text("select ensure_month_partition('alert_history', :at)"), {"at": at})
        for _ in range(count):
            await session.execute(
                text(
                    "insert into alert_history (id, triggered_at, alert_rule_id, user_id, rule_version, type, event_id,"
                    " chain_id, block_number, block_hash, message, event_data, suppressed) values (:id, :at, :rule,"
                    " :user, 1, 'whale', :event, 1, 5, '0xb', 'm', '{}', :suppressed)"
                ),
                {
                    "id": new_id(), "at": at, "rule": rule_id, "user": user.id, "event": str(new_id()),
                    "suppressed": suppressed,
                },
            )  # fmt: skip


async def test_what_is_held_now_and_until_when(api: Api) -> None:
    user, other = await api.new_user("free"), await api.new_user("free")
    client = api.client_of(user)
    rule = (await client.post("/v1/alerts/rules", json=WHALE)).data
    assert (await client.get(DASHBOARD)).data["held"] == {"messages": [], "silent": []}

    seven, eight = (utc_now().replace(microsecond=0) + timedelta(hours=ahead) for ahead in (7, 8))
    quiet = await message(api, user, hold=Hold(seven, "quiet", "quiet"))
    await message(api, user, hold=Hold(eight, "quiet", "quiet"))
    await message(api, user, "push", hold=Hold(eight, "digest", "digest"))
    await message(api, user)  # goes out
    await message(api, other, hold=Hold(seven, "quiet", "quiet"))
    now = utc_now()
    await alerts(api, user, rule["id"], 5, now, suppressed=False)
    await alerts(api, user, rule["id"], 2, now, suppressed=True)

    held = (await client.get(DASHBOARD)).data["held"]
    first, last = (each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in (seven, eight))
    assert held["messages"] == [
        {"heldFor": "quiet", "channel": "email", "messages": 2, "until": first, "lastUntil": last},
        {"heldFor": "digest", "channel": "push", "messages": 1, "until": last, "lastUntil": last},
    ]
    (silent,) = held["silent"]
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    assert (silent["per"], silent["limit"], silent["alerts"], silent["upgradeTo"]) == ("hour", 5, 2, "starter")
    assert silent["until"] == hour.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    await alerts(api, user, rule["id"], 35, midnight, suppressed=False)
    (silent,) = (await client.get(DASHBOARD)).data["held"]["silent"]
    assert (silent["per"], silent["limit"], silent["alerts"]) == ("day", 40, 2), "the day says it for both"

    sent = await client.post(f"{DELIVERIES}/{quiet}/resend")
    assert sent.data["status"] == "pending"
    assert (await client.get(DASHBOARD)).data["held"]["messages"][0]["messages"] == 1


async def test_messages_of_one_rule(api: Api) -> None:
    user, other = await api.new_user(), await api.new_user()
    client = api.client_of(user)
    one, two = [(await client.post("/v1/alerts/rules", json=WHALE)).data["id"] for _ in range(2)]
    mine = [await message(api, user, alert_rule_id=UUID(one)) for _ in range(2)]
    await message(api, user, alert_rule_id=UUID(two))
    await message(api, user)
    for address in (DELIVERIES, "/v1/alerts/deliveries"):
        page = (await client.get(f"{address}?ruleId={one}")).data
        assert page["total"] == 2 and {each["id"] for each in page["items"]} == set(mine)
        assert (await client.get(f"{address}?ruleId={one}&status=dead")).data["total"] == 0
        assert (await api.client_of(other).get(f"{address}?ruleId={one}")).data["total"] == 0
        assert (await client.get(f"{address}?ruleId=x")).status == 422


async def runs(api: Api, user: CurrentUser) -> list[UUID]:
    """Write a run with two steps and one that waits, of a rule whose name would be a formula."""
    ids = [new_id(), new_id()]
    rule = UUID((await api.client_of(user).post("/v1/alerts/rules", json=WHALE)).data["id"])
    at = datetime(2026, 5, 2, 10, tzinfo=UTC)
    async with api.admin.unit_of_work() as session:
        for place, run_id in enumerate(ids):
            await session.execute(
                text(
                    "insert into automation_runs (id, user_id, alert_id, alert_rule_id, rule_name, kind, triggered_at,"
                    " news_at, path, plan, status, branch, created_at) values (:id, :user, :alert, :rule, '=cmd|x',"
                    " 'price', :at, :at, array[cast(cast(:rule as uuid) as text)], '{}', :status, :branch, :at)"
                ),
                {
                    "id": run_id, "user": user.id, "alert": new_id(), "rule": rule,
                    "at": at + timedelta(minutes=place), "status": ("done", "waiting")[place],
                    "branch": ("then", None)[place],
                },
            )  # fmt: skip
        for number in (1, 0):
            await session.execute(
                text(
                    "insert into automation_steps (run_id, number, user_id, type, outcome, summary, details,"
                    " started_at, ended_at) values (:run, :number, :user, 'notify', 'done', :summary, '{}', :at,"
                    " :at + interval '12.5 milliseconds')"
                ),
                {"run": ids[0], "number": number, "user": user.id, "summary": f"+step {number}", "at": at},
            )
    return ids


def lines_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


async def test_the_execution_log_as_files(api: Api) -> None:
    user, other = await api.new_user(), await api.new_user()
    client, where = api.client_of(user), "/v1/alerts/automation/runs/export"
    done, waiting = await runs(api, user)
    await runs(api, other)
    reply = await client.get(where)
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="automation-runs-')
    lines = lines_of(reply.content)
    assert [(line["runId"], line["step"]) for line in lines] == [(str(waiting), ""), (str(done), "0"), (str(done), "1")]
    assert (lines[1]["ruleName"], lines[1]["stepSummary"], lines[1]["stepMilliseconds"]) == (
        "'=cmd|x", "'+step 0", "12.5",
    )  # fmt: skip
    found = orjson.loads((await client.get(f"{where}?format=json")).content)
    assert found == [(await client.get(f"/v1/alerts/automation/runs/{each}")).data for each in (waiting, done)]
    only = lines_of((await client.get(f"{where}?status=waiting")).content)
    assert [line["runId"] for line in only] == [str(waiting)]
    assert lines_of((await client.get(f"{where}?since=2027-01-01T00:00:00Z")).content) == []
    assert (await client.get(f"{where}?format=xlsx")).status == 422
    assert (await api.anonymous.get(where)).status == 401
    async with api.admin.unit_of_work() as session:
        logged = await session.execute(
            text("select count(*) from audit_log where user_id = :id and action = 'automation_runs.exported'"),
            {"id": user.id},
        )
        assert logged.scalar_one() == 4


async def test_the_analytics_as_files(api: Api) -> None:
    client = api.client_of(user := await api.new_user())
    rule = (await client.post("/v1/alerts/rules", json={**WHALE, "name": "@whales"})).data
    await alerts(api, user, rule["id"], 3, utc_now(), suppressed=False)
    where = "/v1/alerts/analytics"
    found = orjson.loads((await client.get(f"{where}/export?format=json&days=2")).content)
    shown = (await client.get(f"{where}?days=2")).data
    assert {**found, "asOf": ""} == {**shown, "asOf": ""}
    reply = await client.get(f"{where}/export?days=2")
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="alert-analytics-')
    lines = lines_of(reply.content)
    assert [line["what"] for line in lines] == ["total", "day", "day", "kind", "chain", "rule", *["latency"] * 3]
    assert [line["told"] for line in lines if line["what"] in ("total", "kind", "rule")] == ["3"] * 3
    assert next(line["name"] for line in lines if line["what"] == "rule") == "'@whales"
    assert (await client.get(f"{where}/export?days=0")).status == 422
