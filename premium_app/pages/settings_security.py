"""Settings → Security: the ways into the account, the second step after them, and where one is signed in."""

import reflex as rx

from components.layout.settings_frame import settings_frame
from premium_app.pages.security_linked import linked_accounts_section
from premium_app.pages.security_sessions import sessions_section
from premium_app.pages.security_two_factor import two_factor_section
from premium_app.pages.security_wallets import wallets_section
from state.shell_state import ShellState


def settings_security_page() -> rx.Component:
    """Return the page."""
    return settings_frame(
        "security",
        two_factor_section(),
        sessions_section(),
        wallets_section(),
        linked_accounts_section(),
        shell_state=ShellState,
    )
