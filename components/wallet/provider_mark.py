"""The marks of other providers, one colour, as decoration beside their names."""

import reflex as rx

_PATHS = {
    # A plain G, since Google's own mark may only be shown in its four colours.
    "google": "M21.8 12.2c0-.7-.1-1.2-.2-1.8H12v3.6h5.6c-.1.9-.7 2.3-2.1 3.2v2.6h3.3c2-1.8 3-4.5 3-7.6zM12 22c2.8 0 5.1-.9 6.8-2.5l-3.3-2.5c-.9.6-2 1-3.5 1-2.7 0-5-1.8-5.8-4.3H2.8v2.6C4.5 19.8 8 22 12 22zM6.2 13.7a6 6 0 0 1 0-3.6V7.5H2.8a10 10 0 0 0 0 8.8l3.4-2.6zM12 5.9c1.9 0 3.2.8 3.9 1.5l2.9-2.8C17.1 3 14.8 2 12 2 8 2 4.5 4.2 2.8 7.5l3.4 2.6C7 7.6 9.3 5.9 12 5.9z",
    "github": "M12 2a10 10 0 0 0-3.2 19.5c.5.1.7-.2.7-.5v-1.7c-2.8.6-3.4-1.3-3.4-1.3-.4-1.2-1.1-1.5-1.1-1.5-.9-.6.1-.6.1-.6 1 .1 1.5 1 1.5 1 .9 1.5 2.4 1.1 2.9.8.1-.6.4-1.1.6-1.3-2.2-.3-4.6-1.1-4.6-5 0-1.1.4-2 1-2.7-.1-.2-.4-1.3.1-2.6 0 0 .8-.3 2.8 1a9.6 9.6 0 0 1 5 0c1.9-1.3 2.8-1 2.8-1 .5 1.3.2 2.4.1 2.6.6.7 1 1.6 1 2.7 0 3.9-2.4 4.7-4.6 5 .4.3.7.9.7 1.9V21c0 .3.2.6.7.5A10 10 0 0 0 12 2z",
}


def provider_mark(provider: str, size: int = 16) -> rx.Component:
    """Return the mark of `google` or `github`, hidden from screen readers."""
    return rx.el.svg(
        rx.el.path(d=_PATHS[provider]),
        view_box="0 0 24 24",
        width=f"{size}",
        height=f"{size}",
        fill="currentColor",
        class_name="shrink-0",
        custom_attrs={"aria-hidden": True},
    )
