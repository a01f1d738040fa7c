"""What was held goes out: by itself when it is alone, else as one message that has all of it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.formats import iso
from backend.notifications import holding_repository, repository
from backend.notifications.holding_repository import HeldMessage
from backend.notifications.schemas import NewMessage

BUNDLE = "alert.bundle"
GROUPS_AT_ONCE = 50
MOST_ITEMS = 500  # of one message; how many more there are is said, and all of them are in the deliveries
MOST_CHARACTERS_OF_AN_ITEM = 600


async def release_held(session: AsyncSession) -> int:
    """Put in line what is due of what is held (role premium_worker); return how many messages were let go."""
    due = await holding_repository.take_due(session, GROUPS_AT_ONCE)
    groups: dict[tuple[object, ...], list[HeldMessage]] = {}
    for message in due:
        groups.setdefault(message.group, []).append(message)
    alone = [members[0].id for members in groups.values() if len(members) == 1]
    if alone:
        await holding_repository.send_now(session, alone)
    for members in groups.values():
        if len(members) > 1:
            bundle = bundle_of(members)
            await repository.insert_messages(session, [bundle])
            await holding_repository.note_bundled(session, [each.id for each in members], bundle.id)
    return len(due)


def bundle_of(members: Sequence[HeldMessage]) -> NewMessage:
    """Return the one message that says what several held ones say, oldest first."""
    first, last = members[0], members[-1]
    names = Counter(str(each.payload.get("ruleName") or "Alert") for each in members)
    count = len(members)
    if len(names) == 1:
        title = f"{count:,} × {next(iter(names))}"  # noqa: RUF001 - a multiplication sign is meant
        says = f"Newest of {count:,}: {last.payload.get('message') or ''}"
    else:
        title = f"{count:,} alerts"
        most = ", ".join(f"{name} ({number:,})" for name, number in names.most_common(3))
        more = f" and {len(names) - 3:,} other rules" if len(names) > 3 else ""
        says = f"{count:,} alerts: {most}{more}"
    kinds = {each.kind for each in members}
    return NewMessage(
        user_id=first.user_id,
        channel=first.channel,
        channel_id=first.channel_id,
        destination=first.destination,
        event_type=BUNDLE,
        kind=first.kind if len(kinds) == 1 else None,
        alert_rule_id=first.alert_rule_id if len({each.alert_rule_id for each in members}) == 1 else None,
        payload={
            "title": title,
            "message": says[:MOST_CHARACTERS_OF_AN_ITEM],
            "count": count,
            "heldFor": first.held_for,
            "since": iso(first.created_at),
            "until": iso(last.created_at),
            "items": [_item(each) for each in members[-MOST_ITEMS:]],
        },
    )


def _item(message: HeldMessage) -> dict[str, Any]:
    return {
        "type": message.event_type,
        "alertId": message.payload.get("alertId"),
        "ruleId": message.payload.get("ruleId"),
        "ruleName": str(message.payload.get("ruleName") or "")[:MOST_CHARACTERS_OF_AN_ITEM],
        "message": str(message.payload.get("message") or "")[:MOST_CHARACTERS_OF_AN_ITEM],
        "at": iso(message.created_at),
    }
