"""The SQL of wallets and linked accounts. Sign-in looks across users only through three security-definer functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How many ways lead into an account."""

    has_password: bool
    wallets: int
    identities: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.has_password + self.wallets + self.identities


async def find_wallet(session: AsyncSession, address: str) -> Any:
    """Return `user_id, email, tier, kind, chain_id` of the wallet with this address, whoever's it is, or None."""
    return (await session.execute(text("select * from auth_find_wallet(:address)"), {"address": address})).one_or_none()


async def find_identity(session: AsyncSession, provider: str, subject: str) -> Any:
    """Return `user_id, email, tier` of whose account elsewhere this is, or None."""
    return (
        await session.execute(
            text("select * from auth_find_identity(:provider, :subject)"), {"provider": provider, "subject": subject}
        )
    ).one_or_none()


async def take_turn(session: AsyncSession, subject: str) -> None:
    """Wait until no other transaction is deciding about the same subject (such as a wallet that nobody has yet)."""
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:subject, 7006))"), {"subject": subject})


async def find_account(session: AsyncSession, email: str) -> Any:
    """Return `user_id, email, tier, is_confirmed` of the account with this address in lower case, or None."""
    return (await session.execute(text("select * from auth_find_account(:email)"), {"email": email})).one_or_none()


async def has_unconfirmed_email(session: AsyncSession, user_id: UUID) -> bool:
    """Return whether the unit of work's user has an e-mail address that nobody has confirmed."""
    statement = "select email is not null and email_verified_at is null from premium_users where id = :id"
    return bool((await session.execute(text(statement), {"id": user_id})).scalar_one_or_none())


async def insert_wallet(session: AsyncSession, values: dict[str, Any]) -> Any:
    """Add a wallet and return its row, or None when the address is somebody's already."""
    statement = """
    insert into user_wallets (id, user_id, address, chain_id, kind, label)
    values (:id, :user_id, :address, :chain_id, :kind, :label)
    on conflict (address) do nothing returning *
    """
    return (await session.execute(text(statement), values)).one_or_none()


async def insert_identity(session: AsyncSession, values: dict[str, Any]) -> Any:
    """Add an account elsewhere and return its row, or None when it is somebody's already."""
    statement = """
    insert into user_identities (id, user_id, provider, subject, email)
    values (:id, :user_id, :provider, :subject, :email)
    on conflict (provider, subject) do nothing returning *
    """
    return (await session.execute(text(statement), values)).one_or_none()


async def list_wallets(session: AsyncSession) -> list[Any]:
    """Return the wallets of the unit of work's user, the oldest first."""
    return list((await session.execute(text("select * from user_wallets order by added_at, id"))).all())


async def addresses_of(session: AsyncSession, users: Sequence[UUID]) -> Sequence[Any]:
    """Return user and address (lower case) of the wallets that sign these users in, as the worker."""
    statement = (
        "select user_id, lower(address) as address from user_wallets where user_id = any(cast(:users as uuid[]))"
    )
    return (await session.execute(text(statement), {"users": list(users)})).all()


async def list_identities(session: AsyncSession) -> list[Any]:
    """Return the linked accounts of the unit of work's user, the oldest first."""
    return list((await session.execute(text("select * from user_identities order by linked_at, id"))).all())


async def set_label(session: AsyncSession, wallet_id: UUID, label: str) -> Any:
    """Rename a wallet of the unit of work's user and return its row, or None when there is none."""
    return (
        await session.execute(
            text("update user_wallets set label = :label where id = :id returning *"), {"id": wallet_id, "label": label}
        )
    ).one_or_none()


async def delete_wallet(session: AsyncSession, wallet_id: UUID) -> str | None:
    """Remove a wallet of the unit of work's user and return its address, or None when there is none."""
    return (
        await session.execute(text("delete from user_wallets where id = :id returning address"), {"id": wallet_id})
    ).scalar_one_or_none()


async def delete_identity(session: AsyncSession, identity_id: UUID) -> Any:
    """Remove a linked account of the unit of work's user and return `provider, email`, or None."""
    return (
        await session.execute(
            text("delete from user_identities where id = :id returning provider, email"), {"id": identity_id}
        )
    ).one_or_none()


async def lock_ways_in(session: AsyncSession, user_id: UUID) -> WaysIn:
    """Return how the user can sign in; until the transaction ends nobody else counts or changes it through here."""
    has_password = (
        await session.execute(
            text("select password_hash is not null and email is not null from premium_users where id = :id for update"),
            {"id": user_id},
        )
    ).scalar_one()
    statement = (
        "select (select count(*) from user_wallets) as wallets, (select count(*) from user_identities) as others"
    )
    row = (await session.execute(text(statement))).one()
    return WaysIn(has_password=has_password, wallets=row.wallets, identities=row.others)


async def set_first_wallet(session: AsyncSession, user_id: UUID) -> None:
    """Have the account name its oldest wallet, or none."""
    statement = """
    update premium_users set wallet_address = (select address from user_wallets order by added_at, id limit 1)
    where id = :id
    """
    await session.execute(text(statement), {"id": user_id})
