"""Signing in with a wallet over a real socket, and the accounts that come of it."""

import asyncio
import secrets
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.accounts.two_factor import service as two_factor
from backend.accounts.two_factor import totp
from backend.core import clock
from backend.core.db import Database
from backend.core.settings import DEMO_CHAIN_ID, Settings
from tests.doubles.wallets import ContractWallets, signed_by
from tests.integration.api.conftest import Api, serving
from tests.integration.wallets.browser import Browser
from tests.totp_steps import early_in_a_step

VERIFY = "/v1/auth/siwe/verify"


def new_wallet() -> LocalAccount:
    return Account.from_key(secrets.token_bytes(32))


async def rows(api: Api, statement: str, **values: Any) -> list[Any]:
    async with api.admin.unit_of_work() as session:
        return list((await session.execute(text(statement), values)).all())


async def actions(api: Api, user_id: Any) -> list[str]:
    statement = "select action from audit_log where user_id = :id order by recorded_at, id"
    return [row.action for row in await rows(api, statement, id=user_id)]


async def test_a_new_wallet_makes_a_free_account_and_comes_back_to_it(api: Api) -> None:
    wallet, browser = new_wallet(), Browser(api)
    reply = await browser.sign_in(wallet, next="/alerts?tab=live")
    assert reply.data == {"location": "/alerts?tab=live", "needsSecondFactor": False}
    cookies = reply.headers.getall("Set-Cookie")
    session_cookie = next(line for line in cookies if line.startswith("premium_session="))
    assert "HttpOnly" in session_cookie and "SameSite=lax" in session_cookie and "Secure" in session_cookie
    first = (await browser.me()).data
    assert (first["email"], first["tier"]) == ("", "free")
    (row,) = await rows(api, "select email, wallet_address from premium_users where id = :id", id=first["id"])
    assert (row.email, row.wallet_address) == (None, wallet.address)
    assert await actions(api, first["id"]) == ["account.created", "wallet.added", "session.opened"]
    elsewhere = Browser(api)
    assert (await elsewhere.sign_in(wallet)).status == 200
    assert (await elsewhere.me()).data["id"] == first["id"]
    stranger = Browser(api)
    await stranger.sign_in(new_wallet())
    assert (await stranger.me()).data["id"] != first["id"]


async def test_the_session_of_before_ends_with_a_sign_in(api: Api) -> None:
    browser = Browser(api)
    await browser.sign_in(new_wallet())
    planted = browser.cookies["premium_session"]
    await browser.sign_in(new_wallet())
    assert browser.cookies["premium_session"] != planted
    old = Browser(api)
    old.cookies["premium_session"] = planted
    assert (await old.me()).status == 401


async def test_a_program_gets_a_token(api: Api) -> None:
    wallet, program = new_wallet(), Browser(api)
    reply = await program.sign_in(wallet, tokens=True)
    assert reply.data["token_type"] == "bearer" and "premium_session" not in program.cookies
    client = api.client_with(Authorization=f"Bearer {reply.data['access_token']}")
    assert (await client.get("/v1/auth/me")).data["email"] == ""


async def test_replay_is_refused(api: Api) -> None:
    wallet, browser = new_wallet(), Browser(api)
    body = await browser.signed(wallet)
    assert (await browser.post(VERIFY, body)).status == 200
    again = await browser.post(VERIFY, body)
    assert (again.status, again.error["code"]) == (401, "UNAUTHORIZED")
    at_once = await browser.signed(wallet)
    replies = await asyncio.gather(*(browser.post(VERIFY, at_once) for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [200] + [401] * 7


async def test_another_browser_cannot_use_the_message(api: Api) -> None:
    """Not even with the signature: a victim who signs an attacker's message signs nobody in."""
    wallet, attacker, victim = new_wallet(), Browser(api), Browser(api)
    body = await attacker.signed(wallet)
    assert (await victim.post(VERIFY, body)).status == 401
    assert (await attacker.post(VERIFY, body)).status == 401, "and it is used up"


async def test_another_site_cannot_sign_a_browser_in(api: Api) -> None:
    browser = Browser(api)
    body = await browser.signed(new_wallet())
    reply = await browser.send("POST", VERIFY, origin="https://evil.example", json=body)
    assert (reply.status, reply.error["code"]) == (403, "FORBIDDEN")
    assert (await browser.post(VERIFY, body)).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"address": "0x1", "chainId": 1}, "address"),
        ({"address": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "chainId": 999_999_999}, "chainId"),
        ({"address": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "chainId": 0}, "chainId"),
        ({"chainId": 2**60}, "chainId"),
    ],
)
async def test_bad_input_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    reply = await api.anonymous.post("/v1/auth/siwe/nonce", json=body)
    assert (reply.status, list(reply.error["details"])) == (422, [field])


@pytest.mark.parametrize(
    "body",
    [
        {"message": "hello", "signature": "0x00"},
        {"message": "", "signature": ""},
        {"message": "x" * 5000, "signature": "0x" + "00" * 65},
        {"message": "premium.example wants you to sign in", "signature": "0x" + "zz" * 65},
        {"signature": "0x00"},
    ],
)
async def test_what_is_no_message_is_refused_as_input(api: Api, body: dict[str, Any]) -> None:
    reply = await api.anonymous.post(VERIFY, json=body)
    assert (reply.status, reply.error["code"]) == (422, "INVALID_INPUT")


async def test_next_is_a_path_of_this_site(api: Api) -> None:
    for wanted in ("https://evil.example/", "//evil.example", "/\\evil.example", "/v1/auth/logout"):
        reply = await Browser(api).sign_in(new_wallet(), next=wanted)
        assert reply.data["location"] == "/", wanted


async def test_contract_wallets_are_accounts_of_their_chain(api: Api, contracts: ContractWallets) -> None:
    browser = Browser(api)

    async def come(chain_id: int, kind: str = "contract") -> Any:
        asked = {"address": contracts.wallet, "chainId": chain_id}
        message = (await browser.post("/v1/auth/siwe/nonce", asked)).data["message"]
        return await browser.post(VERIFY, {"message": message, "signature": signed_by(contracts.owner, message)})

    assert (await come(DEMO_CHAIN_ID)).status == 200
    first = (await browser.me()).data["id"]
    (row,) = await rows(api, "select kind, chain_id from user_wallets where user_id = :id", id=first)
    assert (row.kind, row.chain_id) == ("contract", DEMO_CHAIN_ID)
    assert (await come(DEMO_CHAIN_ID)).status == 200
    assert (await browser.me()).data["id"] == first
    assert (await come(1)).status == 401, "no provider of that chain: nobody says it is theirs there"
    # As if the same address held another contract, added from another chain.
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update user_wallets set chain_id = 1 where user_id = :id"), {"id": first})
    refused = await come(DEMO_CHAIN_ID)
    assert (refused.status, refused.error["code"]) == (403, "FORBIDDEN")
    assert "another network" in refused.error["message"]


async def test_two_tabs_of_a_new_wallet_make_one_account(api: Api) -> None:
    wallet = new_wallet()
    browsers = [Browser(api) for _ in range(4)]
    bodies = [await browser.signed(wallet) for browser in browsers]
    replies = await asyncio.gather(
        *(browser.post(VERIFY, body) for browser, body in zip(browsers, bodies, strict=True))
    )
    assert [reply.status for reply in replies] == [200] * 4
    assert len({(await browser.me()).data["id"] for browser in browsers}) == 1


def code(seed: str, distance: int = 0) -> str:
    return totp.code_at(seed, int(clock.now_seconds() // totp.PERIOD_SECONDS) + distance)


async def turn_on_second_factor(api: Api, user_id: Any) -> str:
    """Enable it with the code of a step ago and return the seed."""
    await early_in_a_step()
    database, user = Database(api.settings.database_url, 1), CurrentUser(user_id, "", "free")
    async with database.unit_of_work(user_id) as session:
        seed = await two_factor.begin_setup(session, user)
        await two_factor.enable(session, user, code(seed, -1))
    await database.close()
    return seed


async def test_the_second_factor_is_asked_for(api: Api) -> None:
    wallet, browser = new_wallet(), Browser(api)
    await browser.sign_in(wallet)
    seed = await turn_on_second_factor(api, (await browser.me()).data["id"])
    fresh = Browser(api)
    reply = await fresh.sign_in(wallet, next="/alerts")
    assert reply.data == {"location": "/sign-in/?step=code", "needsSecondFactor": True}
    assert "premium_session" not in fresh.cookies and (await fresh.me()).status == 401
    program = Browser(api)
    refused = await program.sign_in(wallet, tokens=True)
    assert (refused.status, refused.error["code"]) == (401, "TOTP_REQUIRED")
    assert (await program.sign_in(wallet, tokens=True, totp=code(seed, -1))).status == 401, "used up"
    assert (await program.sign_in(wallet, tokens=True, totp=code(seed))).status == 200


async def test_attempts_are_limited(wallet_settings: Settings) -> None:
    async with serving(wallet_settings.model_copy(update={"sign_in_requests_per_minute": 2})) as api:
        browser = Browser(api)
        body = {"message": "hello", "signature": "0x00"}
        replies = [await browser.post(VERIFY, body) for _ in range(3)]
    assert [reply.status for reply in replies] == [422, 422, 429]
    assert int(replies[2].headers["Retry-After"]) >= 1


async def test_without_redis_nobody_comes_in(wallet_settings: Settings) -> None:
    away = wallet_settings.model_copy(update={"redis_url": "redis://127.0.0.1:9"})
    async with serving(away) as api:
        browser = Browser(api)
        asked = await browser.post("/v1/auth/siwe/nonce", {"address": new_wallet().address, "chainId": 1})
        assert (asked.status, asked.error["code"]) == (503, "UNAVAILABLE")
    async with serving(wallet_settings) as api:
        body = await Browser(api).signed(new_wallet())
    async with serving(away) as api:
        reply = await Browser(api).post(VERIFY, body)
        assert (reply.status, reply.error["code"]) == (503, "UNAVAILABLE")


async def test_a_password_and_a_wallet_lead_to_one_account(api: Api) -> None:
    user, wallet, browser = await api.new_user(), new_wallet(), Browser(api)
    name, _, value = (await api.sign_in(user)).partition("=")
    browser.cookies[name] = value
    added = await browser.add(wallet)
    assert added.status == 201
    by_wallet = Browser(api)
    assert (await by_wallet.sign_in(wallet)).status == 200
    assert (await by_wallet.me()).data["id"] == str(user.id)
    assert (await api.sign_in(user)).startswith("premium_session="), "and so does the password still"
