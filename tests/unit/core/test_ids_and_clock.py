"""Ids order by time, and the clock can be fixed."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from backend.core import clock
from backend.core.ids import derived_id, new_id


@pytest.fixture(autouse=True)
def real_clock_afterwards() -> Iterator[None]:
    yield
    clock.use_clock(None)


def test_new_ids_carry_version_variant_and_order_by_time() -> None:
    ids = []
    for second in range(1_700_000_000, 1_700_000_050):
        clock.use_clock(lambda second=second: second)
        ids.append(new_id())
    assert ids == sorted(ids)
    assert {item.version for item in ids} == {7}
    assert len(set(ids)) == 50


def test_derived_ids_repeat_for_the_same_parts_only() -> None:
    assert derived_id("rule", "event") == derived_id("rule", "event")
    assert derived_id("rule", "event") != derived_id("rule", "event2")


def test_a_fixed_clock_gives_aware_utc_time() -> None:
    clock.use_clock(lambda: 0.0)
    assert clock.utc_now() == datetime(1970, 1, 1, tzinfo=UTC)
