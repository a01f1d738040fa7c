"""An account as its settings show it."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.account_schemas import AccountRead
from backend.accounts.credentials.service import account_of
from backend.accounts.email_address.service import pending_change
from backend.accounts.schemas import CurrentUser
from backend.accounts.two_factor.service import codes_left, is_enabled


async def read_account(session: AsyncSession, user: CurrentUser) -> AccountRead:
    """Return the unit of work's user's account. Raises NotFoundError when it is gone."""
    account = await account_of(session, user)
    return AccountRead(
        id=account.id,
        email=account.email,
        email_verified=account.email_verified_at is not None,
        pending_email=await pending_change(session, user),
        tier=account.tier,  # type: ignore[arg-type]
        has_password=account.password_hash is not None,
        two_factor=await is_enabled(session, user.id),
        recovery_codes_left=await codes_left(session, user.id),
        created_at=account.created_at,
    )
