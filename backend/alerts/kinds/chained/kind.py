"""The kind `chained`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.alerts import metrics
from backend.alerts.engine.conditions import Conditions, OccurrenceConditions
from backend.alerts.kinds.base import FieldSpec, Kind, ParseContext, RawConditions, Stored, Symbols
from backend.alerts.kinds.chained.cycles import reaches
from backend.alerts.kinds.forms import Form, by_field, is_
from backend.chain.events import Event, Occurrence
from backend.core import formats


@dataclass(frozen=True, slots=True)
class ChainedConditions:
    """The rule whose alerts are meant, and its name as of then."""

    rule_id: UUID
    rule_name: str


class ChainedKind(Kind):
    """Another rule of the user's fired."""

    name = "chained"
    title = "After another rule"
    label = "Chained"
    icon = "link"
    summary = "Another of your rules fired."
    order = 80
    fields = (FieldSpec("rule", "Rule", "rule", required=True),)

    async def parse(self, raw: RawConditions, context: ParseContext) -> ChainedConditions:
        """Return the conditions. A rule that would, over others, wait for itself is refused."""
        if isinstance(raw, list):  # the name is ours: it comes back with conditions as they were answered
            raw = [each for each in raw if each.get("field") != "rule_name"]
        form = Form(self.fields, raw)
        rule_id = form.take("rule", _id)
        form.end()
        found = await reaches(context.session, context.user_id, rule_id, context.rule_id)
        if found is None:
            form.blame("rule", "You have no such rule. It may have been deleted.")
        elif found.is_cycle:
            form.blame("rule", "These rules would set each other off without end.")
        form.end()
        return ChainedConditions(rule_id, found.name if found else "")

    def stored(self, conditions: ChainedConditions) -> Stored:
        """Return the stored list."""
        return [is_("rule", str(conditions.rule_id)), is_("rule_name", conditions.rule_name)]

    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> ChainedConditions:
        """Return the typed conditions."""
        found = by_field(stored)
        return ChainedConditions(UUID(found["rule"]["value"]), found["rule_name"]["value"])

    def asked(self, conditions: ChainedConditions, rule_id: UUID, owner: UUID) -> Conditions:
        """Return that the other rule fired."""
        subjects = frozenset((str(conditions.rule_id),))
        return OccurrenceConditions(frozenset((metrics.RULE_FIRED,)), frozenset((0,)), subjects)

    def message(self, conditions: ChainedConditions, event: Event) -> str:
        """Return which rule fired, and what it said."""
        if not isinstance(event, Occurrence):
            raise ValueError(f"no alert comes of {type(event).__name__}")
        said = formats.untrusted_text(event.details.get("message", ""), 600)
        name = formats.untrusted_text(event.label or conditions.rule_name, 80)
        return f"“{name}” fired{f': {said}' if said else ''}"

    def sentence(self, conditions: ChainedConditions, symbols: Symbols) -> str:
        """Return `“Whales in USDC” fires`."""
        return f"“{formats.untrusted_text(conditions.rule_name, 80)}” fires"

    def reading_of(self, conditions: ChainedConditions) -> None:
        """Return None: it is about something that happens."""

    def watched_rules(self, conditions: ChainedConditions) -> frozenset[UUID]:
        """Return the rule."""
        return frozenset((conditions.rule_id,))


def _id(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise ValueError("Give the id of one of your rules.") from None
