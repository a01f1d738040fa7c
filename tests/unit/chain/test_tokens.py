"""Token texts: strings, bytes32, nonsense and hostility."""

from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from backend.chain.multicall import word_address, word_uint
from backend.chain.tokens import text_of


def test_a_string_and_a_bytes32() -> None:
    assert text_of(encode(["string"], ["USDC"]), 32) == "USDC"
    assert text_of(b"MKR".ljust(32, b"\0"), 32) == "MKR"


def test_what_says_nothing_is_unknown() -> None:
    for output in (None, b"", bytes(32), b"\0" * 31, encode(["string"], [""]), encode(["string"], ["\n\u200b "])):
        assert text_of(output, 32) is None


def test_control_and_direction_marks_do_not_get_through() -> None:
    text = text_of(encode(["string"], ["US\u202eDC\n<b>"]), 32)
    assert text == "USDC<b>"


@given(st.binary(max_size=200))
def test_any_output_gives_short_printable_text_or_nothing(output: bytes) -> None:
    text = text_of(output, 32)
    assert text is None or (0 < len(text) <= 32 and text.isprintable())


def test_words() -> None:
    assert word_uint(b"\1" * 31) is None and word_uint((5).to_bytes(32, "big")) == 5
    assert word_address((0xAB).to_bytes(32, "big")) == "0x" + "0" * 38 + "ab"
    assert word_address(bytes(32)) is None and word_address(b"\xff" * 32) is None
