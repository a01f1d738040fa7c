"""Guards: the "if" of a rule, a tree over readings that is judged as of the event that fired the rule."""

from collections.abc import Mapping
from typing import Any

from backend.alerts.kinds.base import ParseContext, ReadingOf, Symbols
from backend.alerts.kinds.multi.trees import Leaf, leaves_of, node_of_stored, parse_tree, stored_node
from backend.alerts.kinds.multi.words import tree_in_words
from backend.alerts.kinds.registry import kind_named
from backend.core.errors import InvalidInputError

MOST_LEAVES = 20
# Changes of these are in token terms: they cannot be told from two stored values.
_NO_WINDOWS = ("protocol.tvl_usd",)


async def parse_guard(raw: Any, context: ParseContext) -> dict[str, Any]:
    """Return the guard that a user sent, as it is stored: leaves are `{"type", "conditions", "within"}`.

    Raises InvalidInputError (details under `guard`, by place in the tree).
    """
    try:
        tree = await parse_tree(raw, context, MOST_LEAVES)
    except InvalidInputError as error:
        places = {"guard" if at == "conditions" else f"guard.{at}": said for at, said in error.details.items()}
        raise InvalidInputError("The check cannot be accepted.", places) from None
    for leaf in leaves_of(tree):
        _check_asks_how_things_are(leaf)
    return stored_node(tree)


def guard_sentence(guard: Mapping[str, Any], symbols: Symbols) -> str:
    """Return the guard in words: `WETH on Ethereum rises above $4,000 and not (…)`."""
    return tree_in_words(node_of_stored(guard), symbols)


def guard_tokens(guard: Mapping[str, Any]) -> frozenset[str]:
    """Return the tokens whose symbols the sentence wants."""
    leaves = leaves_of(node_of_stored(guard))
    return frozenset[str]().union(*(kind_named(leaf.kind).tokens(leaf.conditions) for leaf in leaves))


def reading_of_leaf(leaf: Mapping[str, Any]) -> ReadingOf:
    """Return the series a stored leaf looks at. Raises ValueError when it looks at none."""
    kind = kind_named(leaf["type"])
    reading = kind.reading_of(kind.of_stored(leaf["conditions"]))
    if reading is None:
        raise ValueError(f"a guard looks at readings, not at {leaf['type']}")
    return reading


def _check_asks_how_things_are(leaf: Leaf) -> None:
    reading, problem = kind_named(leaf.kind).reading_of(leaf.conditions), ""
    if reading is None:
        problem = f"A guard asks how things are: a condition of type {leaf.kind} is about something that happens."
    elif reading.window and reading.metric in _NO_WINDOWS:
        problem = "A guard cannot ask for this change; make it the rule's own condition."
    if problem:
        raise InvalidInputError("The check cannot be accepted.", {"guard": problem})
