"""The kind `governance`."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.alerts import metrics
from backend.alerts.engine.conditions import OccurrenceConditions
from backend.alerts.kinds.base import Choice, FieldSpec, Kind, ParseContext, RawConditions, Stored, Symbols
from backend.alerts.kinds.forms import Form, any_of, by_field, is_, values_of
from backend.alerts.kinds.words import chain_words
from backend.alerts.messages import TX_MARK
from backend.chain.events import Event, Occurrence
from backend.chain.registry import chain_name
from backend.core import formats

_STEPS = {
    "proposal_created": "a proposal is made",
    "vote_cast": "a vote is cast",
    "queued": "a proposal is queued",
    "executed": "a proposal is executed",
    "canceled": "a proposal is canceled",
}
_HAPPENED = {
    "proposal_created": "New proposal",
    "vote_cast": "A vote was cast on the proposal",
    "queued": "Queued was the proposal",
    "executed": "Executed was the proposal",
    "canceled": "Canceled was the proposal",
}
_PREFIX = "governance."


class GovernanceKind(Kind):
    """Something happens to the proposals of a governor contract."""

    name = "governance"
    title = "Governance"
    icon = "landmark"
    summary = "A proposal is made, voted on, queued, executed or canceled at a governor contract."
    order = 50
    fields = (
        FieldSpec("chain", "Chain", "chain", required=True),
        FieldSpec("governor", "Governor contract", "address", required=True),
        FieldSpec(
            "step",
            "When",
            "choice",
            operators=("in", "eq"),
            choices=tuple(Choice(value, label) for value, label in _STEPS.items()),
            help="All but single votes when left out",
        ),
    )

    async def parse(self, raw: RawConditions, context: ParseContext) -> OccurrenceConditions:
        """Return the conditions."""
        form = Form(self.fields, raw)
        chain_id, governor = form.chain(context), form.address("governor")
        steps = form.take("step", _steps, tuple(step for step in _STEPS if step != "vote_cast"))
        form.end()
        topics = frozenset(f"{_PREFIX}{step}" for step in steps)
        return OccurrenceConditions(topics, frozenset((chain_id,)), frozenset((governor,)))

    def stored(self, conditions: OccurrenceConditions) -> Stored:
        """Return the stored list."""
        (chain_id,), (governor,) = conditions.chains, conditions.subjects
        steps = [step for step in metrics.GOVERNANCE_STEPS if f"{_PREFIX}{step}" in conditions.topics]
        return [is_("chain", chain_id), is_("governor", governor), *any_of("step", steps)]

    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> OccurrenceConditions:
        """Return the typed conditions."""
        found = by_field(stored)
        topics = frozenset(f"{_PREFIX}{step}" for step in values_of(found["step"]))
        return OccurrenceConditions(
            topics, frozenset((int(found["chain"]["value"]),)), frozenset((found["governor"]["value"],))
        )

    def message(self, conditions: OccurrenceConditions, event: Event) -> str:
        """Return step, proposal, title, governor, chain, transaction."""
        if not isinstance(event, Occurrence):
            raise ValueError(f"no alert comes of {type(event).__name__}")
        proposal = formats.untrusted_text(event.details.get("proposalId", ""), 24)
        title = formats.untrusted_text(event.details.get("title", ""), 160)
        named = f" {proposal}" + (f" “{title}”" if title else "")
        governor = formats.untrusted_text(event.label) if event.label else formats.address(event.subject)
        happened = _HAPPENED[event.topic.removeprefix(_PREFIX)]
        tx = f"{TX_MARK}{event.tx_hash}" if event.tx_hash else ""
        return f"{happened}{named} at {governor} on {chain_name(event.chain_id)}{tx}"

    def sentence(self, conditions: OccurrenceConditions, symbols: Symbols) -> str:
        """Return `A proposal is made or a proposal is executed at 0x1234…abcd on Ethereum`."""
        (chain_id,), (governor,) = conditions.chains, conditions.subjects
        steps = " or ".join(text for step, text in _STEPS.items() if f"{_PREFIX}{step}" in conditions.topics)
        return f"{steps[0].upper()}{steps[1:]} at {formats.address(governor)}{chain_words(chain_id)}"


def _steps(value: Any) -> tuple[str, ...]:
    steps = value if isinstance(value, list) else [value]
    if not steps or any(step not in _STEPS for step in steps):
        raise ValueError(f"Choose some of: {', '.join(_STEPS)}.")
    return tuple(dict.fromkeys(steps))
