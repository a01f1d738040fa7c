"""Cron in time zones, and gates with hysteresis."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from backend.alerts.engine.gates import Candidate, Gate, decide, rearm_level
from backend.alerts.kinds.schedule.times import checked_cron
from backend.core.cron import next_due

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "after", "due"),
    [
        ("0 9 * * 1-5", "2026-11-27T12:00", ["2026-11-30T08:00", "2026-12-01T08:00"]),  # Friday noon, then Monday
        ("30 2 * * *", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),  # 2:30 is left out: at 3:00
        ("30 2 * * *", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),  # 2:30 comes twice: once
        ("30 * * * *", "2026-10-24T23:45", ["2026-10-25T00:30", "2026-10-25T01:30"]),  # every hour is every hour
        ("0 0 30 2 *", "2026-01-01T00:00", [None]),
    ],
)
def test_when_a_schedule_is_due(cron, after, due):
    moment = at(after)
    for expected in due:
        found = next_due(cron, BERLIN, moment)
        assert found == (None if expected is None else at(expected))
        moment = found or moment


@pytest.mark.parametrize(
    "text", ["", "* * * *", "* * * * * *", "@daily", "R R * * *", "H * * * *", "61 * * * *", "a b"]
)
def test_what_is_no_cron_expression(text):
    with pytest.raises(ValueError, match=r"(five fields|no cron expression)"):
        checked_cron(text)
    assert checked_cron(" 0  9 * JAN-MAR mon ") == "0 9 * JAN-MAR mon"


def test_a_rule_with_hysteresis_fires_again_only_after_the_value_went_back():
    gate = Gate(once=False, cooldown_seconds=0, enabled=True, last_triggered_at=None, hysteresis=True)
    candidates = [
        Candidate("a", 10.0), Candidate("b", 20.0, went_back_at=10.0), Candidate("c", 30.0, went_back_at=25.0),
        Candidate("d", 40.0, went_back_at=25.0),
    ]  # fmt: skip
    fired, after = decide(gate, candidates, set())
    assert (fired, after.last_triggered_at) == ([0, 2], 30.0)
    again, _ = decide(after, candidates, {"a", "c"})
    assert again == []
    assert rearm_level("gt", Decimal(100), Decimal(5)) == (True, Decimal(95))
    assert rearm_level("lte", Decimal(100), Decimal(5)) == (False, Decimal(105))
    assert rearm_level("lt", Decimal(-10), Decimal(10)) == (False, Decimal(-9))
