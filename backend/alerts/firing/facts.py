"""What the alert worker hands from one step to the next."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from backend.chain.events import Event


@dataclass(frozen=True, slots=True)
class Fact:
    """An event and its JSON fields as they stood in the stream."""

    event: Event
    fields: dict[str, Any]


class Match(NamedTuple):
    """A rule (as of a version) that an event fires, by the event's place in the batch."""

    place: int
    rule_id: UUID
    version: int
