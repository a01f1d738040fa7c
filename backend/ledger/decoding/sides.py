"""What a wallet paid into a contract and got out of it, by token and amount, whichever way the native currency took."""

from collections.abc import Container
from dataclasses import dataclass, field

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import NATIVE_UNKNOWN, Case
from backend.ledger.events import Leg


@dataclass(slots=True)
class Side:
    """Legs of one token. `is_hidden` when a part may have moved inside of calls that nobody traced."""

    legs: list[Leg] = field(default_factory=list)
    is_hidden: bool = False


def paid(case: Case, token: str, amount_raw: int, into: str) -> Side:
    """Return what the wallet paid of a token into a contract that says it got `amount_raw`.

    It is what went to the contract itself (more than the amount where the token takes a fee), or what of the chain's
    own currency went to whoever wrapped it, less what came back from there.
    """
    exact = case.purse.one(False, amount_raw, {token}, {into})
    direct = [exact] if exact else case.purse.outs(lambda piece: piece.token == token and piece.other == into)
    if direct:
        return Side(case.purse.take_all(direct))
    if NATIVE_TOKEN not in case.forms(token) or not amount_raw:
        return Side()
    enough = case.purse.outs(lambda piece: piece.token == NATIVE_TOKEN and piece.left_raw >= amount_raw)
    if not enough:
        return Side()
    piece = enough[0]
    legs = [case.purse.take(piece, amount_raw=amount_raw)]
    if not case.tx.native_is_known:
        rest = case.purse.take_all([piece]) if piece.left_raw else []
        return Side([*legs, *rest], is_hidden=bool(rest))
    for refund in case.purse.ins(lambda each: each.token == NATIVE_TOKEN and each.other == piece.other):
        back = min(refund.left_raw, piece.left_raw)
        if back:
            legs += [case.purse.take(piece, amount_raw=back), case.purse.take(refund, amount_raw=back)]
    return Side(legs)


def got(case: Case, token: str, most_raw: int, others: Container[str], principal_raw: int | None = None) -> Side:
    """Return what the wallet got of a token, or of the currency that it wraps, from one of these, up to an amount.

    Of it `principal_raw` is principal and the rest a reward; all of it is principal without one.
    """
    forms = case.forms(token)
    pieces = case.purse.ins(lambda piece: piece.is_fungible and piece.token in forms and piece.other in others)
    left = most_raw if principal_raw is None else min(principal_raw, most_raw)
    legs = case.purse.take_up_to(pieces, left)
    rest = [piece for piece in pieces if piece.left_raw]
    legs += case.purse.take_up_to(rest, most_raw - left, "reward")
    hidden = most_raw > 0 and not legs and NATIVE_TOKEN in forms and not case.tx.native_is_known
    return Side(legs, hidden)


def problem_of(*sides: Side) -> str | None:
    """Return what to say when a side is hidden."""
    return NATIVE_UNKNOWN if any(side.is_hidden for side in sides) else None
