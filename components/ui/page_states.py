"""What a page shows in place of its content: a limit of the plan, a failure with what to do, grey shapes of its size."""

from typing import Any

import reflex as rx

from components.ui.error_panel import error_panel
from components.ui.plan_limit import plan_limit


def page_states(state: Any, content: rx.Component, waiting: rx.Component) -> rx.Component:
    """Return `content` once the state has loaded it.

    The state has `limit_message` and `upgrade_to` (what the plan does not allow is not shown), `failure` and
    `failure_id` (with `load` to try again), and `loaded` (until then there is `waiting`).
    """
    return rx.fragment(
        plan_limit(state.limit_message, state.upgrade_to),
        rx.cond(
            state.failure != "",
            error_panel(state.failure, state.failure_id, state.load),
            rx.cond(state.limit_message == "", rx.cond(state.loaded, content, waiting)),
        ),
    )
