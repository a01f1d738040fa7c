"""What every answer of the API is made of: camelCase JSON, instants in UTC with `Z`, and pages of a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from backend.core.formats import iso
from backend.core.money import plain

T = TypeVar("T")

# A decimal as text, without losing a digit.
Exact = Annotated[Decimal, PlainSerializer(plain, return_type=str, when_used="json")]
Instant = Annotated[datetime, PlainSerializer(iso, return_type=str, when_used="json")]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks a text that must be one of `names()`: asked at each check, for lists to which plug-ins add.

    `problem` is what is said of another one; the names follow it. The JSON schema lists the names of its moment.
    """

    names: Callable[[], Sequence[str]]
    problem: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after the text itself was checked."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say which there are."""
        return handler(schema) | {"enum": list(self.names())}

    def _check(self, value: str) -> str:
        if value not in (names := self.names()):
            raise ValueError(f"{self.problem} Choose one of: {', '.join(names)}.")
        return value


class ApiModel(BaseModel):
    """Base of requests and answers: JSON keys are camelCase, snake_case is accepted on input too."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class Page(ApiModel, Generic[T]):
    """One page of a list: `items`, how many there are in `total`, the page's number (from 1) and its size."""

    items: list[T]
    total: int
    page: int = 1
    page_size: int = 20

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.page_size))
