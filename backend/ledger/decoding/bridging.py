"""What bridge decoders share: an amount that left for another chain or came from one.

Both ends of a crossing have the same protocol and the same identifiers where the bridge names it on both chains, and
none where it does not: ends that only look alike are not each other's. What is paid for the message is no part of it.
"""

from collections.abc import Container, Mapping

from backend.chain.blocks import Log
from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import NATIVE_UNKNOWN, Case, Finding
from backend.ledger.decoding.purse import Piece
from backend.ledger.events import Kind, Leg


def departure(
    case: Case,
    log: Log,
    amount_raw: int,
    tokens: Container[str] | None = None,
    identifiers: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Return what the wallet sent away: exactly so much of one of the tokens, or of a larger native payment."""
    piece = case.purse.one(False, amount_raw, tokens)
    if piece is not None:
        return [_crossing(case, log, case.purse.take(piece), identifiers)]
    larger = case.purse.outs(
        lambda each: (
            each.token == NATIVE_TOKEN
            and each.left_raw > amount_raw > 0
            and (tokens is None or NATIVE_TOKEN in tokens)
            and each.other in (log.address, case.tx.recipient)
        )
    )
    if not larger:
        return []
    return [_crossing(case, log, case.purse.take(larger[0], amount_raw=amount_raw), identifiers)]


def arrival(
    case: Case,
    log: Log,
    amount_raw: int,
    tokens: Container[str] | None = None,
    identifiers: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Return what came to the wallet: exactly so much of one of the tokens."""
    piece: Piece | None = case.purse.one(True, amount_raw, tokens)
    if piece is not None:
        return [_crossing(case, log, case.purse.take(piece), identifiers)]
    if case.tx.native_is_known or tokens is None or NATIVE_TOKEN not in tokens:
        return []
    return [_crossing(case, log, None, identifiers)]


def _crossing(case: Case, log: Log, leg: Leg | None, identifiers: Mapping[str, str] | None) -> Finding:
    return Finding(
        kind=Kind.BRIDGE,
        legs=() if leg is None else (leg,),
        log_index=log.log_index,
        protocol=case.protocol(log.address),
        counterparty=log.address,
        identifiers=identifiers,
        problem=NATIVE_UNKNOWN if leg is None else None,
    )
