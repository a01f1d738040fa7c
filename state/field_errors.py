"""What a form says, checked by the schema of the API: the same rules, with the message next to its field."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Schema = TypeVar("Schema", bound=BaseModel)


def checked(schema: type[Schema], form: Mapping[str, Any]) -> tuple[Schema | None, dict[str, str]]:
    """Return the form as the schema takes it and no errors, or None and a message by field."""
    known = {name: value for name, value in form.items() if name in schema.model_fields}
    try:
        return schema.model_validate(known), {}
    except ValidationError as error:
        return None, {str(each["loc"][0]) if each["loc"] else "form": str(each["msg"]) for each in error.errors()}
