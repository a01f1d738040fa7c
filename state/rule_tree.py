"""Conditions being written: a tree of what must hold, as a flat list of parts, each naming the one it stands in.

Nothing here knows a kind: it is told which fields a kind has. All functions return new lists.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, Protocol

from backend.core.errors import InvalidInputError
from backend.core.money import parse_decimal, plain
from components.i18n import t

ROOT = "1"
MOST_PARTS = 20
MOST_DEPTH = 3
DEFAULT_WITHIN = "300"
# The one field whose sign the form writes: a fall is stored with a minus and `lte`, and said as "falls by".
CHANGE = "change_pct"
FALLS = ("lt", "lte")
_SEPARATORS = re.compile(r"[\s,;]+")
Joint = Literal["", "all", "any"]


class Field(Protocol):
    """What a form needs to know of a field."""

    name: str
    input: str
    required: bool
    operators: tuple[str, ...]
    instead_of: tuple[str, ...]
    needs: tuple[str, ...]
    default: str


@dataclass(frozen=True, slots=True)
class Value:
    """One filled field of a condition: its operator and what was written."""

    field: str
    operator: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A group (`joint` all or any) or a condition (`kind`); `within` is how fresh its reading must be, in seconds."""

    id: str
    parent: str
    joint: Joint = ""
    negated: bool = False
    kind: str = ""
    within: str = DEFAULT_WITHIN
    values: tuple[Value, ...] = ()


FieldsOf = Callable[[str], Sequence[Any]]


def new_tree(kind: str, fields: Sequence[Any]) -> list[Part]:
    """Return a tree of one condition."""
    return [Part(ROOT, "", "all"), _blank("2", ROOT, kind, fields)]


def add_condition(parts: Sequence[Part], group: str, kind: str, fields: Sequence[Any]) -> list[Part]:
    """Return the tree with one more condition in a group. Raises InvalidInputError when it is full."""
    _room(parts, group)
    return [*parts, _blank(_next_id(parts), group, kind, fields)]


def add_group(parts: Sequence[Part], group: str, kind: str, fields: Sequence[Any]) -> list[Part]:
    """Return the tree with a group of one condition in a group. Raises InvalidInputError when it is full or deep."""
    _room(parts, group)
    if depth_of(parts, group) >= MOST_DEPTH:
        raise InvalidInputError(t("builder.too_deep"))
    inner = _next_id(parts)
    other: Joint = "any" if find(parts, group).joint == "all" else "all"
    grown = [*parts, Part(inner, group, other)]
    return [*grown, _blank(_next_id(grown), inner, kind, fields)]


def remove(parts: Sequence[Part], part_id: str) -> list[Part]:
    """Return the tree without a part and what stands in it, nor groups that are empty then; one condition stays."""
    gone = {part_id}
    for part in parts:
        if part.parent in gone:
            gone.add(part.id)
    left = [part for part in parts if part.id not in gone]
    while empty := {part.id for part in left if part.joint and not any(each.parent == part.id for each in left)}:
        left = [part for part in left if part.id not in empty]
    return left if part_id != ROOT and any(part.kind for part in left) else list(parts)


def change(parts: Sequence[Part], part_id: str, **values: Any) -> list[Part]:
    """Return the tree with a part's values changed. Raises InvalidInputError when there is no such part."""
    find(parts, part_id)
    return [replace(part, **values) if part.id == part_id else part for part in parts]


def write(parts: Sequence[Part], part_id: str, value: Value | None, field: str) -> list[Part]:
    """Return the tree with one field of a condition written, added, or (None) taken away."""
    part = find(parts, part_id)
    kept = tuple(each for each in part.values if each.field != field)
    if value is None:
        return change(parts, part_id, values=kept)
    if len(kept) < len(part.values):
        kept = tuple(value if each.field == field else each for each in part.values)
        return change(parts, part_id, values=kept)
    return change(parts, part_id, values=(*kept, value))


def ask(parts: Sequence[Part], part_id: str, name: str, fields: Sequence[Any]) -> list[Part]:
    """Return the tree with one more field in a condition, with those it needs, without those it stands instead of.

    Raises InvalidInputError when there is no such field.
    """
    known = {field.name: field for field in fields}
    if name not in known:
        raise InvalidInputError(t("form.invalid"))
    kept = [value for value in find(parts, part_id).values if value.field not in known[name].instead_of]
    for each in (name, *known[name].needs):
        if all(value.field != each for value in kept):
            kept.append(_unwritten(known[each]))
    return change(parts, part_id, values=tuple(kept))


def leave_out(parts: Sequence[Part], part_id: str, name: str, fields: Sequence[Any]) -> list[Part]:
    """Return the tree without a field of a condition, nor those that need it."""
    needs = {field.name: field.needs for field in fields}
    gone = {name}
    values = find(parts, part_id).values
    while more := {value.field for value in values if gone & {*needs.get(value.field, ())}} - gone:
        gone |= more
    return change(parts, part_id, values=tuple(value for value in values if value.field not in gone))


def of_form(parts: Sequence[Part], fields_of: FieldsOf) -> list[Part]:
    """Return the tree with only what its kinds' forms ask for; the rest is the kind's own, made anew at each save."""
    return [
        replace(
            part, values=tuple(each for each in part.values if each.field in {f.name for f in fields_of(part.kind)})
        )
        if part.kind
        else part
        for part in parts
    ]


def find(parts: Sequence[Part], part_id: str) -> Part:
    """Return a part. Raises InvalidInputError when there is none."""
    for part in parts:
        if part.id == part_id:
            return part
    raise InvalidInputError(t("form.invalid"))


def depth_of(parts: Sequence[Part], part_id: str) -> int:
    """Return how many groups a part stands in."""
    part, depth = find(parts, part_id), 0
    while part.parent:
        part, depth = find(parts, part.parent), depth + 1
    return depth


def ordered(parts: Sequence[Part]) -> list[Part]:
    """Return the parts as they are read: each group followed by what stands in it."""

    def below(parent: str) -> list[Part]:
        return [each for part in parts if part.parent == parent for each in (part, *below(part.id))]

    return below("")


def single(parts: Sequence[Part]) -> Part | None:
    """Return the only condition of a tree that has one and does not negate it, else None."""
    conditions = [part for part in parts if part.kind]
    lone = len(conditions) == 1 and not any(part.negated for part in parts)
    return conditions[0] if lone else None


def tree_of(parts: Sequence[Part], fields_of: FieldsOf, problems: dict[str, str]) -> dict[str, Any]:
    """Return the tree as the API takes it; what cannot be read is put into `problems` by part and field."""

    def made(part: Part) -> dict[str, Any]:
        if part.kind:
            found = conditions_of(part, fields_of(part.kind), problems)
            node: dict[str, Any] = {"type": part.kind, "conditions": found, "within": int(part.within)}
        else:
            node = {part.joint: [made(each) for each in parts if each.parent == part.id]}
        return {"not": node} if part.negated else node

    return made(find(parts, ROOT))


def conditions_of(part: Part, fields: Sequence[Any], problems: dict[str, str]) -> list[dict[str, Any]]:
    """Return a condition's fields as the API takes them; problems are noted under `part.field`."""
    known = {field.name: field for field in fields}
    found = []
    for value in part.values:
        field = known[value.field]
        try:
            said = _said(field.input, value.text)
        except ValueError:
            text = "builder.wallet_amounts_invalid" if field.input == "wallet_amounts" else "form.number_invalid"
            problems[f"{part.id}.{value.field}"] = t(text)
            continue
        if said in ("", [], {}):
            if field.required:
                problems[f"{part.id}.{value.field}"] = t("builder.missing")
            continue
        operator = "in" if isinstance(said, list) and "in" in field.operators else value.operator or field.operators[0]
        if value.field == CHANGE:
            if str(said).startswith("-"):
                problems[f"{part.id}.{value.field}"] = t("form.number_positive")
                continue
            said = f"-{said}" if operator in FALLS else said
        found.append({"field": value.field, "operator": operator, "value": said})
    return found


def parts_of(kind: str, conditions: Any) -> list[Part]:
    """Return the parts of stored conditions: a list of one kind, or the tree of a rule of several.

    Raises InvalidInputError for what the builder has no place for.
    """
    if not isinstance(conditions, Mapping) and [each["field"] for each in conditions] == ["tree"]:
        conditions = conditions[0]["value"]
    if not isinstance(conditions, Mapping) or not conditions.keys() & {"all", "any", "not", "type"}:
        return [Part(ROOT, "", "all"), Part("2", ROOT, kind=kind, values=_values(conditions))]
    parts: list[Part] = []

    def take(node: Mapping[str, Any], parent: str, negated: bool = False) -> None:
        if "not" in node:
            take(node["not"], parent, not negated)
            return
        part_id = str(len(parts) + 1)
        if "type" in node:
            within = str(node.get("within") or "") or DEFAULT_WITHIN
            parts.append(Part(part_id, parent, "", negated, node["type"], within, _values(node["conditions"])))
            return
        joint: Joint = "all" if "all" in node else "any"
        parts.append(Part(part_id, parent, joint, negated))
        for each in node[joint]:
            take(each, part_id)

    root = conditions
    if "type" in root or "not" in root:
        root = {"all": [root]}
    take(root, "")
    return parts


def blamed(parts: Sequence[Part], path: str) -> str | None:
    """Return the key (`part.field`, field empty for all of a part) of a place such as `all[1].conditions.price_usd`."""
    part = find(parts, ROOT)
    for number in re.findall(r"(?:all|any)\[(\d+)\]", path):
        inside = [each for each in parts if each.parent == part.id]
        if int(number) >= len(inside):
            return None
        part = inside[int(number)]
    field = path.rpartition("conditions.")[2] if "conditions." in path else ""
    return f"{part.id}.{field}" if part.kind else None


def _values(conditions: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> tuple[Value, ...]:
    """Return the fields of stored conditions, or of an object by field (`{"price_usd": {"gt": 4000}}`)."""
    if isinstance(conditions, Mapping):
        return tuple(_value(name, *_compared(value)) for name, value in conditions.items())
    return tuple(_value(each["field"], each["operator"], each["value"]) for each in conditions)


def _value(name: str, operator: str, stored: Any) -> Value:
    text = _text(stored)
    if name == CHANGE:
        falls = text.startswith("-")
        return Value(name, operator or ("lte" if falls else "gte"), text.removeprefix("-"))
    return Value(name, operator, text)


def _compared(value: Any) -> tuple[str, Any]:
    """Return the operator and the value of an object's field; empty: the field's usual operator."""
    if isinstance(value, Mapping):
        operator, inner = next(iter(value.items()))
        return str(operator), inner
    return "", value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    if isinstance(value, Mapping):
        return "\n".join(f"{name} {_text(each)}" for name, each in value.items())
    if isinstance(value, bool):
        return "true" if value else ""
    return value if isinstance(value, str) else plain(Decimal(str(value)))


def _said(kind: str, text: str) -> Any:
    """Return what was written as the API takes it. Raises ValueError."""
    written = text.strip()
    if kind == "wallets":
        return [each.lower() for each in _SEPARATORS.split(written) if each]
    if kind == "wallet_amounts":
        pairs = [line.split(maxsplit=1) for line in written.splitlines() if line.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError("a line is a wallet and its amount")
        return {wallet.lower(): plain(parse_decimal(least)) for wallet, least in pairs}
    if kind in ("number", "percent"):
        return plain(parse_decimal(written.removesuffix("%"))) if written else ""
    if kind == "flag":
        return True if written == "true" else ""
    several = written.split("\n")
    if kind in ("chain", "duration"):
        numbers = [int(each) for each in several if each]
        return numbers if len(numbers) > 1 else numbers[0] if numbers else ""
    return several if kind == "token" and len(several) > 1 else written


def _blank(part_id: str, parent: str, kind: str, fields: Sequence[Any]) -> Part:
    """Return a new condition with what its kind asks for, and the first number to compare with."""
    wanted = [field for field in fields if field.required]
    if not any(field.input in ("number", "percent") for field in wanted):
        wanted += [field for field in fields if field.input in ("number", "percent")][:1]
    return Part(part_id, parent, kind=kind, values=tuple(_unwritten(each) for each in wanted))


def _unwritten(field: Any) -> Value:
    return Value(field.name, field.operators[0], field.default)


def _next_id(parts: Sequence[Part]) -> str:
    return str(max(int(part.id) for part in parts) + 1)


def _room(parts: Sequence[Part], group: str) -> None:
    if not find(parts, group).joint:
        raise InvalidInputError(t("form.invalid"))
    if len(parts) >= MOST_PARTS:
        raise InvalidInputError(t("builder.full"))
