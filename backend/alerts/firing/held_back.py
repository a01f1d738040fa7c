"""What the plan held back: its user is told when it begins, and gets a summary when the hour is over."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.engine.quota import HOUR_SECONDS
from backend.alerts.firing import repository
from backend.alerts.firing.quotas import LIMIT_REACHED, FullHour
from backend.core.clock import from_unix
from backend.core.db import Database
from backend.core.formats import iso
from backend.core.ids import derived_id
from backend.core.jobs import defer
from backend.notifications.service import NewMessage, Notice, enqueue, enqueue_notices

HELD_BACK = "alert.held_back"
SUM_UP_TASK = "alerts.sum_up_held_back"
# Blocks of the hour may come a little after it.
AFTER_THE_HOUR = timedelta(seconds=90)
MOST_RULES = 50


async def tell_of_full_hours(session: AsyncSession, full: Sequence[FullHour]) -> None:
    """Tell users through every channel of theirs that an hour is full, once, and plan the summary of it."""
    await enqueue_notices(session, [_beginning(each) for each in full])
    for each in full:
        await defer(
            session,
            SUM_UP_TASK,
            run_at=from_unix((each.hour + 1) * HOUR_SECONDS) + AFTER_THE_HOUR,
            queueing_lock=f"{SUM_UP_TASK}:{each.id}",
            user_id=str(each.user_id),
            hour=each.hour,
        )


async def sum_up(database: Database, user_id: UUID, hour: int) -> int:
    """Tell the user what was held back in an hour, through every channel once; return how many alerts that were.

    Doing it again tells nothing new: the ids are derived from the hour.
    """
    async with database.unit_of_work() as session:
        rules = await repository.held_back(session, user_id, hour)
        count = sum(rule.alerts for rule in rules)
        if not count:
            return 0
        since, until = from_unix(hour * HOUR_SECONDS), from_unix((hour + 1) * HOUR_SECONDS)
        most = ", ".join(f"{rule.name} ({rule.alerts:,})" for rule in rules[:3])
        more = f" and {len(rules) - 3:,} other rules" if len(rules) > 3 else ""
        payload = {
            "message": f"{count:,} alerts between {since:%H:%M} and {until:%H:%M} UTC were above your plan's limit and"
            f" were not sent: {most}{more}. All of them are in your history.",
            "count": count,
            "since": iso(since),
            "until": iso(until),
            "items": [
                {
                    "ruleId": str(rule.rule_id),
                    "ruleName": rule.name,
                    "message": f"{rule.alerts:,} alerts, the last: {rule.last_message}",
                }
                for rule in rules[:MOST_RULES]
            ],
        }
        notice = Notice(id=derived_id(HELD_BACK, user_id, hour), user_id=user_id, event_type=HELD_BACK, payload=payload)
        await enqueue_notices(session, [notice])
        urls = sorted({url for rule in rules for url in rule.webhooks})
        await enqueue(
            session,
            [
                NewMessage(
                    id=derived_id(notice.id, url),
                    user_id=user_id,
                    destination=url,
                    event_type=HELD_BACK,
                    payload=payload,
                )
                for url in urls
            ],
        )
        return count


def _beginning(full: FullHour) -> Notice:
    until = from_unix((full.hour + 1) * HOUR_SECONDS)
    return Notice(
        id=full.id,
        user_id=full.user_id,
        event_type=LIMIT_REACHED,
        payload={
            **full.data,
            "message": f"Your plan tells of {full.usage.most:,} alerts an hour, and they are used up. What comes until"
            f" {until:%H:%M} UTC is kept in your history; you get a summary then.",
        },
    )
