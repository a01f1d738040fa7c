"""What protocol plug-ins make of return data that no honest contract gives, and where they believe contracts to be."""

import random
from pathlib import Path

import orjson
import pytest
from eth_utils.address import is_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from backend.core.settings import DEMO_CHAIN_ID
from backend.portfolio.protocols import registry, words
from backend.portfolio.protocols.aave_v3.plugin import health_of, reserve_of
from backend.portfolio.protocols.compound_v3.health import Collateral, health_factor
from backend.portfolio.protocols.compound_v3.plugin import collateral_of
from backend.portfolio.protocols.uniswap_v3.plugin import kept_of, outside_of, pool_of

WALLET = "0x" + "11" * 20
TOKEN0, TOKEN1 = int("22" * 20, 16), int("33" * 20, 16)
HONEST = [0, 0, TOKEN0, TOKEN1, 3_000, 2**256 - 60, 60, 10**18, 5, 6, 7, 8]
FOLDERS = sorted(file.parent for file in Path(registry.__file__).parent.glob("*/plugin.py"))


def packed(*each: int) -> bytes:
    return b"".join(word.to_bytes(32, "big") for word in each)


def test_a_position_is_read_as_the_manager_says_it() -> None:
    kept = kept_of(WALLET, 9, packed(*HONEST))
    assert kept is not None
    assert (kept.token0, kept.tick_lower, kept.tick_upper, kept.fee_ppm) == ("0x" + "22" * 20, -60, 60, 3_000)
    assert (kept.inside_last.token0_x128, kept.owed) == (5, (7, 8))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (2, 0),  # no token
        (3, 1 << 160),  # longer than an address
        (4, 1 << 24),
        (5, 1 << 23),  # longer than int24
        (5, 60),  # an empty range
        (6, 887_273),  # beyond the last tick
        (7, 1 << 128),
        (10, 1 << 128),
        (11, 2**256 - 1),
    ],
)
def test_what_does_not_fit_its_type_is_unknown(place: int, value: int) -> None:
    said = [*HONEST]
    said[place] = value
    assert kept_of(WALLET, 9, packed(*said)) is None


def test_short_and_missing_answers_are_unknown() -> None:
    for output in (None, b"", packed(*HONEST)[:-1], b"\xff" * 32):
        assert kept_of(WALLET, 9, output) is None
    assert outside_of(packed(1, 2, 3)) is None
    assert pool_of([packed(0, 0), packed(1), packed(1)]) is None  # a pool that was never opened has no price
    assert pool_of([packed(1 << 160, 0), packed(1), packed(1)]) is None
    assert pool_of([packed(1, 1 << 24), packed(1), packed(1)]) is None
    assert pool_of([packed(1, 0), None, packed(1)]) is None


def test_noise_never_breaks_the_reading() -> None:
    draw = random.Random(5)
    for _ in range(2_000):
        noise = draw.randbytes(draw.choice((0, 31, 32, 64, 96, 383, 384, 1_000)))
        kept_of(WALLET, 1, noise)
        pool_of([noise, noise, noise])
        words.addresses(noise)
        outside_of(noise)
        reserve_of(WALLET, noise)
        health_of(noise)
        collateral_of(noise)


def test_reserves_have_their_tokens_or_are_unknown() -> None:
    said = [0, 10**27, 1, 2, 3, 4, 5, 6, TOKEN0, 0, TOKEN1, 7, 8, 9, 10]
    assert [(each.address, each.kind) for each in reserve_of(WALLET, packed(*said)) or ()] == [
        ("0x" + "22" * 20, "supply"),
        ("0x" + "33" * 20, "borrow"),
    ]
    assert reserve_of(WALLET, packed(*said[:14])) is None
    for place in (8, 10):
        assert reserve_of(WALLET, packed(*said[:place], 0, *said[place + 1 :])) is None


def test_a_health_factor_is_exact_and_absent_without_debt() -> None:
    assert str(health_of(packed(1, 2, 3, 4, 5, 999_999_999_999_999_999))) == "0.999999999999999999"
    assert health_of(packed(1, 0, 3, 4, 5, 2**256 - 1)) is None
    assert health_of(packed(1, 2, 3, 4, 5)) is None


def test_collateral_is_of_its_types_or_unknown() -> None:
    asset, feed = "0x" + "22" * 20, "0x" + "33" * 20
    said = [0, TOKEN0, TOKEN1, 10**8, 4, 85 * 10**16, 6, 7]
    assert collateral_of(packed(*said)) == Collateral(asset, feed, 10**8, 85 * 10**16)
    assert collateral_of(packed(*said[:7])) is None
    for place, value in ((1, 1 << 160), (1, 0), (2, 0), (3, 0), (3, 1 << 64), (5, 1 << 64)):
        assert collateral_of(packed(*said[:place], value, *said[place + 1 :])) is None


@given(
    st.integers(1, 2**104),
    st.integers(1, 2**60),
    st.sampled_from([10**6, 10**18]),
    st.lists(st.tuples(st.integers(0, 2**128 - 1), st.integers(1, 2**60), st.integers(0, 10**18)), max_size=5),
)
def test_health_is_below_one_just_where_comet_liquidates(
    owed: int, base_price: int, base_scale: int, held: list[tuple[int, int, int]]
) -> None:
    collaterals = [(Collateral(WALLET, WALLET, 10**18, factor), amount, price) for amount, price, factor in held]
    factor = health_factor(owed, base_price, base_scale, collaterals)
    liquidity = -(owed * base_price // base_scale)
    for amount, price, share in held:
        liquidity += amount * price // 10**18 * share // 10**18
    if owed * base_price // base_scale == 0:
        assert factor is None
    else:
        assert factor is not None and (factor < 1) is (liquidity < 0)


def test_lists_of_addresses_are_read_whole_or_not_at_all() -> None:
    assert words.addresses(packed(32, 2, TOKEN0, TOKEN1)) == ["0x" + "22" * 20, "0x" + "33" * 20]
    assert words.addresses(packed(32, 0)) == []
    for output in (packed(32, 3, TOKEN0), packed(64, 0), packed(32, 2**255), packed(32, 1, 0), packed(32, 1, 1 << 160)):
        assert words.addresses(output) is None


def test_arguments_are_one_word_each() -> None:
    assert words.call(WALLET, "f30dba93", -60).calldata == bytes.fromhex("f30dba93" + "f" * 62 + "c4")
    assert words.call(WALLET, "70a08231", WALLET).calldata.hex() == "70a08231" + "0" * 24 + "11" * 20


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_addresses_are_checksummed_and_have_a_source(folder: Path) -> None:
    data = orjson.loads((folder / "addresses.json").read_bytes())
    places = [place for chain in data["chains"].values() for deployment in chain for place in deployment.values()]
    assert all(is_checksum_address(place) for place in places)
    assert data["source"].startswith("https://")
    assert data["as_of"]


def test_plug_ins_are_found_by_their_folders(tmp_path: Path) -> None:
    nowhere = registry.plugins(tmp_path / "addresses.json")
    assert len(nowhere) == len(FOLDERS) == len({each.name for each in nowhere})
    assert not any(each.is_on(DEMO_CHAIN_ID) for each in nowhere if each.name.startswith("Uniswap"))
    file = tmp_path / "addresses.json"
    file.write_bytes(orjson.dumps({"factories": {"uniswap_v2": WALLET}, "position_manager": None}))
    there = {each.name for each in registry.plugins(file) if each.is_on(DEMO_CHAIN_ID)}
    assert "Uniswap V2" in there
    assert "Uniswap V3" not in there
