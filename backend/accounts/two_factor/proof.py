"""Proving the second factor, with the back-off that keeps a million codes from being tried."""

from backend.accounts.schemas import CurrentUser
from backend.accounts.throttle import SECOND_FACTOR, Throttle
from backend.accounts.two_factor import service
from backend.accounts.two_factor.errors import WrongCodeError
from backend.core.db import Database


async def prove_code(database: Database, throttle: Throttle, user: CurrentUser, code: str, ip: str) -> None:
    """Use up a code of the user's app or a recovery code.

    Raises WrongCodeError when it proves nothing, RateLimitError while the account or address must wait.
    """
    await throttle.begin(str(user.id), ip, SECOND_FACTOR)
    async with database.unit_of_work(user.id) as session:
        used = await service.use_code(session, user, code)
    if used is None:
        raise WrongCodeError
    await throttle.succeeded(str(user.id), ip, SECOND_FACTOR)
