"""Tokens of programs: renewed once each, ended by reuse, bound to their session, signed by keys that change."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import text

from backend.accounts.refresh import service as refresh
from backend.accounts.signing_keys import service as signing_keys
from backend.accounts.signing_keys.service import SigningKeys
from backend.accounts.tokens import issue_access_token
from backend.api.resources import resources
from backend.core import sealing
from backend.core.db import Database
from backend.core.errors import UnavailableError
from tests.integration.api.conftest import PASSWORD, Api, Reply


async def tokens(api: Api, user: Any = None) -> dict[str, Any]:
    user = user or await api.new_user()
    return (await api.anonymous.post("/v1/auth/token", json={"email": user.email, "password": PASSWORD})).data


async def renew(api: Api, token: str) -> Reply:
    return await api.anonymous.post("/v1/auth/refresh", json={"refresh_token": token})


async def me(api: Api, pair: dict[str, Any]) -> int:
    return (await api.client_with(Authorization=f"Bearer {pair['access_token']}").get("/v1/auth/me")).status


async def gone(api: Api, pair: dict[str, Any]) -> bool:
    """Whether the access token is refused, now or when the news of it arrives."""
    for _ in range(100):
        if await me(api, pair) == 401:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_refresh_token_gives_the_next_pair_once(api: Api) -> None:
    first = await tokens(api)
    assert first["refresh_expires_in"] == 604_800 and first["expires_in"] == 900
    second = (await renew(api, first["refresh_token"])).data
    assert second["refresh_token"] != first["refresh_token"]
    assert await me(api, first) == await me(api, second) == 200
    async with api.admin.unit_of_work() as session:
        stored = (await session.execute(text("select token_hash from refresh_tokens"))).scalars().all()
    assert all(len(bytes(each)) == 32 for each in stored)


async def test_the_reuse_of_a_refresh_token_ends_its_whole_session_and_no_other(api: Api) -> None:
    user = await api.new_user()
    first, other = await tokens(api, user), await tokens(api, user)
    second = (await renew(api, first["refresh_token"])).data
    stolen = await renew(api, first["refresh_token"])
    assert (stolen.status, stolen.error["code"]) == (401, "UNAUTHORIZED")
    assert (await renew(api, second["refresh_token"])).status == 401, "the thief's and the owner's both end"
    assert await gone(api, second) and await gone(api, first)
    assert await me(api, other) == 200
    async with api.admin.unit_of_work() as session:
        rows = await session.execute(text("select action from audit_log where user_id = :id"), {"id": user.id})
        assert "session.refresh_token_reused" in rows.scalars().all()


async def test_of_many_at_once_one_refreshes(api: Api) -> None:
    pair = await tokens(api)
    replies = await asyncio.gather(*(renew(api, pair["refresh_token"]) for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [200, 401, 401, 401, 401]


async def test_revoking_ends_the_session_and_its_access_tokens_at_once(api: Api) -> None:
    pair = await tokens(api)
    assert await me(api, pair) == 200
    for token in (pair["refresh_token"], pair["refresh_token"], "x" * 43):
        reply = await api.anonymous.post("/v1/auth/revoke", json={"refresh_token": token})
        assert (reply.status, reply.data) == (200, {"revoked": True}), "the answer tells nothing"
    assert await gone(api, pair)
    assert (await renew(api, pair["refresh_token"])).status == 401


async def test_old_and_made_up_refresh_tokens_read_the_same(api: Api) -> None:
    pair = await tokens(api)
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update refresh_tokens set expires_at = now() - interval '1 second'"))
    old, made_up = await renew(api, pair["refresh_token"]), await renew(api, "x" * 43)
    assert old.status == made_up.status == 401 and old.error == made_up.error
    assert await me(api, pair) == 200, "an expired token is no reuse"


async def test_a_session_renews_no_longer_than_it_may_live(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "SESSION_LIFETIME", timedelta(hours=1))
    user = await api.new_user()
    await tokens(api, user)
    async with api.admin.unit_of_work() as session:
        left = await session.execute(
            text("select max(expires_at) - now() from refresh_tokens where user_id = :id"), {"id": user.id}
        )
        assert timedelta(minutes=59) < left.scalar_one() <= timedelta(hours=1)


async def test_a_token_of_a_session_that_is_not_its_users_is_refused(api: Api) -> None:
    mine, other = await api.new_user(), await api.new_user()
    forged = issue_access_token(mine, other.id, api.key)
    assert (await api.client_with(Authorization=f"Bearer {forged}").get("/v1/auth/me")).status == 401


async def test_signatures_are_checked_with_the_published_key_and_no_other(api: Api) -> None:
    pair = await tokens(api)
    reply = await api.anonymous.get("/.well-known/jwks.json")
    assert reply.status == 200 and reply.headers["Cache-Control"] == "public, max-age=300"
    [published] = reply.json["keys"]
    assert published["kty"] == "EC" and published["alg"] == "ES256" and "d" not in published
    claims = jwt.decode(pair["access_token"], ECKey.import_key(published), algorithms=["ES256"])
    assert claims.header["kid"] == published["kid"] and claims.claims["email"]
    header, payload, signature = pair["access_token"].split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "at+jwt"}).encode()).decode().rstrip("=")
    stranger = ECKey.generate_key("P-256")
    for token in (
        f"{none}.{payload}.",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        jwt.encode({**claims.header}, dict(claims.claims), stranger),
        jwt.encode({**claims.header, "kid": stranger.thumbprint()}, dict(claims.claims), stranger),
    ):
        refused = await api.client_with(Authorization=f"Bearer {token}").get("/v1/auth/me")
        assert refused.status == 401, token


async def test_a_new_key_signs_every_month_and_the_old_one_verifies_until_its_tokens_end(api: Api) -> None:
    before = await tokens(api)
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update signing_keys set created_at = now() - interval '30 days'"))
    others = [SigningKeys(resources().database) for _ in range(4)]
    made = {key.kid for key in await asyncio.gather(*(each.current() for each in others))}
    assert len(made) == 1 and made != {api.key.kid}, "of many processes at once, one makes it"
    resources().signing_keys._signing = None
    after = await tokens(api)
    assert await me(api, before) == await me(api, after) == 200
    keys = (await api.anonymous.get("/.well-known/jwks.json")).json["keys"]
    assert [key["kid"] for key in keys] == [*made, api.key.kid]
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update signing_keys set created_at = created_at - interval '31 days'"))
    fresh = await SigningKeys(resources().database).current()
    async with api.admin.unit_of_work() as session:
        assert (await session.execute(text("select kid from signing_keys"))).scalars().all() == [fresh.kid]


async def test_a_key_that_cannot_be_unsealed_gives_way(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: bytes) -> str:
        raise UnavailableError("gone")

    keys = SigningKeys(resources().database)
    before = (await keys.current()).kid
    real, calls = sealing.unseal, iter([lost])
    monkeypatch.setattr(signing_keys, "unseal", lambda sealed: next(calls, real)(sealed))
    again = SigningKeys(resources().database)
    assert (await again.current()).kid != before
    assert await again.public(before) is not None


async def test_the_web_role_reads_keys_and_cannot_change_them(app_database: Database, api: Api) -> None:
    for statement in ("delete from signing_keys", "update signing_keys set kid = 'x'"):
        with pytest.raises(Exception, match="permission denied"):
            async with app_database.unit_of_work() as session:
                await session.execute(text(statement))
