"""Setting two-step sign-in up, and new recovery codes: the browser asks the API itself, no state ever holds a secret."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class
from components.ui.field import INPUT


class _Browser(rx.Component):
    """A part in assets/ui/two_factor.js."""

    library = "$/public/ui/two_factor.js"
    class_name: rx.Var[str]  # type: ignore[assignment]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]
    next: rx.Var[str]


class _TwoFactorSetup(_Browser):
    tag = "TwoFactorSetup"
    asks_password: rx.Var[bool]


class _RenewCodes(_Browser):
    tag = "RenewCodes"


_LABELS = (
    *("lead", "password", "begin", "scan", "qr", "type", "code", "enable", "codes", "codes_file", "codes_note"),
    *("save", "copy", "copied", "done", "renew", "renew_lead", "busy", "failed"),
)
_CLASSES = {
    "form": "flex flex-col gap-5 p-5",
    "label": "block text-13 font-strong mb-1",
    "input": INPUT,
    "hint": "text-12 text-ink-3 mt-1",
    "error": "text-12 text-loss font-strong empty:hidden mt-1",
    "note": "text-13 text-ink-2",
    "qr": "size-48 rounded-6 border border-line self-center",
    "seed": "mono text-13 wrap-anywhere select-all text-ink",
    "codes": "mono text-14 grid grid-cols-1 sm:grid-cols-2 gap-x-6 gap-y-1.5 p-4 rounded-6 border border-line-strong bg-raised",
    "buttons": "flex flex-wrap justify-end gap-2",
}


def two_factor_setup(asks_password: Any, next_path: str) -> rx.Component:
    """Return the steps from the password (where it is asked for) to the recovery codes; then `next_path` is loaded."""
    return _TwoFactorSetup.create(asks_password=asks_password, **_shared(next_path))


def renew_codes(next_path: str) -> rx.Component:
    """Return the question for a code, and the new recovery codes; then `next_path` is loaded."""
    return _RenewCodes.create(**_shared(next_path))


def _shared(next_path: str) -> dict[str, Any]:
    labels = {_camel(name): t(f"two_factor.{name}") for name in _LABELS}
    buttons = {"button": button_class(), "primary": button_class("primary")}
    return {"labels": labels, "classes": {**_CLASSES, **buttons}, "next": next_path}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
