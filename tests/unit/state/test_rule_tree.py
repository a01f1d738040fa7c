"""A tree being written: it grows, shrinks, reads back what it wrote, and blames what it cannot read."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import InvalidInputError
from state import rule_builder_rows as rows
from state import rule_tree
from state.rule_tree import ROOT, Part, Value
from state.view_models import Option

TOKEN, WALLET = "0x" + "ab" * 20, "0x" + "cd" * 20


@dataclass(frozen=True)
class Spec:
    name: str
    input: str
    required: bool = False
    operators: tuple[str, ...] = ("eq",)
    instead_of: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    default: str = ""


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


def conditions(kind: str, **values: tuple[str, str]) -> list[dict[str, Any]]:
    """Return what the form of a real kind makes of what was written: (operator, text) by field."""
    part = Part("2", ROOT, kind=kind, values=tuple(Value(name, *written) for name, written in values.items()))
    problems: dict[str, str] = {}
    made = rule_tree.conditions_of(part, rows.fields_of(kind), problems)
    assert problems == {}
    return made


def read_back(kind: str, stored: Any) -> dict[str, tuple[str, str]]:
    part = rule_tree.parts_of(kind, stored)[1]
    return {value.field: (value.operator, value.text) for value in part.values}


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("price", {"price_usd": ("lt", "0.000000000000000001")}),
        ("price", {"change_pct": ("lte", "2.5"), "window_seconds": ("eq", "86400")}),
        ("price", {"change_pct": ("gte", "2.5"), "direction": ("eq", "either"), "window_seconds": ("eq", "300")}),
        ("whale", {"value_usd": ("gte", "100000"), "chain": ("in", "1\n10"), "token": ("in", f"{TOKEN}\n{WALLET}")}),
        ("whale", {"wallet": ("in", f"{WALLET}\n{TOKEN}"), "ignore_own": ("eq", "true"), "direction": ("eq", "out")}),
        ("whale", {"wallet_usd": ("gte", f"{WALLET} 5000\n{TOKEN} 10000")}),
        ("portfolio", {"measure": ("eq", "value"), "change_pct": ("lte", "5")}),
    ],
)
def test_what_was_written_comes_back(kind: str, written: dict[str, tuple[str, str]]) -> None:
    assert read_back(kind, conditions(kind, **written)) == written


@given(st.decimals(min_value=Decimal("1e-18"), max_value=Decimal("1e15"), places=18))
def test_no_digit_of_a_price_is_lost(price: Decimal) -> None:
    (condition,) = conditions("price", price_usd=("gt", f"${price:,f}"))
    assert Decimal(condition["value"]) == price
    assert Decimal(read_back("price", [condition])["price_usd"][1]) == price


def test_a_fall_is_written_without_a_sign_and_stored_with_one() -> None:
    (condition,) = conditions("price", change_pct=("lte", "5 %"))
    assert condition == {"field": "change_pct", "operator": "lte", "value": "-5"}
    part = Part("2", ROOT, kind="price", values=(Value("change_pct", "lte", "-5"),))
    problems: dict[str, str] = {}
    assert rule_tree.conditions_of(part, rows.fields_of("price"), problems) == []
    assert problems.keys() == {"2.change_pct"}


def test_asking_for_a_change_takes_the_price_away_and_asks_for_its_time() -> None:
    fields = rows.fields_of("price")
    parts = rule_tree.new_tree("price", fields)
    parts = rule_tree.ask(parts, "2", "change_pct", fields)
    assert [(value.field, value.text) for value in parts[1].values] == [
        ("chain", ""),
        ("token", ""),
        ("change_pct", ""),
        ("window_seconds", "3600"),
    ]
    assert rule_tree.ask(parts, "2", "price_usd", fields)[1].values[2:] == (Value("price_usd", "gt"),)
    left = rule_tree.leave_out(rule_tree.ask(parts, "2", "direction", fields), "2", "window_seconds", fields)
    assert [value.field for value in left[1].values] == ["chain", "token"]
    with pytest.raises(InvalidInputError):
        rule_tree.ask(parts, "2", "no_such_field", fields)


def test_what_a_kind_stores_for_itself_is_not_asked() -> None:
    stored = [
        {"field": "measure", "operator": "eq", "value": "value"},
        {"field": "owner", "operator": "eq", "value": "x"},
    ]
    parts = rule_tree.of_form(rule_tree.parts_of("portfolio", stored), rows.fields_of)
    assert [value.field for value in parts[1].values] == ["measure"]


def test_a_stored_value_that_is_not_offered_is_offered_too() -> None:
    stored = [{"field": "chain", "operator": "in", "value": [1, 10]}]
    offered = rows.Offered(chains=[Option("1", "Ethereum"), Option("10", "Optimism")])
    (node,) = rows.node_views(rule_tree.parts_of("whale", stored), {}, offered)
    assert node.clauses[0].options[-1] == Option("1\n10", "Ethereum, Optimism")
