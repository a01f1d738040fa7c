"""A tree being written: it grows, shrinks, reads back what it wrote, and blames what it cannot read."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import InvalidInputError
from state import rule_tree
from state.rule_tree import ROOT, Value


@dataclass(frozen=True)
class Spec:
    name: str
    input: str
    required: bool = False
    operators: tuple[str, ...] = ("eq",)


FIELDS: dict[str, tuple[Spec, ...]] = {
    "price": (Spec("chain", "chain", required=True), Spec("price_usd", "number", operators=("gt", "lt"))),
    "whale": (Spec("wallet", "wallets", operators=("in", "eq")), Spec("value_usd", "number", operators=("gte",))),
}


def fields_of(kind: str) -> tuple[Spec, ...]:
    return FIELDS[kind]


def filled(parts: list[rule_tree.Part]) -> list[rule_tree.Part]:
    """Write something into every blank."""
    for part in parts:
        for value in part.values:
            text = {"chain": "31337", "wallet": "0xAB, 0xcd"}.get(value.field, "1,000.50")
            parts = rule_tree.write(parts, part.id, Value(value.field, value.operator, text), value.field)
    return parts


def test_one_condition_is_a_plain_list() -> None:
    parts = filled(rule_tree.new_tree("price", fields_of("price")))
    lone = rule_tree.single(parts)
    assert lone is not None
    problems: dict[str, str] = {}
    assert rule_tree.conditions_of(lone, fields_of("price"), problems) == [
        {"field": "chain", "operator": "eq", "value": 31337},
        {"field": "price_usd", "operator": "gt", "value": "1000.5"},
    ]
    assert problems == {}
    assert rule_tree.single(rule_tree.change(parts, lone.id, negated=True)) is None


def test_what_cannot_be_read_is_blamed_by_part_and_field() -> None:
    parts = rule_tree.new_tree("price", fields_of("price"))
    parts = rule_tree.write(parts, "2", Value("price_usd", "gt", "much"), "price_usd")
    problems: dict[str, str] = {}
    rule_tree.tree_of(parts, fields_of, problems)
    assert problems.keys() == {"2.chain", "2.price_usd"}


@given(st.lists(st.sampled_from(["condition", "group", "remove", "negate", "join"]), max_size=25), st.data())
def test_any_tree_is_read_back_as_it_was_written(steps: list[str], data: Any) -> None:
    parts = rule_tree.new_tree("price", fields_of("price"))
    for step in steps:
        groups = [part.id for part in parts if part.joint]
        anywhere = data.draw(st.sampled_from([part.id for part in parts]))
        try:
            if step == "condition":
                parts = rule_tree.add_condition(parts, data.draw(st.sampled_from(groups)), "whale", fields_of("whale"))
            elif step == "group":
                parts = rule_tree.add_group(parts, data.draw(st.sampled_from(groups)), "price", fields_of("price"))
            elif step == "remove":
                parts = rule_tree.remove(parts, anywhere)
            elif step == "negate":
                parts = rule_tree.change(parts, anywhere, negated=not rule_tree.find(parts, anywhere).negated)
            else:
                parts = rule_tree.change(parts, data.draw(st.sampled_from(groups)), joint="any")
        except InvalidInputError:
            continue
    parts = filled(parts)
    problems: dict[str, str] = {}
    tree = rule_tree.tree_of(parts, fields_of, problems)
    assert problems == {}
    assert len(parts) <= rule_tree.MOST_PARTS
    assert {part.id for part in rule_tree.ordered(parts)} == {part.id for part in parts}
    again = rule_tree.tree_of(rule_tree.parts_of("multi", tree), fields_of, problems)
    assert again == (tree if "not" not in tree else {"all": [tree]})


def test_the_last_condition_and_the_root_stay() -> None:
    parts = rule_tree.new_tree("price", fields_of("price"))
    assert rule_tree.remove(parts, "2") == parts
    assert rule_tree.remove(parts, ROOT) == parts


def test_a_part_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        rule_tree.find(rule_tree.new_tree("price", fields_of("price")), "9")


def test_a_stored_tree_is_read_and_its_places_are_found() -> None:
    leaf = {"type": "price", "conditions": [{"field": "price_usd", "operator": "lt", "value": 5}], "within": 60}
    stored = [{"field": "tree", "operator": "eq", "value": {"all": [leaf, {"any": [leaf, {"not": leaf}]}]}}]
    parts = rule_tree.parts_of("multi", stored)
    assert [(part.joint, part.kind, part.negated) for part in rule_tree.ordered(parts)] == [
        ("all", "", False),
        ("", "price", False),
        ("any", "", False),
        ("", "price", False),
        ("", "price", True),
    ]
    assert rule_tree.blamed(parts, "all[1].any[1].not.conditions.price_usd") == f"{parts[-1].id}.price_usd"
    assert rule_tree.blamed(parts, "all[7].conditions.price_usd") is None


def test_an_object_by_field_is_read() -> None:
    parts = rule_tree.parts_of("price", {"chain": 1, "price_usd": {"lt": 4000}})
    assert parts[1].values == (Value("chain", "", "1"), Value("price_usd", "lt", "4000"))
