"""Trees of conditions in words."""

from backend.alerts.kinds.base import Symbols
from backend.alerts.kinds.multi.trees import Leaf, Node
from backend.alerts.kinds.registry import kind_named
from backend.core import formats


def tree_in_words(node: Node, symbols: Symbols) -> str:
    """Return a tree as part of a sentence: `WETH on Ethereum rises above $4,000 and not (…)`."""
    return _words(node, symbols, top=True)


def _words(node: Node, symbols: Symbols, *, top: bool = False) -> str:
    if isinstance(node, Leaf):
        text = kind_named(node.kind).sentence(node.conditions, symbols)
        return f"{text} (read within {formats.duration(node.within)})" if node.within else text
    if node.kind == "not":
        return f"not ({_words(node.parts[0], symbols, top=True)})"
    joined = (" and " if node.kind == "all" else " or ").join(_words(part, symbols) for part in node.parts)
    return joined if top else f"({joined})"
