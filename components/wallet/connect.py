"""The wallets of this browser, each a button that signs in or is added; no state ever sees a signature."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class

# Offered to a wallet that is on a network that we do not know: every wallet knows this one.
_NETWORK = {"id": "1", "name": "Ethereum"}
_WORDS = (
    "list",
    "plain_name",
    "looking",
    "none",
    "connecting",
    "preparing",
    "signing",
    "checking",
    "cancel",
    "refused",
    "pending",
    "expired",
    "offline",
    "failed",
    "no_network",
    "change_network",
)
_CLASSES = {
    "list": "flex flex-col gap-2",
    "wallet": (
        "flex items-center gap-3 w-full h-11 px-3 rounded-6 border border-line-strong bg-surface text-14 font-strong "
        "text-left hover:bg-raised aria-disabled:opacity-50 aria-disabled:cursor-not-allowed"
    ),
    "icon": "size-5 rounded-4 shrink-0",
    "monogram": (
        "inline-flex items-center justify-center size-5 rounded-4 bg-raised border border-line text-12 uppercase shrink-0"
    ),
    "name": "truncate min-w-0",
    "status": "flex items-center justify-between gap-3 mt-3 text-13 text-ink-2",
    "none": "text-13 text-ink-2 empty:hidden",
    "button": button_class(),
    "problem": "flex flex-col items-start gap-2 mt-3 px-3 py-2 rounded-6 border border-loss bg-loss-ground text-loss text-13",
}


class _Wallets(rx.Component):
    """The part in assets/ui/wallets.js."""

    library = "$/public/ui/wallets.js"
    tag = "Wallets"
    class_name: rx.Var[str]  # type: ignore[assignment]
    urls: rx.Var[dict[str, str]]
    next: rx.Var[str]
    network: rx.Var[dict[str, str]]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]
    on_done: rx.EventHandler[rx.event.no_args_event_spec]


def wallets_that_sign_in(next_path: Any) -> rx.Component:
    """Return the wallets as ways to sign in; afterwards the browser loads `next_path`."""
    urls = {"nonce": "/v1/auth/siwe/nonce", "verify": "/v1/auth/siwe/verify"}
    return _Wallets.create(urls=urls, next=next_path, network=_NETWORK, labels=_labels(), classes=_CLASSES)


def wallets_to_add(on_done: Any) -> rx.Component:
    """Return the wallets as ones to add to the account; `on_done` follows when one was added."""
    urls = {"nonce": "/v1/account/wallets/nonce", "verify": "/v1/account/wallets"}
    return _Wallets.create(urls=urls, network=_NETWORK, labels=_labels(), classes=_CLASSES, on_done=on_done)


def _labels() -> dict[str, str]:
    return {word: t(f"wallets.browser.{word}") for word in _WORDS}
