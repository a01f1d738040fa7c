"""Who ranks and in which order; which names may be shown."""

import math
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.portfolio.leaderboard.rules import LEAST_USD, PERIODS, ranking, standing
from backend.portfolio.leaderboard.schemas import checked_pseudonym
from tests.unit.portfolio.test_performance import DAY, START, day

NOW = START + 31 * DAY + timedelta(hours=2)


def month(**changed):
    """31 whole days from 1,000, one more each day; `changed` replaces days by number (as d4)."""
    points = [day(number, str(1000 + number)) for number in range(31)]
    for name, point in changed.items():
        points[int(name[1:])] = point
    return points


def judged(points, period="30d", unproven=0, wallets=1):
    found = standing(period, points, NOW, unproven=unproven, wallets=wallets)
    return found.return_pct if found.reason is None else found.reason


def test_a_whole_month_ranks_by_the_returns_of_its_days():
    growth = Decimal(1030) / Decimal(1001)
    assert judged(month()) == round((growth - 1) * 100, 2), (
        "the days from 1 to 30: today is not over, the first is the base"
    )
    deposit = month(d10=day(10, "2010", "1000"))
    for number in range(11, 31):
        deposit[number] = day(number, str(2000 + number))
    assert 0 < judged(deposit) < judged(month()), "what was put in is no return"


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (month()[5:], "too_young"),
        (month(d9=day(9, None)), "incomplete"),
        (month(d9=day(9, "1009", share="0")), "incomplete"),
        (month(d9=day(9, "1009", None)), "flows"),
        (month(d9=day(9, str(LEAST_USD - 1))), "too_small"),
        ([], "too_young"),
    ],
)
def test_only_complete_data_of_the_whole_time_ranks(points, reason):
    assert judged(points) == reason


def test_every_wallet_must_be_proven():
    assert judged(month(), unproven=1, wallets=3) == "not_proven"
    assert judged(month(), wallets=0) == "no_wallet"
    assert judged(month(), "90d") == "too_young"


def test_equal_returns_share_a_place():
    ids = [UUID(int=number) for number in range(4)]
    members = list(zip(ids, ("b", "A", "c", "d"), map(Decimal, ("5", "5", "-1", "7")), strict=True))
    assert [(each.pseudonym, each.place) for each in ranking(members)] == [("d", 1), ("A", 2), ("b", 2), ("c", 4)]


@given(st.lists(st.decimals(-100, 1000, places=2), max_size=30))
def test_a_place_is_one_more_than_how_many_are_better(returns):
    members = [(UUID(int=number), f"m{number}", value) for number, value in enumerate(returns)]
    for each in ranking(members):
        assert each.place == 1 + sum(value > each.return_pct for value in returns)
    assert len(ranking(members)) == len(returns)


def test_periods_are_longer_each_than_the_one_before():
    assert list(PERIODS) == ["30d", "90d", "1y"] and not math.isnan(float(LEAST_USD))


@pytest.mark.parametrize("name", ["abc", "Night Owl", "x-1_y", "A" * 24, "  padded  "])
def test_names_that_may_be_shown(name):
    assert checked_pseudonym(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    [
        *("", "ab", "A" * 25, "-ab", "ab-", "a  b", "a\nb", "a@b.c", "Владимир", "ａｂｃ", "a\u200bbc"),  # noqa: RUF001
        *("0x12ab", "my 0xdead wallet", "Admin", "ad min 1", "the_support", "Premium-Team"),
    ],
)
def test_names_that_may_not(name):
    with pytest.raises(ValueError, match=r"letters|address|ours"):
        checked_pseudonym(name)
