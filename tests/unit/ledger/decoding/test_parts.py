"""The parts that keep the law: the purse gives everything once, and what is netted is the sum; the shapes of events."""

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from hypothesis import given
from hypothesis import strategies as st

from backend.chain.blocks import Log
from backend.ledger.decoding.purse import Purse, netted
from backend.ledger.decoding.shapes import Shape
from backend.ledger.transactions import Movement
from tests.unit.ledger.decoding.build import BLOCK, DAI, FRIEND, ME, TX, USDC, sums


def purse(*amounts: int) -> Purse:
    return Purse(
        [
            Movement(
                token=USDC,
                sender=ME if amount < 0 else FRIEND,
                recipient=FRIEND if amount < 0 else ME,
                amount_raw=abs(amount),
            )
            for amount in amounts
        ],
        ME,
    )


def test_nothing_is_given_twice() -> None:
    given_once = purse(5)
    (piece,) = given_once.ins()
    assert given_once.take(piece, amount_raw=2).amount_raw == 2
    with pytest.raises(ValueError, match="twice"):
        given_once.take(piece, amount_raw=4)
    assert given_once.take(piece).amount_raw == 3
    assert given_once.is_empty
    with pytest.raises(ValueError, match="twice"):
        given_once.take(piece)


@given(st.lists(st.integers(-9, 9).filter(bool)), st.integers(0, 30))
def test_taking_up_to_an_amount_takes_no_more_and_no_less(amounts: list[int], most: int) -> None:
    full = purse(*amounts)
    came = sum(amount for amount in amounts if amount > 0)
    assert sum(leg.amount_raw for leg in full.take_up_to(full.ins(), most)) == min(came, most)


@given(st.lists(st.tuples(st.sampled_from([-3, -2, -1, 1, 2, 3]), st.sampled_from(["principal", "reward"]))))
def test_netting_keeps_sums_and_leaves_one_leg_each(parts: list[tuple[int, str]]) -> None:
    full = purse(*(amount for amount, _ in parts))
    legs = [full.take(piece, role) for piece, (_, role) in zip(full.all(), parts, strict=True)]  # type: ignore[arg-type]
    net = netted(legs)
    assert sums(net) == sums(legs)
    assert len({(leg.token, leg.role) for leg in net}) == len(net)
    assert all(leg.amount_raw for leg in net)


def test_interest_in_a_movement_is_told_apart() -> None:
    for amount, interest, expected in (
        (102, 2, [100, 2]),
        (-98, 2, [-100, 2]),
        (2, 3, [-1, 3]),
        (5, 5, [5]),
        (5, 0, [5]),
    ):
        full = purse(amount)
        legs = full.take_with_interest(full.all()[0], interest)
        assert [leg.amount_raw for leg in legs] == expected


WORDS = st.binary(min_size=32, max_size=32) | st.integers(0, 2**161).map(lambda number: number.to_bytes(32, "big"))
TYPES = ["address", "uint256", "uint48", "int24", "int256", "bool", "bytes32", "bytes4"]


@given(st.lists(st.tuples(st.sampled_from(TYPES), st.booleans(), WORDS), min_size=1, max_size=7))
def test_shapes_read_what_eth_abi_reads(parts: list[tuple[str, bool, bytes]]) -> None:
    indexed = [each for each in parts if each[1]][:3]
    plain = [each for each in parts if not each[1]]
    declared = [f"{kind} indexed a" for kind, _, _ in indexed] + [f"{kind} b" for kind, _, _ in plain]
    shape = Shape(f"Any({', '.join(declared)})")
    words = [word for _, _, word in indexed]
    data = b"".join(word for _, _, word in plain)
    log = Log(DAI, (shape.topic, *("0x" + word.hex() for word in words)), data, TX, 0, 1, BLOCK)
    try:
        expected = [decode([kind], word)[0] for kind, _, word in (*indexed, *plain)]
    except DecodingError:
        assert shape.read(log) is None
        return
    read = shape.read(log)
    assert read is not None
    assert read == tuple("0x" + each.hex() if isinstance(each, bytes) else each for each in expected)


def test_tuples_of_fixed_length_stand_in_line_and_others_are_an_offset() -> None:
    fixed = Shape("A(uint8 a, (uint256,address) b, bool c)")
    data = encode(["uint8", "(uint256,address)", "bool"], [1, (2, FRIEND), True])
    assert fixed.read(Log(DAI, (fixed.topic,), data, TX, 0, 1, BLOCK)) == (1, 2, FRIEND, True)
    loose = Shape("A(uint8 a, (uint256,bytes) b, bool c)")
    data = encode(["uint8", "(uint256,bytes)", "bool"], [1, (2, b"x"), True])
    assert loose.read(Log(DAI, (loose.topic,), data, TX, 0, 1, BLOCK)) == (1, 96, True)
