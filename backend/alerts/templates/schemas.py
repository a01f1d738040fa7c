"""What the templates part takes and answers."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from backend.alerts.schemas import Actions, AlertAction, Name, RuleType
from backend.core.schemas import ApiModel


class ParameterRead(ApiModel):
    """A blank of a template. With no `default` it must be given."""

    name: str
    label: str
    input: str
    default: str | int | float | None
    unit: str
    help: str
    required: bool


class TemplateRead(ApiModel):
    """A rule that is written already but for its `parameters`; `sentence` has their names in braces."""

    id: str
    kind: RuleType
    name: str
    purpose: str
    for_whom: str
    sentence: str
    parameters: list[ParameterRead]
    options: dict[str, Any]


class TemplateUse(ApiModel):
    """How to fill a template in; what is absent has its default, and the rule the template's name."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[Annotated[str, Field(max_length=40)], Any] = Field(default_factory=dict, max_length=20)
    name: Name | None = None
    actions: Actions = Field(default_factory=lambda: [AlertAction(type="in_app")])
    enabled: bool = True
