"""The kind `price`."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.alerts.engine.conditions import ChangeConditions, MetricConditions, PriceConditions
from backend.alerts.kinds.base import (
    Choice,
    FieldSpec,
    Kind,
    ParseContext,
    RawConditions,
    Stored,
    Symbols,
)
from backend.alerts.lookup import conditions_of_input
from backend.alerts.messages import alert_message
from backend.alerts.parsing import parse_conditions
from backend.alerts.rules import conditions_of, stored_conditions
from backend.alerts.sentences import describe
from backend.chain.events import CHANGE_WINDOWS_SECONDS, Event
from backend.core import formats

PriceOrChange = PriceConditions | ChangeConditions | MetricConditions


class PriceKind(Kind):
    """A token's price that crosses a target, or changes by so much in a window."""

    name = "price"
    title = "Token prices"
    label = "Price"
    icon = "activity"
    summary = "A token's price crosses a target, or changes by a percentage within a time."
    order = 10
    news_seconds = 4 * 3600
    fields = (
        FieldSpec("chain", "Chain", "chain", required=True),
        FieldSpec("token", "Token", "token", required=True),
        FieldSpec(
            "price_usd",
            "Price",
            "number",
            "USD",
            operators=("gt", "lt", "gte", "lte"),
            instead_of=("change_pct", "direction", "window_seconds", "volume_ratio"),
        ),
        FieldSpec(
            "change_pct",
            "Change",
            "percent",
            "%",
            operators=("gte", "lte"),
            help="A fall has a minus and `lte`",
            instead_of=("price_usd", "volume_ratio"),
            needs=("window_seconds",),
        ),
        FieldSpec(
            "direction",
            "Either way",
            "choice",
            choices=(Choice("either", "up or down"),),
            instead_of=("price_usd", "volume_ratio"),
            needs=("change_pct", "window_seconds"),
            default="either",
        ),
        FieldSpec(
            "window_seconds",
            "Within",
            "duration",
            "s",
            choices=tuple(Choice(str(each), formats.duration(each)) for each in CHANGE_WINDOWS_SECONDS),
            help="Belongs to a change",
            instead_of=("price_usd", "volume_ratio"),
            needs=("change_pct",),
            default="3600",
        ),
        FieldSpec(
            "volume_ratio",
            "Traded at least so many times as much",
            "number",
            "times",
            operators=("gte",),
            help="The last hour's volume against the mean hour of the day before",
            instead_of=("price_usd", "change_pct", "direction", "window_seconds"),
        ),
    )

    async def parse(self, raw: RawConditions, context: ParseContext) -> PriceOrChange:
        """Return the conditions, with symbols looked up."""
        return await conditions_of_input(context.session, parse_conditions(self.name, raw))  # type: ignore[return-value]

    def stored(self, conditions: PriceOrChange) -> Stored:
        """Return the stored list."""
        return stored_conditions(conditions)

    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> PriceOrChange:
        """Return the typed conditions."""
        return conditions_of(stored)  # type: ignore[return-value]

    def message(self, conditions: PriceOrChange | None, event: Event) -> str:
        """Return token, chain, price now, target, change."""
        return alert_message(conditions, event)

    def sentence(self, conditions: PriceOrChange, symbols: Symbols) -> str:
        """Return `WETH on Ethereum rises above $4,000`."""
        return describe(conditions, symbols)

    def tokens(self, conditions: PriceOrChange) -> frozenset[str]:
        """Return the token."""
        return frozenset((conditions.subject if isinstance(conditions, MetricConditions) else conditions.token,))
