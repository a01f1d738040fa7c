"""How far a source is trusted: it is demoted for a while when it fails or is contradicted too often, and comes back.

A demoted source is asked only for what nobody else knows. Its record is a share of bad outcomes in which newer ones
count more: each outcome takes 1/20 of the weight, so that twenty good answers outweigh what was before them.
"""

from dataclasses import dataclass, replace
from enum import Enum

WEIGHT = 1 / 20
DEMOTED_ABOVE = 0.25
LEAST_OUTCOMES = 8
FIRST_SECONDS = 300
LONGEST_SECONDS = 4 * 3600


class Outcome(Enum):
    """What came of asking: an answer, an answer that the majority contradicts, or none."""

    GOOD = "good"
    ODD = "odd"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A source's record. `bad_share`: 0 to 1. `demoted_until`: Unix seconds, 0: never. `times`: demotions in a row."""

    bad_share: float = 0.0
    outcomes: int = 0
    demoted_until: int = 0
    times: int = 0

    def is_demoted(self, now: int) -> bool:
        """True while it is asked only for what nobody else knows."""
        return now < self.demoted_until


def after(standing: Standing, outcome: Outcome, now: int) -> Standing:
    """Return the record with one more outcome.

    Demotion lasts 5, 10, 20, … minutes, at most four hours, longer each time in a row; whoever was good for as long as
    it was demoted begins anew. When it ends, the record is clean: a few bad outcomes bring it back.
    """
    if standing.is_demoted(now):
        return standing  # what it says now is asked for only where nobody else knows: no basis for a verdict
    if standing.demoted_until and now >= standing.demoted_until + _length(standing.times):
        standing = replace(standing, demoted_until=0, times=0)
    is_bad = outcome is not Outcome.GOOD
    share = standing.bad_share + WEIGHT * (is_bad - standing.bad_share)
    outcomes = min(standing.outcomes + 1, 10_000)
    # In the beginning, the plain share: a record that starts at 0 would hide eight failures in a row.
    if outcomes <= 1 / WEIGHT:
        share = standing.bad_share + (is_bad - standing.bad_share) / outcomes
    if outcomes < LEAST_OUTCOMES or share <= DEMOTED_ABOVE:
        return replace(standing, bad_share=share, outcomes=outcomes)
    times = standing.times + 1
    return Standing(0.0, 0, now + _length(times), times)


def _length(times: int) -> int:
    return min(FIRST_SECONDS * 2 ** max(0, times - 1), LONGEST_SECONDS) if times else 0
