"""Formats: which headings say which export of which source, and what reads it. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from backend.tax.files.readings import Readings
from backend.tax.files.records import SourceInfo
from backend.tax.files.sheet import Sheet, heading, places_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One export. `columns` as in `places_of`; `numbers` are the meanings that are numbers, of the date there is one.

    `zone` None: times without one are in the zone that the user says; `day_first` where the source always writes one
    order. `own_columns` is a pattern of headings that there may be any number of.
    """

    name: str
    columns: Mapping[str, str]
    read: Callable[[Sheet, Readings], None]
    numbers: Sequence[str] = ()
    dates: Sequence[str] = ("at",)
    zone: tzinfo | None = UTC
    day_first: bool | None = None
    short_years: bool = False
    own_columns: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An exchange or a tool, with all formats it has had. `own_names` undoes its names of assets."""

    key: str
    info: SourceInfo
    formats: Sequence[Format]
    own_names: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A format that fits some headings. `score`: how many of them it knows, less what it does not know."""

    source: Source
    format: Format
    places: dict[str, int]
    score: float
    strangers: int


def best_match(headings: Sequence[str], sources: Sequence[Source]) -> Match | None:
    """Return the format that fits headings best: all it needs is there, and it knows the most of them."""
    best: Match | None = None
    filled = sum(1 for each in headings if heading(each))
    if filled < 2:
        return None
    for source in sources:
        for format_ in source.formats:
            places = places_of(format_.columns, headings)
            if places is None:
                continue
            known = len(set(places.values()))
            if format_.own_columns:
                known += sum(1 for each in headings if re.fullmatch(format_.own_columns, each.strip()))
            match = Match(source, format_, places, known - (filled - known) / 10, filled - known)
            if best is None or match.score > best.score:
                best = match
    return best
