"""What is wrong with an address is said so that one can put it right."""

import pytest

from backend.core.errors import InvalidInputError
from backend.portfolio.wallets.addresses import looks_like_name, parse_address
from backend.portfolio.wallets.ens import namehash, normalised

GOOD = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"


@pytest.mark.parametrize("text", [GOOD, GOOD.lower(), "0x" + GOOD[2:].upper(), f"  {GOOD}\n"])
def test_an_address_with_a_right_checksum_or_none_is_taken(text: str):
    assert parse_address(text) == GOOD.lower()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("dA6B", "da6B"), "checksum"),
        (GOOD[:-1], "this has 39"),
        (GOOD + "0", "this has 41"),
        (GOOD[2:], "lacks its 0x"),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "begins with 0x"),
        (GOOD[:-1] + "g", "'g' is none"),
        ("0x" + "ab" * 32, "private key"),
        ("0x" + "0" * 40, "zero address"),
        ("", "Enter an address"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str):
    with pytest.raises(ValueError, match=words):
        parse_address(text)


def test_names_are_told_from_addresses():
    assert looks_like_name("vitalik.eth") and looks_like_name(" a.b.eth")
    assert not looks_like_name(GOOD) and not looks_like_name("vitalik")


def test_namehash_is_that_of_the_eip():
    assert namehash("") == bytes(32)
    assert namehash("eth").hex() == "93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae"
    assert namehash("foo.eth").hex() == "de9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f"


def test_names_are_normalised_as_ens_does():
    assert normalised(" Vitalik.ETH ") == "vitalik.eth"
    for bad in ("vita lik.eth", "\u0440\u0430ypal.eth", "a..eth", ""):
        with pytest.raises(InvalidInputError):
            normalised(bad)
