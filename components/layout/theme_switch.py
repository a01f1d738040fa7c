"""Light, dark, or as the system says; and more contrast. Kept in this browser."""

import reflex as rx
from reflex_base.style import color_mode, set_color_mode

from components.i18n import t
from components.ui.browser import RootSwitch
from components.ui.icon import icon


def theme_switch() -> rx.Component:
    """Return the switch of three modes and the contrast button."""
    part = "inline-flex items-center justify-center size-7 max-md:size-11 rounded-4 "
    modes = [("light", "sun"), ("dark", "moon"), ("system", "monitor")]
    return rx.el.div(
        rx.el.div(
            *[
                rx.el.button(
                    icon(icon_name, 14),
                    type="button",
                    aria_label=t(f"theme.{mode}"),
                    title=t(f"theme.{mode}"),
                    on_click=set_color_mode(mode),  # pyright: ignore[reportArgumentType]
                    custom_attrs={"aria-pressed": rx.cond(color_mode == mode, "true", "false")},
                    class_name=rx.cond(
                        color_mode == mode,
                        part + "bg-ground text-ink border border-line",
                        part + "text-ink-2 hover:text-ink",
                    ),
                )
                for mode, icon_name in modes
            ],
            role="group",
            aria_label=t("theme.label"),
            class_name="inline-flex gap-0.5 p-0.5 rounded-6 bg-raised",
        ),
        RootSwitch.create(
            icon("contrast", 14),
            name="contrast",
            on="more",
            off="normal",
            aria_label=t("theme.contrast"),
            title=t("theme.contrast"),
            class_name=part + "text-ink-2 hover:text-ink aria-pressed:bg-raised aria-pressed:text-ink",
        ),
        class_name="inline-flex items-center gap-1",
    )
