"""What was put into a position and taken out of it, by the event ledger, and how that did against holding.

Formulas: `engine/impermanent_loss.py`. What is known is exact; where the ledger does not have the whole history of a
position its impermanent loss is unknown, and says why.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.money import token_amount
from backend.ledger import service as ledger
from backend.ledger.engine.accounting import telling_identifier
from backend.ledger.events import Coverage, Event, Kind, Leg
from backend.portfolio.engine.exact import add_up
from backend.portfolio.engine.impermanent_loss import PairPrices, PositionHistory, against_holding
from backend.portfolio.engine.uniswap.v2_history import Step, V2Past, past_of
from backend.portfolio.engine.uniswap.v2_position import split_fees
from backend.portfolio.engine.valuation import value_usd
from backend.portfolio.reading import facts_of
from backend.portfolio.schemas import (
    PositionAmountRead,
    PositionHistoryRead,
    PositionMoveRead,
    PositionPartRead,
    PositionRead,
)

NOT_READ = "The history of this wallet on this chain has not been read yet, so what was put in is not known."
NO_ENTRY = "The ledger has no event that entered this position, so what was put in is not known."
STARTS_LATER = "The history of this wallet is known from block {block} on only: what was put in before is not known."
BY_TRANSFER = "A part of this position came or went by a transfer, so what was put in for it is not known."
NO_PRICE = "A price of one of its tokens is not known now."
NO_PAIR = "Impermanent loss is of positions with two tokens."
_PUT_IN = frozenset({Kind.LP_ADD, Kind.SUPPLY, Kind.STAKE})
_TAKEN_OUT = frozenset({Kind.LP_REMOVE, Kind.WITHDRAW, Kind.UNSTAKE})


@requires(Feature.PORTFOLIO)
async def position_history(session: AsyncSession, user: CurrentUser, position: PositionRead) -> PositionHistoryRead:
    """Return what the user's ledger says of a position of the newest snapshot, oldest first.

    `il_*`, `fees_usd` and `net_*` are at the prices of the snapshot; None with `problem` where something is unknown.
    Never raises for what is unknown.
    """
    wallet, name = position.wallet.lower(), telling_identifier(position.identifiers)
    if name is None:
        return history_read(position, [], None, {})
    wanted = ledger.Wanted(wallets=[wallet], chains=[position.chain_id], identifiers={name[0]: name[1]})
    events = await ledger.events_of(session, user.id, wanted)
    moved = ledger.Wanted(wallets=[wallet], chains=[position.chain_id], token=name[1], kinds=[Kind.TRANSFER])
    if name[0] != "token_id":
        events += await ledger.events_of(session, user.id, moved)
    covered = await ledger.coverage_of(session, user.id, [wallet])
    coverage = next((each for each in covered if each.chain_id == position.chain_id), None)
    tokens = {leg.token for event in events for leg in event.legs} | {part.token for part in position.parts}
    facts = await facts_of(session, [(position.chain_id, token) for token in sorted(tokens)])
    decimals = {token: fact.decimals for (_, token), fact in facts.items()}
    return history_read(position, events, coverage, decimals)


def history_read(
    position: PositionRead, events: Sequence[Event], coverage: Coverage | None, decimals: Mapping[str, int | None]
) -> PositionHistoryRead:
    """Return a position's history, pure: from its events (and transfers of its shares) and what is covered."""
    moves = [move for event in _ordered(events) if event.kind is not Kind.TRANSFER for move in _moves(event, decimals)]
    read = PositionHistoryRead(
        entered_at=next((move.at for move in moves if move.kind == "put_in"), None),
        put_in_usd=_sum(move.value_usd for move in moves if move.kind == "put_in"),
        taken_out_usd=_sum(move.value_usd for move in moves if move.kind == "taken_out"),
        collected_usd=_sum(move.value_usd for move in moves if move.kind == "collected"),
        moves=moves,
        problem=_problem(position, events, moves, coverage),
    )
    if read.problem is None:
        _against_holding(read, position, decimals, _ordered(events))
    return read


def _ordered(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda each: (each.happened_at, each.tx_index, each.number))


def _moves(event: Event, decimals: Mapping[str, int | None]) -> list[PositionMoveRead]:
    """Return what an event put in, took out and collected; receipts are no amounts."""
    sides: dict[str, list[Leg]] = {}
    for leg in event.legs:
        if leg.role == "receipt" or leg.amount_raw == 0:
            continue
        if leg.role == "reward" or event.kind is Kind.CLAIM:
            sides.setdefault("collected", []).append(leg)
        elif event.kind in _PUT_IN:
            sides.setdefault("put_in", []).append(leg)
        elif event.kind in _TAKEN_OUT:
            sides.setdefault("taken_out", []).append(leg)
    moves = []
    for kind, legs in sides.items():
        amounts = _amounts(legs, decimals, -1 if kind == "put_in" else 1)
        moves.append(
            PositionMoveRead(
                at=event.happened_at,
                kind=kind,  # type: ignore[arg-type] - the three names above
                chain_id=event.chain_id,
                tx_hash=event.tx_hash,
                block_number=event.block_number,
                amounts=amounts,
                value_usd=_sum(amount.value_usd for amount in amounts),
            )
        )
    return moves


def _amounts(legs: Iterable[Leg], decimals: Mapping[str, int | None], sign: int) -> list[PositionAmountRead]:
    """Return amounts by token: what was put in and what came back are positive."""
    sums: dict[str, int] = {}
    prices: dict[str, tuple[Decimal | None, str | None]] = {}
    for leg in legs:
        sums[leg.token] = sums.get(leg.token, 0) + sign * leg.amount_raw
        if prices.get(leg.token, (None, None))[0] is None:
            prices[leg.token] = leg.price_usd, leg.price_source
    amounts = []
    for token, amount_raw in sums.items():
        price, source = prices[token]
        places = decimals.get(token)
        is_known = places is not None and price is not None
        amounts.append(
            PositionAmountRead(
                token=token,
                amount_raw=str(amount_raw),
                amount=None if places is None else token_amount(amount_raw, places),
                price_usd=price,
                price_source=source,
                value_usd=value_usd(amount_raw, places, price) if is_known else None,  # type: ignore[arg-type]
            )
        )
    return amounts


def _problem(
    position: PositionRead, events: Sequence[Event], moves: Sequence[PositionMoveRead], coverage: Coverage | None
) -> str | None:
    """Return why the whole history is not known, None when it is."""
    if coverage is None or coverage.to_block < coverage.from_block:
        return NOT_READ
    if any(event.kind is Kind.TRANSFER for event in events):
        return BY_TRANSFER
    minted = any(leg.token_id is not None and leg.amount_raw > 0 for event in events for leg in event.legs)
    if not coverage.reached_start and not minted:
        return STARTS_LATER.format(block=f"{coverage.from_block:,}")
    if not any(move.kind == "put_in" for move in moves):
        return NO_ENTRY
    return None


def _against_holding(
    read: PositionHistoryRead, position: PositionRead, decimals: Mapping[str, int | None], events: Sequence[Event]
) -> None:
    """Fill in how a position of two tokens did against holding them, at the prices of the snapshot."""
    parts = {part.token: part for part in position.parts if part.role == "principal"}
    waiting = {part.token: part for part in position.parts if part.role == "fees"}
    named = {amount.token for move in read.moves for amount in move.amounts}
    tokens = sorted({*parts, *waiting, *named})
    if position.kind != "lp" or len(tokens) != 2:
        read.problem = NO_PAIR if position.kind == "lp" else None
        return
    places = [decimals.get(token) for token in tokens]
    prices = [_price(token, parts, waiting) for token in tokens]
    amounts_now = [_amount(parts.get(token)) for token in tokens], [_amount(waiting.get(token)) for token in tokens]
    if None in places or None in (*amounts_now[0], *amounts_now[1]):
        read.problem = position.problem or NO_PRICE
        return
    history = PositionHistory(
        put_in=tuple(_pairs(read.moves, "put_in", tokens)),
        principal_out=tuple(_pairs(read.moves, "taken_out", tokens)),
        fees_collected=tuple(_pairs(read.moves, "collected", tokens)),
    )
    principal = amounts_now[0][0] or 0, amounts_now[0][1] or 0
    fees_waiting = amounts_now[1][0] or 0, amounts_now[1][1] or 0
    if (past := _v2_past(position, events, tokens)) is not None:
        history = PositionHistory(history.put_in, past.principal_out, (*history.fees_collected, *past.fees_out))
        principal, earned = split_fees(past.put_in_x64, principal)
        fees_waiting = fees_waiting[0] + earned[0], fees_waiting[1] + earned[1]
    found = against_holding(
        history,
        principal,
        fees_waiting,
        PairPrices(places[0] or 0, places[1] or 0, prices[0], prices[1]),
    )
    if found is None:
        read.problem = NO_PRICE
        return
    read.hold_usd, read.position_usd, read.fees_usd = found.hold_usd, found.position_usd, found.fees_usd
    read.il_usd, read.il_pct, read.net_usd, read.net_pct = found.il_usd, found.il_pct, found.net_usd, found.net_pct


def _v2_past(position: PositionRead, events: Sequence[Event], tokens: Sequence[str]) -> V2Past | None:
    """Return the past of a position whose fees stay in the pool; None for others, and where LP tokens are missing."""
    if "token_id" in position.identifiers:
        return None
    steps = []
    for event in events:
        if event.kind not in (Kind.LP_ADD, Kind.LP_REMOVE):
            continue
        lp_raw = sum(leg.amount_raw for leg in event.legs if leg.role == "receipt")
        if (lp_raw > 0) != (event.kind is Kind.LP_ADD) or lp_raw == 0:
            return None
        moved = [sum(leg.amount_raw for leg in event.legs if leg.token == token) for token in tokens]
        steps.append(Step(lp_raw, (abs(moved[0]), abs(moved[1]))))
    return past_of(steps)


def _pairs(moves: Iterable[PositionMoveRead], kind: str, tokens: Sequence[str]) -> Iterable[tuple[int, int]]:
    for move in moves:
        if move.kind == kind:
            amounts = {amount.token: int(amount.amount_raw) for amount in move.amounts}
            yield amounts.get(tokens[0], 0), amounts.get(tokens[1], 0)


def _amount(part: PositionPartRead | None) -> int | None:
    """Return the units of a part: nothing where there is none, None where they are unknown."""
    if part is None:
        return 0
    return None if part.amount_raw is None else int(part.amount_raw)


def _price(token: str, *sides: Mapping[str, PositionPartRead]) -> Decimal | None:
    return next((side[token].price_usd for side in sides if token in side), None)


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum, None when a part of it is unknown."""
    known = list(values)
    return None if None in known else add_up(value for value in known if value is not None)
