"""Alert rules and history of one user: everything the API and the pages may ask for.

Every function works in the caller's session, which the edge opened with the user's id, and commits nothing.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, Feature, cap, requires
from backend.alerts import exports, repository
from backend.alerts.actions import checked_actions
from backend.alerts.automation.guards import guard_sentence, guard_tokens, parse_guard
from backend.alerts.caps import CapsEnforced, enforce_caps, require_active, require_place
from backend.alerts.errors import RuleChangedError, RuleNotFoundError
from backend.alerts.kinds.base import ParseContext
from backend.alerts.kinds.registry import all_kinds, kind_named
from backend.alerts.metrics import (
    PORTFOLIO_ASSET_USD,
    PORTFOLIO_IMPERMANENT_LOSS_PCT,
    PORTFOLIO_ROI_PCT,
    PORTFOLIO_VALUE_USD,
    PORTFOLIO_WINDOWS_SECONDS,
)
from backend.alerts.options import OPTIONS, checked_options
from backend.alerts.platform import publish_events
from backend.alerts.resume import alerts_after
from backend.alerts.schedules.service import note_next_due
from backend.alerts.schemas import (
    AlertCounts,
    AlertRead,
    ExportFormat,
    HistoryFilter,
    KindRead,
    RawConditions,
    RuleCreate,
    RuleRead,
    RuleUpdate,
)
from backend.alerts.sentences import NamedToken, symbols_of
from backend.core.audit import audit
from backend.core.errors import InvalidInputError
from backend.core.ids import new_id
from backend.core.schemas import Page
from backend.core.settings import get_settings
from backend.core.sheets import json_file
from backend.notifications import service as notifications
from backend.notifications.schemas import DeliveryRead

__all__ = [
    "PORTFOLIO_ASSET_USD",
    "PORTFOLIO_IMPERMANENT_LOSS_PCT",
    "PORTFOLIO_ROI_PCT",
    "PORTFOLIO_VALUE_USD",
    "PORTFOLIO_WINDOWS_SECONDS",
    "CapsEnforced",
    "alert_counts",
    "alerts_after",
    "create_rule",
    "delete_rule",
    "describe_rule",
    "enforce_caps",
    "export_history",
    "find_rules",
    "get_rule",
    "list_automations",
    "list_history",
    "list_kinds",
    "list_rules",
    "publish_events",
    "resend_delivery",
    "say_rule",
    "send_test_webhook",
    "set_enabled",
    "snooze_rule",
    "update_rule",
    "users_with_rules",
]
MAX_PAGE_SIZE = 200
_PARTS_OF_A_RULE = ("name", "type", "conditions", "actions", "guard", "else_actions", "enabled", *OPTIONS)


_REQUIRED_OPTIONS = ("trigger", "frequency", "cooldown_seconds")


async def users_with_rules(session: AsyncSession, kind: str, user_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the users who have an active rule of a kind, by itself or in a tree (role premium_worker)."""
    return await repository.users_with_rules(session, kind, list(user_ids))


@requires(Feature.ALERTS)
async def create_rule(session: AsyncSession, user: CurrentUser, data: RuleCreate) -> RuleRead:
    """Make a rule. Raises InvalidInputError (details by field) and TierLimitError when the plan allows no more."""
    kind = kind_named(data.type)
    context = ParseContext(session, get_settings(), user.id)
    conditions = await kind.parse(data.conditions, context)
    options = checked_options(kind, conditions, {name: getattr(data, name) for name in OPTIONS}, set(OPTIONS))
    values = {
        "actions": await checked_actions(session, user.id, None, data.actions),
        "guard": await parse_guard(data.guard, context) if data.guard else None,
        "else_actions": await checked_actions(session, user.id, None, data.else_actions),
    }
    await repository.lock_user_rules(session, user.id)
    await require_place(session, user)
    if data.enabled:
        await require_active(session, user, None, kind.wallets(conditions), was_enabled=False)
    row = await repository.insert_rule(
        session,
        {
            "id": new_id(),
            "user_id": user.id,
            "name": data.name,
            "type": data.type,
            "conditions": kind.stored(conditions),
            "enabled": data.enabled,
            **values,
            **options,
        },
    )
    await note_next_due(session, user.id, row["id"], kind, conditions, is_new=True)
    await audit(session, user.id, "alert_rule.created", str(row["id"]), {"name": data.name, "type": data.type})
    return (await _read(session, [row]))[0]


async def list_rules(
    session: AsyncSession,
    user: CurrentUser,
    type: str | None = None,  # noqa: A002 - the name of the query parameter
    enabled: bool | None = None,
    page: int = 1,
    page_size: int = 20,
) -> Page[RuleRead]:
    """Return one page of the user's rules, newest first."""
    size, offset = _window(page, page_size)
    rows, total = await repository.list_rules(session, user.id, type, enabled, size, offset)
    return Page[RuleRead](items=await _read(session, rows), total=total, page=page, page_size=size)


async def list_automations(
    session: AsyncSession, user: CurrentUser, page: int = 1, page_size: int = 20
) -> Page[RuleRead]:
    """Return one page of the user's rules that do more than tell, newest first."""
    size, offset = _window(page, page_size)
    rows, total = await repository.list_automated_rules(session, user.id, size, offset)
    return Page[RuleRead](items=await _read(session, rows), total=total, page=page, page_size=size)


async def get_rule(session: AsyncSession, user: CurrentUser, rule_id: UUID) -> RuleRead:
    """Return one rule. Raises RuleNotFoundError."""
    row = await repository.find_rule(session, user.id, rule_id)
    if row is None:
        raise RuleNotFoundError
    return (await _read(session, [row]))[0]


async def find_rules(session: AsyncSession, user: CurrentUser, wanted: str) -> list[RuleRead]:
    """Return up to two rules of this name, or whose id ends in `wanted`: two say that it could be either."""
    return await _read(session, await repository.find_rules(session, user.id, wanted.strip()[:100], 2))


async def update_rule(session: AsyncSession, user: CurrentUser, rule_id: UUID, data: RuleUpdate) -> RuleRead:
    """Change what `data` names and return the rule with its next version.

    Raises RuleNotFoundError, RuleChangedError when `data.version` is not the rule's, InvalidInputError, TierLimitError.
    """
    await repository.lock_user_rules(session, user.id)
    row = await repository.find_rule(session, user.id, rule_id, lock=True)
    if row is None:
        raise RuleNotFoundError
    if data.version is not None and data.version != row["version"]:
        raise RuleChangedError
    kind = kind_named(data.type or row["type"])
    context = ParseContext(session, get_settings(), user.id, rule_id)
    if data.conditions is not None:
        conditions = await kind.parse(data.conditions, context)
    elif kind.name == row["type"]:
        conditions = kind.of_stored(row["conditions"])
    else:
        raise InvalidInputError(
            "A rule of another type needs new conditions.", {"conditions": "Send the conditions too."}
        )
    options = checked_options(kind, conditions, _changed_options(row, data), data.model_fields_set)
    enabled = row["enabled"] if data.enabled is None else data.enabled
    if enabled and (data.conditions is not None or not row["enabled"]):
        await require_active(session, user, rule_id, kind.wallets(conditions), was_enabled=row["enabled"])
    changed = await repository.update_rule(
        session,
        {
            "id": rule_id,
            "user_id": user.id,
            "name": row["name"] if data.name is None else data.name,
            "type": kind.name,
            "conditions": row["conditions"] if data.conditions is None else kind.stored(conditions),
            **await _changed_actions(row, data, context),
            "enabled": enabled,
            "paused_by_plan": row["paused_by_plan"] and data.enabled is None,
            **options,
        },
    )
    await note_next_due(session, user.id, rule_id, kind, conditions, is_new=False)
    await _audit_change(session, user, row, changed)
    return (await _read(session, [changed]))[0]


async def set_enabled(session: AsyncSession, user: CurrentUser, rule_id: UUID, enabled: bool) -> RuleRead:
    """Pause or resume a rule. Raises RuleNotFoundError, TierLimitError when the plan has no room for one more."""
    row = await repository.find_rule(session, user.id, rule_id)
    if row is not None and row["enabled"] == enabled and not row["paused_by_plan"]:
        return (await _read(session, [row]))[0]
    return await update_rule(session, user, rule_id, RuleUpdate(enabled=enabled))


async def snooze_rule(session: AsyncSession, user: CurrentUser, rule_id: UUID, until: datetime | None) -> RuleRead:
    """Keep a rule still until a moment; None wakes it. Raises RuleNotFoundError, InvalidInputError."""
    return await update_rule(session, user, rule_id, RuleUpdate(snoozed_until=until))


def list_kinds() -> list[KindRead]:
    """Return every kind of rule and the conditions it takes."""
    return [KindRead.model_validate(kind) for kind in all_kinds()]


async def delete_rule(session: AsyncSession, user: CurrentUser, rule_id: UUID) -> None:
    """Delete a rule; its history stays. Raises RuleNotFoundError."""
    name = await repository.delete_rule(session, user.id, rule_id)
    if name is None:
        raise RuleNotFoundError
    await audit(session, user.id, "alert_rule.deleted", str(rule_id), {"name": name})


async def list_history(
    session: AsyncSession, user: CurrentUser, wanted: HistoryFilter, page: int = 1, page_size: int = 50
) -> Page[AlertRead]:
    """Return one page of the user's alerts in the wanted order, newest first unless it says otherwise."""
    size, offset = _window(page, page_size)
    rows, total = await repository.list_alerts(session, user.id, wanted, size, offset)
    return Page[AlertRead](
        items=[AlertRead.model_validate(dict(row)) for row in rows], total=total, page=page, page_size=size
    )


def export_history(
    session: AsyncSession,
    user: CurrentUser,
    wanted: HistoryFilter,
    format: ExportFormat,  # noqa: A002
) -> AsyncIterator[bytes]:
    """Yield the user's alerts as a CSV or JSON file, in chunks; the session must stay open until the last one."""

    async def alerts() -> AsyncIterator[AlertRead]:
        details = {"format": format, **wanted.model_dump(mode="json", exclude_defaults=True)}
        await audit(session, user.id, "alert_history.exported", "", details)
        async for row in repository.stream_alerts(session, user.id, wanted):
            yield AlertRead.model_validate(dict(row))

    return exports.alerts_csv(alerts()) if format == "csv" else json_file(alerts())


async def alert_counts(session: AsyncSession, user: CurrentUser) -> AlertCounts:
    """Return how many rules and alerts the user has, and what the plan allows."""
    row = await repository.counts(session, user.id)
    wallets = await repository.watched_wallets(session, user.id)
    return AlertCounts(
        **row,
        rules_limit=cap(user.tier, Cap.ALERT_RULES),
        alerts_hour_limit=cap(user.tier, Cap.ALERTS_PER_HOUR),
        alerts_day_limit=cap(user.tier, Cap.ALERTS_PER_DAY),
        wallets_watched=len(wallets),
        wallets_limit=cap(user.tier, Cap.WATCHED_WALLETS),
    )


async def send_test_webhook(
    session: AsyncSession, user: CurrentUser, destination: str, allow_private: bool | None = None
) -> DeliveryRead:
    """Put a test message for the user in line. Raises InvalidInputError on a bad destination."""
    delivery = await notifications.enqueue_test_webhook(session, user.id, destination, allow_private)
    await audit(session, user.id, "webhook.tested", str(delivery.id), {"host": _host(delivery.destination)})
    return delivery


async def resend_delivery(session: AsyncSession, user: CurrentUser, message_id: UUID) -> DeliveryRead:
    """Send a sent or dead message again. Raises NotFoundError, ConflictError while it is still on its way."""
    delivery = await notifications.resend(session, user.id, message_id)
    await audit(session, user.id, "webhook.resent", str(delivery.id), {"host": _host(delivery.destination)})
    return delivery


async def say_rule(session: AsyncSession, user: CurrentUser, type: str, conditions: RawConditions) -> str:  # noqa: A002
    """Return what conditions that are being written would mean, in one sentence; nothing is stored.

    Raises InvalidInputError (details by field) while they are not complete.
    """
    kind = kind_named(type)
    typed = await kind.parse(conditions, ParseContext(session, get_settings(), user.id))
    tokens = await repository.tokens_by_address(session, sorted(kind.tokens(typed)))
    return kind.sentence(typed, symbols_of(tokens))


def describe_rule(
    type: str,  # noqa: A002
    conditions: Sequence[Mapping[str, Any]],
    tokens: Iterable[NamedToken],
) -> str:
    """Return a rule's conditions as one sentence; `tokens` name the addresses in it.

    Raises InvalidInputError when the list is not that of a rule.
    """
    try:
        kind = kind_named(type)
        return kind.sentence(kind.of_stored(conditions), symbols_of(tokens))
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise InvalidInputError("These are not the conditions of an alert rule.") from None


async def _audit_change(session: AsyncSession, user: CurrentUser, before: RowMapping, after: RowMapping) -> None:
    """Note which parts of a rule are different now; stopping and starting it have names of their own."""
    changed = [part for part in _PARTS_OF_A_RULE if before[part] != after[part]]
    if not changed:
        return
    verb = ("resumed" if after["enabled"] else "paused") if changed == ["enabled"] else "changed"
    details = {"name": after["name"], **({"changed": changed} if verb == "changed" else {})}
    await audit(session, user.id, f"alert_rule.{verb}", str(after["id"]), details)


def _changed_options(row: RowMapping, data: RuleUpdate) -> dict[str, Any]:
    """Return the rule's options after the change: a null takes those away that a rule may be without."""
    values = {}
    for name in OPTIONS:
        sent = getattr(data, name)
        keeps = name not in data.model_fields_set or (sent is None and name in _REQUIRED_OPTIONS)
        values[name] = row[name] if keeps else sent
    return values


async def _changed_actions(row: RowMapping, data: RuleUpdate, context: ParseContext) -> dict[str, Any]:
    """Return the rule's actions, guard and other actions after the change; a null guard takes it away."""
    found: dict[str, Any] = {"guard": row["guard"]}
    for name in ("actions", "else_actions"):
        sent = getattr(data, name)
        kept = sent is None
        found[name] = row[name] if kept else await checked_actions(context.session, context.user_id, row["id"], sent)
    if "guard" in data.model_fields_set:
        found["guard"] = await parse_guard(data.guard, context) if data.guard else None
    return found


def _host(destination: str) -> str:
    """Return whose webhook it is; the rest of an address may hold a secret."""
    return urlsplit(destination).hostname or ""


async def _read(session: AsyncSession, rows: Sequence[RowMapping]) -> list[RuleRead]:
    kinds = [kind_named(row["type"]) for row in rows]
    typed = [kind.of_stored(row["conditions"]) for kind, row in zip(kinds, rows, strict=True)]
    addresses = {token for kind, conditions in zip(kinds, typed, strict=True) for token in kind.tokens(conditions)}
    addresses |= {token for row in rows if row["guard"] for token in guard_tokens(row["guard"])}
    symbols = symbols_of(await repository.tokens_by_address(session, sorted(addresses)))
    return [
        RuleRead.model_validate(
            {
                **row,
                "description": kind.sentence(conditions, symbols),
                "guard_description": guard_sentence(row["guard"], symbols) if row["guard"] else None,
            }
        )
        for row, kind, conditions in zip(rows, kinds, typed, strict=True)
    ]


def _window(page: int, page_size: int) -> tuple[int, int]:
    size = max(1, min(page_size, MAX_PAGE_SIZE))
    return size, (max(1, page) - 1) * size
