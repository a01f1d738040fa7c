"""Token buckets: a burst, then a rate, for each key by itself, in bounded memory."""

from typing import Any

from backend.core import pace


def test_a_burst_then_so_many_a_second(monkeypatch: Any) -> None:
    now = [100.0]
    monkeypatch.setattr(pace, "monotonic", lambda: now[0])
    bucket = pace.Pace(burst=3, per_second=2.0)
    assert [bucket.take("a") for _ in range(5)] == [True] * 3 + [False] * 2
    assert bucket.take("b"), "another key has its own"
    now[0] += 0.5
    assert [bucket.take("a") for _ in range(2)] == [True, False]
    now[0] += 60.0
    assert [bucket.take("a") for _ in range(4)] == [True] * 3 + [False]


def test_memory_is_bounded_and_busy_keys_stay(monkeypatch: Any) -> None:
    now = [0.0]
    monkeypatch.setattr(pace, "monotonic", lambda: now[0])
    monkeypatch.setattr(pace, "MOST_KEYS", 100)
    bucket = pace.Pace(burst=2, per_second=1.0)
    for number in range(1000):
        now[0] += 0.1
        bucket.take(number)
    assert len(bucket._left) <= 100
    assert [bucket.take("new"), bucket.take("new"), bucket.take("new")] == [True, True, False]
