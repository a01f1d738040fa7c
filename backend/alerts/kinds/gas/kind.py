"""The kind `gas`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from backend.alerts import limits, metrics
from backend.alerts.engine.conditions import MetricChangeConditions, MetricConditions
from backend.alerts.kinds.base import FieldSpec, Kind, ParseContext, RawConditions, Stored, Symbols
from backend.alerts.kinds.forms import PRICE_TESTS, Form, by_field, change_test, condition, is_, number_in
from backend.alerts.kinds.words import chain_words, metric_message, metric_sentence
from backend.chain.events import Event

GasConditions = MetricConditions | MetricChangeConditions
_METRICS = {
    "base_fee_gwei": metrics.BASE_FEE_GWEI,
    "predicted_base_fee_gwei": metrics.PREDICTED_BASE_FEE_GWEI,
}
_FIELDS = {metric: name for name, metric in _METRICS.items()}


class GasKind(Kind):
    """The base fee of a chain crosses a limit, or changes by a percentage within ten minutes."""

    name = "gas"
    title = "Gas"
    icon = "fuel"
    summary = "A chain's base fee crosses a limit, or jumps within ten minutes."
    order = 30
    news_seconds = 3600  # a fee of yesterday helps nobody
    fields = (
        FieldSpec("chain", "Chain", "chain", required=True),
        FieldSpec(
            "base_fee_gwei",
            "Base fee",
            "number",
            "gwei",
            operators=("lt", "gt", "lte", "gte"),
            instead_of=("predicted_base_fee_gwei", "change_pct"),
        ),
        FieldSpec(
            "predicted_base_fee_gwei",
            "Predicted base fee",
            "number",
            "gwei",
            operators=("lt", "gt", "lte", "gte"),
            help="Needs a prediction for the chain; without one the rule waits",
            instead_of=("base_fee_gwei", "change_pct"),
        ),
        FieldSpec(
            "change_pct",
            "Change within ten minutes",
            "percent",
            "%",
            operators=("gte", "lte"),
            help="A fall has a minus and `lte`",
            instead_of=("base_fee_gwei", "predicted_base_fee_gwei"),
        ),
    )

    async def parse(self, raw: RawConditions, context: ParseContext) -> GasConditions:
        """Return the conditions."""
        form = Form(self.fields, raw)
        chain_id = form.chain(context)
        name = form.one_of("base_fee_gwei", "predicted_base_fee_gwei", "change_pct")
        if name == "change_pct":
            percent = form.number(name, -limits.MAX_FALL_PCT, limits.MAX_RISE_PCT)
            test = change_test(form.operator(name)) if name in form else "rise"
            if name in form and (percent < 0) != (test == "fall"):
                form.blame(name, "A rise is positive, with gte; a fall has a minus, with lte.")
            if abs(percent) < limits.MIN_CHANGE_PCT:
                form.blame(name, "Choose a change of at least 0.01%.")
            form.end()
            window = metrics.BASE_FEE_WINDOW_SECONDS
            return MetricChangeConditions(metrics.BASE_FEE_GWEI, chain_id, "", window, test, percent)
        threshold = form.number(name, Decimal("1e-9"), limits.MAX_GWEI)
        form.end()
        return MetricConditions(_METRICS[name], chain_id, "", PRICE_TESTS[form.operator(name)], threshold)

    def stored(self, conditions: GasConditions) -> Stored:
        """Return the stored list."""
        head = [is_("chain", conditions.chain_id)]
        if isinstance(conditions, MetricChangeConditions):
            operator = "lte" if conditions.test == "fall" else "gte"
            return [*head, condition("change_pct", operator, conditions.percent)]
        return [*head, condition(_FIELDS[conditions.metric], conditions.test, conditions.threshold)]

    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> GasConditions:
        """Return the typed conditions."""
        found = by_field(stored)
        chain_id = int(found["chain"]["value"])
        if "change_pct" in found:
            change = found["change_pct"]
            window, test = metrics.BASE_FEE_WINDOW_SECONDS, change_test(change["operator"])
            return MetricChangeConditions(metrics.BASE_FEE_GWEI, chain_id, "", window, test, number_in(change))
        name = next(name for name in _METRICS if name in found)
        return MetricConditions(
            _METRICS[name], chain_id, "", PRICE_TESTS[found[name]["operator"]], number_in(found[name])
        )

    def message(self, conditions: GasConditions, event: Event) -> str:
        """Return `The base fee on Ethereum fell below 20 gwei: now 18.4 gwei`."""
        return metric_message(conditions, event, chain_words(conditions.chain_id))

    def sentence(self, conditions: GasConditions, symbols: Symbols) -> str:
        """Return `The base fee on Ethereum falls below 20 gwei`."""
        return metric_sentence(conditions, chain_words(conditions.chain_id))
