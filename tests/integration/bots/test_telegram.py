"""The Telegram bot over its double: linking by code, commands as the linked user, groups, blocks, leaders."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts
from backend.bots import service
from backend.core.db import Database
from backend.core.settings import Settings
from tests.doubles.telegram import BOT_NAME, TelegramDouble
from tests.integration.bots.conftest import bot_at_work, eventually, rows

ADA, BOB = 71_001, 71_002
MakeUser = Callable[..., Awaitable[CurrentUser]]


async def say(telegram: TelegramDouble, person: int, text: str) -> str:
    """Write to the bot and return what it answers."""
    before = len(telegram.said_to(person))
    telegram.write(person, text)
    await eventually(lambda: len(telegram.said_to(person)) > before)
    return telegram.said_to(person)[-1]


async def link(telegram: TelegramDouble, settings: Settings, redis: Redis, user: CurrentUser, person: int) -> str:
    offered = await service.offer_code(settings, redis, "telegram", user.id)
    return await say(telegram, person, offered.send)


async def channels_of(database: Database, user: CurrentUser) -> list[dict[str, object]]:
    return await rows(
        database, "select channel, status, last_error from notification_channels where user_id = :id", id=user.id
    )


async def test_a_chat_is_linked_once_by_the_code_and_acts_as_its_account(
    settings: Settings,
    telegram: TelegramDouble,
    redis: Redis,
    make_user: MakeUser,
    worker_database: Database,
    app_database: Database,
    admin_database: Database,
) -> None:
    user, other = await make_user(), await make_user()
    async with bot_at_work(settings, worker_database):
        assert "not linked to an account" in await say(telegram, ADA, "/list")
        offered = await service.offer_code(settings, redis, "telegram", user.id)
        assert offered.link == f"https://t.me/{BOT_NAME}?start={offered.code}"
        assert "is linked to your account" in await say(telegram, ADA, offered.send)
        assert "not good" in await say(telegram, BOB, offered.send), "a code is good once"
        assert [row["status"] for row in await channels_of(admin_database, user)] == ["active"]

        assert "no rules yet" in await say(telegram, ADA, "/list")
        said = await say(telegram, ADA, "/create AAA above 4000")
        assert "watches now" in said
        async with app_database.unit_of_work(user.id) as session:
            (rule,) = (await alerts.list_rules(session, user)).items
        assert rule.description == "AAA on Ethereum rises above $4,000"
        assert {action.type for action in rule.actions} == {"in_app", "telegram"}
        code = rule.id.hex[-6:]
        assert code in await say(telegram, ADA, "/list")
        assert "is paused" in await say(telegram, ADA, f"/pause {code}")
        assert "(paused)" in await say(telegram, ADA, "/list")
        assert "watches again" in await say(telegram, ADA, f"/resume {code.upper()}")
        assert f"/delete {code} yes" in await say(telegram, ADA, f"/delete {code}")
        assert "is deleted" in await say(telegram, ADA, f"/delete {code} yes")
        assert "No alerts yet" in await say(telegram, ADA, "/alerts")
        # Somebody else's rule does not exist here.
        async with app_database.unit_of_work(other.id) as session:
            wanted = {"name": "Secret", "type": "whale", "conditions": {"value_usd": 5000}}
            theirs = await alerts.create_rule(session, other, alerts.RuleCreate.model_validate(wanted))
        assert "no such rule" in await say(telegram, ADA, f"/delete {theirs.id.hex[-6:]} yes")
        assert "no such rule" in await say(telegram, ADA, "/pause Secret")
    noted = await rows(
        admin_database, "select action, channel from audit_log where user_id = :id order by id", id=user.id
    )
    assert {"bot.linked", "alert_rule.created", "alert_rule.deleted"} <= {row["action"] for row in noted}
    assert {row["channel"] for row in noted} == {"telegram"}


async def test_names_are_text_and_never_markup(
    settings: Settings, telegram: TelegramDouble, redis: Redis, make_user: MakeUser, worker_database: Database,
    app_database: Database,
) -> None:  # fmt: skip
    user = await make_user()
    name = '<b>a</b> & <a href="https://evil.example">click</a> *_[x](y)'
    async with app_database.unit_of_work(user.id) as session:
        wanted = {"name": name, "type": "whale", "conditions": {"value_usd": 5000}}
        await alerts.create_rule(session, user, alerts.RuleCreate.model_validate(wanted))
    async with bot_at_work(settings, worker_database):
        await link(telegram, settings, redis, user, ADA)
        assert name in await say(telegram, ADA, "/list")
    assert "<a " not in telegram.sent[-1].html
    assert telegram.refused == []


async def test_unlinking_ends_it_and_another_account_needs_that_first(
    settings: Settings, telegram: TelegramDouble, redis: Redis, make_user: MakeUser, worker_database: Database,
    admin_database: Database,
) -> None:  # fmt: skip
    user, other = await make_user(), await make_user()
    async with bot_at_work(settings, worker_database):
        await link(telegram, settings, redis, user, ADA)
        assert "another account" in await link(telegram, settings, redis, other, ADA)
        assert await channels_of(admin_database, other) == []
        assert "not linked any more" in await say(telegram, ADA, "/unlink")
        assert "not linked to an account" in await say(telegram, ADA, "/list")
        assert await channels_of(admin_database, user) == []
        assert await rows(admin_database, "select id from bot_links where user_id = :id", id=user.id) == []
        assert "is linked" in await link(telegram, settings, redis, other, ADA)
        # Removing the channel on the page ends what the chat may do as well.
        (row,) = await rows(admin_database, "select id from notification_channels where user_id = :id", id=other.id)
        async with admin_database.unit_of_work() as session:
            from sqlalchemy import text

            await session.execute(text("delete from notification_channels where id = :id"), {"id": row["id"]})
        assert "not linked to an account" in await say(telegram, ADA, "/list")


async def test_codes_cannot_be_guessed_at_leisure(
    settings: Settings, telegram: TelegramDouble, redis: Redis, make_user: MakeUser, worker_database: Database
) -> None:
    user = await make_user()
    async with bot_at_work(settings, worker_database):
        for _ in range(5):
            assert "not good" in await say(telegram, BOB, "/start ABCDEFGHJK")
        assert "Too many codes" in await link(telegram, settings, redis, user, BOB)


async def test_in_a_group_nothing_is_told_and_nobody_is_linked(
    settings: Settings, telegram: TelegramDouble, redis: Redis, make_user: MakeUser, worker_database: Database,
    admin_database: Database,
) -> None:  # fmt: skip
    user = await make_user()
    async with bot_at_work(settings, worker_database):
        await link(telegram, settings, redis, user, ADA)
        offered = await service.offer_code(settings, redis, "telegram", user.id)
        for text in ("/list", offered.send, "hello", f"/list@{BOT_NAME}", "/list@OtherBot"):
            telegram.write(ADA, text, chat_id=-500, chat_type="group")
        await say(telegram, ADA, "/help")
    assert len(telegram.said_to(-500)) == 3
    assert all("private chats only" in text for text in telegram.said_to(-500))
    assert len(await channels_of(admin_database, user)) == 1


async def test_an_update_that_comes_twice_is_done_once(
    settings: Settings, telegram: TelegramDouble, redis: Redis, make_user: MakeUser, worker_database: Database,
    app_database: Database,
) -> None:  # fmt: skip
    user = await make_user()
    async with bot_at_work(settings, worker_database):
        await link(telegram, settings, redis, user, ADA)
        number = telegram.write(ADA, "/create whale 100k")
        await eventually(lambda: "watches now" in telegram.said_to(ADA)[-1])
        message = {"message_id": 1, "from": {"id": ADA}, "chat": {"id": ADA, "type": "private"}}
        telegram.put({"message": {**message, "text": "/create whale 100k"}}, number)
    async with bot_at_work(settings, worker_database):  # another process begins where Telegram says
        await say(telegram, ADA, "/list")
    async with app_database.unit_of_work(user.id) as session:
        assert (await alerts.list_rules(session, user)).total == 1


async def test_who_stops_the_bot_has_a_broken_channel_that_says_so(
    settings: Settings, telegram: TelegramDouble, redis: Redis, make_user: MakeUser, worker_database: Database,
    admin_database: Database,
) -> None:  # fmt: skip
    user = await make_user()
    async with bot_at_work(settings, worker_database):
        await link(telegram, settings, redis, user, ADA)
        telegram.block(ADA)
        async with asyncio.timeout(10):
            while (await channels_of(admin_database, user))[0]["status"] != "broken":
                await asyncio.sleep(0.05)
    (channel,) = await channels_of(admin_database, user)
    assert "stopped the bot" in str(channel["last_error"])


async def test_one_process_asks_and_the_next_takes_over(
    settings: Settings, telegram: TelegramDouble, make_user: MakeUser, worker_database: Database
) -> None:
    async with bot_at_work(settings, worker_database):
        await eventually(lambda: telegram.polls > 0)
        async with bot_at_work(settings, worker_database):
            await say(telegram, BOB, "/help")
            await asyncio.sleep(0.5)
        assert not any("Conflict" in text for text in telegram.refused)
    async with bot_at_work(settings, worker_database):
        await say(telegram, BOB, "/help")
    assert [each["command"] for each in telegram.commands][:3] == ["alerts", "list", "create"]


@pytest.mark.parametrize("status", [502, 429])
async def test_it_goes_on_after_telegram_was_away(
    settings: Settings, telegram: TelegramDouble, worker_database: Database, status: int
) -> None:
    telegram.script = [(status, "no", 1 if status == 429 else None)]
    async with bot_at_work(settings, worker_database):
        telegram.write(BOB, "/help")
        await eventually(lambda: not telegram.script)
        assert "not linked" in await say(telegram, BOB, "/help")


async def test_who_writes_too_fast_is_told_so_once(
    settings: Settings, telegram: TelegramDouble, worker_database: Database
) -> None:
    async with bot_at_work(settings, worker_database):
        for _ in range(30):
            telegram.write(BOB, "/help")
        await eventually(lambda: not telegram.updates and telegram.polls > 1)
    said = telegram.said_to(BOB)
    assert sum("too fast" in text for text in said) == 1
    assert len(said) <= 23
