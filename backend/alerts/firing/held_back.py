"""What the plan held back: its user is told when it begins, and gets a summary when the hour or the day is over."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.engine.quota import Period
from backend.alerts.firing import repository
from backend.alerts.firing.quotas import LIMIT_REACHED, SUM_UP_TASK, FullPeriod
from backend.core.clock import from_unix, utc_now
from backend.core.db import Database
from backend.core.formats import iso
from backend.core.ids import derived_id
from backend.core.jobs import defer
from backend.notifications.service import NewMessage, Notice, enqueue, enqueue_notices

HELD_BACK = "alert.held_back"
# Blocks of a period may come a little after it.
AFTER_THE_PERIOD = timedelta(seconds=90)
MOST_RULES = 50
_A = {"hour": "an hour", "day": "a day"}


async def tell_of_full_periods(session: AsyncSession, full: Sequence[FullPeriod]) -> None:
    """Tell users through every channel of theirs that an hour or a day is full, once, and plan the summary of it.

    Of one that is over already (the chain is caught up with), the summary waits a little for what is still to come.
    """
    now = utc_now()
    await enqueue_notices(session, [_beginning(each) for each in full])
    for each in full:
        await defer(
            session,
            SUM_UP_TASK,
            run_at=max(from_unix(each.period.ends), now) + AFTER_THE_PERIOD,
            queueing_lock=each.lock,
            user_id=str(each.user_id),
            seconds=each.period.seconds,
            number=each.period.number,
        )


async def sum_up(database: Database, user_id: UUID, period: Period) -> int:
    """Tell the user what was held back in an hour or a day, through every channel once; return how many alerts.

    Doing it again tells nothing new: the ids are derived from the period. A day's summary is of all of it,
    full hours too.
    """
    async with database.unit_of_work() as session:
        rules = await repository.held_back(session, user_id, period)
        count = sum(rule.alerts for rule in rules)
        if not count:
            return 0
        since, until = from_unix(period.begins), from_unix(period.ends)
        most = ", ".join(f"{rule.name} ({rule.alerts:,})" for rule in rules[:3])
        more = f" and {len(rules) - 3:,} other rules" if len(rules) > 3 else ""
        payload = {
            "message": f"{count:,} alerts {_when(period)} were above your plan's limit and"
            f" were not sent: {most}{more}. All of them are in your history.",
            "count": count,
            "per": period.name,
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
        notice = Notice(
            id=derived_id(HELD_BACK, user_id, *period), user_id=user_id, event_type=HELD_BACK, payload=payload
        )
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


def _when(period: Period) -> str:
    since, until = from_unix(period.begins), from_unix(period.ends)
    if period.name == "day":
        return f"of {since:%B} {since.day}, {since.year} (UTC)"
    return f"between {since:%H:%M} and {until:%H:%M} UTC"


def _beginning(full: FullPeriod) -> Notice:
    until = from_unix(full.period.ends)
    return Notice(
        id=full.id,
        user_id=full.user_id,
        event_type=LIMIT_REACHED,
        payload={
            **full.data,
            "message": f"Your plan tells of {full.usage.most:,} alerts {_A[full.period.name]}, and they are used up."
            f" What comes until {until:%H:%M} UTC is kept in your history; you get a summary then.",
        },
    )
