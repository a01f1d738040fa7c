"""Rules, history and deliveries as a program sees them, and that nobody sees anybody else's."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from backend.core.ids import new_id
from tests.integration.api.conftest import WHALE, Api

PRICE = {
    "name": "WETH below",
    "type": "price",
    "conditions": {"chain": 31337, "token": "ETH", "price_usd": 100},
}


async def add_alert(api: Api, user_id: UUID, rule_id: str, message: str, minute: int, withdrawn: bool = False) -> UUID:
    """Write an alert as the worker does."""
    alert_id, at = new_id(), datetime(2026, 3, 4, 5, minute, tzinfo=UTC)
    async with api.admin.unit_of_work() as session:
        await session.execute(text("select ensure_month_partition('alert_history', :at)"), {"at": at})
        await session.execute(
            text(
                "insert into alert_history (id, triggered_at, alert_rule_id, user_id, rule_version, type, event_id,"
                " chain_id, block_number, block_hash, tx_hash, token, message, event_data, withdrawn_at)"
                " values (:id, :at, :rule, :user, 1, 'whale', :event, 31337, 7, '0xb', '0xt', '0xtoken', :message,"
                " cast(:data as jsonb), :withdrawn_at)"
            ),
            {
                "id": alert_id,
                "at": at,
                "rule": rule_id,
                "user": user_id,
                "event": f"31337:0xb:{alert_id}",
                "message": message,
                "data": orjson.dumps({"kind": "transfer", "chain_id": 31337, "symbol": "=cmd()"}).decode(),
                "withdrawn_at": at if withdrawn else None,
            },
        )
    return alert_id


async def test_a_rule_from_making_to_deleting(api: Api) -> None:
    client = api.client_of(await api.new_user())
    made = await client.post("/v1/alerts/rules", json=WHALE)
    assert made.status == 201
    assert made.json["meta"]["requestId"] == made.headers["X-Request-ID"]
    rule = made.data
    path = f"/v1/alerts/rules/{rule['id']}"
    assert rule["enabled"] is True and rule["version"] == 1 and rule["cooldownSeconds"] == 0
    assert {"id", "name", "type", "conditions", "actions", "createdAt", "lastTriggeredAt", "frequency"} <= set(rule)

    assert (await client.get(path)).data == rule
    listed = (await client.get("/v1/alerts/rules")).data
    assert listed == {"items": [rule], "total": 1, "page": 1, "pageSize": 20}

    changed = await client.send("PUT", path, json={"name": "Bigger whales", "cooldownSeconds": 60, "version": 1})
    assert (changed.status, changed.data["name"], changed.data["version"]) == (200, "Bigger whales", 2)
    stale = await client.send("PUT", path, json={"name": "Again", "version": 1})
    assert (stale.status, stale.error["code"]) == (409, "CONFLICT")

    assert (await client.post(f"{path}/pause")).data["enabled"] is False
    assert (await client.get("/v1/alerts/rules?enabled=true")).data["total"] == 0
    assert (await client.post(f"{path}/resume")).data["enabled"] is True

    gone = await client.send("DELETE", path)
    assert (gone.status, gone.data) == (200, {"id": rule["id"], "deleted": True})
    for method, where in (("GET", path), ("DELETE", path), ("PUT", path), ("POST", f"{path}/pause")):
        reply = await client.send(method, where, json={"name": "x"})
        assert (reply.status, reply.json["success"]) == (404, False)


async def test_a_bad_rule_says_which_field_and_why(api: Api) -> None:
    client = api.client_of(await api.new_user())
    reply = await client.post("/v1/alerts/rules", json={**WHALE, "name": "", "cooldownSeconds": -1})
    assert (reply.status, reply.error["code"]) == (422, "INVALID_INPUT")
    assert {"name", "cooldownSeconds"} <= set(reply.error["details"])
    reply = await client.post("/v1/alerts/rules", json={**WHALE, "conditions": {"value_usd": 1}})
    assert (reply.status, reply.error["code"]) == (422, "INVALID_INPUT")
    assert reply.error["details"]


async def test_pages_of_rules(api: Api) -> None:
    client = api.client_of(await api.new_user())
    for number in range(5):
        assert (await client.post("/v1/alerts/rules", json={**WHALE, "name": f"Rule {number}"})).status == 201
    first = (await client.get("/v1/alerts/rules?pageSize=2")).data
    last = (await client.get("/v1/alerts/rules?page=3&pageSize=2&type=whale")).data
    assert (first["total"], len(first["items"]), len(last["items"]), last["page"]) == (5, 2, 1, 3)
    assert (await client.get("/v1/alerts/rules?pageSize=101")).status == 422
    assert (await client.get("/v1/alerts/rules?page=0")).status == 422
    assert (await client.get("/v1/alerts/rules?colour=red")).error["details"] == {
        "colour": "Extra inputs are not permitted"
    }


async def test_the_plan_limits_the_number_of_rules(api: Api) -> None:
    client = api.client_of(await api.new_user(tier="free"))
    statuses = [(await client.post("/v1/alerts/rules", json=WHALE)).status for _ in range(4)]
    assert statuses == [201, 201, 201, 403]


async def test_nobody_reads_or_changes_what_is_another_user_s(api: Api) -> None:
    owner, stranger = await api.new_user(), await api.new_user()
    mine, theirs = api.client_of(owner), api.client_of(stranger)
    rule = (await mine.post("/v1/alerts/rules", json=WHALE)).data
    await add_alert(api, owner.id, rule["id"], "secret whale", 1)
    delivery = (await mine.post("/v1/alerts/webhook-test", json={"destination": "https://example.com/"})).data

    path = f"/v1/alerts/rules/{rule['id']}"
    attempts: list[tuple[str, str, Any]] = [
        ("GET", path, None),
        ("PUT", path, {"name": "stolen"}),
        ("DELETE", path, None),
        ("POST", f"{path}/pause", None),
        ("POST", f"{path}/resume", None),
        ("POST", f"/v1/alerts/deliveries/{delivery['id']}/resend", None),
    ]
    for method, where, body in attempts:
        reply = await theirs.send(method, where, json=body)
        assert reply.status == 404, (method, where, reply.content)
        missing = await theirs.send(method, where.replace(rule["id"], str(uuid4())), json=body)
        assert missing.error == reply.error, "another's id must read like one that does not exist"
    for where in ("/v1/alerts/rules", "/v1/alerts/history", "/v1/alerts/deliveries"):
        assert (await theirs.get(where)).data["total"] == 0
        assert (await mine.get(where)).data["total"] == 1
    assert (await theirs.get(f"/v1/alerts/history?ruleId={rule['id']}")).data["total"] == 0
    assert b"secret whale" not in (await theirs.get("/v1/alerts/history/export")).content
    secrets = {(await client.get("/v1/alerts/webhook-secret")).data["secret"] for client in (mine, theirs)}
    assert len(secrets) == 2
    assert (await mine.get(path)).data["name"] == "Whales"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/alerts/rules", "/v1/alerts/history", "/v1/alerts/history/export", "/v1/alerts/deliveries", "/v1/chains",
        "/v1/alerts/webhook-secret", "/v1/market/prices", "/v1/auth/me",
    ],
)  # fmt: skip
async def test_everything_wants_somebody_signed_in(api: Api, path: str) -> None:
    assert (await api.anonymous.get(path)).status == 401


async def test_history_with_filters_and_exports(api: Api) -> None:
    user = await api.new_user()
    client = api.client_of(user)
    rule = (await client.post("/v1/alerts/rules", json=WHALE)).data
    ids = [await add_alert(api, user.id, rule["id"], f"whale {n}", n, withdrawn=n == 3) for n in range(1, 6)]

    page = (await client.get("/v1/alerts/history?pageSize=2")).data
    assert (page["total"], [item["message"] for item in page["items"]]) == (5, ["whale 5", "whale 4"])
    newest = page["items"][0]
    assert newest["alertId"] == newest["id"] == str(ids[4]) and newest["ruleId"] == rule["id"]
    assert newest["triggeredAt"] == newest["timestamp"] == "2026-03-04T05:05:00.000Z"
    withdrawn = (await client.get("/v1/alerts/history?status=withdrawn")).data
    assert [item["message"] for item in withdrawn["items"]] == ["whale 3"]
    since = (await client.get("/v1/alerts/history?since=2026-03-04T05:02:00Z&until=2026-03-04T05:04:00")).data
    assert [item["message"] for item in since["items"]] == ["whale 3", "whale 2"]
    for query in ("since=yesterday", "since=0001-01-01T00:00:00Z", "chainId=0", "type=weather", "ruleId=7", "status=x"):
        assert (await client.get(f"/v1/alerts/history?{query}")).status == 422, query

    exported = await client.get("/v1/alerts/history/export?format=json&status=active")
    assert exported.headers["Content-Disposition"].startswith('attachment; filename="alerts-')
    assert exported.headers["Content-Type"] == "application/json"
    assert [item["message"] for item in orjson.loads(exported.content)] == ["whale 5", "whale 4", "whale 2", "whale 1"]
    csv = await client.get("/v1/alerts/history/export")
    assert csv.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = csv.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 6 and lines[0].startswith("triggeredAt,")
    assert ",=cmd" not in csv.content.decode(), "a spreadsheet must not run what a token is called"


async def test_a_test_webhook_waits_in_the_deliveries(api: Api) -> None:
    client = api.client_of(await api.new_user())
    reply = await client.post("/v1/alerts/webhook-test", json={"destination": "https://Example.com/hook"})
    assert (reply.status, reply.data["status"], reply.data["destination"]) == (
        201,
        "pending",
        "https://example.com/hook",
    )
    again = await client.post(f"/v1/alerts/deliveries/{reply.data['id']}/resend")
    assert (again.status, again.error["code"]) == (409, "CONFLICT")
    refused = await client.post("/v1/alerts/webhook-test", json={"destination": "https://169.254.169.254/"})
    assert refused.error["details"] == {"destination": "must not point at a private or local address"}
    statuses = [
        (await client.post("/v1/alerts/webhook-test", json={"destination": "https://example.com/"})).status
        for _ in range(12)
    ]
    assert statuses[-1] == 429
