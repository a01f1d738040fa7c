"""Messages of EIP-4361: the published cases, and that nothing looser than the grammar is read."""

import dataclasses
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from backend.accounts.siwe.message import MessageError, SiweMessage, parse_message, parse_time
from backend.accounts.siwe.rfc3986 import is_a
from backend.accounts.siwe.signature import signature_bytes, signer_of
from tests.unit.accounts.siwe import vectors


@pytest.mark.parametrize("name", vectors.PARSES)
def test_published_messages_are_read_and_written_back(name: str) -> None:
    text, expected = vectors.PARSES[name]
    message = parse_message(text)
    assert {field: getattr(message, field) for field in expected} == expected
    assert message.text() == text


def test_the_message_the_negative_cases_start_from_is_good() -> None:
    message = parse_message(vectors.BASE)
    assert (message.request_id, message.not_before) == ("some_id", "2022-03-17T12:45:13.610Z")


@pytest.mark.parametrize("name", vectors.DOES_NOT_PARSE)
def test_published_faults_are_refused(name: str) -> None:
    with pytest.raises(MessageError):
        parse_message(vectors.DOES_NOT_PARSE[name])


@pytest.mark.parametrize("uri", vectors.INVALID_URIS)
def test_published_bad_uris_are_refused(uri: str) -> None:
    with pytest.raises(MessageError, match="URI is not one"):
        parse_message(vectors.short(statement=False, uri=uri))


@pytest.mark.parametrize(
    "uri", ["uri://[::1]/", "urn:x", "https://[1:2:3:4:5:6:7:8]", "mailto:a@b", "a:", "uri://[v1.x]", "http://h:8/?q#f"]
)
def test_uris_of_rfc_3986_are_taken(uri: str) -> None:
    assert parse_message(vectors.short(uri=uri)).uri == uri


@pytest.mark.parametrize("rule", vectors.VALID_CHARS)
def test_published_characters(rule: str) -> None:
    assert is_a(rule, vectors.VALID_CHARS[rule])
    for bad in vectors.INVALID_CHARS.get(rule, ()):
        assert not is_a(rule, bad), bad


@pytest.mark.parametrize(
    "text",
    [
        vectors.BASE + "\n",
        vectors.BASE.replace("\n", "\r\n"),
        " " + vectors.BASE,
        vectors.changed("Chain ID: 1", "Chain ID: 01"),
        vectors.changed("Chain ID: 1", "Chain ID: \u0661"),  # a digit, but not of ASCII
        vectors.changed("12341234", "1234123\u0664"),
        vectors.changed("2022-03-17T12", "2022-03-17 12"),
        vectors.changed("Service", "S\u0435rvice"),
        vectors.changed("service.org wants", "service.org\u200b wants"),
        vectors.changed("service.org wants", "http:/\u2044service.org wants"),
        vectors.BASE + "\n- https://example.com/\x00",
        vectors.BASE + "\nResources:\n- https://example.com",
        "x" * 5000,
        "",
    ],
)
def test_look_alikes_are_refused(text: str) -> None:
    with pytest.raises(MessageError):
        parse_message(text)


def test_a_scheme_may_stand_before_the_domain() -> None:
    text = vectors.changed("service.org wants", "https://service.org wants")
    message = parse_message(text)
    assert (message.scheme, message.domain, message.text()) == ("https", "service.org", text)


def test_an_empty_list_of_resources_is_kept() -> None:
    text = vectors.short(more=("Resources:",))
    assert parse_message(text).resources == () and parse_message(text).text() == text


def test_times_are_moments() -> None:
    assert parse_time("2022-01-05T14:27:30.8834567+02:00").isoformat() == "2022-01-05T12:27:30.883456+00:00"
    assert parse_time("2022-01-05t14:27:30z").isoformat() == "2022-01-05T14:27:30+00:00"
    for bad in ("2022-01-05T14:27:30", "2022-13-05T14:27:30Z", "0001-01-01T00:00:00+23:00", "2022-01-05T14:27:60Z"):
        with pytest.raises(ValueError):
            parse_time(bad)


def signer(fields: dict[str, Any], signature: str) -> str | None:
    raw = signature_bytes(signature)
    return signer_of(SiweMessage(**fields).text(), raw) if raw else None


@pytest.mark.parametrize("name", vectors.SIGNED)
def test_published_signatures_prove_their_address(name: str) -> None:
    fields, signature = vectors.SIGNED[name]
    assert signer(fields, signature) == fields["address"]
    assert parse_message(SiweMessage(**fields).text()) == SiweMessage(**fields)


@pytest.mark.parametrize("name", vectors.WRONGLY_SIGNED)
def test_published_bad_signatures_prove_nothing(name: str) -> None:
    fields, signature = vectors.WRONGLY_SIGNED[name]
    assert signer(fields, signature) != fields["address"]


def test_a_contract_wallets_signature_is_not_its_own_keys() -> None:
    message = parse_message(vectors.CONTRACT_WALLET)
    raw = signature_bytes(vectors.CONTRACT_WALLET_SIGNATURE)
    assert raw is not None and signer_of(vectors.CONTRACT_WALLET, raw) != message.address


def test_any_field_changed_after_signing_names_another_signer() -> None:
    message, signature = SiweMessage(**vectors.EXAMPLE_MESSAGE), vectors.EXAMPLE_SIGNATURE
    raw = signature_bytes(signature)
    assert raw is not None
    for change in (
        {"domain": "login.xyz.evil.example"},
        {"chain_id": 10},
        {"nonce": "bTyXgcQxn2htgkjJm"},
        {"statement": None},
        {"expiration_time": "2200-01-07T14:31:43.952Z"},
        {"resources": ("https://evil.example",)},
    ):
        assert signer_of(dataclasses.replace(message, **change).text(), raw) != message.address


def test_only_one_form_of_a_signature_counts() -> None:
    account = Account.create()
    text = vectors.short()
    signed = Account.sign_message(encode_defunct(text=text), account.key)
    good = bytes(signed.signature)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    twin = good[:32] + (order - signed.s).to_bytes(32) + bytes([55 - good[64]])  # also recovers to the same key
    assert signer_of(text, good) == account.address
    assert signer_of(text, good[:64] + bytes([good[64] - 27])) == account.address
    assert Account.recover_message(encode_defunct(text=text), signature=twin) == account.address
    for bad in (twin, good[:64], good + b"\x00", good[:64] + b"\x1d", b"\x00" * 65, b"\xff" * 65, b""):
        assert signer_of(text, bad) is None


@pytest.mark.parametrize("text", ["", "0x", "0x1", "1b", "0xzz", "0x" + "00" * 9000, " 0x00", "0x00\n"])
def test_what_is_no_hex_is_no_signature(text: str) -> None:
    assert signature_bytes(text) is None
