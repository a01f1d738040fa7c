"""A reading over time, with its threshold and the moments at which something fired."""

from typing import Any

import reflex as rx

from components.i18n import t


class _TimeChart(rx.Component):
    """The part in assets/ui/time_chart.js; it fetches the chart library when it is shown, not with the page."""

    library = "$/public/ui/time_chart.js"
    tag = "TimeChart"
    lib_dependencies: list[str] = ["lightweight-charts@5.2.1"]
    class_name: rx.Var[str]  # type: ignore[assignment]
    points: rx.Var[list[list[float | None]]]
    thresholds: rx.Var[list[Any]]
    marks: rx.Var[list[float]]
    trades: rx.Var[list[list[float]]]
    unit: rx.Var[str]
    look: rx.Var[str]
    labels: rx.Var[dict[str, str]]
    summary: rx.Var[str]


def time_chart(view: Any) -> rx.Component:
    """Return the chart of a `ChartView` view model, with the credit that the chart library's licence asks for."""
    return rx.el.div(_chart(view), credit())


def credit() -> rx.Component:
    """Return the credit of the chart library."""
    return rx.el.p(
        rx.el.a(
            t("chart.credit"),
            href="https://www.tradingview.com/",
            target="_blank",
            rel="noopener noreferrer",
            class_name="hover:underline",
        ),
        class_name="text-12 text-ink-3 px-4 pb-2 text-right",
    )


def _chart(view: Any) -> rx.Component:
    return _TimeChart.create(
        points=view.points,
        thresholds=view.thresholds,
        marks=view.marks,
        trades=view.trades,
        unit=view.unit,
        look=view.look,
        summary=view.summary,
        labels={
            "title": t("chart.title"),
            "asTable": t("chart.as_table"),
            "asChart": t("chart.as_chart"),
            "time": t("chart.time"),
            "value": t("chart.value"),
            "threshold": t("chart.threshold"),
            "above": t("chart.far_above"),
            "below": t("chart.far_below"),
            "buy": t("chart.buy"),
            "sell": t("chart.sell"),
        },
    )
