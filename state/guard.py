"""Who may call a handler. Any open socket can call any public handler, so each one asks here first."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import reflex as rx

from backend.accounts.service import CurrentUser, session_token
from backend.api.resources import resources
from backend.core.errors import PremiumError, TierLimitError
from backend.core.ids import request_id
from backend.core.logging import get_logger
from backend.core.origin import Origin, coming_from
from backend.core.pace import Pace
from components.i18n import t
from state.arguments import arguments_of
from state.signatures import show_without

log = get_logger(__name__)

GUARD_MARK = "_asks_who_is_signed_in"
# Nobody clicks faster; what is above costs neither a query nor a lock.
BURST, EVENTS_PER_SECOND = 60, 20.0
_pace = Pace(BURST, EVENTS_PER_SECOND)


async def user_of(state: rx.State) -> CurrentUser | None:
    """Return who the page's HttpOnly cookie proves to be signed in, or None."""
    return await resources().identities.of_cookie(state.router.headers.cookie)


def sign_in_redirect(state: rx.State) -> Any:
    """Return the event that leads to the sign-in page and, afterwards, back here."""
    url = state.router.url
    here = url.path + (f"?{url.query}" if url.query else "")
    return rx.redirect(f"/sign-in/?next={quote(here, safe='')}")


def signed_in(handler: Callable[..., Awaitable[Any]]) -> Any:
    """Make an async method `(self, user, …)` an event handler that only a signed-in user can run.

    A known error becomes a toast with its message (or, when the state has `failure`, its panel; a limit of the plan,
    when it has `limit_message`, its notice); anything else is logged under a request id that the user sees. Events that
    come faster than anybody clicks are not run, nor those whose arguments are not of the handler's kinds.
    """

    taken = arguments_of(handler)

    @functools.wraps(handler)
    async def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not _pace.take(_session_of(self)):
            return rx.toast.warning(t("limits.too_many_events"), id="too-many-events")
        try:
            user = await user_of(self)
            if user is None:
                return sign_in_redirect(self)
            with coming_from(_origin(self)):
                said = taken(*args, **kwargs)
                return await handler(self, user, *said.args, **said.kwargs)
        except TierLimitError as error:
            return tell_limit(self, error)
        except PremiumError as error:
            return _tell(self, handler, error.message, request_id())
        except Exception:
            failed_id = request_id()
            log.exception("page event failed", handler=handler.__qualname__, request_id=failed_id)
            return _tell(self, handler, t("error.internal"), failed_id)

    show_without("user", guarded, handler)
    setattr(guarded, GUARD_MARK, True)
    return rx.event(guarded)


def _session_of(state: Any) -> str:
    """Return what an event counts for: the browser's session, else this connection."""
    router = state.router
    return session_token(router.headers.cookie) or router.session.session_id


def _origin(state: Any) -> Origin:
    headers = state.router.headers
    return Origin("page", state.router.session.client_ip, headers.user_agent, request_id())


def tell_limit(state: Any, error: TierLimitError) -> Any:
    """Say what the plan does not allow: in the page's notice (`limit_message`, `upgrade_to`) if it has one."""
    if "limit_message" not in state.vars:
        return rx.toast.error(error.message)
    state.limit_message, state.upgrade_to = error.message, error.details.get("upgradeTo") or ""
    return None


def _tell(state: Any, handler: Callable[..., Any], message: str, failed_id: str) -> Any:
    if handler.__name__ == "load" and "failure" in state.vars:
        state.failure, state.failure_id = message, failed_id
        return None
    return rx.toast.error(message)
