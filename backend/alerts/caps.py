"""The plan's caps on rules and watched wallets, held whoever comes at once.

A rule takes a place whether it is paused or not; what is active, and the wallets that are watched, count among the
active ones. All of it is counted under the lock of the user's rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, cap, require_room
from backend.alerts import repository
from backend.alerts.kinds.registry import kind_named
from backend.core.audit import audit


@dataclass(frozen=True, slots=True)
class CapsEnforced:
    """Which rules another plan paused, and which of those that a plan had paused are active again."""

    paused: list[UUID]
    resumed: list[UUID]


@dataclass(frozen=True, slots=True)
class HeldRule:
    """A rule that is active or was paused by the plan, and the wallets it watches."""

    id: UUID
    enabled: bool
    wallets: frozenset[str]


async def require_place(session: AsyncSession, user: CurrentUser) -> None:
    """Raise TierLimitError when the plan has no place for another rule. Call it under the lock of the user's rules."""
    _, total = await repository.list_rules(session, user.id, None, None, 0, 0)
    require_room(user, Cap.ALERT_RULES, total)


async def require_active(
    session: AsyncSession, user: CurrentUser, rule_id: UUID | None, wallets: frozenset[str], *, was_enabled: bool
) -> None:
    """Raise TierLimitError when this rule, watching `wallets`, cannot be active. Call it under the same lock."""
    if not was_enabled:
        _, active = await repository.list_rules(session, user.id, None, True, 0, 0)
        require_room(user, Cap.ALERT_RULES, active)
    if wallets:
        watched = await repository.watched_wallets(session, user.id, rule_id)
        if adding := wallets - watched:
            require_room(user, Cap.WATCHED_WALLETS, len(watched), len(adding))


def within(rules: Iterable[HeldRule], most_rules: int | None, most_wallets: int | None) -> set[UUID]:
    """Return those of the rules (oldest first) that may be active together: the older one wins."""
    kept: set[UUID] = set()
    watched: set[str] = set()
    for rule in rules:
        if most_rules is not None and len(kept) >= most_rules:
            break
        if most_wallets is not None and rule.wallets and len(watched | rule.wallets) > most_wallets:
            continue
        kept.add(rule.id)
        watched |= rule.wallets
    return kept


async def enforce_caps(session: AsyncSession, user_id: UUID, tier: str) -> CapsEnforced:
    """Make the user's rules fit a tier (role premium_worker): pause what is above it, the newest first.

    What was paused so becomes active again, the oldest first, as far as the tier allows. Again, it changes nothing.
    """
    await repository.lock_user_rules(session, user_id)
    rules = [
        HeldRule(row["id"], row["enabled"], _wallets(row["type"], row["conditions"]))
        for row in await repository.lock_held_rules(session, user_id)
    ]
    kept = within(rules, cap(tier, Cap.ALERT_RULES), cap(tier, Cap.WATCHED_WALLETS))
    paused = [rule.id for rule in rules if rule.enabled and rule.id not in kept]
    resumed = [rule.id for rule in rules if not rule.enabled and rule.id in kept]
    await repository.set_paused_by_plan(session, user_id, paused, paused=True)
    await repository.set_paused_by_plan(session, user_id, resumed, paused=False)
    for action, changed in (("alert_rules.paused_by_plan", paused), ("alert_rules.resumed_by_plan", resumed)):
        if changed:
            await audit(session, user_id, action, tier, {"rules": [str(rule_id) for rule_id in changed[:100]]})
    return CapsEnforced(paused, resumed)


def _wallets(kind: str, stored: list[dict[str, Any]]) -> frozenset[str]:
    return kind_named(kind).wallets(kind_named(kind).of_stored(stored))
