"""The kind `multi`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.alerts.engine.points import Placement
from backend.alerts.engine.watching import Branch, MomentLeaf, StateLeaf, Tree, is_state, watched
from backend.alerts.kinds.base import FieldSpec, Kind, ParseContext, RawConditions, Stored, Symbols
from backend.alerts.kinds.multi.trees import Group, Node, leaves_of, node_of_stored, parse_tree, stored_node
from backend.alerts.kinds.multi.words import tree_in_words
from backend.alerts.kinds.registry import kind_named
from backend.alerts.kinds.words import event_words
from backend.alerts.messages import alert_message
from backend.chain.events import Event, TokenTransfer

_FIELD = "tree"


class MultiKind(Kind):
    """Several conditions of any kinds, joined by and, or, not."""

    name = "multi"
    title = "Several conditions"
    icon = "git-merge"
    summary = "Conditions of several kinds together: all of them, any of them, none of them."
    order = 90
    knows_rule = True
    fields = (
        FieldSpec(
            _FIELD,
            "Conditions",
            "tree",
            required=True,
            help='{"all": […]}, {"any": […]}, {"not": …} of {"type", "conditions", "within"}',
        ),
    )

    async def parse(self, raw: RawConditions, context: ParseContext) -> Node:
        """Return the tree. Details of errors name the place: `all[1].conditions.price_usd`."""
        if isinstance(raw, list):
            tree = raw[0].get("value") if len(raw) == 1 and raw[0].get("field") == _FIELD else raw
        else:
            tree = raw.get(_FIELD, raw)
        return await parse_tree(tree, context)

    def stored(self, conditions: Node) -> Stored:
        """Return the stored list: one condition that holds the tree."""
        return [{"field": _FIELD, "operator": "eq", "value": stored_node(conditions)}]

    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> Node:
        """Return the typed tree."""
        return node_of_stored(stored[0]["value"])

    def placements(self, conditions: Node, rule_id: UUID, owner: UUID, *, level: bool = False) -> Placement:
        """Return every point at which a part of the tree may change."""
        return watched(_tree(conditions, rule_id, owner), level=level)

    def message(self, conditions: Node, event: Event) -> str:
        """Return what made the tree true."""
        what = alert_message(None, event) if isinstance(event, TokenTransfer) else event_words(event)
        return f"Your {len(list(leaves_of(conditions)))} conditions came true: {what}"

    def sentence(self, conditions: Node, symbols: Symbols) -> str:
        """Return the tree in words: `WETH rises above $3,000 and the base fee is …`."""
        return tree_in_words(conditions, symbols)

    def reading_of(self, conditions: Node) -> None:
        """Return None: it is about several."""

    def next_due(self, conditions: Node, after: datetime) -> datetime | None:
        """Return when its schedule is due next, if there is one in it."""
        times = [kind_named(leaf.kind).next_due(leaf.conditions, after) for leaf in leaves_of(conditions)]
        return min((each for each in times if each is not None), default=None)

    def has_level(self, conditions: Node) -> bool:
        """Return whether the tree can stay true: nothing in it lasts a moment only."""
        nobody = UUID(int=0)
        return all(
            is_state(kind_named(leaf.kind).asked(leaf.conditions, nobody, nobody)) for leaf in leaves_of(conditions)
        )

    def tokens(self, conditions: Node) -> frozenset[str]:
        """Return the tokens of all its conditions."""
        return frozenset[str]().union(
            *(kind_named(leaf.kind).tokens(leaf.conditions) for leaf in leaves_of(conditions))
        )

    def wallets(self, conditions: Node) -> frozenset[str]:
        """Return the wallets that its conditions watch."""
        return frozenset[str]().union(
            *(kind_named(leaf.kind).wallets(leaf.conditions) for leaf in leaves_of(conditions))
        )

    def watched_rules(self, conditions: Node) -> frozenset[UUID]:
        """Return the rules that its conditions wait for."""
        return frozenset[UUID]().union(
            *(kind_named(leaf.kind).watched_rules(leaf.conditions) for leaf in leaves_of(conditions))
        )


def _tree(node: Node, rule_id: UUID, owner: UUID) -> Tree:
    if isinstance(node, Group):
        return Branch(node.kind, [_tree(part, rule_id, owner) for part in node.parts])
    asked = kind_named(node.kind).asked(node.conditions, rule_id, owner)
    return StateLeaf(asked, node.within) if is_state(asked) else MomentLeaf(asked)  # type: ignore[arg-type]
