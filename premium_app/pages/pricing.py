"""Plans and prices: what each gives, from the table of entitlements; month or year stands in the address."""

from typing import Any

import reflex as rx

from backend.accounts.service import PLANS, Cap, Feature, Plan
from components.i18n import t
from components.layout.shell import shell
from components.ui.badge import badge
from components.ui.button import link_button
from components.ui.icon import icon
from components.ui.link import link
from components.ui.payments import buy_button, payments_badge
from state.pricing_state import PricingState
from state.shell_state import ShellState

# On the class, a state's attributes are values of the page.
pricing: Any = PricingState

_PLANS = tuple(PLANS.values())
_CARD = "flex flex-col gap-4 p-5 border rounded-8 bg-surface min-w-0 "
_SWITCH = "inline-flex items-center justify-center h-8 max-md:h-10 px-3 rounded-4 text-13 font-strong "


def pricing_page() -> rx.Component:
    """Return the page."""
    return shell(
        "pricing",
        t("pricing.title"),
        rx.el.div(
            _notice(),
            rx.el.div(
                rx.el.p(t("pricing.lead"), class_name="text-14 text-ink-2 max-w-xl"),
                rx.el.div(
                    payments_badge(pricing.test_payments),
                    _interval_switch(),
                    class_name="flex items-center gap-3 flex-wrap",
                ),
                class_name="flex flex-wrap items-center justify-between gap-4",
            ),
            rx.el.div(
                *[_plan_card(plan) for plan in _PLANS],
                class_name="grid gap-4 grid-cols-4 max-xl:grid-cols-2 max-sm:grid-cols-1",
            ),
            _comparison(),
            rx.el.p(t("pricing.fine_print"), class_name="text-12 text-ink-3"),
            class_name="flex flex-col gap-6 max-w-[1200px]",
        ),
        ShellState,
    )


def _notice() -> rx.Component:
    return rx.cond(
        pricing.notice != "",
        rx.el.p(
            pricing.notice,
            role="alert",
            class_name="px-4 py-2.5 rounded-8 border border-warn bg-warn-ground text-13 text-warn font-strong",
        ),
    )


def _interval_switch() -> rx.Component:
    return rx.el.nav(
        *[
            link(
                t(f"pricing.{interval}"),
                to=f"/pricing/?interval={interval}",
                replace=True,
                class_name=rx.cond(
                    pricing.interval == interval,
                    _SWITCH + "bg-ground text-ink border border-line",
                    _SWITCH + "text-ink-2 hover:text-ink",
                ),
                custom_attrs={"aria-current": rx.cond(pricing.interval == interval, "true", "false")},
            )
            for interval in ("month", "year")
        ],
        aria_label=t("pricing.switch"),
        class_name="inline-flex gap-0.5 p-0.5 rounded-6 bg-raised",
    )


def _plan_card(plan: Plan) -> rx.Component:
    is_mine = pricing.tier == plan.tier
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t(f"plan.{plan.tier}"), class_name="text-16 font-strong"),
            rx.cond(is_mine, badge(t("pricing.yours"), "accent")),
            class_name="flex items-center justify-between gap-2 min-h-6",
        ),
        _price(plan),
        rx.el.p(t(f"pricing.about_{plan.tier}"), class_name="text-13 text-ink-2 min-h-10"),
        rx.el.div(_action(plan), class_name="mt-auto min-h-11"),
        aria_label=t(f"plan.{plan.tier}"),
        class_name=rx.cond(
            (pricing.highlighted == plan.tier) | is_mine, _CARD + "border-accent", _CARD + "border-line"
        ),
    )


def _price(plan: Plan) -> rx.Component:
    if plan.month_usd is None:
        return _amount(t("pricing.nothing"), t("pricing.for_ever"), "")
    if plan.year_usd is None:
        return _amount(t("pricing.from", amount=f"${plan.month_usd:,}"), t("pricing.per_month"), t("pricing.agreed"))
    yearly, monthly = plan.year_usd, plan.month_usd
    return rx.cond(
        pricing.interval == "year",
        _amount(f"${yearly:,}", t("pricing.per_year"), t("pricing.saved", amount=f"${monthly * 12 - yearly:,}")),
        _amount(f"${monthly:,}", t("pricing.per_month"), t("pricing.each_month")),
    )


def _amount(amount: str, period: str, note: str) -> rx.Component:
    return rx.el.div(
        rx.el.p(
            rx.el.span(amount, class_name="text-28 font-strong tracking-tight num"),
            " ",
            rx.el.span(period, class_name="text-13 text-ink-2"),
        ),
        rx.el.p(note, class_name="text-12 text-ink-3 h-4"),
    )


def _action(plan: Plan) -> Any:
    if plan.by_request:
        return rx.cond(
            pricing.tier == plan.tier, None, link_button(t("pricing.ask"), "/settings/billing/?enterprise=1")
        )
    if plan.month_usd is None:
        return rx.cond(pricing.tier == "", link_button(t("pricing.start_free"), "/sign-in/"))
    name = t(f"plan.{plan.tier}")
    buy_text = t("pricing.buy", plan=name)
    label: Any = buy_text
    if plan.trial_days:
        label = rx.cond(pricing.trial_available, t("pricing.try", plan=name, days=plan.trial_days), buy_text)
    same = (pricing.paid_tier == plan.tier) & (pricing.paid_interval == pricing.interval)
    change = link_button(
        t("pricing.change", plan=name), f"/settings/billing/?plan={plan.tier}&interval=" + pricing.interval
    )
    return rx.match(
        pricing.tier,
        ("enterprise", rx.el.p(t("pricing.included"), class_name="text-13 text-ink-3")),
        rx.cond(
            pricing.paid_tier == "",
            buy_button(label, plan.tier, pricing.interval, "primary" if plan.tier == "pro" else "secondary"),
            rx.cond(same, link_button(t("pricing.manage"), "/settings/billing/"), change),
        ),
    )


def _comparison() -> rx.Component:
    head = rx.el.tr(
        rx.el.th(rx.el.span(t("pricing.column_what"), class_name="sr-only"), scope="col", class_name="w-1/3"),
        *[
            rx.el.th(t(f"plan.{plan.tier}"), scope="col", class_name="px-4 h-10 text-13 font-strong text-left")
            for plan in _PLANS
        ],
        class_name="border-b border-line",
    )
    return rx.el.div(
        rx.el.table(
            rx.el.caption(t("pricing.compare_title"), class_name="sr-only"),
            rx.el.thead(head),
            rx.el.tbody(_group(t("pricing.limits")), *[_cap_row(cap) for cap in Cap]),
            rx.el.tbody(_group(t("pricing.features")), *[_feature_row(feature) for feature in Feature]),
            class_name="w-full min-w-[640px] border-collapse text-13",
        ),
        tab_index=0,
        role="region",
        aria_label=t("pricing.compare_title"),
        class_name="relative overflow-x-auto border border-line rounded-8 bg-surface focus-visible:-outline-offset-2",
    )


def _group(title: str) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            title,
            col_span=len(_PLANS) + 1,
            scope="colgroup",
            class_name="px-4 h-9 text-12 font-strong text-ink-3 text-left bg-raised",
        )
    )


def _row(title: str, cells: list[Any]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(title, scope="row", class_name="px-4 py-2 text-left font-normal text-ink-2"),
        *[rx.el.td(each, class_name="px-4 py-2 num") for each in cells],
        class_name="border-b border-line last:border-0",
    )


def _cap_row(cap: Cap) -> rx.Component:
    return _row(t(f"cap.{cap.value}"), [_limit(plan.caps[cap]) for plan in _PLANS])


def _limit(limit: int | None) -> Any:
    if limit is None:
        return t("billing.unlimited")
    return f"{limit:,}" if limit else _none()


def _feature_row(feature: Feature) -> rx.Component:
    return _row(t(f"feature.{feature.value}"), [_has() if feature in plan.features else _none() for plan in _PLANS])


def _has() -> rx.Component:
    return rx.el.span(icon("check", 16, "text-accent"), rx.el.span(t("pricing.included"), class_name="sr-only"))


def _none() -> rx.Component:
    return rx.el.span(
        rx.el.span("—", custom_attrs={"aria-hidden": True}, class_name="text-ink-3"),
        rx.el.span(t("pricing.not_included"), class_name="sr-only"),
    )
