"""Whatever is written to the audit log has words for its user."""

import ast
from collections.abc import Iterator

from backend.core.settings import ROOT
from components.i18n import catalogue
from state.activity_rows import sentence


def actions() -> Iterator[str]:
    """Every action that the code names in full, wherever it is given to the log."""
    for file in (ROOT / "backend").rglob("*.py"):
        tree = ast.parse(file.read_text())
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if getattr(call.func, "id", getattr(call.func, "attr", "")) != "audit" or len(call.args) < 3:
                continue
            for node in ast.walk(call.args[2]):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value.strip("."):
                    yield node.value


def test_every_action_has_a_sentence() -> None:
    found = set(actions())
    assert {"alert_rule.created", "consent.given", "consent.refused", "account.erasure_requested"} <= found
    assert {action for action in found if f"activity.{action}" not in catalogue()} == set()


def test_details_fill_the_sentence_and_what_is_missing_leaves_no_gap() -> None:
    assert sentence("alert_rule.paused", "x", {"name": "Whales"}) == "Paused the alert rule “Whales”"
    assert sentence("alert_rule.changed", "x", {"name": "A", "changed": ["name", "cooldown_seconds"]}) == (
        "Changed the alert rule “A” (name, cooldown seconds)"
    )
    assert sentence("alert_rule.paused", "x", {}) == "Paused the alert rule"
    assert sentence("wallet.added", "0x12", {}) == "Added the wallet 0x12"


def test_what_users_typed_stays_text_in_one_line() -> None:
    shown = sentence("alert_rule.paused", "x", {"name": "{target}\n\u202e" + "y" * 500})
    assert "\n" not in shown and "\u202e" not in shown and len(shown) < 120


def test_an_action_without_words_reads_as_its_name() -> None:
    assert sentence("planet.moved_away", "Mars", {}) == "Planet: moved away"
