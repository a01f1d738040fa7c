"""A case: a transaction, what is known of its contracts, and the events of the wallet as a story."""

from dataclasses import dataclass, field
from typing import Any

from backend.ledger.events import Event
from backend.ledger.transactions import Facts
from tests.unit.ledger.decoding.build import FACTS, ME, Make, story

Story = list[tuple[str, list[tuple[Any, ...]]]]


@dataclass(frozen=True)
class Case:
    """`says` are fields of the first event."""

    name: str
    make: Make
    expected: Story
    facts: Facts = FACTS
    says: dict[str, Any] = field(default_factory=dict)
    wallet: str = ME

    def check(self) -> None:
        events: list[Event] = self.make.events(self.facts, self.wallet)
        assert story(events) == self.expected
        for name, value in self.says.items():
            assert getattr(events[0], name) == value, name


def named(case: Case) -> str:
    return case.name
