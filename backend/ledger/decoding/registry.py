"""Finds the decoders: every folder of `protocols` with a `decoder.py` is one, and nothing else has to name it."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path

from backend.ledger.decoding.base import Decoder

_FOLDER = Path(__file__).with_name("protocols")


@cache
def decoders() -> tuple[Decoder, ...]:
    """Return every decoder in the order of their turns: by stage, then by folder."""
    names = sorted(file.parent.name for file in _FOLDER.glob("*/decoder.py"))
    found = [import_module(f"{__package__}.protocols.{name}.decoder").Decoder() for name in names]
    return tuple(sorted(found, key=lambda each: each.stage))


def concerned(topics: Iterable[str]) -> list[Decoder]:
    """Return the decoders that look at one of these topics, in the order of their turns."""
    by_topic = _by_topic()
    numbers = {number for topic in topics for number in by_topic.get(topic, ())}
    return [decoders()[number] for number in sorted(numbers)]


@cache
def _by_topic() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, each in enumerate(decoders()):
        for topic in each.topics:
            found.setdefault(topic, []).append(number)
    return found
