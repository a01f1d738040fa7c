"""A file that comes as a form: taken apart, and checked before anything is kept of it."""

from typing import Any

import orjson
from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from backend.api.failures import field_messages
from backend.api.intake import UnusableError, check_json
from backend.core.errors import InvalidInputError
from backend.tax.imports.schemas import UploadChoices

_MAX_FIELD_BYTES = 64 * 1024
_FIELDS = ("source", "account", "timezone", "mapping")
# What FastAPI cannot see, as the route reads the body itself: it may be a form or JSON.
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "A CSV file, at most 30 MB"},
                        "source": {"type": "string", "description": "Whose export it is; found out if left out"},
                        "account": {"type": "string", "maxLength": 80},
                        "timezone": {"type": "string", "description": "Of times that say none; UTC if left out"},
                        "mapping": {"type": "string", "description": "JSON: the file's column by meaning"},
                    },
                }
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["source"],
                    "properties": {"source": {"type": "string", "enum": ["wallet"]}},
                }
            },
        },
    }
}


async def read_form(request: Request) -> tuple[bytes, str, UploadChoices]:
    """Return the file of a form, its name, and what is said along with it. Raises InvalidInputError."""
    try:
        async with request.form(max_files=1, max_fields=len(_FIELDS), max_part_size=_MAX_FIELD_BYTES) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise InvalidInputError("There is no file in this request.", {"file": "Choose a CSV file."})
            choices = _choices({name: value for name in _FIELDS if isinstance(value := form.get(name), str) and value})
            return await file.read(), file.filename or "", choices
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise InvalidInputError("The form could not be read.", {"file": "Send the file as a form's field."}) from None


def _choices(fields: dict[str, str]) -> UploadChoices:
    values: dict[str, Any] = dict(fields)
    if "mapping" in values:
        try:
            values["mapping"] = orjson.loads(values["mapping"])
            check_json(values["mapping"])
        except orjson.JSONDecodeError:
            raise InvalidInputError("The mapping cannot be read.", {"mapping": "is not valid JSON"}) from None
        except UnusableError as error:
            raise InvalidInputError("The mapping cannot be read.", {"mapping": str(error)}) from None
    try:
        return UploadChoices.model_validate(values)
    except ValidationError as error:
        # pydantic's paths begin with the field here, FastAPI's with where it was sent.
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise InvalidInputError("Some values cannot be accepted.", dict(field_messages(errors))) from None
