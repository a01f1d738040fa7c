"""Compares a log of requests and answers with Stripe's published API description (openapi/spec3.json).

    python scripts/compare_with_stripe.py LOG.json SPEC.json

LOG.json is what `GET /_control/requests` of the test payments answers. Prints every difference; exit code 1 if any.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from backend.test_payments.wire.forms import decode_form  # noqa: E402 - after the path is set

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Description:
    """A description of the API in the form OpenAPI 3.0 has."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.version = str(document.get("info", {}).get("version", "unknown"))
        self._components = _as_json_schema(document.get("components", {}))
        self._paths = [
            (re.compile(f"^{re.sub(r'{[^}]+}', '[^/]+', path)}$"), path.count("{"), operations)
            for path, operations in document["paths"].items()
        ]
        self._validators: dict[str, Any] = {}

    def differences(self, log: list[dict[str, Any]]) -> list[str]:
        """Return how the requests and answers of a log differ from the description."""
        return [found for each in log for found in self._of_one(each)]

    def _of_one(self, each: dict[str, Any]) -> Iterator[str]:
        where = f"{each['method']} {each['path']} ({each['status']})"
        fits = [(holes, found) for pattern, holes, found in self._paths if pattern.match(each["path"])]
        operation = min(fits, key=lambda one: one[0])[1].get(each["method"].lower()) if fits else None
        if operation is None:
            yield f"{where}: there is no such path or method"
            return
        answers = operation["responses"]
        answer = answers.get(str(each["status"])) or answers["default"]
        for error in self._validator(answer["content"][JSON]["schema"]).iter_errors(each["body"]):
            yield f"{where}: answer {_place(error)}: {error.message[:200]}"
        if each["status"] < 400:
            yield from self._request(operation, each, where)

    def _request(self, operation: dict[str, Any], each: dict[str, Any], where: str) -> Iterator[str]:
        given = decode_form(each["sent"])
        if each["method"] == "GET":
            known = {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "query"}
            shape = {"type": "object", "properties": known, "additionalProperties": False}
        else:
            shape = operation.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema", {"type": "object"})
        for error in self._validator(_for_form(shape)).iter_errors(given):
            yield f"{where}: parameter {_place(error)}: {error.message[:200]}"

    def _validator(self, schema: dict[str, Any]) -> Any:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**_as_json_schema(schema), "components": self._components}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole)
        return self._validators[key]


def _place(error: Any) -> str:
    return "/".join(str(part) for part in error.instance_path) or "as a whole"


def _as_json_schema(node: Any) -> Any:
    """Turn OpenAPI's `nullable` into JSON Schema's null."""
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _as_json_schema(each) for key, each in node.items() if key not in ("nullable", "example", "title")}
    if node.get("nullable") is True:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain


def _for_form(node: Any) -> Any:
    """Turn a schema of parameters into one of their texts: a form knows no numbers and no booleans."""
    if isinstance(node, list):
        return [_for_form(each) for each in node]
    if not isinstance(node, dict):
        return node
    kind = node.get("type")
    if kind == "integer":
        return {"type": "string", "pattern": "^-?[0-9]+$"}
    if kind == "number":
        return {"type": "string", "pattern": "^-?[0-9.]+$"}
    if kind == "boolean":
        return {"type": "string", "enum": ["true", "false"]}
    return {key: _for_form(each) for key, each in node.items() if key != "format"}


def main() -> int:
    """Compare the two files named on the command line; return the exit code."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    log = json.loads(Path(sys.argv[1]).read_text())
    description = Description(json.loads(Path(sys.argv[2]).read_text()))
    found = description.differences(log["requests"] if isinstance(log, dict) else log)
    print("\n".join(found) or f"no difference to version {description.version}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
