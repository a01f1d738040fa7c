"""Automation, figures, previews, templates and recommendations as a program sees them."""

from uuid import uuid4

from tests.integration.api.conftest import WHALE, Api


async def test_automation_from_making_to_deleting(api: Api) -> None:
    user = await api.new_user()
    client, stranger = api.client_of(user), api.client_of(await api.new_user())
    other = (await client.post("/v1/alerts/rules", json=WHALE)).data
    plain = await client.post("/v1/alerts/automation", json=WHALE)
    assert (plain.status, plain.error["code"]) == (422, "INVALID_INPUT")
    body = {**WHALE, "actions": [{"type": "disable_rule", "ruleId": other["id"]}]}
    made = await client.post("/v1/alerts/automation", json=body)
    assert (made.status, made.data["actions"][0]["ruleId"]) == (201, other["id"])
    listed = (await client.get("/v1/alerts/automation")).data
    assert [each["id"] for each in listed["items"]] == [made.data["id"]]
    path = f"/v1/alerts/automation/{made.data['id']}"
    changed = await client.send("PUT", path, json={"elseActions": [{"type": "in_app"}]})
    assert [each["type"] for each in changed.data["elseActions"]] == ["in_app"]
    for method in ("PUT", "DELETE"):
        assert (await stranger.send(method, path, json={})).status == 404
    assert (await client.get("/v1/alerts/automation/runs")).data["total"] == 0
    assert (await client.get("/v1/alerts/automation/history?status=failed")).data["items"] == []
    missing = await client.get(f"/v1/alerts/automation/runs/{uuid4()}")
    assert (missing.status, missing.error["code"]) == (404, "RUN_NOT_FOUND")
    assert (await client.send("DELETE", path)).status == 200


async def test_figures_and_advice(api: Api) -> None:
    client = api.client_of(await api.new_user())
    await client.post("/v1/alerts/rules", json=WHALE)
    dashboard = (await client.get("/v1/alerts/dashboard")).data
    assert (dashboard["rulesTotal"], len(dashboard["hours"]), dashboard["deliveries"]["ratePct"]) == (1, 24, None)
    analytics = (await client.get("/v1/alerts/analytics?days=14&unit=week")).data
    assert analytics["total"]["alerts"] == 0 and len(analytics["periods"]) in (2, 3)
    assert (await client.get("/v1/alerts/analytics?days=0")).status == 422

    tried = (await client.post("/v1/alerts/rules/preview", json=WHALE)).data
    assert (tried["count"], tried["canPreview"]) == (0, False) and tried["notes"]
    assert (await client.get("/v1/alerts/rules")).data["total"] == 1

    offered = (await client.get("/v1/alerts/templates?kind=whale")).data
    assert {each["kind"] for each in offered} == {"whale"} and len(offered) >= 3
    wallet = {"wallets": ["0x" + "12" * 20]}
    made = await client.post("/v1/alerts/templates/wallet-moves", json={"parameters": wallet, "name": "Mine"})
    assert (made.status, made.data["name"], made.data["type"]) == (201, "Mine", "whale")
    blank = await client.post("/v1/alerts/templates/wallet-moves", json={})
    assert (blank.status, list(blank.error["details"])) == (422, ["parameters.wallets"])
    assert (await client.post("/v1/alerts/templates/nothing", json={})).status == 404

    assert (await client.get("/v1/alerts/recommendations")).data["items"] == []
    for verb in ("accept", "dismiss"):
        assert (await client.post(f"/v1/alerts/recommendations/{uuid4()}/{verb}")).status == 404
