"""Wallets and accounts elsewhere in Settings: added, renamed, removed; never the last way in, never somebody else's."""

import asyncio
import secrets
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlalchemy import text

from backend.accounts.linked import service
from backend.accounts.schemas import CurrentUser
from backend.core.ids import new_id
from backend.notifications.mail.outbox import opened_content
from tests.integration.api.conftest import Api
from tests.integration.wallets.browser import Browser

WALLETS = "/v1/account/wallets"
IDENTITIES = "/v1/account/identities"


def new_wallet() -> LocalAccount:
    return Account.from_key(secrets.token_bytes(32))


async def change(api: Api, statement: str, **values: Any) -> None:
    async with api.admin.unit_of_work() as session:
        await session.execute(text(statement), values)


async def signed_in(api: Api, user: CurrentUser | None = None) -> Browser:
    browser = Browser(api)
    name, _, value = (await api.sign_in(user or await api.new_user())).partition("=")
    browser.cookies[name] = value
    return browser


async def by_wallet(api: Api, wallet: LocalAccount | None = None) -> Browser:
    browser = Browser(api)
    assert (await browser.sign_in(wallet or new_wallet())).status == 200
    return browser


async def identity(api: Api, user_id: Any, provider: str = "github") -> str:
    identity_id = new_id()
    statement = "insert into user_identities (id, user_id, provider, subject, email) values (:id, :user, :p, :s, :e)"
    await change(api, statement, id=identity_id, user=user_id, p=provider, s=str(identity_id), e="a@example.com")
    return str(identity_id)


async def first_address(api: Api, user_id: Any) -> str | None:
    async with api.admin.unit_of_work() as session:
        statement = text("select wallet_address from premium_users where id = :id")
        return (await session.execute(statement, {"id": user_id})).scalar_one()


async def test_a_wallet_is_added_named_and_removed(api: Api) -> None:
    user, first, second = await api.new_user(), new_wallet(), new_wallet()
    browser = await signed_in(api, user)
    added = (await browser.add(first)).data
    assert (added["address"], added["chainId"], added["kind"], added["label"]) == (first.address, 1, "key", "")
    await browser.add(second)
    listed = (await browser.get(WALLETS)).data
    assert [item["address"] for item in listed["items"]] == [first.address, second.address] and listed["total"] == 2
    renamed = await browser.send("PATCH", f"{WALLETS}/{added['id']}", json={"label": "  Cold storage 🧊 "})
    assert renamed.data["label"] == "Cold storage 🧊"
    assert await first_address(api, user.id) == first.address
    removed = await browser.send("DELETE", f"{WALLETS}/{added['id']}")
    assert removed.data == {"id": added["id"]}
    assert await first_address(api, user.id) == second.address
    assert (await by_wallet(api, first)).cookies, "the removed one may make an account of its own"
    async with api.admin.unit_of_work() as session:
        statement = text("select action, target from audit_log where user_id = :id order by recorded_at, id")
        log = [tuple(row) for row in (await session.execute(statement, {"id": user.id})).all()]
    assert [entry for entry in log if entry[0].startswith("wallet.")] == [
        ("wallet.added", first.address),
        ("wallet.added", second.address),
        ("wallet.renamed", first.address),
        ("wallet.removed", first.address),
    ]


async def test_the_owner_is_told_by_mail(api: Api) -> None:
    """Whoever sits in a session that is not theirs cannot leave a way in unseen."""
    user = await api.new_user()
    browser = await signed_in(api, user)
    wallet = new_wallet()
    added = (await browser.add(wallet)).data
    await browser.send("DELETE", f"{WALLETS}/{added['id']}")
    linked = await identity(api, user.id)
    await browser.send("DELETE", f"{IDENTITIES}/{linked}")
    async with api.admin.unit_of_work() as session:
        statement = text("select recipient, content from mail_outbox where user_id = :id order by created_at, id")
        mails = (await session.execute(statement, {"id": user.id})).all()
    assert {mail.recipient for mail in mails} == {user.email}
    short = f"{wallet.address[:6]}…{wallet.address[-4:]}"
    assert [opened_content(bytes(mail.content)).subject for mail in mails] == [
        f"Your account: the wallet {short} now signs you in",
        f"Your account: the wallet {short} no longer signs you in",
        "Your account: the GitHub account a@example.com no longer signs you in",
    ]


async def test_labels_are_one_line_of_text(api: Api) -> None:
    browser = await by_wallet(api)
    (wallet,) = (await browser.get(WALLETS)).data["items"]
    for label in ("x" * 61, "two\nlines", "left\u202eright"):
        reply = await browser.send("PATCH", f"{WALLETS}/{wallet['id']}", json={"label": label})
        assert (reply.status, list(reply.error["details"])) == (422, ["label"]), label


async def test_a_wallet_of_one_account_is_not_anothers(api: Api) -> None:
    wallet = new_wallet()
    owner = await by_wallet(api, wallet)
    again = await owner.add(wallet)
    assert again.status == 409 and "in your account already" in again.error["message"]
    other = await signed_in(api)
    refused = await other.add(wallet)
    assert refused.status == 409 and "another account" in refused.error["message"]
    assert (await other.get(WALLETS)).data["total"] == 0


async def test_what_is_signed_to_sign_in_adds_nothing(api: Api) -> None:
    browser = await signed_in(api)
    body = await browser.signed(new_wallet())
    assert (await browser.post(WALLETS, body)).status == 401
    body = await browser.signed(new_wallet(), f"{WALLETS}/nonce")
    assert "Add this wallet" in body["message"]
    assert (await browser.post("/v1/auth/siwe/verify", body)).status == 401


async def test_a_message_of_one_user_adds_nothing_to_another(api: Api) -> None:
    """Two people at one browser: what the first one began is not the second one's."""
    browser = await signed_in(api)
    body = await browser.signed(new_wallet(), f"{WALLETS}/nonce")
    name, _, value = (await api.sign_in(await api.new_user())).partition("=")
    browser.cookies[name] = value
    assert (await browser.post(WALLETS, body)).status == 401


async def test_the_last_way_in_stays(api: Api) -> None:
    browser = await by_wallet(api)
    (wallet,) = (await browser.get(WALLETS)).data["items"]
    path = f"{WALLETS}/{wallet['id']}"
    refused = await browser.send("DELETE", path)
    assert (refused.status, refused.error["code"]) == (409, "CONFLICT")
    assert "only way into your account" in refused.error["message"]
    user_id = (await browser.me()).data["id"]
    linked = await identity(api, user_id)
    assert (await browser.send("DELETE", path)).status == 200
    refused = await browser.send("DELETE", f"{IDENTITIES}/{linked}")
    assert refused.status == 409
    user = await api.new_user()
    with_password = await signed_in(api, user)
    linked = await identity(api, user.id)
    assert (await with_password.send("DELETE", f"{IDENTITIES}/{linked}")).status == 200


async def test_two_tabs_removing_the_last_two_leave_one(api: Api) -> None:
    browser = await by_wallet(api)
    await browser.add(new_wallet())
    wallets = (await browser.get(WALLETS)).data["items"]
    replies = await asyncio.gather(*(browser.send("DELETE", f"{WALLETS}/{item['id']}") for item in wallets))
    assert sorted(reply.status for reply in replies) == [200, 409]
    assert (await browser.get(WALLETS)).data["total"] == 1


async def test_twenty_wallets_and_no_more(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_WALLETS", 3)
    browser = await by_wallet(api)
    bodies = [await browser.signed(new_wallet(), f"{WALLETS}/nonce") for _ in range(4)]
    replies = await asyncio.gather(*(browser.post(WALLETS, body) for body in bodies))
    assert sorted(reply.status for reply in replies) == [201, 201, 409, 409]


async def test_an_unconfirmed_address_keeps_other_ways_out(api: Api) -> None:
    """Whoever signed up with somebody else's address must not leave a way in for the day that it is theirs."""
    user = await api.new_user()
    browser = await signed_in(api, user)
    body = await browser.signed(new_wallet(), f"{WALLETS}/nonce")
    await change(api, "update premium_users set email_verified_at = null where id = :id", id=user.id)
    for reply in (await browser.post(f"{WALLETS}/nonce"), await browser.post(WALLETS, body)):
        assert (reply.status, reply.error["code"]) == (403, "FORBIDDEN")
        assert "Confirm your e-mail address first" in reply.error["message"]
    assert (await browser.get(WALLETS)).data["total"] == 0
    await change(api, "update premium_users set email_verified_at = now() where id = :id", id=user.id)
    assert (await browser.add(new_wallet())).status == 201


async def test_a_provider_that_is_not_set_up_is_not_there(api: Api) -> None:
    browser = await by_wallet(api)
    for name, status in (("google", 404), ("facebook", 422)):
        assert (await browser.post(f"{IDENTITIES}/{name}/link")).status == status


async def test_what_is_somebody_elses_is_not_there(api: Api) -> None:
    owner, stranger = await by_wallet(api), await by_wallet(api)
    (wallet,) = (await owner.get(WALLETS)).data["items"]
    linked = await identity(api, (await owner.me()).data["id"])
    for method, path in (
        ("PATCH", f"{WALLETS}/{wallet['id']}"),
        ("DELETE", f"{WALLETS}/{wallet['id']}"),
        ("DELETE", f"{IDENTITIES}/{linked}"),
    ):
        reply = await stranger.send(method, path, json={"label": "mine"})
        assert (reply.status, reply.error["code"]) == (404, "NOT_FOUND"), path
    assert (await stranger.get(IDENTITIES)).data["items"] == []
    assert [item["id"] for item in (await owner.get(IDENTITIES)).data["items"]] == [linked]
    assert (await owner.get(WALLETS)).data["items"][0]["label"] == ""


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", WALLETS),
        ("POST", WALLETS),
        ("POST", f"{WALLETS}/nonce"),
        ("PATCH", f"{WALLETS}/01a20490-88a2-7595-9f40-9fda2c948c4b"),
        ("DELETE", f"{WALLETS}/01a20490-88a2-7595-9f40-9fda2c948c4b"),
        ("GET", IDENTITIES),
        ("POST", f"{IDENTITIES}/google/link"),
        ("DELETE", f"{IDENTITIES}/01a20490-88a2-7595-9f40-9fda2c948c4b"),
    ],
)
async def test_nobody_signed_in_reaches_none_of_it(api: Api, method: str, path: str) -> None:
    assert (await api.anonymous.send(method, path, json={})).status == 401
    if method != "GET":
        browser = await signed_in(api)
        reply = await browser.send(method, path, origin="https://evil.example", json={})
        assert reply.status == 403, "another site's request with the session cookie"
