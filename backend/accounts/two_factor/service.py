"""Turning the second factor on and off, and whether a code proves it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.notices import tell_recovery_code_used, tell_security
from backend.accounts.schemas import CurrentUser
from backend.accounts.two_factor import recovery, repository, totp
from backend.accounts.two_factor.errors import WrongCodeError
from backend.core.audit import audit
from backend.core.clock import now_seconds, utc_now
from backend.core.errors import ConflictError, NotFoundError
from backend.core.ids import new_id
from backend.core.sealing import seal, unseal

ISSUER = "Premium"


async def is_enabled(session: AsyncSession, user_id: UUID) -> bool:
    """Return whether the unit of work's user signs in with a second factor."""
    factor = await repository.find_factor(session, user_id)
    return factor is not None and factor.enabled_at is not None


async def require_on(session: AsyncSession, user: CurrentUser) -> None:
    """Raise NotFoundError when the second factor is not on."""
    if not await is_enabled(session, user.id):
        raise NotFoundError("Two-step sign-in is not on.")


async def begin_setup(session: AsyncSession, user: CurrentUser) -> str:
    """Make a seed that waits for its first code. Raises ConflictError when the second factor is on already."""
    seed = totp.new_seed()
    if not await repository.begin(session, user.id, seal(seed), utc_now()):
        raise ConflictError("Two-step sign-in is on already. Turn it off first to set it up anew.")
    return seed


async def waiting_seed(session: AsyncSession, user: CurrentUser) -> str:
    """Return the seed that waits for its first code. Raises NotFoundError: a seed in use is never shown again."""
    factor = await repository.find_factor(session, user.id)
    if factor is None or factor.enabled_at is not None:
        raise NotFoundError("Nothing is being set up.")
    return unseal(factor.sealed_seed)


def uri_of(seed: str, user: CurrentUser) -> str:
    """Return what the QR code says."""
    return totp.provisioning_uri(seed, user.email or str(user.id), ISSUER)


async def enable(session: AsyncSession, user: CurrentUser, code: str) -> list[str]:
    """Turn the second factor on with its first code and return the recovery codes, for the only time.

    Raises WrongCodeError, NotFoundError when nothing is being set up.
    """
    factor = await repository.find_factor(session, user.id)
    if factor is None or factor.enabled_at is not None:
        raise NotFoundError("Nothing is being set up.")
    step = totp.matching_step(unseal(factor.sealed_seed), _digits(code), now_seconds(), factor.last_step)
    if step is None or not await repository.enable(session, user.id, factor.sealed_seed, step, utc_now()):
        raise WrongCodeError
    await audit(session, user.id, "two_factor.enabled")
    await tell_security(session, user.id, user.email, "two-step sign-in was turned on")
    return await _give_codes(session, user.id)


async def disable(session: AsyncSession, user: CurrentUser) -> None:
    """Turn the second factor off (the edge has seen a code). Raises NotFoundError when it is not on."""
    if not await repository.delete_factor(session, user.id):
        raise NotFoundError("Two-step sign-in is not on.")
    await repository.replace_recovery_codes(session, user.id, [])
    await audit(session, user.id, "two_factor.disabled")
    await tell_security(session, user.id, user.email, "two-step sign-in was turned off")


async def renew_codes(session: AsyncSession, user: CurrentUser) -> list[str]:
    """Return new recovery codes in place of those there are (the edge has seen a code)."""
    codes = await _give_codes(session, user.id)
    await audit(session, user.id, "two_factor.codes_renewed")
    return codes


async def codes_left(session: AsyncSession, user_id: UUID) -> int:
    """Return how many recovery codes are left."""
    return await repository.count_recovery_codes(session, user_id)


async def use_code(session: AsyncSession, user: CurrentUser, code: str) -> str | None:
    """Use a code up, of the app or for recovery; return `totp` or `recovery`, None when it proves nothing."""
    user_id = user.id
    factor = await repository.find_factor(session, user_id)
    if factor is None or factor.enabled_at is None:
        return None
    digits = _digits(code)
    if totp.is_code(digits):
        step = totp.matching_step(unseal(factor.sealed_seed), digits, now_seconds(), factor.last_step)
        return "totp" if step is not None and await repository.use_step(session, user_id, step) else None
    hashed = recovery.code_hash(code)
    if hashed is None or not await repository.use_recovery_code(session, user_id, hashed, utc_now()):
        return None
    left = await repository.count_recovery_codes(session, user_id)
    await audit(session, user_id, "two_factor.recovery_code_used", "", {"left": left})
    await tell_recovery_code_used(session, user_id, user.email, left)
    return "recovery"


async def _give_codes(session: AsyncSession, user_id: UUID) -> list[str]:
    codes = recovery.new_codes()
    rows = [{"id": new_id(), "user_id": user_id, "code_hash": recovery.code_hash(code)} for code in codes]
    await repository.replace_recovery_codes(session, user_id, rows)
    return codes


def _digits(code: str) -> str:
    return "".join(code[:20].split())
