"""The builder's tree and actions as its page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from backend.alerts.kinds.registry import all_kinds, kind_named
from backend.core.formats import duration
from components.i18n import catalogue, t
from state import rule_tree
from state.alert_rows import kind_label
from state.rule_tree import Part, Value
from state.view_models import Option

WITHIN = ("60", "120", "300", "900", "3600", "86400")
ADDRESS = "/alerts/new/"


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
class PriceNow:
    """A token's newest price, where it is from and as of when; `text` is empty while it is unknown."""

    asked: bool = False
    text: str = ""
    source: str = ""
    at: str = ""


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
    withins: list[Option]
    has_within: bool
    removable: bool
    error: str
    now: PriceNow
    clauses: list[ClauseView] = field(default_factory=list)
    addable: list[Option] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Offered:
    """What selects offer: chains, tokens (`priced`: those whose price is read) and rules of the user.

    `prices` are the newest ones by (chain, token).
    """

    chains: list[Option] = field(default_factory=list)
    tokens: list[Option] = field(default_factory=list)
    priced: list[Option] = field(default_factory=list)
    rules: list[Option] = field(default_factory=list)
    prices: dict[tuple[str, str], PriceNow] = field(default_factory=dict)


def address_of(back: str, **opened: str) -> str:
    """Return the builder's address with what it opens (`kind="gas"`), and where its user goes afterwards, if named."""
    query = urlencode({**opened, **({"back": back} if back else {})})
    return f"{ADDRESS}?{query}" if query else ADDRESS


def kind_cards(back: str) -> list[KindCard]:
    """Return every kind that a single condition may have."""
    return [
        KindCard(kind.name, kind.title, kind.summary, kind.icon, address_of(back, kind=kind.name))
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
        withins=with_current([Option(each, duration(int(each))) for each in WITHIN], part.within),
        has_within=several and bool(part.kind),
        removable=several and part.id != rule_tree.ROOT,
        error=errors.get(f"{mark}{part.id}.", ""),
        now=_price_now(part, offered),
        clauses=[_clause(part, value, fields[value.field], errors, offered, mark) for value in part.values],
        addable=[Option(name, each.label) for name, each in fields.items() if name not in shown],
    )


def _clause(part: Part, value: Value, spec: Any, errors: Mapping[str, str], offered: Offered, mark: str) -> ClauseView:
    key = f"{mark}{part.id}.{spec.name}"
    options = _options(spec, value.text, offered)
    look = "area" if spec.input in ("wallets", "wallet_amounts") else "select" if options else "input"
    is_change = spec.name == rule_tree.CHANGE
    # A change either way is neither a rise nor a fall.
    operators = () if is_change and any(each.text == "either" for each in part.values) else spec.operators
    return ClauseView(
        key=key,
        part=mark + part.id,
        name=spec.name,
        label=spec.label,
        look=look,
        mode="decimal" if spec.input in ("number", "percent", "duration") else "text",
        value=value.text,
        operator=value.operator or spec.operators[0],
        operators=[Option(each, _operator(each, is_change=is_change)) for each in operators if each != "in"],
        options=options,
        unit=spec.unit if look == "input" else "",
        hint="" if is_change else spec.help,
        removable=not spec.required,
        error=errors.get(key, ""),
    )


def _options(spec: Any, current: str, offered: Offered) -> list[Option]:
    """Return what a select offers, a blank first and whatever is stored; nothing for what is written."""
    if spec.input in ("choice", "duration") and spec.choices:
        found = [Option(each.value, each.label) for each in spec.choices]
    elif spec.input == "flag":
        found = [Option("true", t("builder.flag_true"))]
    else:
        tokens = offered.priced if spec.required else offered.tokens
        found = {"chain": offered.chains, "token": tokens, "rule": offered.rules}.get(spec.input, [])
        if spec.input not in ("chain", "token", "rule"):
            return []
    # Only one of them: a rule of the API may name several, and keeps them unless another choice is made.
    named = {each.value: each.text for each in (*found, *offered.tokens)}
    said = ", ".join(named.get(each, each) for each in current.split("\n"))
    return with_current([Option("", t("builder.choose")), *found], current, said)


def with_current(options: list[Option], current: str, said: str = "") -> list[Option]:
    """Return the options, with a stored value that is none of them; `said` names it, else it is seconds."""
    if current in {option.value for option in options}:
        return options
    return [*options, Option(current, said or duration(int(current)))]


def with_first(parts: Sequence[Part], offered: Offered) -> list[Part]:
    """Return the tree with the first chain and priced token chosen where one must be and none is."""
    return [replace(part, values=_with_first(part, offered)) if part.kind else part for part in parts]


def _with_first(part: Part, offered: Offered) -> tuple[Value, ...]:
    first: Mapping[str, list[Option]] = {"chain": offered.chains, "token": offered.priced}
    fields = fields_of(part.kind)
    shown = {value.field for value in part.values}
    wanted = {name for each in fields if each.name in shown for name in each.needs}
    needed = {each.name: each.input for each in fields if each.required or each.name in wanted}
    return tuple(
        replace(value, text=first[needed[value.field]][0].value)
        if not value.text and first.get(needed.get(value.field, ""))
        else value
        for value in part.values
    )


def _price_now(part: Part, offered: Offered) -> PriceNow:
    if part.kind != "price":
        return PriceNow()
    chosen = {value.field: value.text for value in part.values}
    return offered.prices.get((chosen.get("chain", ""), chosen.get("token", "")), PriceNow(asked=True))


def _operator(name: str, *, is_change: bool) -> str:
    return catalogue().get(f"builder.{'change' if is_change else 'operator'}_{name}", name)
