"""What a bot does for whoever writes to it: the same services that pages and the API call, as the linked user."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pydantic import ValidationError
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, find_user
from backend.alerts import service as alerts
from backend.alerts.schemas import AlertAction, HistoryFilter, RuleCreate, RuleRead
from backend.bots import linking, replies, repository
from backend.bots.grammar import EXAMPLES, NotUnderstoodError, read_rule
from backend.bots.linking import CODE_SECONDS, is_first, new_code, person_mark
from backend.bots.schemas import BOTS, COMMANDS, Bot, BotCode, Command, Person
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import InvalidInputError, NotFoundError, PremiumError
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.notifications import service as notifications
from backend.notifications.service import Said

__all__ = [
    "BOTS",
    "CODE_SECONDS",
    "COMMANDS",
    "Bot",
    "BotContext",
    "Person",
    "answer",
    "bot_name",
    "is_first",
    "keep_bot_name",
    "new_code",
    "offer_code",
    "offered_bots",
    "person_mark",
]
_NAME_KEY = "bots:name:telegram"
SHOWN_RULES, SHOWN_ALERTS = 20, 5


@dataclass(frozen=True, slots=True)
class BotContext:
    """What a bot works with. `database` connects as the role that row security binds to one user."""

    settings: Settings
    database: Database
    redis: Redis


def offered_bots(settings: Settings) -> list[Bot]:
    """Return the bots that this installation has."""
    has = {"telegram": bool(settings.telegram_bot_token.get_secret_value()), "discord": settings.has_discord_bot}
    return [bot for bot in BOTS if has[bot]]


async def offer_code(settings: Settings, redis: Redis, bot: Bot, user_id: UUID) -> BotCode:
    """Return a new code for the user and how to use it. Raises NotFoundError when there is no such bot here."""
    if bot not in offered_bots(settings):
        raise NotFoundError("There is no such bot here.")
    code = await new_code(redis, bot, user_id)
    until = utc_now() + timedelta(seconds=CODE_SECONDS)
    if bot == "discord":
        page = f"https://discord.com/oauth2/authorize?client_id={settings.discord_application_id}"
        link = f"{page}&scope=bot%20applications.commands&permissions=2048"  # may send messages, nothing else
        return BotCode(bot=bot, code=code, send=f"/link {code}", link=link, expires_at=until)
    name = await bot_name(redis)
    link = f"https://t.me/{name}?start={code}" if name else None
    return BotCode(bot=bot, code=code, send=f"/start {code}", link=link, expires_at=until)


async def keep_bot_name(redis: Redis, name: str) -> None:
    """Note what Telegram calls our bot (by the process that asks it for updates)."""
    await redis.set(_NAME_KEY, name)


async def bot_name(redis: Redis) -> str:
    """Return what Telegram calls our bot; empty while nobody asked."""
    found = await redis.get(_NAME_KEY)
    return found.decode() if found else ""


async def answer(context: BotContext, person: Person, command: Command) -> Said:
    """Do what a person asked for and return what to say. Whoever is not linked can only link.

    Every command runs in a unit of work of the linked user, so it sees and changes nothing of anybody else.
    """
    mark = person_mark(context.settings, person.bot, person.id)
    try:
        if command.name in ("start", "link") and command.words:
            return await _link(context, person, mark, command.words[0])
        async with context.database.unit_of_work() as session:
            link = await repository.find_link(session, person.bot, mark)
        user = await find_user(context.database, link.user_id) if link else None
        if link is None or user is None:
            return replies.stranger(context.settings.app_url)
        if command.name == "unlink":
            return await _unlink(context, user, person.bot, link.channel_id)
        do = _DO.get(command.name)
        return await do(context, user, person.bot, command) if do else replies.help_text()
    except NotUnderstoodError as error:
        return Said(str(error), ("For example:", *EXAMPLES))
    except PremiumError as error:
        return replies.problem(error)


async def _link(context: BotContext, person: Person, mark: bytes, code: str) -> Said:
    await linking.count_try(context.redis, mark)
    user_id = await linking.use_code(context.redis, person.bot, code)
    user = await find_user(context.database, user_id) if user_id else None
    if user is None:
        return Said("This code is not good (any more)", ("Get a new one on the page of your channels.",))
    async with context.database.unit_of_work() as session:
        before = await repository.find_link(session, person.bot, mark)
    if before is not None:
        if before.user_id != user.id:
            return Said("This chat is linked to another account", ("Send /unlink first, then a new code.",))
        # The same owner again: what leads back here may be broken, or another place than before.
        await _unlink(context, user, person.bot, before.channel_id)
    async with context.database.unit_of_work(user.id) as session:
        channel_id = await notifications.add_proven_channel(
            session, context.settings, user.id, person.bot, person.label, person.target, person.label
        )
        if not await repository.insert_link(session, new_id(), user.id, person.bot, mark, channel_id):
            raise InvalidInputError("This chat was linked just now.")
        await audit(session, user.id, "bot.linked", str(channel_id), {"bot": person.bot})
    return Said("This chat is linked to your account", ("Alerts come here now.", "/help says what you can do."))


async def _unlink(context: BotContext, user: CurrentUser, bot: Bot, channel_id: UUID) -> Said:
    async with context.database.unit_of_work(user.id) as session:
        await notifications.remove_proven_channel(session, user.id, channel_id)
        await audit(session, user.id, "bot.unlinked", str(channel_id), {"bot": bot})
    return Said("This chat is not linked any more", ("Nothing is sent here from now on.",))


async def _alerts(context: BotContext, user: CurrentUser, bot: Bot, command: Command) -> Said:
    async with context.database.unit_of_work(user.id) as session:
        page = await alerts.list_history(session, user, HistoryFilter(), 1, SHOWN_ALERTS)
    return replies.alerts_text(page.items)


async def _list(context: BotContext, user: CurrentUser, bot: Bot, command: Command) -> Said:
    async with context.database.unit_of_work(user.id) as session:
        page = await alerts.list_rules(session, user, page=1, page_size=SHOWN_RULES)
    return replies.rules_text(page.items, page.total)


async def _create(context: BotContext, user: CurrentUser, bot: Bot, command: Command) -> Said:
    wanted = read_rule(command.words)
    conditions = dict(wanted.conditions)
    if wanted.needs_chain:
        followed = list(context.settings.chain_urls)
        if len(followed) > 1:
            raise NotUnderstoodError("Say on which chain, at the end: on CHAIN")
        conditions["chain"] = followed[0]
    try:
        data = RuleCreate(
            name=command.rest[:80],
            type=wanted.kind,
            conditions=conditions,
            actions=[AlertAction(type="in_app"), AlertAction(type=bot)],
        )
    except ValidationError as error:
        raise NotUnderstoodError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None
    async with context.database.unit_of_work(user.id) as session:
        rule = await alerts.create_rule(session, user, data)
    return Said("The rule watches now", (replies.rule_line(rule), "You are told here and in the app."))


async def _pause(context: BotContext, user: CurrentUser, bot: Bot, command: Command) -> Said:
    return await _switch(context, user, command, on=False)


async def _resume(context: BotContext, user: CurrentUser, bot: Bot, command: Command) -> Said:
    return await _switch(context, user, command, on=True)


async def _switch(context: BotContext, user: CurrentUser, command: Command, *, on: bool) -> Said:
    async with context.database.unit_of_work(user.id) as session:
        rule = await _meant(session, user, command)
        rule = await alerts.set_enabled(session, user, rule.id, on)
    return Said("The rule watches again" if on else "The rule is paused", (replies.rule_line(rule),))


async def _delete(context: BotContext, user: CurrentUser, bot: Bot, command: Command) -> Said:
    is_sure = len(command.words) > 1 and command.words[-1].lower() == "yes"
    if is_sure:
        command = Command(command.name, command.words[:-1])
    async with context.database.unit_of_work(user.id) as session:
        rule = await _meant(session, user, command)
        if not is_sure:
            ask = f"To delete it, send: /delete {replies.code_of(rule)} yes"
            return Said("This rule?", (replies.rule_line(rule), ask, "Its history stays."))
        await alerts.delete_rule(session, user, rule.id)
    return Said("The rule is deleted", (rule.name, "Its history stays."))


async def _meant(session: AsyncSession, user: CurrentUser, command: Command) -> RuleRead:
    """Return the rule that a code, or a whole name, stands for. Raises InvalidInputError."""
    wanted = command.rest.strip()
    if not wanted:
        raise InvalidInputError(f"Say which rule: /{command.name} CODE", {"code": "/list shows the codes."})
    found = await alerts.find_rules(session, user, wanted)
    if len(found) != 1:
        what = "There is no such rule." if not found else "That could be several rules."
        raise InvalidInputError(what, {"code": "/list shows the codes."})
    return found[0]


async def _help(context: BotContext, user: CurrentUser, bot: Bot, command: Command) -> Said:
    return replies.help_text()


_DO: dict[str, Callable[[BotContext, CurrentUser, Bot, Command], Awaitable[Said]]] = {
    "alerts": _alerts,
    "list": _list,
    "create": _create,
    "pause": _pause,
    "resume": _resume,
    "delete": _delete,
    "help": _help,
}
