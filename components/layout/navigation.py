"""The rail at the left, and the bar at the bottom of a phone: the same places."""

import reflex as rx

from components.i18n import t
from components.layout.places import PLACES, Place, account_places
from components.layout.theme_switch import theme_switch
from components.ui.browser import RootSwitch
from components.ui.icon import icon
from components.ui.link import link

_ITEM = "rail-item flex items-center gap-3 h-9 px-3 rounded-6 text-14 "


def _rail_item(place: Place, current: str) -> rx.Component:
    active = place.key == current
    return rx.el.li(
        link(
            icon(place.icon),
            rx.el.span(place.label, class_name="rail-label"),
            to=place.to,
            title=place.label,
            aria_label=place.label,
            custom_attrs={"aria-current": "page"} if active else {},
            class_name=_ITEM
            + ("bg-raised text-ink font-strong" if active else "text-ink-2 hover:bg-raised hover:text-ink"),
        )
    )


def rail(current: str) -> rx.Component:
    """Return the left rail with `current` marked."""
    return rx.el.aside(
        rx.el.div(
            mark(),
            rx.el.span(t("brand"), class_name="rail-label text-16 font-strong tracking-tight"),
            class_name="rail-item flex items-center gap-2.5 h-(--topbar) px-5",
        ),
        rx.el.nav(
            rx.el.ul(*[_rail_item(place, current) for place in PLACES], class_name="flex flex-col gap-0.5"),
            aria_label=t("nav.label"),
            class_name="flex-1 px-2.5 py-2",
        ),
        rx.el.nav(
            rx.el.ul(*[_rail_item(place, current) for place in account_places()], class_name="flex flex-col gap-0.5"),
            aria_label=t("nav.account"),
            class_name="px-2.5 py-2",
        ),
        rx.el.div(
            rx.el.div(theme_switch(), class_name="rail-label"),
            RootSwitch.create(
                icon("panel-left-close"),
                name="rail",
                on="icons",
                off="",
                class_name="rail-fold inline-flex items-center justify-center size-8 rounded-6 text-ink-2 hover:bg-raised "
                "hover:text-ink",
                title=t("nav.fold"),
                aria_label=t("nav.fold"),
            ),
            class_name="rail-item flex items-center justify-between gap-2 px-2.5 py-3 border-t border-line",
        ),
        class_name="frame-rail",
        aria_label=t("brand"),
    )


def bottom_bar(current: str) -> rx.Component:
    """Return the bar of places that a phone shows at the bottom."""
    return rx.el.nav(
        *[
            link(
                icon(place.icon, 20),
                rx.el.span(place.label),
                to=place.to,
                custom_attrs={"aria-current": "page"} if place.key == current else {},
                class_name="flex-1 flex flex-col items-center justify-center gap-0.5 h-14 text-12 "
                + ("text-accent font-strong" if place.key == current else "text-ink-2"),
            )
            for place in PLACES
        ],
        aria_label=t("nav.label"),
        class_name="frame-bottom",
    )


def mark() -> rx.Component:
    """Return the product's mark: a rising line in a square."""
    return rx.el.svg(
        rx.el.svg.rect(width="24", height="24", rx="6", fill="var(--color-accent-fill)"),
        rx.el.svg.path(
            d="M5 16.5 9.5 11l3.5 3 6-7.5",
            fill="none",
            stroke="var(--color-accent-ink)",
            stroke_width="2",
            stroke_linecap="round",
            stroke_linejoin="round",
        ),
        view_box="0 0 24 24",
        width="24",
        height="24",
        custom_attrs={"aria-hidden": True},
        class_name="shrink-0",
    )
