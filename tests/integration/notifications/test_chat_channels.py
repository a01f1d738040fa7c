"""Messages to Telegram and Discord, through the outbox and the dispatcher, and what their refusals mean."""

from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.core.errors import InvalidInputError
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.embedded.postgres import DatabaseUrls
from backend.notifications.channels.registry import channel_class
from backend.notifications.proven import add_proven_channel
from backend.notifications.schemas import NewMessage
from backend.notifications.service import enqueue
from tests.doubles import discord as discord_module
from tests.doubles import telegram as telegram_module
from tests.doubles.discord import DiscordDouble, discord_double
from tests.doubles.telegram import TelegramDouble, telegram_double
from tests.integration.notifications.conftest import Outbox, dispatching

CHAT = "81001"
PERSON = "4400000001"
DIRECT = f"7{PERSON}"
NAME = "<b>big</b> @everyone *_~`[x](http://evil.example)"


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramDouble]:
    async with telegram_double() as double:
        double.chats.add(CHAT)
        yield double


@pytest.fixture
async def discord() -> AsyncIterator[DiscordDouble]:
    async with discord_double() as double:
        yield double


@pytest.fixture
def settings(
    make_settings: Callable[..., Settings],
    fresh_database_urls: DatabaseUrls,
    telegram: TelegramDouble,
    discord: DiscordDouble,
) -> Settings:
    return make_settings(
        worker_database_url=fresh_database_urls.worker,
        public_url="https://premium.example",
        webhook_allow_private=True,
        webhook_timeout_seconds=5,
        telegram_api_url=telegram.url,
        telegram_bot_token=telegram_module.TOKEN,
        discord_api_url=discord.url,
        discord_bot_token=discord_module.TOKEN,
        discord_application_id=discord_module.APPLICATION_ID,
        discord_public_key=discord.public_key,
    )


async def put(
    outbox: Outbox, settings: Settings, channel: str, target: str, payload: dict[str, object] | None = None
) -> tuple[NewMessage, UUID]:
    user_id = await outbox.new_user()
    async with outbox.app.unit_of_work(user_id) as session:
        channel_id = await add_proven_channel(session, settings, user_id, channel, "Mine", target, "mine")
    message = NewMessage(
        user_id=user_id, channel=channel, channel_id=channel_id, destination="mine", event_type="alert.triggered",
        kind="whale", alert_id=new_id(),
        payload=payload or {"ruleName": NAME, "message": f"5 {NAME} moved"},
    )  # fmt: skip
    async with outbox.worker.unit_of_work() as session:
        await enqueue(session, [message])
    return message, channel_id


async def channel_row(outbox: Outbox, channel_id: UUID) -> dict[str, object]:
    async with outbox.admin.unit_of_work() as session:
        found = await session.execute(
            text("select status, last_error from notification_channels where id = :id"), {"id": channel_id}
        )
        return dict(found.one()._mapping)


async def test_telegram_gets_text_that_is_no_markup_and_a_button(
    outbox: Outbox, settings: Settings, telegram: TelegramDouble
) -> None:
    message, _ = await put(outbox, settings, "telegram", CHAT)
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message.id, "sent")
    assert telegram.refused == []
    (sent,) = telegram.sent
    assert NAME in sent.text
    assert sent.buttons[0]["url"].startswith("https://premium.example/alerts/")
    assert telegram_module.TOKEN not in str(row["receipt"])
    assert row["receipt"]["reference"] == "1"  # type: ignore[index]


async def test_a_bundle_is_cut_to_what_the_chats_take(
    outbox: Outbox, settings: Settings, telegram: TelegramDouble, discord: DiscordDouble
) -> None:
    items = [{"ruleName": NAME * 3, "message": "&<>*" * 120} for _ in range(40)]
    payload = {"title": "40 alerts", "message": "40 alerts", "count": 40, "items": items}
    first, _ = await put(outbox, settings, "telegram", CHAT, payload)
    second, _ = await put(outbox, settings, "discord", f"user:{PERSON}", payload)
    async with dispatching(outbox, settings):
        await outbox.reaches(first.id, "sent")
        await outbox.reaches(second.id, "sent")
    assert telegram.refused == discord.refused == []
    assert telegram.sent[0].text.startswith("40 alerts")


@pytest.mark.parametrize("why", ["blocked", "gone"])
async def test_a_chat_that_takes_nothing_is_broken_and_says_why(
    outbox: Outbox, settings: Settings, telegram: TelegramDouble, why: str
) -> None:
    if why == "blocked":
        telegram.blocked.add(CHAT)
    else:
        telegram.chats.clear()
    message, channel_id = await put(outbox, settings, "telegram", CHAT)
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message.id, "dead")
    assert row["attempts"] == 1
    broken = await channel_row(outbox, channel_id)
    assert broken["status"] == "broken"
    assert ("stopped the bot" if why == "blocked" else "Link it again") in str(broken["last_error"])


async def test_flood_control_is_kept_to(outbox: Outbox, settings: Settings, telegram: TelegramDouble) -> None:
    telegram.script = [(429, "Too Many Requests: retry after 1", 1)]
    message, channel_id = await put(outbox, settings, "telegram", CHAT)
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message.id, "sent")
    assert row["attempts"] == 2
    waited = row["sent_at"] - row["created_at"]  # type: ignore[operator]
    assert waited.total_seconds() >= 1
    assert (await channel_row(outbox, channel_id))["status"] == "active"


async def test_discord_writes_to_the_person_alone_and_calls_nobody(
    outbox: Outbox, settings: Settings, discord: DiscordDouble
) -> None:
    message, _ = await put(outbox, settings, "discord", f"user:{PERSON}")
    async with dispatching(outbox, settings):
        await outbox.reaches(message.id, "sent")
    (posted,) = discord.posted
    assert posted.place == DIRECT
    assert "\\@everyone" in posted.content
    assert "\\*\\_\\~\\`\\[x\\]\\(" in posted.content
    assert posted.body["nonce"] == message.id.hex[:25]
    assert "<https://premium.example/alerts/" in posted.content


async def test_a_webhook_of_a_discord_channel(outbox: Outbox, settings: Settings, discord: DiscordDouble) -> None:
    secret = "a" * 60
    discord.hooks["123456789"] = secret
    target = channel_class("discord").check_target(f"https://discord.com/api/webhooks/123456789/{secret}", settings)
    assert secret not in target.shown
    message, _ = await put(outbox, settings, "discord", target.value)
    async with dispatching(outbox, settings):
        row = await outbox.reaches(message.id, "sent")
        assert secret not in str(row["receipt"])
        discord.hooks.clear()
        again, _ = await put(outbox, settings, "discord", target.value)
        await outbox.reaches(again.id, "dead")
    assert discord.posted[0].place == "hook:123456789"
    assert "Authorization" not in discord.posted[0].body
    for typed in (
        "https://evil.example/api/webhooks/123456789/" + secret,
        "user:1",
        "https://discord.com/api/webhooks/1",
    ):
        with pytest.raises(InvalidInputError):
            channel_class("discord").check_target(typed, settings)


async def test_a_person_who_takes_no_messages(outbox: Outbox, settings: Settings, discord: DiscordDouble) -> None:
    discord.closed.add(DIRECT)
    message, channel_id = await put(outbox, settings, "discord", f"user:{PERSON}")
    async with dispatching(outbox, settings):
        await outbox.reaches(message.id, "dead")
    broken = await channel_row(outbox, channel_id)
    assert broken["status"] == "broken"
    assert "Discord refuses" in str(broken["last_error"])


async def test_discord_is_not_asked_while_no_call_is_left(
    outbox: Outbox, settings: Settings, discord: DiscordDouble
) -> None:
    discord.left = 0  # after each message, for 0.3 s
    messages = [(await put(outbox, settings, "discord", "channel:5500000001"))[0] for _ in range(3)]
    discord.script = [(429, {"message": "You are being rate limited.", "retry_after": 0.4, "global": False}, {})]
    async with dispatching(outbox, settings):
        for message in messages:
            await outbox.reaches(message.id, "sent")
    assert len(discord.posted) == 3
    assert discord.refused == ["You are being rate limited."]
    assert discord.calls == 4, "what was asked while no call was left never went out"
