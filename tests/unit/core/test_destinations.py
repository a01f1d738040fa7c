# ruff: noqa: RUF001 - look-alike digits are the point
"""Which addresses count as public, and which URLs a webhook may have, in every spelling an attacker would try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.destinations import DestinationError, host_literal, is_public, normalise_destination

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::a00:1",
    "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1",
    "ff02::1", "5f00::1", "3fff::1", "not an address", "",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "192.167.255.255",
    "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("host", "means"),
    [
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0xa9fea9fe", "169.254.169.254"),
        ("127.0.0.1.", "127.0.0.1"),
        ("[::ffff:7f00:1]", "::ffff:7f00:1"),
        ("fe80::1%25lo", "fe80::1"),
    ],
)
def test_odd_spellings_of_addresses(host: str, means: str) -> None:
    assert str(host_literal(host)) in (means, "::ffff:127.0.0.1")


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/hook", "https://LOCALHOST./hook", "https://a.localhost/", "https://router/", "https://db.internal/",
        "https://printer.local/", "https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/",
        "https://127.1:8443/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
        "https://169.254.169.254/latest/meta-data", "https://１２７.０.０.１/", "https://①②⑦.0.0.1/", "https://１２７.0.0.0ｘ1/",
        "http://example.com/", "ftp://example.com/", "//example.com/", "example.com/hook", "https:///hook", "https://",
        "https://user:pass@example.com/", "https://example.com@127.0.0.1/", "https://example.com:0/",
        "https://example.com:99999/", "https://example.com:port/", "https://exa mple.com/", "https://example.com/\x00",
        "https://example.com\\@127.0.0.1/", "https://example.com/\r\nHost: evil", "javascript:alert(1)", "file:///etc/passwd",
        "https://999.999.999.999/", "https://1.2.3.4.5/", "https://-bad-.com/", "https://a..b.com/", "https://[::1", "",
        "   ", "https://" + "a" * 64 + ".com/", "https://example.com/" + "a" * 2000,
    ],
)  # fmt: skip
def test_urls_that_a_webhook_may_not_have(url: str) -> None:
    with pytest.raises(DestinationError) as caught:
        normalise_destination(url, allow_private=False)
    assert str(caught.value)


@pytest.mark.parametrize(
    ("url", "normalised"),
    [
        ("https://Example.COM", "https://example.com/"),
        (" https://example.com:443/Hook?a=1#part ", "https://example.com/Hook?a=1"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("https://hooks.exämple.com/ü", "https://hooks.xn--exmple-cua.com/%C3%BC"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://example.com/a%20b?x=%2F", "https://example.com/a%20b?x=%2F"),
    ],
)
def test_urls_that_a_webhook_may_have(url: str, normalised: str) -> None:
    assert normalise_destination(url, allow_private=False) == normalised
    assert normalise_destination(normalised, allow_private=False) == normalised


def test_the_demo_may_reach_this_machine() -> None:
    assert normalise_destination("http://localhost:9000/x", allow_private=True) == "http://localhost:9000/x"
    assert normalise_destination("http://127.0.0.1:9000", allow_private=True) == "http://127.0.0.1:9000/"


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_either_refused_or_normal(text: str, allow_private: bool) -> None:
    for url in (text, f"https://{text}", f"https://example.com/{text}"):
        try:
            normalised = normalise_destination(url, allow_private=allow_private)
        except DestinationError:
            continue
        assert normalised.isascii()
        assert normalise_destination(normalised, allow_private=allow_private) == normalised


@given(st.ip_addresses(v=4))
def test_an_address_hidden_in_ipv6_is_no_more_public_than_itself(address: object) -> None:
    assert is_public(f"::ffff:{address}") == is_public(str(address))
    assert is_public(f"64:ff9b::{address}") == is_public(str(address))
