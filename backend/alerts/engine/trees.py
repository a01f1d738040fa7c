"""Boolean trees in three-valued logic (Kleene, "Introduction to Metamathematics", 1952, section 64).

A tree is `{"all": [...]}`, `{"any": [...]}`, `{"not": tree}` or a leaf (anything else). What is unknown stays unknown
unless the rest decides: false and unknown is false, true or unknown is true.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

Node = Mapping[str, Any]
Verdict = bool | None


def judge(tree: Node, of_leaf: Callable[[Node], Verdict]) -> Verdict:
    """Return whether the tree holds; None when that cannot be said from what its leaves know."""
    if "not" in tree:
        found = judge(tree["not"], of_leaf)
        return None if found is None else not found
    for name, decisive in (("all", False), ("any", True)):
        if name in tree:
            verdicts = [judge(part, of_leaf) for part in tree[name]]
            return decisive if decisive in verdicts else None if None in verdicts else not decisive
    return of_leaf(tree)


def leaves(tree: Node) -> Iterator[Node]:
    """Yield the leaves from left to right."""
    parts = [tree["not"]] if "not" in tree else tree.get("all", tree.get("any"))
    if parts is None:
        yield tree
        return
    for part in parts:
        yield from leaves(part)


def holds(test: str, value: Decimal, threshold: Decimal) -> bool:
    """Return whether a value passes a test: gt, gte, lt, lte; of changes in percent rise, fall, move.

    Raises ValueError for another test.
    """
    if test == "gt":
        return value > threshold
    if test in ("gte", "rise"):
        return value >= threshold
    if test == "lt":
        return value < threshold
    if test in ("lte", "fall"):
        return value <= threshold
    if test == "move":
        return abs(value) >= abs(threshold)
    raise ValueError(test)
