"""Volume ratios and value locked against slow and obvious computations."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from backend.core.money import engine_decimal
from backend.market.engine.pools import WIDE
from backend.market.engine.tvl import add_up, change_percent_in_tokens, protocol_id, worth_usd
from backend.market.engine.volume import TokenVolume
from backend.market.readings import storable

usd = st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False)
# Gaps between trades of a minute up to a day, so that windows empty and fill again.
trades = st.lists(st.tuples(st.integers(min_value=0, max_value=1_500), usd), min_size=1, max_size=40)


def obvious_ratio(counted: list[tuple[int, Decimal]], minute: int) -> Decimal | None:
    hour = sum((value for at, value in counted if minute - 60 < at <= minute), Decimal(0))
    base = sum((value for at, value in counted if minute - 1_500 < at <= minute - 60), Decimal(0))
    if counted[0][0] > minute - 1_500 or base == 0:
        return None
    return engine_decimal(WIDE.divide(hour * 24, base))


@given(trades)
def test_the_ratio_is_that_of_all_trades_summed_anew(steps: list[tuple[int, Decimal]]) -> None:
    volume, minute = TokenVolume(), 29_000_000
    counted: list[tuple[int, Decimal]] = []
    for gap, value in steps:
        minute += gap
        volume.add(minute, value)
        counted.append((minute, value))
        assert volume.ratio(minute) == obvious_ratio(counted, minute)
    assert volume.ratio(minute + 700) == obvious_ratio(counted, minute + 700)


def test_a_short_history_is_unknown_and_a_quiet_day_too() -> None:
    volume = TokenVolume()
    volume.add(10_000, Decimal(100))
    assert volume.ratio(10_000 + 1_499) is None
    assert volume.ratio(10_000 + 1_500) is None, "what was traded is older than 25 hours: nothing to compare with"
    volume = TokenVolume(first_minute=10_000)
    volume.add(10_000 + 1_000, Decimal(240))
    volume.add(10_000 + 1_500, Decimal(50))
    assert volume.ratio(10_000 + 1_500) == 5


amounts = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]),
    st.tuples(
        st.decimals(min_value=0, max_value=10**12, places=8, allow_nan=False),
        st.decimals(min_value=Decimal("0.00000001"), max_value=10**6, places=8, allow_nan=False),
    ),
    min_size=1,
)


@given(amounts, st.decimals(min_value=Decimal("0.01"), max_value=100, places=4))
def test_prices_alone_change_nothing_in_token_terms(held: dict, factor: Decimal) -> None:
    fallen = {token: (amount, price * factor) for token, (amount, price) in held.items()}
    expected = None if worth_usd(held) == 0 else 0
    assert change_percent_in_tokens(held, fallen) == expected


@given(amounts, st.integers(min_value=0, max_value=100))
def test_taking_out_a_share_of_everything_is_that_fall(held: dict, percent: int) -> None:
    left = {token: (amount * (100 - percent) / 100, price * 3) for token, (amount, price) in held.items()}
    change = change_percent_in_tokens(held, left)
    assert change == (None if worth_usd(held) == 0 else -percent)


def test_a_token_that_had_no_price_then_does_not_count_and_one_that_is_gone_does() -> None:
    then = {"a": (Decimal(10), Decimal(2)), "b": (Decimal(5), Decimal(4))}
    now = {"a": (Decimal(10), Decimal(1)), "c": (Decimal(99), Decimal(99))}
    assert change_percent_in_tokens(then, now) == -50
    assert add_up([("a", Decimal(1), Decimal(2)), ("a", Decimal(3), Decimal(2))]) == {"a": (Decimal(4), Decimal(2))}
    assert worth_usd(then) == 40


def test_names_of_protocols_and_values_as_stored() -> None:
    assert protocol_id("Uniswap V3") == "uniswap-v3" and protocol_id(" PancakeSwap  V2 ") == "pancakeswap-v2"
    assert storable(Decimal("123456789.123456789123")) == Decimal("123456789.123457")
    assert storable(Decimal("12345678901234567890")) == Decimal("12345678901234600000")
    assert storable(Decimal("1e-19")) == 0
