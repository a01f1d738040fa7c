"""Settings → API keys: what programs may do in your name."""

from typing import Any

import reflex as rx

from components.i18n import t
from components.layout.settings_frame import settings_frame
from components.ui.badge import badge
from components.ui.browser import Modal, relative_time
from components.ui.button import button, icon_button, link_button
from components.ui.card import card
from components.ui.code_block import code_block
from components.ui.data_table import Column, cell, data_table, row
from components.ui.dialogs import confirm_dialog, drawer
from components.ui.empty_state import empty_state
from components.ui.error_panel import error_panel
from components.ui.field import INPUT, field_error, text_field
from components.ui.icon import icon
from components.ui.link import document_link
from components.ui.payments import tier_lock
from components.ui.secret_form import secret_form
from components.ui.skeleton import skeleton_rows
from state.api_keys_state import ApiKeysState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
keys: Any = ApiKeysState

_SCOPES = (
    *("read:alerts", "write:alerts", "read:market", "read:portfolio"),
    *("read:subscriptions", "read:tax", "write:tax"),
)
_COLUMNS = (
    Column(t("api_keys.column_name"), width="w-full"),
    Column(t("api_keys.column_scopes"), hide="lg"),
    Column(t("api_keys.column_used"), hide="md"),
    Column(t("api_keys.column_expires"), hide="md"),
    Column(t("api_keys.column_actions"), screen_reader_only=True),
)
_EXAMPLE = 'curl "{origin}/v1/alerts/rules" \\\n  -H "Authorization: Bearer pk_live_…"'


def settings_api_keys_page() -> rx.Component:
    """Return the page."""
    return settings_frame(
        "api-keys",
        rx.cond(
            keys.failure != "",
            error_panel(keys.failure, keys.failure_id, keys.load),
            rx.fragment(_keys(), _usage(), _create(), _rotate(), _revoke()),
        ),
        shell_state=ShellState,
    )


def _keys() -> rx.Component:
    none = empty_state("key-round", t("api_keys.none_title"), t("api_keys.none_text"))
    return card(
        t("api_keys.title"),
        rx.cond(keys.loaded & ~keys.included & (keys.keys.length() > 0), _stopped()),
        rx.cond(
            keys.loaded,
            rx.cond(keys.keys.length() > 0, _table(), rx.cond(keys.included, none, _locked())),
            skeleton_rows(3),
        ),
        action=rx.cond(
            keys.included, button(t("api_keys.create"), "primary", icon_name="plus", on_click=keys.open_create)
        ),
        note=t("api_keys.note"),
    )


def _locked() -> rx.Component:
    return tier_lock(
        t("api_keys.lock_title"),
        [t("api_keys.lock_text"), t("api_keys.lock_limits"), t("api_keys.lock_more")],
        t("billing.enterprise_price"),
        link_button(t("billing.enterprise_ask"), "/settings/billing/?enterprise=1", "primary"),
    )


def _stopped() -> rx.Component:
    return rx.el.p(
        icon("triangle-alert"),
        rx.el.span(t("api_keys.stopped")),
        class_name="flex items-start gap-2 px-4 py-2.5 text-13 text-warn bg-warn-ground border-b border-line",
    )


def _table() -> rx.Component:
    return data_table(t("api_keys.caption"), _COLUMNS, rx.foreach(keys.keys, _row))


def _row(item: Any) -> rx.Component:
    return row(
        cell(
            rx.el.span(item.name, class_name="font-strong"),
            rx.cond(item.expired, rx.el.span(" ", badge(t("api_keys.expired"), "loss"), class_name="ml-1")),
            rx.el.span(item.prefix, class_name="mono block text-12 text-ink-3"),
            rx.cond(
                item.old_until != "",
                rx.el.span(t("api_keys.old_until"), " ", item.old_until, class_name="block text-12 text-warn"),
            ),
            class_name="min-w-40",
        ),
        cell(
            rx.el.span(item.scopes, class_name="mono text-12 text-ink-2"),
            rx.cond(item.own_limit != "", rx.el.span(item.own_limit, class_name="block text-12 text-ink-3")),
            hide="lg",
            class_name="min-w-44",
        ),
        cell(
            rx.cond(
                item.used_at != "",
                relative_time(item.used_at, "num text-ink-2 whitespace-nowrap"),
                rx.el.span(t("api_keys.never"), class_name="text-ink-3"),
            ),
            hide="md",
        ),
        cell(item.expires_on, hide="md", class_name="num whitespace-nowrap text-ink-2"),
        cell(
            rx.el.div(
                rx.cond(
                    keys.included & ~item.expired,
                    button(t("api_keys.rotate"), "ghost", on_click=keys.ask_rotate(item.id)),
                ),
                icon_button(t("api_keys.revoke"), "trash-2", on_click=keys.ask_revoke(item.id)),
                class_name="flex items-center justify-end gap-1",
            )
        ),
        key=item.id,
    )


def _usage() -> rx.Component:
    return card(
        t("api_keys.use_title"),
        rx.el.div(
            rx.el.p(t("api_keys.use_text"), class_name="text-13 text-ink-2"),
            code_block(_EXAMPLE.format(origin="https://…"), t("api_keys.use_title")),
            document_link(t("api_keys.use_docs"), href="/docs", class_name="text-13 text-accent underline"),
            class_name="flex flex-col gap-3 p-4",
        ),
    )


def _create() -> rx.Component:
    return drawer(
        t("api_keys.create_title"),
        rx.cond(
            keys.is_creating,
            secret_form(
                text_field(
                    t("api_keys.name"), "name", hint=t("api_keys.name_hint"), max_length=80, auto_complete="off"
                ),
                rx.el.fieldset(
                    rx.el.legend(t("api_keys.scopes"), class_name="text-13 font-strong mb-1"),
                    *[_scope(scope) for scope in _SCOPES],
                    field_error("scopes-error", ""),
                ),
                rx.el.div(
                    rx.el.label(
                        t("api_keys.expires"), html_for="expiresInDays", class_name="block text-13 font-strong mb-1"
                    ),
                    rx.el.select(
                        *[rx.el.option(t(f"api_keys.expires_{days}"), value=days) for days in ("30", "90", "365")],
                        rx.el.option(t("api_keys.expires_never"), value=""),
                        id="expiresInDays",
                        name="expiresInDays",
                        default_value="90",
                        class_name=INPUT,
                        custom_attrs={"data-number": ""},
                    ),
                ),
                rx.el.div(
                    rx.el.label(
                        t("api_keys.limit"), html_for="requestsPerMinute", class_name="block text-13 font-strong mb-1"
                    ),
                    rx.el.input(
                        id="requestsPerMinute",
                        name="requestsPerMinute",
                        type="number",
                        min="1",
                        step="1",
                        class_name=INPUT,
                        custom_attrs={"data-number": "", "aria-describedby": "requestsPerMinute-error"},
                    ),
                    rx.el.p(t("api_keys.limit_hint"), class_name="text-12 text-ink-3 mt-1"),
                    field_error("requestsPerMinute-error", ""),
                ),
                url="/v1/api-keys",
                submit=t("api_keys.submit"),
                once=t("api_keys.once"),
                on_done=keys.close,
            ),
        ),
        is_open=keys.is_creating,
        on_close=keys.close,
        label_id="create-key-title",
    )


def _scope(scope: str) -> rx.Component:
    key = scope.replace(":", "_")
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            name="scopes",
            value=scope,
            default_checked=scope.startswith("read:"),
            class_name="size-4 mt-0.5 accent-(--color-accent-fill)",
        ),
        rx.el.span(
            rx.el.code(scope, class_name="mono text-13"),
            rx.el.span(t(f"api_keys.scope_{key}"), class_name="block text-12 text-ink-3"),
        ),
        class_name="flex items-start gap-2.5 py-1.5 max-md:min-h-11 text-14",
    )


def _rotate() -> rx.Component:
    return Modal.create(
        rx.cond(
            keys.rotating_id != "",
            rx.fragment(
                rx.el.div(
                    rx.el.h2(t("api_keys.rotate_title"), id="rotate-key-title", class_name="text-16 font-strong"),
                    rx.el.p(
                        rx.el.strong(keys.rotating_name),
                        " ",
                        t("api_keys.rotate_text"),
                        class_name="text-14 text-ink-2 mt-2",
                    ),
                    class_name="px-5 pt-5",
                ),
                secret_form(
                    rx.el.div(
                        rx.el.label(
                            t("api_keys.grace"), html_for="graceHours", class_name="block text-13 font-strong mb-1"
                        ),
                        rx.el.select(
                            *[rx.el.option(t(f"api_keys.grace_{hours}"), value=hours) for hours in ("0", "1", "24")],
                            id="graceHours",
                            name="graceHours",
                            default_value="1",
                            class_name=INPUT,
                            custom_attrs={"data-number": ""},
                        ),
                    ),
                    url="/v1/api-keys/" + keys.rotating_id + "/rotate",
                    submit=t("api_keys.rotate_submit"),
                    once=t("api_keys.once"),
                    on_done=keys.close,
                ),
            ),
        ),
        open=keys.rotating_id != "",
        on_close=keys.close,
        class_name="panel panel-center",
        custom_attrs={"aria-labelledby": "rotate-key-title"},
    )


def _revoke() -> rx.Component:
    return confirm_dialog(
        t("api_keys.revoke_title"),
        rx.fragment(rx.el.strong(keys.revoking_name), " ", t("api_keys.revoke_text")),
        t("api_keys.revoke_verb"),
        is_open=keys.revoking_id != "",
        on_confirm=keys.revoke,
        on_close=keys.close,
        label_id="revoke-key-title",
    )
