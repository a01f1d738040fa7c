"""Whether rules that wait for one another come back to where they began."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts import repository
from backend.alerts.kinds.registry import kind_named

MOST_RULES = 1_000


@dataclass(frozen=True, slots=True)
class Reached:
    """The rule that is waited for: its name, and whether it waits, over whatever others, for the one that asks."""

    name: str
    is_cycle: bool


async def reaches(session: AsyncSession, user_id: UUID, rule_id: UUID, asking: UUID | None) -> Reached | None:
    """Follow what `rule_id` waits for; None when the user has no such rule."""
    first = await repository.find_rule(session, user_id, rule_id)
    if first is None:
        return None
    waiting, seen = [rule_id], set[UUID]()
    while waiting:
        current = waiting.pop()
        if current == asking or len(seen) > MOST_RULES:
            return Reached(first["name"], True)
        if current in seen:
            continue
        seen.add(current)
        row = await repository.find_rule(session, user_id, current)
        if row is not None:
            kind = kind_named(row["type"])
            waiting += kind.watched_rules(kind.of_stored(row["conditions"]))
    return Reached(first["name"], False)
