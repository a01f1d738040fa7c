"""Which of several sources' prices is taken, how sure that is, and what the others said.

A price is never mixed from several: what is shown is one source's answer, with its source. Fresh answers come before
stale ones, trusted sources before demoted ones, then the order of the rungs decides; but a fresh answer that the
majority of at least three contradicts is passed over. Nobody's answer is taken when there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from backend.core.money import engine_decimal
from backend.market.engine.pools import WIDE

TOLERANCE_PCT = Decimal(2)
OLDEST_SECONDS = 86_400
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Said:
    """What one source answered for one asset.

    `rung`: its place in the order, 0 first. `fresh_seconds`: how old its answers may be and still count as of now.
    `taken_at`: Unix seconds. `confidence`: what the source itself says of it, 0 to 1. `is_evidence`: False for what is
    taken for granted, such as a stablecoin at exactly $1, which says nothing about the others.
    """

    source: str
    price_usd: Decimal
    taken_at: int
    confidence: Decimal
    rung: int
    fresh_seconds: int
    is_demoted: bool = False
    is_evidence: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer that is taken; `others` are the usable rest with how far each is from it in percent.

    `disagreement_pct`: the largest distance among fresh answers, None when nobody else can be compared. `is_stale`: the
    answer is older than its source's answers should be. `odd`: fresh sources that a majority contradicts.
    """

    taken: Said
    confidence: Decimal
    others: tuple[tuple[Said, Decimal], ...]
    disagreement_pct: Decimal | None
    is_stale: bool
    odd: tuple[str, ...]

    @property
    def disagrees(self) -> bool:
        """True when somebody is further away than the tolerance."""
        return self.disagreement_pct is not None and self.disagreement_pct > TOLERANCE_PCT


def distance_pct(price_usd: Decimal, other_usd: Decimal) -> Decimal:
    """Return how far `other_usd` is from `price_usd`, in percent of the smaller of both: the same both ways round."""
    with localcontext(WIDE):
        return engine_decimal(abs(price_usd - other_usd) / min(price_usd, other_usd) * 100)


def median(prices: Sequence[Decimal]) -> Decimal:
    """Return the middle one; of an even number the lower of both, so that it is a price somebody said."""
    return sorted(prices)[(len(prices) - 1) // 2]


def odd_ones(fresh: Sequence[Said], tolerance_pct: Decimal = TOLERANCE_PCT) -> tuple[str, ...]:
    """Return the sources that a majority contradicts: more than half agree with the median, and these do not.

    Fewer than three answers have no majority.
    """
    evidence = [said for said in fresh if said.is_evidence]
    if len(evidence) < 3:
        return ()
    middle = median([said.price_usd for said in evidence])
    near = {said.source for said in evidence if distance_pct(middle, said.price_usd) <= tolerance_pct}
    if 2 * len(near) <= len(evidence):
        return ()
    return tuple(sorted(said.source for said in evidence if said.source not in near))


def choose(answers: Sequence[Said], now: int, tolerance_pct: Decimal = TOLERANCE_PCT) -> Choice | None:
    """Return which answer is taken as of `now` (Unix seconds), None when no usable one is left.

    Answers more than a day old are not used at all: what is that old is unknown.
    """
    usable = [said for said in answers if now - said.taken_at <= OLDEST_SECONDS]
    if not usable:
        return None
    fresh = [said for said in usable if now - said.taken_at <= said.fresh_seconds]
    odd = odd_ones(fresh, tolerance_pct)

    def order(said: Said) -> tuple[bool, bool, bool, int, int, str]:
        is_old = now - said.taken_at > said.fresh_seconds
        age = max(0, now - said.taken_at) if is_old else 0
        return is_old, said.source in odd, said.is_demoted, age if is_old else 0, said.rung, said.source

    taken = min(usable, key=order)
    is_stale = now - taken.taken_at > taken.fresh_seconds
    rest = sorted((said for said in usable if said is not taken), key=order)
    others = tuple((said, distance_pct(taken.price_usd, said.price_usd)) for said in rest)
    compared = [pct for said, pct in others if said in fresh and said.is_evidence and not is_stale]
    disagreement = max(compared) if compared and taken.is_evidence else None
    return Choice(
        taken=taken,
        confidence=_confidence(taken, now, compared if taken.is_evidence else [], tolerance_pct),
        others=others,
        disagreement_pct=disagreement,
        is_stale=is_stale,
        odd=odd,
    )


def _confidence(taken: Said, now: int, distances: Sequence[Decimal], tolerance_pct: Decimal) -> Decimal:
    """Return the source's own confidence, times the share of those who agree (it among them), times how fresh it is.

    Fresh counts as 1, a stale answer as what its age may be over what its age is.
    """
    agreeing = 1 + sum(pct <= tolerance_pct for pct in distances)
    share = Decimal(agreeing) / (1 + len(distances))
    age = max(0, now - taken.taken_at)
    freshness = _ONE if age <= taken.fresh_seconds else Decimal(max(1, taken.fresh_seconds)) / age
    own = min(_ONE, max(Decimal(0), taken.confidence))
    return (own * share * freshness).quantize(Decimal("0.0001"))
