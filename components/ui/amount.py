"""Money: the token amount and what it was worth, figures aligned, full precision on hover."""

from typing import Any

import reflex as rx


def amount(usd: Any, token_amount: Any, exact: Any) -> rx.Component:
    """Return dollars above the token amount; `exact` is shown on hover."""
    return rx.el.span(
        rx.el.span(usd, class_name="block font-strong"),
        rx.el.span(token_amount, class_name="block text-12 text-ink-3"),
        title=exact,
        class_name="num whitespace-nowrap inline-block",
    )
