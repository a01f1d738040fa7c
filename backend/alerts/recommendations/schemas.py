"""What the recommendations part answers."""

from typing import Any, Literal
from uuid import UUID

from backend.core.schemas import ApiModel, Instant


class RecommendationRead(ApiModel):
    """Something worth doing: `create` makes the rule, `change` changes `rule_id`. `numbers` are what it rests on."""

    id: UUID
    kind: Literal["create", "change"]
    source: str
    title: str
    reason: str
    numbers: dict[str, Any]
    rule_id: UUID | None
    rule: dict[str, Any]


class Recommendations(ApiModel):
    """What is recommended as of now, the weightiest first; `since` is how far was looked back."""

    items: list[RecommendationRead]
    since: Instant
    as_of: Instant


class RecommendationDismissed(ApiModel):
    """The recommendation that is not shown any more."""

    id: UUID
    dismissed: bool = True
