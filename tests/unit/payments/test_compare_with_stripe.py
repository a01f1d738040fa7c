"""The comparison with Stripe's API description sees what differs (the description here is a small one of our own)."""

from typing import Any

import pytest

from scripts.compare_with_stripe import Description

CUSTOMER = {
    "type": "object",
    "required": ["id", "object", "balance"],
    "properties": {
        "id": {"type": "string", "maxLength": 5000},
        "object": {"type": "string", "enum": ["customer"]},
        "balance": {"type": "integer"},
        "email": {"type": "string", "nullable": True},
        "address": {"anyOf": [{"$ref": "#/components/schemas/address"}], "nullable": True},
    },
}
DOCUMENT: dict[str, Any] = {
    "info": {"version": "test"},
    "components": {
        "schemas": {
            "customer": CUSTOMER,
            "address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
            "error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "object"}}},
        }
    },
    "paths": {
        "/v1/customers/{customer}": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "additionalProperties": False,
                                "properties": {
                                    "balance": {"type": "integer"},
                                    "metadata": {"anyOf": [{"type": "object"}, {"type": "string", "enum": [""]}]},
                                },
                            }
                        }
                    }
                },
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/customer"}}}},
                    "default": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}},
                },
            }
        },
        "/v1/customers/search": {},
    },
}
GOOD: dict[str, Any] = {
    "method": "POST",
    "path": "/v1/customers/cus_1",
    "status": 200,
    "sent": "balance=5&metadata[a]=b",
    "body": {"id": "cus_1", "object": "customer", "balance": 5, "email": None, "address": {"city": "Bern"}},
}


def test_what_fits_has_no_differences():
    assert Description(DOCUMENT).differences([GOOD]) == []
    assert Description(DOCUMENT).differences([{**GOOD, "status": 404, "body": {"error": {}}}]) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"body": {**GOOD["body"], "balance": "5"}}, "answer balance"),
        ({"body": {**GOOD["body"], "address": {}}}, "answer address"),
        ({"body": {"id": "cus_1", "object": "customer"}}, "balance"),
        ({"status": 400, "body": {"message": "no"}}, "error"),
        ({"sent": "balance=much"}, "parameter balance"),
        ({"sent": "name=x"}, "parameter as a whole"),
        ({"path": "/v1/nothing"}, "no such path"),
        ({"path": "/v1/customers/search"}, "no such path or method"),
        ({"method": "DELETE"}, "no such path or method"),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], says: str):
    found = Description(DOCUMENT).differences([{**GOOD, **change}])
    assert len(found) == 1
    assert says in found[0]
