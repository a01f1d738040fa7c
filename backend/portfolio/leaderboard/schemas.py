"""What the API takes and answers of the leaderboard: names that members chose, and percentages. Never an amount."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from backend.core.schemas import ApiModel, Exact, Instant
from backend.portfolio.leaderboard.rules import Period, Reason

LEAST_LETTERS, MOST_LETTERS = 3, 24
# ASCII alone: letters of other scripts look like these, and one member could pass for another.
_SHAPE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]| (?! ))*[A-Za-z0-9]")
_ADDRESS = re.compile(r"0x[0-9a-f]{4,}")
_RESERVED = ("admin", "moderator", "official", "premium", "root", "support", "system")


def checked_pseudonym(value: str) -> str:
    """Return a name that may stand on the board. Raises ValueError in words."""
    name = value.strip()
    if not LEAST_LETTERS <= len(name) <= MOST_LETTERS:
        raise ValueError(f"choose {LEAST_LETTERS} to {MOST_LETTERS} letters")
    if not _SHAPE.fullmatch(name):
        raise ValueError("use letters from a to z, digits, spaces, - and _, a letter or digit at both ends")
    low = name.casefold()
    if _ADDRESS.search(low):
        raise ValueError("this looks like a wallet's address: the board is anonymous")
    if any(word in re.sub(r"[ _-]", "", low) for word in _RESERVED):
        raise ValueError("this name could be taken for ours")
    return name


class LeaderboardJoin(ApiModel):
    """The name to be shown under."""

    pseudonym: Annotated[str, Field(max_length=100), AfterValidator(checked_pseudonym)]


class LeaderboardRow(ApiModel):
    """One place of the board."""

    place: int
    pseudonym: str
    return_pct: Exact = Field(description="Time-weighted, over the period")
    is_me: bool


class MyStanding(ApiModel):
    """How the asking user stands; `place` is known beyond the best hundred, `reason` says why there is none."""

    pseudonym: str
    joined_at: Instant
    place: int | None
    return_pct: Exact | None
    reason: Reason | Literal["waiting"] | None
    checked_at: Instant | None


class LeaderboardRead(ApiModel):
    """The best hundred of those who joined, by time-weighted return. Null: not ranked yet, or not joined."""

    period: Period
    ranked_at: Instant | None
    items: list[LeaderboardRow]
    me: MyStanding | None


class LeaderboardLeft(ApiModel):
    """The user is on no board any more."""

    left: Literal[True] = True
