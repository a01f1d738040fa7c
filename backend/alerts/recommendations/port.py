"""What a provider of recommendations is. Other domains add theirs: decorate a function, and name its module below."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.alerts.schemas import RuleRead

Kind = Literal["create", "change"]


@dataclass(frozen=True, slots=True)
class Context:
    """Who is advised, what rules they have, and the span to look back over."""

    session: AsyncSession
    user: CurrentUser
    rules: Sequence[RuleRead]
    since: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One recommendation. `key` is the same as long as the same is recommended; an answer is kept by it.

    `rule` is the rule to make, as the API takes it, or the change to make to `rule_id`. `numbers` are what the reason
    rests on. Higher `weight` comes first.
    """

    key: str
    title: str
    reason: str
    rule: Mapping[str, Any]
    numbers: Mapping[str, Any] = field(default_factory=dict)
    rule_id: UUID | None = None
    weight: float = 0.0

    @property
    def kind(self) -> Kind:
        """Whether accepting makes a rule or changes one."""
        return "create" if self.rule_id is None else "change"


Provider = Callable[[Context], Awaitable[list[Suggestion]]]
_providers: dict[str, Provider] = {}


def provider(name: str) -> Callable[[Provider], Provider]:
    """Make a function a provider of recommendations, asked whenever somebody looks at theirs."""

    def register(function: Provider) -> Provider:
        _providers[name] = function
        return function

    return register


def providers() -> Mapping[str, Provider]:
    """Return the providers by name."""
    return _providers
