"""Handlers that wait for others (the payment provider, a job): they run beside the page's other events."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

import reflex as rx

from backend.core.errors import PremiumError
from backend.core.ids import request_id
from backend.core.logging import get_logger
from backend.core.origin import Origin, coming_from
from components.i18n import t
from state.arguments import arguments_of
from state.guard import GUARD_MARK, sign_in_redirect, user_of
from state.signatures import show_without

log = get_logger(__name__)


def signed_in_background(handler: Callable[..., Awaitable[Any]]) -> Any:
    """Make an async method `(self, user, …)` a background handler that only a signed-in user can run.

    The state is changed only inside `async with self`. An error becomes a toast, and the state's `busy` is cleared.
    """

    taken = arguments_of(handler)

    @functools.wraps(handler)
    async def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            async with self:
                user = await user_of(self)
                headers = self.router.headers
                origin = Origin("page", self.router.session.client_ip, headers.user_agent, request_id())
                if user is None:
                    return sign_in_redirect(self)
            with coming_from(origin):
                said = taken(*args, **kwargs)
                return await handler(self, user, *said.args, **said.kwargs)
        except PremiumError as error:
            return await _tell(self, error.message)
        except Exception:
            failed_id = request_id()
            log.exception("page event failed", handler=handler.__qualname__, request_id=failed_id)
            return await _tell(self, f"{t('error.internal')} ({failed_id})")

    show_without("user", guarded, handler)
    setattr(guarded, GUARD_MARK, True)
    return rx.event(background=True)(guarded)


async def _tell(state: Any, message: str) -> Any:
    async with state:
        if "busy" in state.vars:
            state.busy = False
    return rx.toast.error(message)
