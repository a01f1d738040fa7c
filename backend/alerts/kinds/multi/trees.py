"""Trees of conditions as users write them: `{"all": […]}`, `{"any": […]}`, `{"not": …}`, and leaves of other kinds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.alerts.engine.watching import is_state
from backend.alerts.kinds.base import ParseContext
from backend.alerts.kinds.registry import kind_named, kind_names
from backend.alerts.limits import MAX_DEPTH, MAX_LEAVES, MAX_WITHIN_SECONDS
from backend.core.errors import InvalidInputError

_REFUSED = "Some conditions of the rule cannot be accepted."
_GROUPS = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition of another kind; unknown when it was read more than `within` seconds ago (None: never)."""

    kind: str
    conditions: Any
    within: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any` or `not` (of one) of the parts."""

    kind: str
    parts: tuple["Node", ...]


Node = Leaf | Group


async def parse_tree(raw: Any, context: ParseContext, most_leaves: int = MAX_LEAVES) -> Node:
    """Return the tree that a user sent. Raises InvalidInputError, details by place in the tree."""
    problems: dict[str, str] = {}
    node = await _parse(raw, context, "", 1, most_leaves, problems)
    if node is not None and not problems:
        count = len(list(leaves_of(node)))
        if count > most_leaves:
            problems["conditions"] = f"Use at most {most_leaves} conditions; these are {count}."
        if sum(leaf.kind == "schedule" for leaf in leaves_of(node)) > 1:
            problems["conditions"] = "Use one schedule at most."
    if problems or node is None:
        raise InvalidInputError(_REFUSED, problems)
    return node


def stored_node(node: Node) -> dict[str, Any]:
    """Return a tree as it is stored and answered."""
    if isinstance(node, Leaf):
        stored = kind_named(node.kind).stored(node.conditions)
        return {"type": node.kind, "conditions": stored, "within": node.within}
    if node.kind == "not":
        return {"not": stored_node(node.parts[0])}
    return {node.kind: [stored_node(part) for part in node.parts]}


def node_of_stored(stored: Any) -> Node:
    """Return the tree of what was stored. Raises KeyError, TypeError or ValueError."""
    if "type" in stored:
        kind = kind_named(stored["type"])
        return Leaf(kind.name, kind.of_stored(stored["conditions"]), stored.get("within"))
    (name,) = stored
    parts = [stored["not"]] if name == "not" else stored[name]
    return Group(name, tuple(node_of_stored(part) for part in parts))


def leaves_of(node: Node) -> Iterator[Leaf]:
    """Yield the leaves of a tree, from left to right."""
    if isinstance(node, Leaf):
        yield node
    else:
        for part in node.parts:
            yield from leaves_of(part)


async def _parse(
    raw: Any, context: ParseContext, where: str, depth: int, most: int, problems: dict[str, str]
) -> Node | None:
    here = where or "conditions"
    if not isinstance(raw, dict) or depth > MAX_DEPTH:
        problems[here] = (
            f"Nest at most {MAX_DEPTH} deep."
            if depth > MAX_DEPTH
            else 'Write {"all": […]}, {"any": […]}, {"not": …} or a condition with its type.'
        )
        return None
    if "type" in raw:
        return await _parse_leaf(raw, context, where, problems)
    if len(raw) != 1 or next(iter(raw)) not in _GROUPS:
        problems[here] = 'Write {"all": […]}, {"any": […]}, {"not": …} or a condition with its type.'
        return None
    ((name, inner),) = raw.items()
    parts = [inner] if name == "not" else inner
    if not isinstance(parts, list) or not parts or len(parts) > most:
        problems[_join(where, name)] = f"List 1 to {most} conditions."
        return None
    places = [_join(where, name if name == "not" else f"{name}[{place}]") for place in range(len(parts))]
    found = [
        await _parse(part, context, place, depth + 1, most, problems) for place, part in zip(places, parts, strict=True)
    ]
    return Group(name, tuple(part for part in found if part is not None))


async def _parse_leaf(raw: dict[str, Any], context: ParseContext, where: str, problems: dict[str, str]) -> Leaf | None:
    name = raw["type"]
    if name not in kind_names() or name == "multi":
        problems[_join(where, "type")] = "Choose another kind of rule for this condition."
        return None
    kind = kind_named(name)
    try:
        conditions = await kind.parse(raw.get("conditions") or {}, context)
    except InvalidInputError as error:
        for field, message in (error.details or {"": error.message}).items():
            problems[_join(where, f"conditions.{field}" if field else "conditions")] = message
        return None
    within = raw.get("within")
    if within is not None:
        if not isinstance(within, int) or isinstance(within, bool) or not 1 <= within <= MAX_WITHIN_SECONDS:
            problems[_join(where, "within")] = f"Give seconds, between 1 and {MAX_WITHIN_SECONDS}."
            return None
        if not is_state(kind.asked(conditions, UUID(int=0), context.user_id)):
            problems[_join(where, "within")] = "What happens counts at its moment only; leave this out."
            return None
    return Leaf(name, conditions, within)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
