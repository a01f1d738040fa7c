"""Every request and answer of a run through everything has Stripe's form.

Always: the SDK's own description (generated from Stripe's OpenAPI document, of the version we speak). With
STRIPE_OPENAPI naming openapi/spec3.json of the repository stripe/openapi: that document too, parameters included.
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scripts.compare_with_stripe import Description
from tests.doubles.local_stripe import LocalStripe
from tests.doubles.stripe_run import run_through
from tests.doubles.stripe_shapes import problems

# What a run must have shown, so that nothing is compared with nothing.
KINDS = {
    *("customer", "checkout.session", "subscription", "invoice", "line_item", "invoiceitem", "price", "product"),
    *("payment_method", "event", "webhook_endpoint", "billing_portal.session", "billing_portal.configuration"),
    *("test_helpers.test_clock", "item"),
}


@pytest.fixture(scope="module")
async def log(payments: LocalStripe) -> list[dict[str, Any]]:
    """The requests and answers of the run."""
    return await run_through(payments)


def objects(value: Any) -> list[dict[str, Any]]:
    """Every object of Stripe's in a JSON value."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    found = [each for one in inside for each in objects(one)]
    if isinstance(value, dict) and isinstance(value.get("object"), str):
        found.append(value)
    return found


def test_every_object_is_as_the_sdk_describes_it(log: list[dict[str, Any]]):
    seen = [each for one in log if one["status"] == 200 for each in objects(one["body"])]
    assert {each["object"] for each in seen} >= KINDS
    wrong = Counter(found for each in seen for found in problems(each))
    assert wrong == Counter()


def test_every_error_says_what_and_where(log: list[dict[str, Any]]):
    errors = [one for one in log if one["status"] != 200]
    assert len(errors) >= 4
    for one in errors:
        error = one["body"]["error"]
        assert error["type"] == "invalid_request_error"
        assert error["message"]
        assert error.get("param"), error


def test_the_run_is_as_the_openapi_document_describes_it(log: list[dict[str, Any]]):
    named = os.environ.get("STRIPE_OPENAPI", "")
    if not named:
        pytest.skip("STRIPE_OPENAPI does not name Stripe's openapi/spec3.json (7 MB, not committed)")
    assert Description(json.loads(Path(named).read_text())).differences(log) == []
