"""Guards: the "if" of a rule, a tree over readings that is judged as of the event that fired the rule."""

from collections.abc import Mapping
from typing import Any, NoReturn

from backend.alerts.engine.trees import leaves
from backend.alerts.kinds.base import ParseContext, ReadingOf, Symbols
from backend.alerts.kinds.registry import kind_named, kind_names
from backend.core import formats
from backend.core.errors import InvalidInputError

MAX_LEAVES = 20
MAX_DEPTH = 5
MAX_WITHIN_SECONDS = 7 * 86_400
# Changes of these are in token terms: they cannot be told from two stored values.
_NO_WINDOWS = ("protocol.tvl_usd",)
_WORDS = {"all": " and ", "any": " or "}


async def parse_guard(raw: Any, context: ParseContext) -> dict[str, Any]:
    """Return the guard that a user sent, as it is stored: leaves are `{"type", "conditions", "within"}`.

    Raises InvalidInputError (details under `guard`).
    """
    tree = await _parse(raw, context, 1)
    if len(list(leaves(tree))) > MAX_LEAVES:
        _refuse(f"Use at most {MAX_LEAVES} conditions.")
    return tree


def guard_sentence(guard: Mapping[str, Any], symbols: Symbols) -> str:
    """Return the guard in words: `WETH on Ethereum rises above $4,000 and not (…)`."""
    for name, word in _WORDS.items():
        if name in guard:
            parts = [guard_sentence(part, symbols) for part in guard[name]]
            return parts[0] if len(parts) == 1 else f"({word.join(parts)})"
    if "not" in guard:
        return f"not {guard_sentence(guard['not'], symbols)}"
    kind = kind_named(guard["type"])
    said = kind.sentence(kind.of_stored(guard["conditions"]), symbols)
    return f"{said} (read within {formats.duration(guard['within'])})" if guard.get("within") else said


def guard_tokens(guard: Mapping[str, Any]) -> frozenset[str]:
    """Return the tokens whose symbols the sentence wants."""
    found: set[str] = set()
    for leaf in leaves(guard):
        kind = kind_named(leaf["type"])
        found |= kind.tokens(kind.of_stored(leaf["conditions"]))
    return frozenset(found)


def reading_of_leaf(leaf: Mapping[str, Any]) -> ReadingOf:
    """Return the series a stored leaf looks at. Raises ValueError when it looks at none."""
    kind = kind_named(leaf["type"])
    reading = kind.reading_of(kind.of_stored(leaf["conditions"]))
    if reading is None:
        raise ValueError(f"a guard looks at readings, not at {leaf['type']}")
    return reading


async def _parse(raw: Any, context: ParseContext, depth: int) -> dict[str, Any]:
    if not isinstance(raw, dict) or depth > MAX_DEPTH:
        _refuse(f"Write a tree of all, any, not and conditions, at most {MAX_DEPTH} deep.")
    for name in _WORDS:
        if name in raw:
            parts = raw[name]
            if not isinstance(parts, list) or not 1 <= len(parts) <= MAX_LEAVES or len(raw) != 1:
                _refuse(f"Give {name} a list of 1 to {MAX_LEAVES} parts, and nothing beside it.")
            return {name: [await _parse(part, context, depth + 1) for part in parts]}
    if "not" in raw:
        if len(raw) != 1:
            _refuse("Give not one part, and nothing beside it.")
        return {"not": await _parse(raw["not"], context, depth + 1)}
    return await _parse_leaf(raw, context)


async def _parse_leaf(raw: dict[str, Any], context: ParseContext) -> dict[str, Any]:
    name = raw.get("type")
    if not isinstance(name, str) or name not in kind_names():
        _refuse("Each condition names its type, such as price or gas.")
    kind = kind_named(name)
    wanted = raw.get("conditions")
    if not isinstance(wanted, list | dict):
        _refuse("Each condition has its conditions, as a rule of its type has them.")
    try:
        conditions = await kind.parse(wanted, context)
    except InvalidInputError as error:
        problems = {f"guard.{field}": message for field, message in error.details.items()}
        raise InvalidInputError("The guard cannot be accepted.", problems or {"guard": error.message}) from None
    reading = kind.reading_of(conditions)
    if reading is None:
        _refuse(f"A guard asks how things are: a condition of type {name} is about something that happens.")
    if reading.window and reading.metric in _NO_WINDOWS:
        _refuse("A guard cannot ask for this change; make it the rule's own condition.")
    within = raw.get("within")
    if within is not None and (isinstance(within, bool) or not isinstance(within, int)):
        _refuse("Say within in whole seconds.")
    if within is not None and not 1 <= within <= MAX_WITHIN_SECONDS:
        _refuse("Choose a time of up to seven days for within.")
    return {"type": name, "conditions": kind.stored(conditions), "within": within}


def _refuse(message: str) -> NoReturn:
    raise InvalidInputError("The guard cannot be accepted.", {"guard": message})
