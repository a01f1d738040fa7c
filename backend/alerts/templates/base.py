"""What a template is, and how its blanks are filled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.alerts.kinds.base import FieldInput


@dataclass(frozen=True, slots=True)
class Blank:
    """The place of a parameter's value in a template; `negative`: written with a minus (a fall)."""

    parameter: str
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One blank as people see it. Without a `default` it must be given."""

    name: str
    label: str
    input: FieldInput
    default: str | int | float | None = None
    unit: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A rule with blanks. `conditions` and `options` have a `Blank` where a value belongs.

    `sentence` says what the rule will say, with the parameters' names in braces.
    """

    id: str
    kind: str
    name: str
    purpose: str
    for_whom: str
    sentence: str
    parameters: tuple[Parameter, ...]
    conditions: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)


def filled(part: Any, values: Mapping[str, Any]) -> Any:
    """Return a template's part with every blank filled from `values`."""
    if isinstance(part, Blank):
        value = values[part.parameter]
        return "-" + str(value).strip().lstrip("-\u2212") if part.negative else value
    if isinstance(part, Mapping):
        return {name: filled(inner, values) for name, inner in part.items()}
    if isinstance(part, list | tuple):
        return [filled(inner, values) for inner in part]
    return part
