"""Asks Telegram for what people wrote to the bot, and answers. One process at a time, the one that holds the lock."""

import asyncio
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from backend.bots import repository, service
from backend.bots.grammar import read_command
from backend.bots.schemas import Command, Person
from backend.bots.service import BotContext
from backend.core.db import Database, driver_url
from backend.core.errors import PremiumError
from backend.core.http import OutgoingHttp
from backend.core.logging import get_logger
from backend.core.origin import Origin, coming_from
from backend.core.pace import Pace
from backend.core.redis import make_redis
from backend.core.settings import Settings
from backend.notifications import channels_repository
from backend.notifications.chat.telegram_api import TelegramApi, TelegramError, Update
from backend.notifications.chat.words import Said, telegram_html

CANDIDATE_SECONDS = 2.0
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
BURST, MESSAGES_PER_SECOND = 20, 0.5  # of one person
_SLOWLY = Said("That is too fast for me", ("I pass over what you send until a little time has gone by.",))
_ELSEWHERE = Said("Write to me alone", ("Everybody here would see your rules, so I answer in private chats only.",))
log = get_logger(__name__)


async def run_telegram(settings: Settings, database: Database) -> None:
    """Serve the bot until cancelled; without a token there is none. `database` is the worker's."""
    if not settings.telegram_bot_token.get_secret_value():
        return
    redis = make_redis(settings.redis_url)
    people = Database(settings.database_url, pool_size=2)  # bound to one user by row security
    try:
        async with OutgoingHttp(timeout_seconds=60, allow_private=settings.webhook_allow_private) as http:
            api = TelegramApi(http, settings.telegram_api_url, settings.telegram_bot_token)
            await TelegramBot(settings, database, people, redis, api).run()
    finally:
        await redis.aclose()
        await people.close()


class TelegramBot:
    """One bot: asks for updates while it leads, answers each once."""

    def __init__(self, settings: Settings, worker: Database, people: Database, redis: Redis, api: TelegramApi) -> None:
        self._settings = settings
        self._worker = worker
        self._context = BotContext(settings, people, redis)
        self._api = api
        self._name = ""
        self._pace = Pace(BURST, MESSAGES_PER_SECOND)
        self._patience = Pace(1, 1 / 30)

    async def run(self) -> None:
        """Wait to lead, ask and answer; begin anew when PostgreSQL, Redis or Telegram went away."""
        failures = 0
        while True:
            try:
                engine = create_async_engine(
                    driver_url(self._settings.worker_database_url),
                    poolclass=NullPool,
                    isolation_level="AUTOCOMMIT",
                    connect_args={"connect_timeout": 5, "application_name": "premium-telegram"},
                )
                try:
                    async with engine.connect() as connection:
                        while not await repository.try_lead(connection):  # noqa: ASYNC110 - the lock is elsewhere
                            await asyncio.sleep(CANDIDATE_SECONDS)
                        await self._begin()
                        failures = 0
                        await self._serve(connection)
                finally:
                    with suppress(SQLAlchemyError):
                        await engine.dispose()
            except (PremiumError, SQLAlchemyError, RedisError, OSError, TimeoutError) as error:
                wait = getattr(error, "retry_after_seconds", None) or RETRY_SECONDS[min(failures, 5)]
                log.warning("telegram bot begins anew", reason=_reason(error), wait_seconds=wait)
                failures += 1
                await asyncio.sleep(min(wait, 300.0))

    async def _begin(self) -> None:
        self._name = await self._api.name()
        await service.keep_bot_name(self._context.redis, self._name)
        await self._api.set_commands(service.COMMANDS)
        log.info("telegram bot leads", bot=self._name)

    async def _serve(self, leading: AsyncConnection) -> None:
        """Ask for updates for ever. Asking from the next number on tells Telegram that those before are done."""
        offset = 0
        while True:
            await repository.ping(leading)  # raises when another may lead by now
            for update in await self._api.updates(offset):
                offset = max(offset, update.id + 1)
                await self._take(update)

    async def _take(self, update: Update) -> None:
        if not await service.is_first(self._context.redis, "telegram", str(update.id)):
            return
        try:
            if update.blocked_by is not None:
                await self._blocked(str(update.blocked_by))
            elif update.chat is not None and update.person_id is not None and update.text:
                await self._answer(update)
        except TelegramError as error:
            if error.status == 401:
                raise
            log.info("telegram took no answer", reason=error.description)  # blocked, or a chat that is gone

    async def _answer(self, update: Update) -> None:
        assert update.chat is not None and update.person_id is not None
        command = read_command(update.text, self._name)
        chat_id, person_id = str(update.chat.id), str(update.person_id)
        if update.chat.type != "private":
            if command is not None:
                await self._api.send(chat_id, telegram_html(_ELSEWHERE))
            return
        if not self._pace.take(person_id):
            if self._patience.take(person_id):
                await self._api.send(chat_id, telegram_html(_SLOWLY))
            return
        person = Person("telegram", person_id, chat_id, "Telegram")
        with coming_from(Origin("telegram", "", "", f"telegram-{update.id}")):
            try:
                said = await service.answer(self._context, person, command or Command("help"))
            except (SQLAlchemyError, RedisError, OSError):
                raise  # nothing can be done now: it begins anew
            except Exception:
                log.exception("a command broke", command=command.name if command else "")
                said = Said("Something went wrong on our side", ("It is in our log. Please try again later.",))
        await self._api.send(chat_id, telegram_html(said))

    async def _blocked(self, person_id: str) -> None:
        """Mark the channel that leads to somebody who stopped the bot: nothing arrives there any more."""
        mark = service.person_mark(self._settings, "telegram", person_id)
        async with self._context.database.unit_of_work() as session:
            link = await repository.find_link(session, "telegram", mark)
        if link is not None:
            async with self._worker.unit_of_work() as session:
                why = "You stopped the bot in Telegram. Start it there again, then test this channel."
                await channels_repository.note_failed(session, {link.channel_id: (why, True)})


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, PremiumError) else type(error).__name__
