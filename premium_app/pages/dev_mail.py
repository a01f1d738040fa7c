"""`/dev/mail`, in demo mode only: the mails of this run, since none leaves the machine."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.navigation import mark
from components.layout.theme_switch import theme_switch
from components.ui.browser import relative_time
from components.ui.button import icon_button
from components.ui.empty_state import empty_state
from components.ui.link import external_link, link
from components.ui.segmented import segmented
from components.ui.skeleton import skeleton_rows
from state.dev_mail_state import DevMailState

# On the class, a state's attributes are values of the page.
mailbox: Any = DevMailState

_ITEM = "block w-full text-left px-4 py-2.5 min-h-11 border-b border-line "


def dev_mail_page() -> rx.Component:
    """Return the page."""
    return rx.el.div(
        rx.el.header(
            link(mark(), to="/", aria_label=t("brand"), class_name="shrink-0"),
            rx.el.h1(t("dev_mail.title"), class_name="text-16 font-strong flex-1"),
            icon_button(t("dev_mail.refresh"), "rotate-cw", on_click=mailbox.load),
            rx.el.div(theme_switch(), class_name="max-md:hidden"),
            class_name="flex items-center gap-3 px-6 max-md:px-4 h-14 border-b border-line",
        ),
        rx.el.main(
            rx.el.p(t("dev_mail.lead"), class_name="text-13 text-ink-2"),
            rx.cond(
                mailbox.loaded,
                rx.cond(
                    mailbox.mails.length() > 0,
                    rx.el.div(
                        _list(),
                        _mail(),
                        class_name="grid lg:grid-cols-[360px_1fr] gap-3 items-start min-w-0",
                    ),
                    rx.el.div(
                        empty_state("mail", t("dev_mail.none_title"), t("dev_mail.none_text")),
                        class_name="border border-line rounded-8 bg-surface",
                    ),
                ),
                skeleton_rows(5),
            ),
            class_name="flex flex-col gap-4 p-6 max-md:p-4 max-w-[1440px]",
        ),
        class_name="min-h-dvh",
    )


def _list() -> rx.Component:
    return rx.el.nav(
        rx.foreach(mailbox.mails, _item),
        aria_label=t("dev_mail.list"),
        class_name="border border-line rounded-8 bg-surface overflow-y-auto max-h-[75vh] max-lg:max-h-64",
    )


def _item(item: Any) -> rx.Component:
    is_shown = mailbox.shown_id == item.id
    return rx.el.button(
        rx.el.span(item.subject, class_name="block text-14 font-strong truncate"),
        rx.el.span(
            rx.el.span(item.recipient, class_name="truncate"),
            relative_time(item.at, "num whitespace-nowrap"),
            class_name="flex justify-between gap-3 text-12 text-ink-2",
        ),
        type="button",
        on_click=mailbox.show(item.id),
        custom_attrs={"aria-current": rx.cond(is_shown, "true", "false")},
        class_name=rx.cond(is_shown, _ITEM + "bg-raised", _ITEM + "hover:bg-raised"),
        key=item.id,
    )


def _mail() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2(mailbox.subject, class_name="text-16 font-strong break-words"),
                rx.el.p(t("dev_mail.to"), " ", mailbox.recipient, class_name="text-13 text-ink-2 break-all"),
                class_name="min-w-0",
            ),
            segmented(
                t("dev_mail.frame"),
                [
                    (False, t("dev_mail.html"), mailbox.show_as(False), None),
                    (True, t("dev_mail.text"), mailbox.show_as(True), None),
                ],
                mailbox.as_text,
            ),
            class_name="flex flex-wrap items-start justify-between gap-3 px-4 py-3 border-b border-line",
        ),
        rx.cond(mailbox.as_text, _text(), _frame()),
        class_name="border border-line rounded-8 bg-surface min-w-0 overflow-hidden",
    )


def _frame() -> rx.Component:
    """Return the HTML in a frame without scripts, forms or our origin; its links open elsewhere."""
    return rx.el.iframe(
        src_doc=mailbox.html,
        title=t("dev_mail.frame"),
        sandbox="allow-popups allow-popups-to-escape-sandbox",
        class_name="block w-full h-[65vh]",
    )


def _text() -> rx.Component:
    return rx.el.div(
        rx.foreach(
            mailbox.lines,
            lambda line: rx.el.div(
                rx.cond(
                    line.href != "",
                    external_link(line.text, href=line.href, class_name="text-accent underline break-all"),
                    rx.el.span(line.text),
                ),
                class_name="min-h-5",
            ),
        ),
        class_name="mono text-13 p-4 whitespace-pre-wrap break-words",
    )
