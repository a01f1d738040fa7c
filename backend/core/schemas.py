"""What every answer of the API is made of: camelCase JSON, instants in UTC with `Z`, and pages of a list."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

from backend.core.formats import iso

T = TypeVar("T")

Instant = Annotated[datetime, PlainSerializer(iso, return_type=str, when_used="json")]


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
