"""Stripe's forms, parameters, signatures, and the books beneath."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from backend.test_payments.book.book import Book, Origin
from backend.test_payments.pages.pdf import text_pdf
from backend.test_payments.repository import Records
from backend.test_payments.wire import schema
from backend.test_payments.wire.errors import StripeError
from backend.test_payments.wire.forms import decode_form
from backend.test_payments.wire.schema import Shape
from backend.test_payments.wire.signatures import signature_header

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
NAMES = st.text("abcdefgh_", min_size=1, max_size=6)
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4))
def test_what_the_sdk_encodes_is_read_back(params: dict[str, Any]):
    assert decode_form(urlencode(list(_api_encode(params)))) == params


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}),
        ("items[1][price]=b&items[0][price]=a", {"items": [{"price": "a"}, {"price": "b"}]}),
        ("metadata[0]=zero&metadata[1]=one", {"metadata": {"0": "zero", "1": "one"}}),
        ("email=", {"email": ""}),
        ("", {}),
    ],
)
def test_forms(text: str, expected: dict[str, Any]):
    assert decode_form(text) == expected


@pytest.mark.parametrize("text", ["[a]=1", "a[b=1", "a=1&a[b]=2", "a[b]=2&a=1", "a=%ff", "&".join(["a=1"] * 1_100)])
def test_what_is_no_form_is_refused(text: str):
    with pytest.raises(StripeError):
        decode_form(text)


SHAPE = Shape(
    {
        "count": schema.natural,
        "mode": schema.one_of("a", "b", "c"),
        "on": schema.flag,
        "items": schema.list_of(schema.hash_of(Shape({"price": schema.text}, ("price",)))),
        "metadata": schema.metadata,
    },
    required=("mode",),
)


@pytest.mark.parametrize(
    ("given_params", "param", "code"),
    [
        ({}, "mode", "parameter_missing"),
        ({"mode": "d"}, "mode", None),
        ({"mode": "a", "other": "1"}, "other", "parameter_unknown"),
        ({"mode": "a", "items": [{"price": "x", "size": "1"}]}, "items[0][size]", "parameter_unknown"),
        ({"mode": "a", "items": [{}]}, "items[0][price]", "parameter_missing"),
        ({"mode": "a", "items": "x"}, "items", None),
        ({"mode": "a", "count": "-1"}, "count", "parameter_invalid_integer"),
        ({"mode": "a", "count": "1.5"}, "count", "parameter_invalid_integer"),
        ({"mode": "a", "on": "yes"}, "on", None),
        ({"mode": "a", "metadata": {"k" * 41: "v"}}, "metadata", None),
        ({"mode": "a", "metadata": {str(n): "v" for n in range(51)}}, "metadata", None),
    ],
)
def test_parameters_that_are_wrong_are_named(given_params: dict[str, Any], param: str, code: str | None):
    with pytest.raises(StripeError) as caught:
        SHAPE.read(given_params)
    assert (caught.value.param, caught.value.code, caught.value.status) == (param, code, 400)


def test_parameters_are_typed():
    read = SHAPE.read({"mode": "a", "count": "3", "on": "true", "items": [{"price": "p"}], "metadata": {"a": ""}})
    assert read == {"mode": "a", "count": 3, "on": True, "items": [{"price": "p"}], "metadata": {"a": ""}}
    assert schema.merged_metadata({"a": "1", "b": "2"}, {"a": "", "c": "3"}) == {"b": "2", "c": "3"}


def test_the_sdk_accepts_our_signature_and_no_other():
    body = b'{"id": "evt_1", "object": "event"}'
    header = signature_header(body, "whsec_a", 1_790_000_000)
    stripe.WebhookSignature.verify_header(body, header, "whsec_a", tolerance=None)
    for changed, secret in ((body + b" ", "whsec_a"), (body, "whsec_b")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(changed, header, secret, tolerance=None)


def test_nothing_of_a_failed_request_stays(tmp_path: Path):
    records = Records(tmp_path / "x.sqlite")
    with pytest.raises(RuntimeError), records.transaction():
        book = Book(records, Origin("http://x"))
        book.add({"id": "cus_1", "object": "customer"})
        book.flush()
        raise RuntimeError
    assert records.load("cus_1") is None


def test_an_updated_event_says_what_was_before_and_nothing_of_ours(tmp_path: Path):
    records = Records(tmp_path / "x.sqlite")
    book = Book(records, Origin("http://x"))
    customer = book.add({"id": "cus_1", "object": "customer", "name": "A", "test_clock": None, "_own": 1})
    assert book.tell("customer.updated", customer, 1) is None
    customer.update(name="B", _own=2)
    event = book.tell("customer.updated", customer, 1)
    assert event is not None
    assert event["data"]["previous_attributes"] == {"name": "A"}
    assert "_own" not in json.dumps(event["data"])
    assert book.tell("customer.updated", customer, 1) is None


def test_a_pdf_has_a_table_that_points_at_its_objects():
    data = text_pdf(["Invoice (1)", "back\\slash", "caf\u00e9 \u4e2d"])
    start = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    lines = data[start:].split(b"\n")
    assert lines[0] == b"xref"
    for number, line in enumerate(lines[3:8], 1):
        assert data[int(line[:10]) :].startswith(b"%d 0 obj" % number)
    assert b"Invoice \\(1\\)" in data
