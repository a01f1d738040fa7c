"""Discord over its double: signed interactions, forged and repeated ones, linking, and where messages go."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from redis.asyncio import Redis

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts
from backend.bots import service
from backend.core.db import Database
from backend.core.settings import Settings
from backend.worker.discord_commands import register_discord_commands
from tests.doubles.discord import APPLICATION_ID, TOKEN, DiscordDouble, discord_double, interaction
from tests.integration.api.conftest import Api, Reply, serving
from tests.integration.bots.conftest import rows

PATH = "/v1/notifications/bots/discord/interactions"
MakeUser = Callable[..., Awaitable[CurrentUser]]


@pytest.fixture
async def discord() -> AsyncIterator[DiscordDouble]:
    async with discord_double() as double:
        yield double


@pytest.fixture
def settings(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, discord: DiscordDouble
) -> Settings:
    made = make_settings(
        chains={1: ["http://127.0.0.1:9"]},
        webhook_allow_private=True,
        discord_api_url=discord.url,
        discord_bot_token=TOKEN,
        discord_application_id=APPLICATION_ID,
        discord_public_key=discord.public_key,
    )
    monkeypatch.setattr("backend.alerts.lookup.get_settings", lambda: made)
    return made


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    async with serving(settings) as running:
        yield running


async def use(api: Api, discord: DiscordDouble, asked: dict[str, Any]) -> str:
    """Use a command and return what is answered to it."""
    body, headers = discord.signed(asked)
    reply = await api.anonymous.post(PATH, data=body, headers=headers)
    assert reply.status == 200, reply.content
    said = reply.json
    assert said["type"] == 4
    assert said["data"]["flags"] == 64, "only who asked may see it"
    assert said["data"]["allowed_mentions"] == {"parse": []}
    return said["data"]["content"]


async def test_discord_knows_the_commands(settings: Settings, discord: DiscordDouble) -> None:
    await register_discord_commands(settings)
    assert discord.refused == []
    assert {"alerts", "create", "list", "pause", "delete", "help", "link"} <= {
        each["name"] for each in discord.commands
    }


async def test_a_ping_is_answered(api: Api, discord: DiscordDouble) -> None:
    body, headers = discord.signed({"type": 1, "id": "1", "application_id": APPLICATION_ID})
    reply = await api.anonymous.post(PATH, data=body, headers=headers)
    assert (reply.status, reply.json) == (200, {"type": 1})


async def test_commands_act_as_the_linked_account(
    api: Api, discord: DiscordDouble, redis: Redis, make_user: MakeUser, app_database: Database, settings: Settings
) -> None:
    user = await make_user()
    assert "not linked" in await use(api, discord, interaction("list", 1))
    offered = await service.offer_code(settings, redis, "discord", user.id)
    assert "is linked" in await use(api, discord, interaction("link", 2, code=offered.code))
    assert "not good" in await use(api, discord, interaction("link", 3, "4400000002", code=offered.code))
    assert "watches now" in await use(api, discord, interaction("create", 4, rule="AAA moves 5% in 1h"))
    async with app_database.unit_of_work(user.id) as session:
        (rule,) = (await alerts.list_rules(session, user)).items
    assert {action.type for action in rule.actions} == {"in_app", "discord"}
    code = rule.id.hex[-6:]
    assert "is paused" in await use(api, discord, interaction("pause", 5, code=code))
    assert "not linked" in await use(api, discord, interaction("pause", 6, "4400000002", code=code)), "another person"
    assert "This rule?" in await use(api, discord, interaction("delete", 7, code=code))
    assert "is deleted" in await use(api, discord, interaction("delete", 8, code=code, sure="yes"))
    assert "not linked any more" in await use(api, discord, interaction("unlink", 9))
    assert "not linked to an account" in await use(api, discord, interaction("list", 10))


async def _refused(api: Api, body: bytes, headers: dict[str, str]) -> Reply:
    reply = await api.anonymous.post(PATH, data=body, headers=headers)
    assert reply.status == 401, reply.content
    return reply


async def test_what_discord_did_not_sign_is_refused(api: Api, discord: DiscordDouble) -> None:
    asked = interaction("list", 20)
    body, headers = discord.signed(asked)
    await _refused(api, body, {"Content-Type": "application/json"})
    await _refused(api, body + b" ", headers)
    await _refused(api, body.replace(b"4400000001", b"4400000009"), headers)
    await _refused(api, body, {**headers, "X-Signature-Timestamp": str(int(headers["X-Signature-Timestamp"]) + 1)})
    await _refused(api, body, {**headers, "X-Signature-Ed25519": "zz" * 64})
    await _refused(api, body, {**headers, "X-Signature-Ed25519": "00"})
    forged = DiscordDouble(key=Ed25519PrivateKey.generate())
    await _refused(api, *forged.signed(asked))
    await _refused(api, *discord.signed(asked, at=time.time() - 301))
    await _refused(api, *discord.signed(asked, at=time.time() + 301))


async def test_an_interaction_that_comes_again_does_nothing(
    api: Api, discord: DiscordDouble, redis: Redis, make_user: MakeUser, app_database: Database, settings: Settings
) -> None:
    user = await make_user()
    offered = await service.offer_code(settings, redis, "discord", user.id)
    await use(api, discord, interaction("link", 30, code=offered.code))
    body, headers = discord.signed(interaction("create", 31, rule="whale 100k"))
    assert (await api.anonymous.post(PATH, data=body, headers=headers)).status == 200
    assert (await api.anonymous.post(PATH, data=body, headers=headers)).status == 409
    body, headers = discord.signed(interaction("create", 31, rule="whale 100k"), at=time.time() - 60)  # signed anew
    assert (await api.anonymous.post(PATH, data=body, headers=headers)).status == 409
    async with app_database.unit_of_work(user.id) as session:
        assert (await alerts.list_rules(session, user)).total == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"no json", b'{"type": 2}', b'{"type": 9}', b'{"type": 2, "application_id": "1", "data": {}}']
)
async def test_signed_nonsense_is_refused_in_order(api: Api, discord: DiscordDouble, body: bytes) -> None:
    reply = await api.anonymous.post(PATH, data=body, headers=discord.signed(body)[1])
    assert 400 <= reply.status < 500, reply.content


async def test_only_who_manages_a_channel_sends_alerts_to_it(
    api: Api, discord: DiscordDouble, redis: Redis, make_user: MakeUser, admin_database: Database, settings: Settings
) -> None:
    user = await make_user()
    offered = await service.offer_code(settings, redis, "discord", user.id)
    asked = interaction("link", 40, code=offered.code, here=True)
    assert "may not send alerts" in await use(api, discord, asked)
    asked = interaction("link", 41, code=offered.code, here=True)
    asked["member"]["permissions"] = str(1 << 29)
    assert "is linked" in await use(api, discord, asked)
    (channel,) = await rows(
        admin_database, "select label, shown_target from notification_channels where user_id = :id", id=user.id
    )
    assert channel["label"] == "Discord ada, a channel"


async def test_no_bot_no_way_in(make_settings: Callable[..., Settings], discord: DiscordDouble) -> None:
    async with serving(make_settings()) as without:
        body, headers = discord.signed(interaction("list", 50))
        assert (await without.anonymous.post(PATH, data=body, headers=headers)).status == 404
