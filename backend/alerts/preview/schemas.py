"""What a preview answers."""

from backend.alerts.schemas import RuleType
from backend.core.schemas import ApiModel, Instant


class PreviewHit(ApiModel):
    """One alert that there would have been. `value` is what the reading said, None for what has no number."""

    at: Instant
    message: str
    value: str | None
    block_number: int
    chain_id: int
    tx_hash: str | None


class PreviewSource(ApiModel):
    """One series that was looked at: what it is, how many events it had, and the span that they cover.

    `note` says why the span is shorter than asked for, empty when it is not.
    """

    name: str
    events: int
    first: Instant | None
    last: Instant | None
    note: str = ""


class RulePreview(ApiModel):
    """What a rule would have told between `since` and `until`, as far as `sources` reach.

    `count` are all alerts, `hits` the newest of them; `held_back` matched but fell into the pause, a `once` that was
    used, or outside the active hours. `per_day` is the count by the days that the sources cover, None when they cover
    less than an hour. `can_preview` is false where nothing is kept that could be looked at; `notes` say so.
    """

    type: RuleType
    description: str
    since: Instant
    until: Instant
    count: int
    held_back: int
    per_day: float | None
    hits: list[PreviewHit]
    sources: list[PreviewSource]
    can_preview: bool
    is_complete: bool
    notes: list[str]
