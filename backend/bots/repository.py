"""The SQL of links between chats and accounts."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

TELEGRAM_LEADER = 7110


@dataclass(frozen=True, slots=True)
class Link:
    """Whose a chat is, and the channel that leads back to it."""

    user_id: UUID
    channel_id: UUID


async def find_link(session: AsyncSession, bot: str, person_mark: bytes) -> Link | None:
    """Return the link of a person, whoever's it is (a function of the schema looks across users)."""
    row = (
        await session.execute(
            text("select user_id, channel_id from bots_find_link(:bot, :mark)"), {"bot": bot, "mark": person_mark}
        )
    ).one_or_none()
    return Link(row.user_id, row.channel_id) if row else None


async def insert_link(
    session: AsyncSession, link_id: UUID, user_id: UUID, bot: str, person_mark: bytes, channel_id: UUID
) -> bool:
    """Link a person to the unit of work's user; False when the person is linked already, to whomever."""
    result = await session.execute(
        text(
            "insert into bot_links (id, user_id, bot, person_mark, channel_id)"
            " values (:id, :user_id, :bot, :mark, :channel_id)"
            " on conflict on constraint uq_bot_links_person do nothing returning id"
        ),
        {"id": link_id, "user_id": user_id, "bot": bot, "mark": person_mark, "channel_id": channel_id},
    )
    return result.first() is not None


async def try_lead(connection: AsyncConnection) -> bool:
    """Become the one process that asks Telegram for updates, as long as this connection lives; False: another is."""
    return bool(
        (
            await connection.execute(text("select pg_try_advisory_lock(:lock, 0)"), {"lock": TELEGRAM_LEADER})
        ).scalar_one()
    )


async def ping(connection: AsyncConnection) -> None:
    """Raise when the connection is gone."""
    await connection.execute(text("select 1"))
