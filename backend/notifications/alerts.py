"""From an alert's actions to messages: through which channels, to which targets, at once or held."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.core.ids import derived_id
from backend.notifications import channels_repository, repository
from backend.notifications.channels.registry import CHANNEL_NAMES, HELD
from backend.notifications.channels_repository import Reached
from backend.notifications.engine.holding import HoldingRules, hold
from backend.notifications.schemas import EMAIL, WEBHOOK, AlertNews, NewMessage, Notice

NOTIFY = "notify"
NOTICE_KIND = "notice"  # no kind of alert, so it is never a critical one
WITHDRAWN_UNSENT = "The alert was withdrawn before this went out."
_NO_ONE = Reached({}, {}, frozenset(), {})
_AT_ONCE = HoldingRules()


async def enqueue_alerts(session: AsyncSession, news: Sequence[AlertNews]) -> int:
    """Put the messages of alerts into the outbox, in the transaction that stored them; return how many were new.

    `webhook` goes to its address, `email` and the names of channels to every target the user has there, `notify` to
    every channel that the user's preferences allow for the alert's kind. Messages to people wait where the user's
    quiet hours, digest or grouping say so. The ids are derived from the news: a repeat finds them there.
    """
    asks = {each.user_id for each in news if any(_needs_targets(action) for action in each.actions)}
    reached = await channels_repository.read_reached(session, asks) if asks else _NO_ONE
    now = utc_now()
    found: dict[UUID, NewMessage] = {}
    for each in news:
        for message in _messages(each, reached, now):
            found.setdefault(message.id, message)
    return await repository.insert_messages(session, list(found.values()))


async def enqueue_notices(session: AsyncSession, notices: Sequence[Notice]) -> int:
    """Tell users something through every active channel of theirs, once; return how many messages were new.

    Quiet hours and digests hold it as they do alerts; preferences are by kind of alert, and do not.
    """
    if not notices:
        return 0
    reached = await channels_repository.read_reached(session, {each.user_id for each in notices})
    now, messages = utc_now(), []
    for each in notices:
        held = hold(reached.rules.get(each.user_id, _AT_ONCE), NOTICE_KIND, str(each.id), now)
        places: list[tuple[str, str, UUID | None]] = [
            (row.channel, row.shown_target, row.id) for row in reached.targets.get(each.user_id, ())
        ]
        if address := reached.addresses.get(each.user_id):
            places.append((EMAIL, address, None))
        for channel, shown, channel_id in places:
            message = NewMessage(
                id=derived_id(each.id, channel, channel_id or shown),
                user_id=each.user_id,
                channel=channel,
                channel_id=channel_id,
                destination=shown,
                event_type=each.event_type,
                payload=each.payload,
            )
            messages.append(message.held(held) if held and channel in HELD else message)
    return await repository.insert_messages(session, messages)


async def enqueue_withdrawals(session: AsyncSession, news: Sequence[AlertNews]) -> int:
    """Tell of withdrawn alerts wherever they were told; return how many messages were new.

    What is still held of them is dropped instead: nobody was told. The news' actions do not matter.
    """
    by_id = {each.alert_id: each for each in news}
    if not by_id:
        return 0
    await repository.drop_held(session, list(by_id), WITHDRAWN_UNSENT)
    reached = await channels_repository.read_reached(session, {each.user_id for each in news})
    now = utc_now()
    messages = []
    for told in await repository.told_places(session, list(by_id)):
        each = by_id[told.alert_id]
        place = told.channel_id or told.destination
        parts = (told.destination,) if told.channel == WEBHOOK and not told.channel_id else (told.channel, place)
        message_id = derived_id(each.event_type, each.alert_id, *parts, each.news_at)
        message = _message(each, told.channel, told.destination, told.channel_id, message_id)
        held = None
        if told.channel in HELD:
            held = hold(reached.rules.get(each.user_id, _AT_ONCE), each.kind, str(each.rule_id), now)
        messages.append(message.held(held) if held else message)
    return await repository.insert_messages(session, messages)


def _needs_targets(action: dict[str, object]) -> bool:
    return action.get("type") == NOTIFY or (action.get("type") in CHANNEL_NAMES and "destination" not in action)


def _messages(news: AlertNews, reached: Reached, now: datetime) -> Iterable[NewMessage]:
    for action in news.actions:
        kind = action.get("type")
        if kind == WEBHOOK and action.get("destination"):
            url = action["destination"]
            yield _message(news, WEBHOOK, url, None, derived_id(news.event_type, news.alert_id, url, news.news_at))
        elif kind == NOTIFY:
            off = reached.switched_off
            wanted = [name for name in CHANNEL_NAMES if (news.user_id, news.kind, name) not in off]
            yield from _to_targets(news, wanted, reached, now)
        elif kind in CHANNEL_NAMES:
            yield from _to_targets(news, [str(kind)], reached, now)


def _to_targets(news: AlertNews, wanted: Sequence[str], reached: Reached, now: datetime) -> Iterable[NewMessage]:
    """Yield a message for each target that the user has on the wanted channels."""
    rules = reached.rules.get(news.user_id, _AT_ONCE)
    held = hold(rules, news.kind, str(news.rule_id), now)
    places: list[tuple[str, str, UUID | None]] = [
        (row.channel, row.shown_target, row.id)
        for row in reached.targets.get(news.user_id, ())
        if row.channel in wanted
    ]
    if EMAIL in wanted and (address := reached.addresses.get(news.user_id)):
        places.append((EMAIL, address, None))
    for channel, shown, channel_id in places:
        message_id = derived_id(news.event_type, news.alert_id, channel, channel_id or shown, news.news_at)
        message = _message(news, channel, shown, channel_id, message_id)
        yield message.held(held) if held and channel in HELD else message


def _message(news: AlertNews, channel: str, destination: str, channel_id: UUID | None, message_id: UUID) -> NewMessage:
    return NewMessage(
        id=message_id,
        user_id=news.user_id,
        channel=channel,
        destination=destination,
        channel_id=channel_id,
        event_type=news.event_type,
        kind=news.kind,
        alert_id=news.alert_id,
        alert_rule_id=news.rule_id,
        payload=news.payload,
    )
