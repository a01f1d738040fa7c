"""Target allocations and plans over the API, on a chain that this installation does not read."""

from decimal import Decimal

from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import utc_now
from backend.portfolio.snapshots.records import make_snapshot
from tests.integration.api.conftest import Api
from tests.integration.portfolio.snapshots.conftest import asset, chain

PATH = "/v1/portfolio/target-allocation"


def target(name: str = "Calm", **shares: str) -> dict:
    parts = [{"key": key, "sharePct": share} for key, share in (shares or {"ETH": "60", "USDC": "40"}).items()]
    return {"name": name, "parts": parts}


async def test_targets_are_saved_changed_and_one_is_active(api: Api):
    user, other = await api.new_user("starter"), await api.new_user("starter")
    mine, theirs = api.client_of(user), api.client_of(other)
    calm = await mine.post(PATH, json=target())
    assert (calm.status, calm.data["isActive"], calm.data["parts"][0]) == (201, True, {"key": "ETH", "sharePct": "60"})
    bold = (await mine.post(PATH, json=target("Bold", ETH="100"))).data
    listed = (await mine.get(PATH)).data
    assert [(each["name"], each["isActive"]) for each in listed["items"]] == [("Bold", True), ("Calm", False)]
    assert (listed["total"], listed["limit"]) == (2, 3)
    taken = await mine.post(PATH, json=target("CALM"))
    assert (taken.status, "name" in taken.error["details"]) == (409, True)
    wrong = await mine.post(PATH, json=target("Third", ETH="60", USDC="39.9"))
    assert wrong.status == 422 and "99.9 %: 0.1 % is missing" in str(wrong.error)
    one = f"{PATH}/{calm.data['id']}"
    assert (await theirs.send("PUT", one, json=target())).status == 404
    assert (await theirs.send("DELETE", one)).status == 404
    changed = await mine.send("PUT", one, json={**target("Calmer", USDC="100"), "tolerancePct": "2.5"})
    assert (changed.data["name"], changed.data["tolerancePct"], changed.data["isActive"]) == ("Calmer", "2.5", True)
    assert (await mine.send("DELETE", f"{PATH}/{bold['id']}")).data == {"id": bold["id"]}
    assert [each["name"] for each in (await mine.get(PATH)).data["items"]] == ["Calmer"]


async def test_the_plan_caps_targets(api: Api):
    client = api.client_of(await api.new_user("free"))
    assert (await client.post(PATH, json=target())).status == 201
    full = await client.post(PATH, json=target("Second"))
    assert (full.status, full.error["details"]["upgradeTo"]) == (403, "starter")


async def test_a_plan_is_made_of_the_newest_snapshot(api: Api, save):
    user = await api.new_user("starter")
    client = api.client_of(user)
    empty = (await client.get("/v1/portfolio/rebalancing")).data
    assert (empty["status"], empty["target"]) == ("no_portfolio", None)
    native = {"token": NATIVE_TOKEN, "symbol": "ETH", "category": "native"}
    parts = [asset("900", 1, **native), asset("100", 1), asset(None, 1, token="0x" + "55" * 20, price_usd=None)]
    await save(make_snapshot(user.id, utc_now(), [chain(1)], parts, is_complete=True))
    assert (await client.get("/v1/portfolio/rebalancing")).data["status"] == "no_target"
    token = f"1:{parts[1].token}"
    saved = (await client.post(PATH, json=target("Half", ETH="50", **{token: "50"}))).data
    plan = (await client.get("/v1/portfolio/rebalancing")).data
    (trade,) = plan["trades"]
    assert (plan["status"], plan["wholeUsd"], trade["sell"]["symbol"]) == ("planned", "1000", "ETH")
    assert {each["key"]: (each["driftPct"], each["mark"]) for each in plan["drifts"]} == {
        "ETH": ("40", "over"),
        token: ("-40", "under"),
    }
    # Nobody is asked about this chain, so what the trade costs is unknown and not zero.
    assert (trade["gasUsd"], trade["slippageUsd"], plan["costUsd"], plan["isCostKnown"]) == (None, None, None, False)
    assert "costs are unknown" in plan["costs"][0]["problem"]
    assert [each["reason"] for each in plan["leftOut"]] == ["no source has a price for it"]

    answers = f"{PATH}/{saved['id']}/suggestions/{trade['id']}"
    assert (await client.send("PUT", answers, json={"answer": "accepted"})).status == 200
    assert (await client.get("/v1/portfolio/rebalancing")).data["trades"][0]["answer"] == "accepted"
    assert (await client.send("PUT", answers, json={"answer": "rejected"})).status == 200
    without = (await client.get(f"/v1/portfolio/rebalancing?targetId={saved['id']}")).data
    assert (without["status"], without["rejected"], without["trades"]) == ("impossible", 1, [])
    stranger = api.client_of(await api.new_user("starter"))
    assert (await stranger.send("PUT", answers, json={"answer": None})).status == 404
    assert (await stranger.get(f"/v1/portfolio/rebalancing?targetId={saved['id']}")).status == 404
    assert (await client.send("PUT", answers, json={"answer": "perhaps"})).status == 422
    assert (await client.send("PUT", answers, json={"answer": None})).status == 200
    assert len((await client.get("/v1/portfolio/rebalancing")).data["trades"]) == 1
    # Other shares are another question: what was said of the earlier ones is forgotten.
    assert (await client.send("PUT", answers, json={"answer": "rejected"})).status == 200
    await client.send("PUT", f"{PATH}/{saved['id']}", json=target("Half", ETH="40", **{token: "60"}))
    after = (await client.get("/v1/portfolio/rebalancing")).data
    assert (after["rejected"], {abs(Decimal(each["driftPct"])) for each in after["drifts"]}) == (0, {50})
