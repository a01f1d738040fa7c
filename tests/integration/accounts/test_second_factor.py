"""The second factor: asked for at every sign-in, each code good once, guessing slowed down per account."""

import asyncio

import pytest
from redis.asyncio import Redis

from backend.accounts.schemas import CurrentUser
from backend.accounts.two_factor import service, totp
from backend.core import clock
from backend.core.db import Database
from tests.integration.api.conftest import PASSWORD, Api, Reply
from tests.totp_steps import early_in_a_step


@pytest.fixture
async def web(api: Api):
    database = Database(api.settings.database_url, pool_size=2)
    yield database
    await database.close()


async def turn_on(web: Database, user: CurrentUser) -> tuple[str, list[str]]:
    """Enable the second factor with the code of a step ago; return the seed and the recovery codes."""
    await early_in_a_step()
    async with web.unit_of_work(user.id) as session:
        seed = await service.begin_setup(session, user)
    async with web.unit_of_work(user.id) as session:
        return seed, await service.enable(session, user, code(seed, -1))


def code(seed: str, distance: int = 0) -> str:
    return totp.code_at(seed, int(clock.now_seconds() // totp.PERIOD_SECONDS) + distance)


def wrong(seed: str) -> str:
    right = {code(seed, distance) for distance in (-2, -1, 0, 1, 2)}
    return next(text for text in ("000000", "111111", "222222", "333333", "444444", "555555") if text not in right)


async def log_in(api: Api, user: CurrentUser) -> Reply:
    return await api.anonymous.post(
        "/v1/auth/login", data={"email": user.email, "password": PASSWORD, "next": "/alerts"}
    )


def cookie(reply: Reply) -> str:
    return reply.headers["Set-Cookie"].split(";")[0]


async def enter(api: Api, cookie: str, text: str) -> Reply:
    return await api.anonymous.post("/v1/auth/second-factor", data={"code": text}, headers={"Cookie": cookie})


async def test_the_password_alone_opens_nothing_and_the_code_does_once(api: Api, web: Database) -> None:
    user = await api.new_user()
    seed, _ = await turn_on(web, user)
    reply = await log_in(api, user)
    assert (reply.status, reply.headers["Location"]) == (303, "/sign-in/?step=code")
    pending = cookie(reply)
    assert pending.startswith("premium_second_factor=") and "HttpOnly" in reply.headers["Set-Cookie"]
    assert (await api.client_with(Cookie=pending).get("/v1/auth/me")).status == 401
    session = pending.replace("premium_second_factor", "premium_session")
    assert (await api.client_with(Cookie=session).get("/v1/auth/me")).status == 401
    bad = await enter(api, pending, wrong(seed))
    assert bad.headers["Location"] == "/sign-in?step=code&error=code" and "Set-Cookie" not in bad.headers
    used = await enter(api, pending, code(seed, -1))
    assert used.headers["Location"] == "/sign-in?step=code&error=code", "the code that turned it on is used up"
    good = await enter(api, pending, code(seed))
    assert (good.status, good.headers["Location"]) == (303, "/alerts")
    assert (await api.client_with(Cookie=cookie(good)).get("/v1/auth/me")).data["email"] == user.email
    again = await enter(api, pending, code(seed, 1))
    assert again.headers["Location"] == "/sign-in?error=expired", "a sign-in is finished once"
    replayed = await enter(api, cookie(await log_in(api, user)), code(seed))
    assert replayed.headers["Location"] == "/sign-in?step=code&error=code", "the same code does not work twice"


async def test_a_code_without_the_browsers_handle_is_nothing(api: Api, web: Database) -> None:
    user = await api.new_user()
    seed, _ = await turn_on(web, user)
    await log_in(api, user)
    for header in ("", "premium_second_factor=", "premium_second_factor=" + "x" * 43):
        reply = await enter(api, header, code(seed))
        assert reply.headers["Location"] == "/sign-in?error=expired"


async def test_a_recovery_code_works_once_however_it_is_typed(api: Api, web: Database) -> None:
    user = await api.new_user()
    _, codes = await turn_on(web, user)
    assert len(codes) == len(set(codes)) == 10
    first = await enter(api, cookie(await log_in(api, user)), f" {codes[0].upper().replace('-', ' ')} ")
    assert first.headers["Location"] == "/alerts"
    again = await enter(api, cookie(await log_in(api, user)), codes[0])
    assert again.headers["Location"] == "/sign-in?step=code&error=code"
    async with web.unit_of_work(user.id) as session:
        assert await service.codes_left(session, user.id) == 9


async def test_of_two_at_once_one_code_signs_in_once(api: Api, web: Database) -> None:
    user = await api.new_user()
    seed, codes = await turn_on(web, user)
    for text in (code(seed), codes[3]):
        pending = [cookie(await log_in(api, user)) for _ in range(3)]
        replies = await asyncio.gather(*(enter(api, each, text) for each in pending))
        assert sorted(reply.headers["Location"] for reply in replies)[0] == "/alerts"
        assert [reply.headers["Location"] for reply in replies].count("/alerts") == 1


async def test_guessing_codes_is_slowed_down_for_the_account(api: Api, web: Database, redis: Redis) -> None:
    user = await api.new_user()
    seed, _ = await turn_on(web, user)
    pending = cookie(await log_in(api, user))
    assert (await enter(api, pending, wrong(seed))).headers["Location"].endswith("error=code")
    [key] = await redis.keys("second-factor:account:*")
    await redis.set(key, 18)  # as after many more, from many addresses
    assert (await enter(api, pending, wrong(seed))).headers["Location"].endswith("error=code")
    reply = await enter(api, cookie(await log_in(api, user)), code(seed))
    assert reply.headers["Location"].startswith("/sign-in?step=code&error=throttled&wait=")
    assert int(reply.headers["Location"].rsplit("=", 1)[1]) > 400


async def test_the_token_route_says_that_it_wants_a_code(api: Api, web: Database) -> None:
    user = await api.new_user()
    seed, _ = await turn_on(web, user)
    body = {"email": user.email, "password": PASSWORD}
    asked = await api.anonymous.post("/v1/auth/token", json=body)
    assert (asked.status, asked.error["code"]) == (401, "TOTP_REQUIRED")
    assert "totp" in asked.error["details"]
    guessed = await api.anonymous.post("/v1/auth/token", json={**body, "password": "wrong"})
    assert guessed.error["code"] == "UNAUTHORIZED"
    bad = await api.anonymous.post("/v1/auth/token", json={**body, "totp": wrong(seed)})
    assert (bad.status, bad.error["code"]) == (401, "UNAUTHORIZED")
    assert "totp" in bad.error["details"]
    good = await api.anonymous.post("/v1/auth/token", json={**body, "totp": code(seed)})
    assert good.status == 200 and good.data["access_token"]


async def test_the_form_must_come_from_our_page(api: Api, web: Database) -> None:
    user = await api.new_user()
    seed, _ = await turn_on(web, user)
    pending = cookie(await log_in(api, user))
    reply = await api.anonymous.post(
        "/v1/auth/second-factor",
        data={"code": code(seed)},
        headers={"Cookie": pending, "Origin": "https://evil.example"},
    )
    assert reply.headers["Location"] == "/sign-in?step=code&error=origin"


async def test_a_code_that_another_transaction_is_using_up_is_used_up(api: Api, web: Database) -> None:
    user = await api.new_user()
    seed, codes = await turn_on(web, user)

    async def use(text: str) -> str | None:
        async with web.unit_of_work(user.id) as session:
            return await service.use_code(session, user, text)

    for text, kind in ((code(seed), "totp"), (codes[0], "recovery")):
        async with web.unit_of_work(user.id) as session:
            assert await service.use_code(session, user, text) == kind
            second = asyncio.create_task(use(text))
            await asyncio.sleep(0.3)  # it has read that the code is unused, and waits for the row
            assert not second.done()
        assert await second is None
