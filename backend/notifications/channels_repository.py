"""The SQL of channels, preferences and settings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.engine.holding import HoldingRules

_READ = """
select id, channel, label, shown_target, status, created_at, last_used_at, last_error from notification_channels
"""
_SETTINGS = (
    "select user_id, time_zone, quiet_from, quiet_to, critical_kinds, digest, digest_at, group_seconds"
    " from notification_settings"
)


class TargetRow(NamedTuple):
    """A channel of a user that can take messages."""

    user_id: UUID
    id: UUID
    channel: str
    shown_target: str


@dataclass(frozen=True, slots=True)
class Reached:
    """How users can be told: their channels that work, confirmed addresses, what they switched off, when they rest."""

    targets: Mapping[UUID, Sequence[TargetRow]]
    addresses: Mapping[UUID, str]
    switched_off: frozenset[tuple[UUID, str, str]]
    rules: Mapping[UUID, HoldingRules]


async def list_channels(session: AsyncSession, user_id: UUID) -> list[RowMapping]:
    """Return the user's channels, oldest first."""
    statement = text(f"{_READ} where user_id = :user_id order by created_at, id")
    return list((await session.execute(statement, {"user_id": user_id})).mappings())


async def find_channel(session: AsyncSession, user_id: UUID, channel_id: UUID) -> RowMapping | None:
    """Return one of the user's channels, or None."""
    statement = text(f"{_READ} where id = :id and user_id = :user_id")
    return (await session.execute(statement, {"id": channel_id, "user_id": user_id})).mappings().one_or_none()


async def lock_user(session: AsyncSession, user_id: UUID) -> None:
    """Let no other transaction count or add channels of this user until this one ends."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('channels of user ' || :user_id, 7005))"),
        {"user_id": str(user_id)},
    )


async def insert_channel(session: AsyncSession, values: Mapping[str, Any]) -> bool:
    """Add a channel; return False when the user has this target already."""
    result = await session.execute(
        text(
            "insert into notification_channels (id, user_id, channel, label, sealed_target, target_mark, shown_target,"
            " status) values (:id, :user_id, :channel, :label, :sealed_target, :target_mark, :shown_target, :status)"
            " on conflict on constraint uq_notification_channels_target do nothing returning id"
        ),
        dict(values),
    )
    return result.first() is not None


async def rename_channel(session: AsyncSession, user_id: UUID, channel_id: UUID, label: str) -> bool:
    """Give one of the user's channels another name; return whether there is one."""
    row = await session.execute(
        text("update notification_channels set label = :label where id = :id and user_id = :user_id returning id"),
        {"id": channel_id, "user_id": user_id, "label": label},
    )
    return row.first() is not None


async def delete_channel(session: AsyncSession, user_id: UUID, channel_id: UUID) -> RowMapping | None:
    """Remove one of the user's channels and return what it was, None when there is none."""
    statement = text(
        "delete from notification_channels where id = :id and user_id = :user_id returning channel, label, shown_target"
    )
    return (await session.execute(statement, {"id": channel_id, "user_id": user_id})).mappings().one_or_none()


async def note_used(session: AsyncSession, used: Iterable[UUID]) -> None:
    """Note that channels took a message just now (role premium_worker)."""
    await session.execute(
        text(
            "update notification_channels set last_used_at = now(), last_error = null,"
            " status = case when status = 'broken' then 'active' else status end"
            " where id = any(cast(:ids as uuid[]))"
        ),
        {"ids": sorted(str(channel_id) for channel_id in used)},
    )


async def note_failed(session: AsyncSession, failed: Mapping[UUID, tuple[str, bool]]) -> None:
    """Note why channels took no message, and that some will never take one (role premium_worker)."""
    ids = sorted(failed)
    await session.execute(
        text(
            "update notification_channels c set last_error = f.error,"
            " status = case when f.broken then 'broken' else c.status end"
            " from unnest(cast(:ids as uuid[]), cast(:errors as text[]), cast(:broken as boolean[]))"
            " as f(id, error, broken) where c.id = f.id"
        ),
        {
            "ids": [str(channel_id) for channel_id in ids],
            "errors": [failed[channel_id][0][:500] for channel_id in ids],
            "broken": [failed[channel_id][1] for channel_id in ids],
        },
    )


async def sealed_targets(session: AsyncSession, channel_ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """Return the sealed targets of channels (role premium_worker); those that were removed are missing."""
    statement = text("select id, sealed_target from notification_channels where id = any(cast(:ids as uuid[]))")
    rows = await session.execute(statement, {"ids": [str(channel_id) for channel_id in set(channel_ids)]})
    return {row.id: row.sealed_target for row in rows}


async def read_reached(session: AsyncSession, user_ids: Iterable[UUID]) -> Reached:
    """Return how these users can be told (role premium_worker, or the user's own session)."""
    ids = {"ids": [str(user_id) for user_id in set(user_ids)]}
    of_users = "user_id = any(cast(:ids as uuid[]))"
    targets: dict[UUID, list[TargetRow]] = {}
    for row in await session.execute(
        text(
            "select user_id, id, channel, shown_target from notification_channels"  # noqa: S608 - constant text
            f" where status = 'active' and {of_users} order by created_at, id"
        ),
        ids,
    ):
        targets.setdefault(row[0], []).append(TargetRow._make(row))
    addresses = await session.execute(
        text(
            "select id, email from premium_users where id = any(cast(:ids as uuid[])) and email is not null"
            " and email_verified_at is not null"
        ),
        ids,
    )
    off = await session.execute(
        text(f"select user_id, kind, channel from notification_preferences where not enabled and {of_users}"),  # noqa: S608
        ids,
    )
    settings = await session.execute(text(f"{_SETTINGS} where {of_users}"), ids)
    return Reached(
        targets=targets,
        addresses={row[0]: row[1] for row in addresses},
        switched_off=frozenset((row[0], row[1], row[2]) for row in off),
        rules={row["user_id"]: _rules(row) for row in settings.mappings()},
    )


async def preferences(session: AsyncSession, user_id: UUID) -> dict[tuple[str, str], bool]:
    """Return what the user said, by (kind, channel)."""
    rows = await session.execute(
        text("select kind, channel, enabled from notification_preferences where user_id = :user_id"),
        {"user_id": user_id},
    )
    return {(row.kind, row.channel): row.enabled for row in rows}


async def set_preferences(session: AsyncSession, user_id: UUID, chosen: Mapping[tuple[str, str], bool]) -> None:
    """Note what the user wants, by (kind, channel)."""
    for (kind, channel), enabled in sorted(chosen.items()):
        await session.execute(
            text(
                "insert into notification_preferences (user_id, kind, channel, enabled) values (:user_id, :kind,"
                " :channel, :enabled) on conflict (user_id, kind, channel) do update set enabled = excluded.enabled,"
                " changed_at = now()"
            ),
            {"user_id": user_id, "kind": kind, "channel": channel, "enabled": enabled},
        )


async def find_settings(session: AsyncSession, user_id: UUID) -> HoldingRules:
    """Return what the user chose, or the defaults."""
    row = (await session.execute(text(f"{_SETTINGS} where user_id = :user_id"), {"user_id": user_id})).mappings()
    found = row.one_or_none()
    return _rules(found) if found else HoldingRules()


async def set_settings(session: AsyncSession, user_id: UUID, rules: HoldingRules) -> None:
    """Note what the user chose."""
    await session.execute(
        text(
            "insert into notification_settings as s (user_id, time_zone, quiet_from, quiet_to, critical_kinds, digest,"
            " digest_at, group_seconds) values (:user_id, :time_zone, :quiet_from, :quiet_to, :critical_kinds, :digest,"
            " :digest_at, :group_seconds) on conflict (user_id) do update set time_zone = excluded.time_zone,"
            " quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,"
            " critical_kinds = excluded.critical_kinds, digest = excluded.digest, digest_at = excluded.digest_at,"
            " group_seconds = excluded.group_seconds, changed_at = now()"
        ),
        {
            "user_id": user_id,
            "time_zone": rules.time_zone,
            "quiet_from": rules.quiet_from,
            "quiet_to": rules.quiet_to,
            "critical_kinds": sorted(rules.critical_kinds),
            "digest": rules.digest,
            "digest_at": rules.digest_at,
            "group_seconds": rules.group_seconds,
        },
    )


def _rules(row: RowMapping) -> HoldingRules:
    values = {name: value for name, value in row.items() if name not in ("user_id", "critical_kinds")}
    return HoldingRules(**values, critical_kinds=frozenset(row["critical_kinds"]))


async def revive(session: AsyncSession, user_id: UUID, channel: str, mark: bytes) -> UUID:
    """Let the user's channel with this target work again, and return its id."""
    row = await session.execute(
        text(
            "update notification_channels set status = 'active', last_error = null"
            " where user_id = :user_id and channel = :channel and target_mark = :mark returning id"
        ),
        {"user_id": user_id, "channel": channel, "mark": mark},
    )
    return UUID(str(row.scalar_one()))


async def delete_by_mark(session: AsyncSession, user_id: UUID, channel: str, mark: bytes) -> bool:
    """Remove the user's channel with this target; return whether there was one."""
    row = await session.execute(
        text(
            "delete from notification_channels where user_id = :user_id and channel = :channel"
            " and target_mark = :mark returning id"
        ),
        {"user_id": user_id, "channel": channel, "mark": mark},
    )
    return row.first() is not None
