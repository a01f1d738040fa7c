"""What of a wallet's movements no decoder has explained yet: taken once, and only as a whole or in parts of it.

Legs are made here and nowhere else, so that those of all events of a transaction are the wallet's movements, exactly.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass

from backend.ledger.decoding.movements import NOBODY
from backend.ledger.events import Leg, LegRole
from backend.ledger.transactions import Movement


@dataclass(slots=True, eq=False)
class Piece:
    """A movement to (`is_in`) or from the wallet, and how much of it is left."""

    movement: Movement
    is_in: bool
    left_raw: int

    @property
    def token(self) -> str:
        """The token's address, or NATIVE_TOKEN."""
        return self.movement.token

    @property
    def other(self) -> str:
        """The other side; the zero address mints and burns."""
        return self.movement.sender if self.is_in else self.movement.recipient

    @property
    def is_fungible(self) -> bool:
        """Whether it is an amount and no single token of a collection."""
        return self.movement.token_id is None


class Purse:
    """The pieces of one wallet. What it moved to itself is none: nothing came or went."""

    def __init__(self, movements: Iterable[Movement], wallet: str) -> None:
        self._pieces = [
            Piece(each, each.recipient == wallet, each.amount_raw)
            for each in movements
            if (each.sender == wallet) != (each.recipient == wallet)
        ]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not any(piece.left_raw for piece in self._pieces)

    def ins(self, where: Callable[[Piece], bool] = lambda _: True) -> list[Piece]:
        """Return what came and is left, in order."""
        return [piece for piece in self._pieces if piece.is_in and piece.left_raw and where(piece)]

    def outs(self, where: Callable[[Piece], bool] = lambda _: True) -> list[Piece]:
        """Return what went and is left, in order."""
        return [piece for piece in self._pieces if not piece.is_in and piece.left_raw and where(piece)]

    def all(self) -> list[Piece]:
        """Return everything that is left, in order."""
        return [piece for piece in self._pieces if piece.left_raw]

    def one(
        self, is_in: bool, amount_raw: int, tokens: Container[str] | None = None, others: Container[str] | None = None
    ) -> Piece | None:
        """Return the first fungible piece of which exactly this amount is left, None without one."""
        for piece in self._pieces:
            fits = (tokens is None or piece.token in tokens) and (others is None or piece.other in others)
            if fits and piece.is_in is is_in and piece.left_raw == amount_raw > 0 and piece.is_fungible:
                return piece
        return None

    def take(self, piece: Piece, role: LegRole = "principal", amount_raw: int | None = None) -> Leg:
        """Take a piece, or that much of it. Raises ValueError when so much is not left."""
        amount = piece.left_raw if amount_raw is None else amount_raw
        if not 0 < amount <= piece.left_raw:
            raise ValueError("a movement was claimed twice")
        piece.left_raw -= amount
        return _leg(piece, amount if piece.is_in else -amount, role)

    def take_all(self, pieces: Iterable[Piece], role: LegRole = "principal") -> list[Leg]:
        """Take whole pieces."""
        return [self.take(piece, role) for piece in pieces]

    def take_up_to(self, pieces: Iterable[Piece], most_raw: int, role: LegRole = "principal") -> list[Leg]:
        """Take pieces in their order until `most_raw` is reached, the last of them in part."""
        legs: list[Leg] = []
        for piece in pieces:
            if most_raw <= 0:
                break
            amount = min(piece.left_raw, most_raw)
            most_raw -= amount
            legs.append(self.take(piece, role, amount))
        return legs

    def take_with_interest(self, piece: Piece, interest_raw: int) -> list[Leg]:
        """Take a receipt whose movement already contains interest that was credited: a receipt, and a reward.

        The token came to the wallet as interest; the rest of the movement, which may have the other sign, is the
        receipt for what was put in or taken out.
        """
        signed = piece.left_raw if piece.is_in else -piece.left_raw
        piece.left_raw = 0
        legs = [_leg(piece, signed - interest_raw, "receipt"), _leg(piece, interest_raw, "reward")]
        return [leg for leg in legs if leg.amount_raw]


def _leg(piece: Piece, amount_raw: int, role: LegRole) -> Leg:
    return Leg(
        token=piece.token,
        amount_raw=amount_raw,
        token_id=piece.movement.token_id,
        role=role,
        counterparty=None if piece.other == NOBODY else piece.other,
        log_index=piece.movement.log_index,
    )


def netted(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Return one leg for each asset and role: a refund makes what was paid smaller and is no income.

    It is the largest of them in the direction that is left, with the sum as its amount; none where all of it came back.
    """
    together: dict[tuple[str, int | None, str], list[Leg]] = {}
    for leg in legs:
        together.setdefault((leg.token, leg.token_id, leg.role), []).append(leg)
    return tuple(merged for same in together.values() if (merged := _merged(same)) is not None)


def _merged(same: Sequence[Leg]) -> Leg | None:
    total = sum(leg.amount_raw for leg in same)
    if not total or len(same) == 1:
        return same[0] if total else None
    largest = max((leg for leg in same if (leg.amount_raw > 0) == (total > 0)), key=lambda leg: abs(leg.amount_raw))
    return Leg(
        token=largest.token,
        amount_raw=total,
        token_id=largest.token_id,
        role=largest.role,
        counterparty=largest.counterparty,
        log_index=largest.log_index,
    )
