"""Several series over the same days: who did how, beside each other."""

from typing import Any

import reflex as rx

from components.charts.time_chart import credit
from components.i18n import t


class _LinesChart(rx.Component):
    """The part in assets/ui/lines_chart.js; it fetches the chart library when it is shown, not with the page."""

    library = "$/public/ui/lines_chart.js"
    tag = "LinesChart"
    lib_dependencies: list[str] = ["lightweight-charts@5.2.1"]
    class_name: rx.Var[str]  # type: ignore[assignment]
    names: rx.Var[list[str]]
    rows: rx.Var[list[list[float | None]]]
    unit: rx.Var[str]
    labels: rx.Var[dict[str, str]]
    summary: rx.Var[str]


def lines_chart(view: Any) -> rx.Component:
    """Return the chart of a `LinesView` view model, with the credit that the chart library's licence asks for."""
    return rx.el.div(
        _LinesChart.create(
            names=view.names,
            rows=view.rows,
            unit=view.unit,
            summary=view.summary,
            labels={
                "title": t("chart.title"),
                "asTable": t("chart.as_table"),
                "asChart": t("chart.as_chart"),
                "day": t("chart.day"),
                "unknown": t("chart.unknown_line"),
            },
        ),
        credit(),
    )
