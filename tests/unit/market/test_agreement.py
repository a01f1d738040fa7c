"""Which answer is taken: laws that hold for whatever sources say, and cases worked out by hand."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from backend.market.engine.agreement import OLDEST_SECONDS, TOLERANCE_PCT, Said, choose, distance_pct, odd_ones

NOW = 1_800_000_000
PRICES = st.decimals("0.000001", "1000000", places=6)


def said(source: str, price: object, *, ago: int = 0, rung: int = 0, **more) -> Said:
    return Said(source, Decimal(str(price)), NOW - ago, more.pop("confidence", Decimal(1)), rung, 600, **more)


@st.composite
def answers(draw: st.DrawFn) -> list[Said]:
    count = draw(st.integers(0, 6))
    return [
        Said(
            source=f"s{place}",
            price_usd=draw(PRICES),
            taken_at=NOW - draw(st.integers(0, 2 * OLDEST_SECONDS)),
            confidence=draw(st.decimals(0, 1, places=3)),
            rung=draw(st.integers(0, 3)),
            fresh_seconds=draw(st.sampled_from([60, 600, 3600])),
            is_demoted=draw(st.booleans()),
            is_evidence=draw(st.booleans()),
        )
        for place in range(count)
    ]


@given(answers(), st.randoms())
def test_the_choice_is_somebodys_and_does_not_depend_on_the_order(given_answers: list[Said], random) -> None:
    choice = choose(given_answers, NOW)
    usable = [each for each in given_answers if NOW - each.taken_at <= OLDEST_SECONDS]
    assert (choice is None) == (not usable)
    if choice is None:
        return
    assert choice.taken in usable
    assert {each.source for each, _ in choice.others} == {each.source for each in usable} - {choice.taken.source}
    assert 0 <= choice.confidence <= max(Decimal(0), choice.taken.confidence)
    shuffled = list(given_answers)
    random.shuffle(shuffled)
    assert choose(shuffled, NOW) == choice


@given(answers())
def test_fresh_beats_stale_and_trusted_beats_demoted(given_answers: list[Said]) -> None:
    choice = choose(given_answers, NOW)
    if choice is None:
        return
    fresh = [each for each in given_answers if NOW - each.taken_at <= each.fresh_seconds]
    assert choice.is_stale == (not fresh)
    if fresh:
        assert choice.taken in fresh
        good = [each for each in fresh if not each.is_demoted and each.source not in choice.odd]
        if good:
            assert choice.taken in good
            assert choice.taken.rung == min(each.rung for each in good)
    else:
        usable = [each for each in given_answers if NOW - each.taken_at <= OLDEST_SECONDS]
        trusted = [each for each in usable if not each.is_demoted] or usable
        assert choice.taken.taken_at == max(each.taken_at for each in trusted), "the newest of the old ones"
        assert choice.disagreement_pct is None


@given(PRICES, st.lists(st.decimals("0.995", "1.005", places=4), min_size=2, max_size=5), st.integers(2, 1000))
def test_a_liar_alone_is_never_taken(price: Decimal, near: list[Decimal], factor: int) -> None:
    honest = [said(f"h{place}", price * share, rung=1 + place) for place, share in enumerate(near)]
    liar = said("liar", price * factor, rung=0)
    choice = choose([liar, *honest], NOW)
    assert choice is not None and choice.taken.source != "liar"
    assert choice.odd == ("liar",)
    assert choice.disagrees, "what the liar says is shown all the same"


@given(PRICES, PRICES)
def test_the_distance_is_the_same_both_ways(one: Decimal, other: Decimal) -> None:
    assert distance_pct(one, other) == distance_pct(other, one) >= 0
    assert (distance_pct(one, other) == 0) == (one == other)


@given(answers(), st.integers(1, 9))
def test_the_unit_of_money_does_not_matter(given_answers: list[Said], power: int) -> None:
    from dataclasses import replace

    scaled = [replace(each, price_usd=each.price_usd * 10**power) for each in given_answers]
    one, other = choose(given_answers, NOW), choose(scaled, NOW)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert (one.taken.source, one.odd, one.disagreement_pct) == (
            other.taken.source,
            other.odd,
            other.disagreement_pct,
        )


def test_cases_by_hand() -> None:
    two = choose([said("a", 100), said("b", 103, rung=1)], NOW)
    assert two is not None and two.taken.source == "a" and two.disagreement_pct == 3 and two.disagrees
    assert two.confidence == Decimal("0.5"), "one of two agrees with it: itself"
    near = choose([said("a", 100), said("b", 102, rung=1)], NOW)
    assert near is not None and near.disagreement_pct == TOLERANCE_PCT and not near.disagrees and near.confidence == 1
    alone = choose([said("a", 100)], NOW)
    assert alone is not None and alone.disagreement_pct is None and alone.others == ()
    old = choose([said("a", 100, ago=1200), said("b", 90, ago=2400, rung=0)], NOW)
    assert old is not None and old.is_stale and old.taken.source == "a" and old.confidence == Decimal("0.5")
    assert choose([said("a", 100, ago=OLDEST_SECONDS + 1)], NOW) is None


def test_what_is_taken_for_granted_proves_nothing() -> None:
    pegged = said("pools", 1, rung=3, is_evidence=False)
    choice = choose([said("a", "0.9"), pegged], NOW)
    assert choice is not None and choice.taken.source == "a" and choice.disagreement_pct is None
    assert choice.others == ((pegged, distance_pct(Decimal("0.9"), Decimal(1))),), "it is shown beside it"
    assert odd_ones([said("a", "0.9"), said("b", "0.9"), pegged]) == ()


def test_a_split_without_majority_blames_nobody() -> None:
    assert odd_ones([said("a", 1), said("b", 2), said("c", 3)]) == ()
    assert odd_ones([said("a", 1), said("b", 1), said("c", 2), said("d", 2)]) == ()
    assert odd_ones([said("a", 1), said("b", "1.01"), said("c", 2)]) == ("c",)
