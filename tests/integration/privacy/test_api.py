"""Privacy over the API: whose file it is, proof before erasure, consent of strangers and users."""

import io
import zipfile

from sqlalchemy import text

from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.jobs import JobContext
from backend.core.redis import make_redis
from backend.privacy import erasing, tasks
from tests.integration.api.conftest import PASSWORD, Api
from tests.integration.jobs.conftest import eventually


async def context(api: Api) -> JobContext:
    database = Database(api.settings.worker_database_url, pool_size=3)
    return JobContext(api.settings, database, make_redis(api.settings.redis_url), 1, 1)


async def test_a_file_is_made_and_only_its_owner_gets_it(api: Api) -> None:
    user, other = await api.new_user(), await api.new_user()
    mine, theirs = api.client_of(user), api.client_of(other)
    asked = await mine.post("/v1/account/exports")
    assert (asked.status, asked.data["status"]) == (202, "waiting")
    path = f"/v1/account/exports/{asked.data['id']}/download"
    assert (await mine.get(path)).status == 409
    assert (await mine.post("/v1/account/exports")).status == 409
    job = await context(api)
    await tasks.make_export(job, asked.data["id"])
    listed = (await mine.get("/v1/account/exports")).data
    assert listed["total"] == 1 and listed["items"][0]["status"] == "ready" and listed["items"][0]["expiresAt"]
    got = await mine.get(path)
    assert got.status == 200 and got.headers["Content-Type"] == "application/zip"
    assert got.headers["Cache-Control"] == "no-store"
    assert got.headers["Content-Disposition"].startswith('attachment; filename="premium-data-')
    assert int(got.headers["Content-Length"]) == len(got.content)
    assert "premium_users.json" in zipfile.ZipFile(io.BytesIO(got.content)).namelist()
    assert (await theirs.get(path)).status == 404
    assert (await api.anonymous.get(path)).status == 401
    assert (await mine.get(f"/v1/account/exports/{new_id()}/download")).status == 404
    assert (await theirs.get("/v1/account/exports")).data["total"] == 0
    log = (await mine.get("/v1/account/audit")).data
    assert [entry["action"] for entry in log["items"]] == ["data_export.downloaded", "data_export.requested"]
    assert log["items"][0]["channel"] == "api" and log["items"][0]["ipAddress"] == "127.0.0.1"
    assert log["items"][0]["device"] == "Python"
    assert (await theirs.get("/v1/account/audit")).data["total"] == 0
    await job.redis.aclose()
    await job.database.close()


async def test_erasure_wants_the_word_and_the_password_or_a_new_sign_in(api: Api) -> None:
    user = await api.new_user()
    client = api.client_of(user)
    path = "/v1/account/erasure"
    refused = await client.post(path, json={"word": "yes", "password": PASSWORD})
    assert (refused.status, list(refused.error["details"])) == (422, ["word"])
    refused = await client.post(path, json={"word": "delete", "password": "wrong"})
    assert (refused.status, list(refused.error["details"])) == (422, ["password"])
    assert (await client.post(path, json={"word": "delete"})).status == 403
    assert (await client.get(path)).data["scheduled"] is False
    asked = await client.post(path, json={"word": " Delete ", "password": PASSWORD})
    assert (asked.status, asked.data["scheduled"]) == (202, True)
    # Until then the user signs in as always, and can take it back.
    cookie = await api.sign_in(user)
    browser = api.client_with(Cookie=cookie, Origin=api.url)
    assert (await browser.get(path)).data["dueAt"] == asked.data["dueAt"]
    assert (await browser.send("DELETE", path)).data["scheduled"] is False
    assert (await browser.post(path, json={"word": "delete"})).status == 202, "the session began just now"
    async with api.admin.unit_of_work() as session:
        await session.execute(
            text("update user_sessions set created_at = now() - interval '11 minutes' where user_id = :id"),
            {"id": user.id},
        )
    await browser.send("DELETE", path)
    assert (await browser.post(path, json={"word": "delete"})).status == 403
    foreign = api.client_with(Cookie=cookie, Origin="https://evil.example")
    assert (await foreign.post(path, json={"word": "delete", "password": PASSWORD})).status == 403


async def test_guessing_the_password_by_erasure_is_slowed_down(api: Api) -> None:
    client = api.client_of(await api.new_user())
    body = {"word": "delete", "password": "wrong"}
    statuses = [(await client.post("/v1/account/erasure", json=body)).status for _ in range(8)]
    assert statuses[0] == 422 and statuses[-1] == 429


async def test_an_erased_account_is_nobody_at_once(api: Api) -> None:
    user = await api.new_user()
    client, cookie = api.client_of(user), await api.sign_in(user)
    browser = api.client_with(Cookie=cookie)
    assert (await client.post("/v1/account/erasure", json={"word": "delete", "password": PASSWORD})).status == 202
    assert (await browser.get("/v1/auth/me")).status == 200
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update erasure_requests set due_at = now() where user_id = :id"), {"id": user.id})
    job = await context(api)
    assert await erasing.erase_due(job) == 1

    async def is_nobody() -> bool:  # the server that remembers the session is told by the database, in milliseconds
        return (await browser.get("/v1/auth/me")).status == 401

    await eventually(is_nobody, seconds=5)
    assert (await client.get("/v1/auth/me")).status == 401
    reply = await api.anonymous.post("/v1/auth/token", json={"email": user.email, "password": PASSWORD})
    assert reply.status == 401
    await job.redis.aclose()
    await job.database.close()


async def test_strangers_and_users_decide_about_analytics(api: Api) -> None:
    path = "/v1/consent"
    nobody = await api.anonymous.get(path)
    assert nobody.data == {"analytics": None, "script": ""} and "Set-Cookie" not in nobody.headers
    allowed = await api.anonymous.send("PUT", path, json={"analytics": True})
    cookie = allowed.headers["Set-Cookie"]
    assert cookie.startswith("premium_consent=yes;") and "HttpOnly" not in cookie and "SameSite=lax" in cookie
    assert (await api.anonymous.get(path, headers={"Cookie": "premium_consent=yes"})).data["analytics"] is True
    assert (await api.anonymous.get(path, headers={"Cookie": "premium_consent=maybe"})).data["analytics"] is None
    assert (await api.anonymous.send("PUT", path, json={"analytics": "perhaps"})).status == 422
    user = await api.new_user()
    client = api.client_of(user)
    for choice in (True, False, False):
        assert (await client.send("PUT", path, json={"analytics": choice})).data["analytics"] is choice
    other_browser = await client.get(path)
    assert other_browser.data["analytics"] is False
    assert other_browser.headers["Set-Cookie"].startswith("premium_consent=no;")
    actions = [entry["action"] for entry in (await client.get("/v1/account/audit")).data["items"]]
    assert actions == ["consent.refused", "consent.given"], "what changes nothing is not logged"
    foreign = api.client_with(Cookie=await api.sign_in(user), Origin="https://evil.example")
    assert (await foreign.send("PUT", path, json={"analytics": True})).status == 403


async def test_keys_never_reach_the_account(api: Api) -> None:
    user = await api.new_user()
    made = await api.client_of(user).post("/v1/api-keys", json={"name": "k", "scopes": ["read:alerts"]})
    key = api.client_with(**{"X-API-Key": made.data["secret"]})
    for method, path, body in (
        ("GET", "/v1/account/audit", None),
        ("POST", "/v1/account/exports", None),
        ("POST", "/v1/account/erasure", {"word": "delete"}),
        ("DELETE", "/v1/account/erasure", None),
        ("PUT", "/v1/consent", {"analytics": True}),
    ):
        reply = await key.send(method, path, json=body)
        assert reply.status == 403, path
