"""The pages of signing up and of a forgotten password: whether the mail is on its way, and to whom it was asked for."""

from typing import Any

import reflex as rx

from components.i18n import t
from state.guard import user_of

_MOST_CHARACTERS = 254


class EntranceState(rx.State):
    """What the pages show. Nothing here tells whether there is an account; passwords never come here."""

    signed_up: str = ""
    asked_reset: str = ""

    @rx.event
    async def load(self) -> Any:
        """Send somebody who is signed in on (public: shows nothing of anybody)."""
        return rx.redirect("/") if await user_of(self) else None

    @rx.event
    async def sent_sign_up(self, email: str) -> None:
        """Say that a mail is on its way (public: an address that this very page has sent)."""
        self.signed_up = email[:_MOST_CHARACTERS]

    @rx.event
    async def sent_reset(self, email: str) -> None:
        """Say that a mail is on its way (public: an address that this very page has sent)."""
        self.asked_reset = email[:_MOST_CHARACTERS]

    @rx.event
    async def sent_again(self) -> Any:
        """Say so (public: says a fixed sentence)."""
        return rx.toast.success(t("sign_up.sent_again"))

    @rx.event
    async def begin_anew(self) -> None:
        """Show the forms again (public: forgets what this tab was shown)."""
        self.signed_up = self.asked_reset = ""
