"""Tax → Review: what of the book is not settled, as a list of things to do, each with its evidence and its answers."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.tax_tabs import tax_frame
from components.ui.address_chip import address_chip
from components.ui.badge import badge, toned_badge
from components.ui.browser import relative_time
from components.ui.button import button, icon_button, link_button
from components.ui.card import card
from components.ui.dialogs import confirm_dialog
from components.ui.empty_state import empty_state
from components.ui.filter_chips import filter_chip
from components.ui.filter_fields import filter_options, filter_select
from components.ui.icon import icon
from components.ui.link import link
from components.ui.page_states import page_states
from components.ui.segmented_links import segmented_links
from components.ui.skeleton import skeleton
from premium_app.pages.tax_review_drawers import many_drawer, rule_drawer, worth_drawer
from state.shell_state import ShellState
from state.tax_review_state import ADDRESS, TaxReviewState
from state.tax_rule_editor_state import TaxRuleEditorState, TaxWorthState

# On the class, a state's attributes are values of the page.
page: Any = TaxReviewState
editor: Any = TaxRuleEditorState
worth: Any = TaxWorthState

_LINE = "px-4 py-3.5 border-b border-line last:border-0"
_EVIDENCE_LINK = "text-accent hover:underline underline-offset-2 max-md:min-h-6"
_MORE = (
    "list-none cursor-pointer inline-flex items-center gap-1 h-9 max-md:h-11 px-3 max-md:px-2 rounded-6 text-14 font-strong "
    "text-ink-2 hover:bg-raised hover:text-ink"
)


def tax_review_page() -> rx.Component:
    """Return the page."""
    return tax_frame(
        "review",
        page_states(page, rx.fragment(_head(), _last(), _body()), _waiting()),
        rule_drawer(),
        worth_drawer(),
        many_drawer(),
        confirm_dialog(
            t("tax_review.delete_title"),
            rx.fragment(rx.el.strong(page.deleting_name), " ", t("tax_review.delete_text")),
            t("tax_review.delete"),
            is_open=page.deleting_id != "",
            on_confirm=page.delete_rule,
            on_close=page.close_delete,
            label_id="delete-tax-rule",
        ),
        shell_state=ShellState,
        action=button(t("tax_review.new_rule"), "primary", icon_name="plus", on_click=editor.begin),
    )


def _waiting() -> rx.Component:
    """Grey shapes of the final sizes."""
    issue = rx.el.div(
        skeleton("h-5 w-4/5"),
        skeleton("h-9 w-72 max-w-full mt-3"),
        skeleton("h-9 w-4/5 mt-3"),
        class_name=_LINE,
    )
    return rx.fragment(
        rx.el.div(
            rx.el.div(skeleton("h-7 w-52"), skeleton("h-5 w-36 mt-1"), class_name="h-13"),
            skeleton("h-8 max-md:h-12 w-80 max-w-full"),
            skeleton("h-9 max-md:h-11 w-96 max-w-full"),
            class_name="flex flex-col gap-3",
        ),
        card(t("tax_review.title"), rx.el.span(t("state.loading"), class_name="sr-only"), *([issue] * 4)),
    )


def _head() -> rx.Component:
    """How much is open and rests on it, as of when; which list is shown, and its filters."""
    return rx.el.div(
        rx.el.div(
            rx.el.div(
                rx.el.p(page.summary, class_name="text-20 font-strong num"),
                rx.el.p(page.stake, class_name="text-13 text-ink-2 num empty:hidden"),
                class_name="min-w-0 flex-1 basis-56",
            ),
            rx.el.div(
                rx.el.div(
                    rx.cond(
                        page.problem != "",
                        rx.el.span(
                            icon("triangle-alert", 14),
                            page.problem,
                            class_name="inline-flex items-center gap-1.5 text-loss",
                        ),
                        rx.cond(
                            page.is_reviewing,
                            rx.el.span(icon("hourglass", 14), page.step, class_name="inline-flex items-center gap-1.5"),
                            rx.cond(
                                page.reviewed_at != "",
                                rx.el.span(t("tax_review.as_of"), " ", relative_time(page.reviewed_at)),
                            ),
                        ),
                    ),
                    role="status",
                    class_name="text-13 text-ink-2 min-h-5",
                ),
                icon_button(t("tax_review.review_now"), "rotate-cw", on_click=page.review_now),
                class_name="flex items-center gap-1",
            ),
            class_name="flex flex-wrap items-center gap-x-3 gap-y-1",
        ),
        rx.el.div(
            segmented_links(t("tax_review.shows"), page.chips),
            class_name="max-w-full overflow-x-auto",
            tab_index=0,
            role="group",
            aria_label=t("tax_review.shows"),
        ),
        rx.cond((page.show == "open") | (page.show == "dismissed"), _filters()),
        class_name="flex flex-col gap-3",
    )


def _filters() -> rx.Component:
    return rx.el.div(
        rx.foreach(page.kinds, lambda chip: filter_chip(chip.text, chip.href, chip.active)),
        rx.cond(
            page.asset_options.length() > 0,
            filter_select(
                t("tax_review.any_asset"),
                filter_options(page.asset_options),
                page.filter_asset,
                page.change_filter("asset"),
            ),
        ),
        rx.cond(
            page.wallet_options.length() > 0,
            filter_select(
                t("tax_review.any_wallet"),
                filter_options(page.wallet_options),
                page.filter_wallet,
                page.change_filter("wallet"),
            ),
        ),
        rx.cond(page.is_filtered, link_button(t("tax_review.clear"), ADDRESS, "ghost")),
        role="group",
        aria_label=t("tax_review.filters"),
        class_name="flex flex-wrap items-center gap-2 empty:hidden",
    )


def _last() -> rx.Component:
    """What was decided last, with the way back; it keeps its place at the top while the list goes on."""
    return rx.el.div(
        rx.cond(
            page.last_id != "",
            rx.el.div(
                icon("circle-check", 16, "text-gain"),
                rx.el.p(page.last_text, class_name="flex-1 min-w-40 text-13"),
                button(t("tax_review.undo"), icon_name="undo-2", on_click=page.undo(page.last_id)),
                icon_button(t("action.close"), "x", on_click=page.forget_last),
                class_name="flex flex-wrap items-center gap-3 px-3 py-2 border border-line-strong rounded-8 bg-raised",
            ),
        ),
        role="status",
        class_name="sticky top-2 z-10 empty:hidden",
    )


def _body() -> rx.Component:
    return rx.cond(page.show == "decided", _decisions(), rx.cond(page.show == "rules", _rules(), _issues()))


def _issues() -> rx.Component:
    return rx.cond(
        page.groups.length() > 0,
        rx.fragment(rx.foreach(page.groups, _group), _more()),
        card(t("tax_review.title"), _nothing()),
    )


def _nothing() -> rx.Component:
    return rx.cond(
        page.is_filtered,
        empty_state(
            "filter-x",
            t("tax_review.no_match"),
            t("tax_review.no_match_text"),
            link_button(t("tax_review.clear"), ADDRESS),
        ),
        rx.cond(
            page.show == "dismissed",
            empty_state("archive", t("tax_review.none_dismissed"), t("tax_review.none_dismissed_text")),
            rx.cond(
                page.is_new,
                empty_state(
                    "inbox",
                    t("tax_review.new_title"),
                    t("tax_review.new_text"),
                    link_button(t("portfolio.add_wallet"), "/portfolio/wallets/", icon_name="plus"),
                ),
                rx.cond(
                    page.is_reviewing,
                    empty_state("hourglass", t("tax_review.running_title"), t("tax_review.running_text")),
                    empty_state(
                        "circle-check",
                        t("tax_review.settled_title"),
                        rx.fragment(t("tax_review.settled_text"), " ", relative_time(page.reviewed_at)),
                    ),
                ),
            ),
        ),
    )


def _group(group: Any) -> rx.Component:
    return rx.el.div(
        card(
            rx.fragment(group.title, " ", badge(group.count)),
            rx.el.ul(rx.foreach(group.issues, _issue), aria_label=group.title, class_name="m-0 p-0 list-none"),
            rx.cond(
                group.more_to != "",
                rx.el.p(
                    link(group.more, to=group.more_to),
                    class_name="px-4 py-2.5 text-13 font-strong border-t border-line",
                ),
            ),
            action=rx.cond(
                group.is_many & (page.show == "open"),
                button(t("tax_review.settle_many"), icon_name="list-checks", on_click=page.ask_many(group.kind)),
            ),
            note=rx.fragment(group.about, " ", rx.el.span(group.stake, class_name="num")),
        ),
        key=group.kind,
    )


def _issue(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(item.message, class_name="text-14 min-w-0 flex-1 basis-72 break-words"),
            rx.el.p(
                rx.el.span(item.stake, class_name="block text-14 font-strong"),
                rx.el.span(item.stake_note, class_name="block text-12 text-ink-3"),
                class_name="num md:text-right md:min-w-32",
            ),
            class_name="flex flex-wrap items-start gap-x-4 gap-y-1",
        ),
        rx.el.ul(
            rx.foreach(item.evidence, _evidence),
            aria_label=t("tax_review.evidence"),
            class_name="m-0 mt-2 p-0 pl-3 list-none border-l-2 border-line flex flex-col gap-1.5 empty:hidden",
        ),
        rx.el.div(
            rx.cond(
                item.is_dismissed,
                button(t("tax_review.restore"), icon_name="undo-2", on_click=page.restore(item.id)),
                _answers(item),
            ),
            class_name="flex flex-wrap items-center gap-2 max-md:gap-x-1 mt-3",
        ),
        key=item.id,
        class_name=_LINE,
    )


def _answers(item: Any) -> rx.Component:
    return rx.fragment(
        rx.foreach(item.first, lambda proposal: _proposal(item, proposal)),
        rx.cond(
            item.lacks_worth,
            button(t("tax_review.give_worth"), icon_name="pencil", on_click=worth.begin(item.id)),
        ),
        rx.cond(
            item.import_to != "",
            link_button(t("tax_review.import"), item.import_to, icon_name="upload"),
        ),
        rx.cond(item.rest.length() > 0, _rest(item)),
        rx.cond(
            item.has_rule,
            button(
                t("tax_review.all_like"),
                "ghost",
                icon_name="list-filter",
                class_name="max-md:px-2",
                on_click=editor.begin_with(item.id),
            ),
        ),
        button(t("tax_review.dismiss"), "ghost", class_name="max-md:px-2", on_click=page.dismiss(item.id)),
    )


def _rest(item: Any) -> rx.Component:
    """The answers that are less often right, behind one press."""
    return rx.el.details(
        rx.el.summary(t("tax_review.more_answers"), icon("chevron-down", 14), class_name=_MORE),
        rx.el.div(
            rx.foreach(item.rest, lambda proposal: _proposal(item, proposal)),
            class_name="flex flex-wrap gap-2 py-2",
        ),
        class_name="open:basis-full open:order-last",
    )


def _proposal(item: Any, proposal: Any) -> rx.Component:
    return button(
        proposal.label,
        on_click=page.accept(item.id, proposal.key),
        key=proposal.key,
        class_name="!whitespace-normal text-left !h-auto min-h-9 max-md:min-h-11 py-1",
    )


def _evidence(seen: Any) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            link(seen.moved, to=seen.address, class_name=f"{_EVIDENCE_LINK} num font-strong break-words"),
            rx.el.span(seen.worth, class_name="num text-ink-2"),
            rx.el.span(seen.kind, class_name="text-ink-2"),
            rx.el.span(seen.wallet, class_name="text-ink-2 break-all"),
            class_name="flex flex-wrap gap-x-3 text-13",
        ),
        rx.el.p(
            rx.el.span(seen.at, class_name="num whitespace-nowrap"),
            rx.el.span(seen.source),
            rx.cond(seen.tx != "", address_chip(seen.tx_short, seen.tx, seen.tx_url)),
            class_name="flex flex-wrap items-center gap-x-3 text-12 text-ink-3",
        ),
        key=seen.id,
    )


def _more() -> rx.Component:
    return rx.cond(
        page.next_cursor != "",
        rx.el.div(button(t("tax_review.more"), on_click=page.more), class_name="flex justify-center"),
    )


def _decisions() -> rx.Component:
    return rx.fragment(
        card(
            t("tax_review.decided_title"),
            rx.cond(
                page.decisions.length() > 0,
                rx.el.ul(
                    rx.foreach(page.decisions, _decision),
                    aria_label=t("tax_review.decided_title"),
                    class_name="m-0 p-0 list-none",
                ),
                empty_state("history", t("tax_review.none_decided"), t("tax_review.none_decided_text")),
            ),
            note=t("tax_review.decided_note"),
        ),
        _more(),
    )


def _decision(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                toned_badge(item.what, item.tone),
                relative_time(item.at, "num text-12 text-ink-3"),
                rx.cond(item.is_undone, badge(t("tax_review.taken_back"))),
                class_name="flex flex-wrap items-center gap-2",
            ),
            rx.el.p(item.title, class_name="text-14 mt-0.5 break-words"),
            rx.el.p(item.about, rx.cond(item.reason != "", ": " + item.reason, ""), class_name="text-12 text-ink-2"),
            class_name="min-w-0 flex-1 basis-64",
        ),
        rx.cond(~item.is_undone, button(t("tax_review.undo"), icon_name="undo-2", on_click=page.undo(item.id))),
        key=item.id,
        class_name="flex flex-wrap items-start gap-3 " + _LINE,
    )


def _rules() -> rx.Component:
    return card(
        t("tax_review.rules_title"),
        rx.cond(
            page.rules.length() > 0,
            rx.el.ul(
                rx.foreach(page.rules, _rule), aria_label=t("tax_review.rules_title"), class_name="m-0 p-0 list-none"
            ),
            empty_state(
                "list-filter",
                t("tax_review.none_rules"),
                t("tax_review.none_rules_text"),
                button(t("tax_review.new_rule"), icon_name="plus", on_click=editor.begin),
                t("tax_review.none_rules_example"),
            ),
        ),
        note=t("tax_review.rules_note"),
    )


def _rule(item: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(item.name, class_name="text-14 font-strong break-words"),
            rx.el.p(item.matches, " → ", rx.el.strong(item.sets), class_name="text-13 text-ink-2 break-words"),
            rx.el.p(
                item.transactions,
                " · ",
                relative_time(item.at),
                class_name="num text-12 text-ink-3",
            ),
            class_name="min-w-0 flex-1 basis-64",
        ),
        icon_button(t("tax_review.delete"), "trash-2", on_click=page.ask_delete(item.id)),
        key=item.id,
        class_name="flex flex-wrap items-start gap-3 " + _LINE,
    )
