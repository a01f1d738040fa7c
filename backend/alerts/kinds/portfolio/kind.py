"""The kind `portfolio`."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.alerts import limits, metrics
from backend.alerts.engine.conditions import MetricChangeConditions, MetricConditions
from backend.alerts.kinds.base import Choice, FieldSpec, Kind, ParseContext, RawConditions, Stored, Symbols
from backend.alerts.kinds.forms import PRICE_TESTS, Form, by_field, change_test, condition, is_, number_in
from backend.alerts.kinds.words import metric_message, metric_sentence, subject_words
from backend.chain.events import Event
from backend.core import formats

PortfolioConditions = MetricConditions | MetricChangeConditions
_MEASURES = {
    "value": (metrics.PORTFOLIO_VALUE_USD, "the whole portfolio's value"),
    "asset": (metrics.PORTFOLIO_ASSET_USD, "the value of one holding"),
    "roi": (metrics.PORTFOLIO_ROI_PCT, "the return in percent"),
    "impermanent_loss": (metrics.PORTFOLIO_IMPERMANENT_LOSS_PCT, "the impermanent loss of a position"),
}
_NAMES = {metric: name for name, (metric, _) in _MEASURES.items()}
_IN_DOLLARS = ("value", "asset")
_OF_A_PART = ("asset", "impermanent_loss")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,79}")
_LEAST, _MOST = Decimal(-1_000_000), Decimal("1e15")
NO_CHAIN = 0


class PortfolioKind(Kind):
    """The worth of the user's own portfolio, of a holding, its return, or a position's impermanent loss."""

    name = "portfolio"
    title = "Portfolio"
    icon = "wallet"
    summary = "The value or return of your portfolio, of one holding, or an impermanent loss."
    order = 60
    fields = (
        FieldSpec(
            "measure",
            "What",
            "choice",
            required=True,
            choices=tuple(Choice(name, label) for name, (_, label) in _MEASURES.items()),
        ),
        FieldSpec("part", "Holding or position", "text", help="Needed for one holding and for impermanent loss"),
        FieldSpec(
            "value",
            "Value",
            "number",
            "USD or %",
            operators=("lt", "gt", "lte", "gte"),
            instead_of=("change_pct", "window_seconds"),
        ),
        FieldSpec(
            "change_pct",
            "Change",
            "percent",
            "%",
            operators=("lte", "gte"),
            help="Of a value in US dollars only",
            instead_of=("value",),
        ),
        FieldSpec(
            "window_seconds",
            "Within",
            "duration",
            "s",
            choices=tuple(Choice(str(each), formats.duration(each)) for each in metrics.PORTFOLIO_WINDOWS_SECONDS),
            help="Belongs to a change; 24 hours when left out",
            instead_of=("value",),
            needs=("change_pct",),
            default="86400",
        ),
    )

    async def parse(self, raw: RawConditions, context: ParseContext) -> PortfolioConditions:
        """Return the conditions, about the portfolio of the user who sent them."""
        form = Form(self.fields, raw)
        measure = form.choice("measure", "value")
        part = form.take("part", _part, "")
        if measure in _OF_A_PART and not part:
            form.blame("part", "Say which holding or position is meant.")
        if measure not in _OF_A_PART and part:
            form.blame("part", "This belongs to one holding or to impermanent loss.")
        subject = f"{context.user_id}/{part}" if part else str(context.user_id)
        name = form.one_of("value", "change_pct")
        if name == "value":
            threshold = form.number(name, _LEAST if measure not in _IN_DOLLARS else Decimal(0), _MOST)
            if "window_seconds" in form:
                form.blame("window_seconds", "This belongs to a change.")
            form.end()
            return MetricConditions(
                _MEASURES[measure][0], NO_CHAIN, subject, PRICE_TESTS[form.operator(name)], threshold
            )
        if measure not in _IN_DOLLARS:
            form.blame(name, "A percentage has no change in percent. Give a value.")
        percent = form.number(name, -limits.MAX_FALL_PCT, limits.MAX_RISE_PCT)
        test = change_test(form.operator(name)) if name in form else "fall"
        if name in form and ((percent < 0) != (test == "fall") or abs(percent) < limits.MIN_CHANGE_PCT):
            form.blame(name, "A rise is positive, with gte; a fall has a minus, with lte; at least 0.01%.")
        window = form.duration("window_seconds", 86_400)
        form.end()
        return MetricChangeConditions(_MEASURES[measure][0], NO_CHAIN, subject, window, test, percent)

    def stored(self, conditions: PortfolioConditions) -> Stored:
        """Return the stored list; whose portfolio it is stands in it."""
        owner, _, part = conditions.subject.partition("/")
        head = [is_("measure", _NAMES[conditions.metric]), is_("owner", owner)]
        head += [is_("part", part)] if part else []
        if isinstance(conditions, MetricConditions):
            return [*head, condition("value", conditions.test, conditions.threshold)]
        operator = "lte" if conditions.test == "fall" else "gte"
        return [
            *head,
            condition("change_pct", operator, conditions.percent),
            is_("window_seconds", conditions.window_seconds),
        ]

    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> PortfolioConditions:
        """Return the typed conditions."""
        found = by_field(stored)
        metric = _MEASURES[found["measure"]["value"]][0]
        owner = str(UUID(found["owner"]["value"]))
        subject = f"{owner}/{found['part']['value']}" if "part" in found else owner
        if "value" in found:
            value = found["value"]
            return MetricConditions(metric, NO_CHAIN, subject, PRICE_TESTS[value["operator"]], number_in(value))
        change = found["change_pct"]
        window = int(found["window_seconds"]["value"])
        return MetricChangeConditions(
            metric, NO_CHAIN, subject, window, change_test(change["operator"]), number_in(change)
        )

    def message(self, conditions: PortfolioConditions, event: Event) -> str:
        """Return what is meant, the value now, and the rule's limit."""
        return metric_message(conditions, event, _part_words(conditions.subject))

    def sentence(self, conditions: PortfolioConditions, symbols: Symbols) -> str:
        """Return `The value of your portfolio falls by at least 5% within 1 day`."""
        return metric_sentence(conditions, _part_words(conditions.subject))


def _part_words(subject: str) -> str:
    part = subject.partition("/")[2]
    return f" {subject_words(part)}" if part else ""


def _part(value: Any) -> str:
    if not isinstance(value, str) or not _PART.fullmatch(value.strip()):
        raise ValueError("Give the holding's or position's id.")
    return value.strip()
