"""`requires(Feature.X)`: the one marker of what a plan must include, for services, routes, handlers and jobs alike."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from backend.accounts import identity_repository
from backend.accounts.entitlements import Feature, require
from backend.accounts.schemas import CurrentUser
from backend.core.db import Database
from backend.core.errors import NotFoundError

FEATURE_MARK = "_required_feature"
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


def requires(feature: Feature) -> Callable[[F], F]:
    """Make an async function raise TierLimitError unless the plan of its user includes `feature`.

    The function takes the user as `user` (services; routes, where it is the dependency that proves who is asking;
    handlers, below `signed_in`), or, as a job does, `context` and `user_id`: the plan is then the one of now, and an
    account that is gone raises NotFoundError. Below a route's decorator the parameters stay what FastAPI reads.
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        if "user" not in signature.parameters and not {"context", "user_id"} <= signature.parameters.keys():
            raise TypeError(f"{function.__qualname__} takes neither a user nor a context and a user_id")

        @functools.wraps(function)
        async def checked(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs).arguments
            user = given["user"] if "user" in given else await _user_of_job(given["context"].database, given["user_id"])
            require(user, feature)
            return await function(*args, **kwargs)

        setattr(checked, FEATURE_MARK, feature)
        return checked  # type: ignore[return-value]

    return decorate


async def _user_of_job(database: Database, user_id: UUID | str) -> CurrentUser:
    async with database.unit_of_work() as session:
        user = await identity_repository.find_user(session, UUID(str(user_id)))
    if user is None:
        raise NotFoundError("There is no such account any more.")
    return user
