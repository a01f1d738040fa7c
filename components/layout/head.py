"""What stands in the head of every document: fonts first, choices of the reader before the first paint."""

import reflex as rx


def head_components() -> list[rx.Component]:
    """Return the head's elements."""
    return [
        rx.el.link(
            rel="preload",
            href="/fonts/inter.woff2",
            custom_attrs={"as": "font", "type": "font/woff2", "crossOrigin": ""},
        ),
        rx.el.link(rel="icon", href="/mark.svg", custom_attrs={"type": "image/svg+xml"}),
        rx.el.link(rel="manifest", href="/manifest.webmanifest"),
        rx.el.link(rel="apple-touch-icon", href="/icons/apple-180.png"),
        rx.el.script(src="/boot.js"),
        rx.el.script(src="/pwa.js", custom_attrs={"defer": True}),
        rx.el.meta(name="theme-color", content="#ffffff", custom_attrs={"media": "(prefers-color-scheme: light)"}),
        rx.el.meta(name="theme-color", content="#0b0e14", custom_attrs={"media": "(prefers-color-scheme: dark)"}),
    ]
