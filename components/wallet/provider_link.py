"""A button that leads to another provider, to link an account there."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.ui.button import button_class


class _ProviderLink(rx.Component):
    """The part in assets/ui/provider_link.js."""

    library = "$/public/ui/provider_link.js"
    tag = "ProviderLink"
    class_name: rx.Var[str]  # type: ignore[assignment]
    url: rx.Var[str]
    label: rx.Var[str]
    name: rx.Var[str]
    labels: rx.Var[dict[str, str]]
    classes: rx.Var[dict[str, str]]


def provider_link(provider: Any, name: Any) -> rx.Component:
    """Return the button; what goes wrong before leaving is said below it."""
    return _ProviderLink.create(
        url="/v1/account/identities/" + provider + "/link",
        label=t("linked.link"),
        name=name,
        labels={"busy": t("linked.busy"), "failed": t("linked.link_failed")},
        classes={
            "button": button_class(),
            "problem": "text-12 text-loss font-strong empty:hidden mt-1 max-w-72 text-right",
        },
        class_name="flex flex-col items-end",
    )
