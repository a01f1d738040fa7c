"""The builder's tree and actions as its page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.alerts.kinds.registry import all_kinds, kind_named
from components.i18n import catalogue, t
from state import rule_tree
from state.alert_rows import kind_label
from state.rule_tree import Part, Value
from state.view_models import Option

WITHIN = ("60", "120", "300", "900", "3600", "86400")
_ICONS = {
    "price": "activity",
    "whale": "arrow-left-right",
    "gas": "fuel",
    "protocol_risk": "shield-alert",
    "governance": "landmark",
    "portfolio": "wallet",
    "schedule": "clock",
    "chained": "link",
    "multi": "git-merge",
}


@dataclass(frozen=True, slots=True)
class KindCard:
    """A kind of rule as the gallery offers it."""

    key: str
    name: str
    text: str
    icon: str
    href: str


@dataclass(frozen=True, slots=True)
class ClauseView:
    """One field of a condition: `look` is select, area or input."""

    key: str
    part: str
    name: str
    label: str
    look: str
    mode: str
    value: str
    operator: str
    operators: list[Option]
    options: list[Option]
    unit: str
    hint: str
    removable: bool
    error: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """One line of the tree: a group or a condition, with the word before it."""

    id: str
    indent: str
    is_group: bool
    lead: str
    joint: str
    negated: bool
    kind: str
    within: str
    has_within: bool
    removable: bool
    error: str
    clauses: list[ClauseView] = field(default_factory=list)
    addable: list[Option] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Offered:
    """What selects offer: chains, tokens (`priced`: those whose price is read) and rules of the user."""

    chains: list[Option] = field(default_factory=list)
    tokens: list[Option] = field(default_factory=list)
    priced: list[Option] = field(default_factory=list)
    rules: list[Option] = field(default_factory=list)


def kind_cards() -> list[KindCard]:
    """Return every kind that a single condition may have."""
    return [
        KindCard(kind.name, kind.title, kind.summary, _ICONS.get(kind.name, "bell"), f"/alerts/new/?kind={kind.name}")
        for kind in all_kinds()
        if kind.name != "multi"
    ]


def kind_options() -> list[Option]:
    """Return the kinds a condition may be of."""
    return [Option(kind.name, kind_label(kind.name)) for kind in all_kinds() if kind.name != "multi"]


def fields_of(kind: str) -> Sequence[Any]:
    """Return the fields of a kind."""
    return kind_named(kind).fields


def node_views(parts: Sequence[Part], errors: Mapping[str, str], offered: Offered, mark: str = "") -> list[NodeView]:
    """Return the tree in reading order; `mark` stands before the ids, so that two trees can share a page."""
    several = bool(mark) or sum(1 for part in parts if part.kind) > 1
    seen: set[str] = set()
    views = []
    for part in rule_tree.ordered(parts):
        joint = rule_tree.find(parts, part.parent).joint if part.parent else ""
        lead = ""
        if part.parent in seen:
            lead = t(f"builder.joint_{joint}")
        elif part.parent == rule_tree.ROOT:
            lead = t("builder.if" if mark else "builder.when")
        seen.add(part.parent)
        if not part.parent and sum(1 for each in parts if each.kind) == 1:
            continue  # the outermost group of one condition says nothing
        depth = max(0, rule_tree.depth_of(parts, part.id) - 1)
        views.append(_node(part, lead, depth, several, errors, offered, mark))
    return views


def _node(
    part: Part, lead: str, depth: int, several: bool, errors: Mapping[str, str], offered: Offered, mark: str
) -> NodeView:
    fields = {each.name: each for each in fields_of(part.kind)} if part.kind else {}
    shown = {value.field for value in part.values}
    return NodeView(
        id=mark + part.id,
        indent=f"{depth * 20}px",
        is_group=not part.kind,
        lead=lead,
        joint=part.joint,
        negated=part.negated,
        kind=part.kind,
        within=part.within,
        has_within=several and bool(part.kind),
        removable=several and part.id != rule_tree.ROOT,
        error=errors.get(f"{mark}{part.id}.", ""),
        clauses=[_clause(part, value, fields[value.field], errors, offered, mark) for value in part.values],
        addable=[Option(name, each.label) for name, each in fields.items() if name not in shown],
    )


def _clause(part: Part, value: Value, spec: Any, errors: Mapping[str, str], offered: Offered, mark: str) -> ClauseView:
    key = f"{mark}{part.id}.{spec.name}"
    options = _options(spec, offered)
    look = "area" if spec.input == "wallets" else "select" if options else "input"
    return ClauseView(
        key=key,
        part=mark + part.id,
        name=spec.name,
        label=spec.label,
        look=look,
        mode="decimal" if spec.input in ("number", "percent", "duration") else "text",
        value=value.text,
        operator=value.operator,
        operators=[Option(each, _operator(each)) for each in spec.operators if each != "in"],
        options=options,
        unit=spec.unit if look == "input" else "",
        hint=spec.help,
        removable=not spec.required,
        error=errors.get(key, ""),
    )


def _options(spec: Any, offered: Offered) -> list[Option]:
    """Return what a select offers, a blank first; nothing for what is written."""
    if spec.input in ("choice", "duration") and spec.choices:
        found = [Option(each.value, each.label) for each in spec.choices]
    else:
        tokens = offered.priced if spec.required else offered.tokens
        found = {"chain": offered.chains, "token": tokens, "rule": offered.rules}.get(spec.input, [])
        if spec.input not in ("chain", "token", "rule"):
            return []
    return [Option("", t("builder.choose")), *found]


def _operator(name: str) -> str:
    return catalogue().get(f"builder.operator_{name}", name)
