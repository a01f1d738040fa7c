"""The pages of signing up and of a forgotten password: whether the mail is on its way, and to whom it was asked for."""

from typing import Any

import reflex as rx

from components.i18n import t
from state.guard import user_of

_MOST_CHARACTERS = 254


class EntranceState(rx.State):
    """What the pages show. Nothing here tells whether there is an account; passwords never come here."""

    sent_to: str = ""

    @rx.event
    async def load(self) -> Any:
        """Begin anew; somebody who is signed in goes on (public: shows nothing of anybody)."""
        self.sent_to = ""
        return rx.redirect("/") if await user_of(self) else None

    @rx.event
    async def sent(self, email: str) -> None:
        """Say that a mail is on its way (public: an address that this very page has sent)."""
        self.sent_to = email[:_MOST_CHARACTERS]

    @rx.event
    async def sent_again(self) -> Any:
        """Say so (public: says a fixed sentence)."""
        return rx.toast.success(t("sign_up.sent_again"))
