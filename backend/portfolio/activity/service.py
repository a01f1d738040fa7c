"""What happened to the wallets of a portfolio: events with names, amounts and worth, and how far they are known."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import chain_name, find_chain
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, NotFoundError
from backend.core.money import token_amount
from backend.ledger import service as ledger
from backend.ledger.events import Approval, Coverage, Event, Kind, Leg
from backend.ledger.service import Place, Wanted
from backend.portfolio.activity.schemas import (
    ActivityList,
    ActivityRead,
    ApprovalRead,
    CoverageRead,
    LegRead,
)
from backend.portfolio.discovery import repository as discovery_repository
from backend.portfolio.engine.valuation import known_value_usd
from backend.portfolio.reading import TokenFacts, facts_of
from backend.portfolio.wallets import repository as wallets_repository

__all__ = [
    "Kind",
    "Names",
    "Page",
    "Wanted",
    "activity_of",
    "find_activity",
    "list_activity",
    "page_of",
    "protocols_of",
]
MOST_SHOWN = 200
Facts = Mapping[tuple[int, str], TokenFacts]


@dataclass(frozen=True, slots=True)
class Names:
    """What the user calls their wallets, by address in lower case."""

    wallets: Mapping[str, str]

    def of(self, wallet: str) -> str | None:
        """Return what a wallet is called, None when it has no name."""
        return self.wallets.get(wallet) or None


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the events, and how many there are."""

    events: list[ActivityRead]
    total: int


@requires(Feature.PORTFOLIO)
async def list_activity(
    session: AsyncSession, user: CurrentUser, wanted: Wanted, cursor: str | None, limit: int
) -> ActivityList:
    """Return events of the user's wallets, the newest first, from behind a cursor on. Raises InvalidInputError."""
    names = await _names(session)
    wanted = await _visible(session, user, wanted)
    after = None if cursor is None else place_of_cursor(cursor)
    found = await ledger.events_of(session, user.id, wanted, after=after, newest_first=True, limit=limit + 1)
    shown, more = found[:limit], len(found) > limit
    return ActivityList(
        items=await _reads(session, shown, names),
        total=await ledger.count_of(session, user.id, wanted),
        next_cursor=cursor_of(shown[-1]) if more else None,
        coverage=[_coverage(each, names) for each in await ledger.coverage_of(session, user.id)],
    )


@requires(Feature.PORTFOLIO)
async def page_of(session: AsyncSession, user: CurrentUser, wanted: Wanted, offset: int, limit: int) -> Page:
    """Return events of the user's wallets from a place on, the newest first: for lists that scroll."""
    wanted = await _visible(session, user, wanted)
    found = await ledger.events_of(session, user.id, wanted, newest_first=True, limit=limit, offset=offset)
    reads = await _reads(session, found, await _names(session))
    return Page(reads, await ledger.count_of(session, user.id, wanted))


@requires(Feature.PORTFOLIO)
async def find_activity(session: AsyncSession, user: CurrentUser, event_id: UUID) -> ActivityRead:
    """Return one event. Raises NotFoundError."""
    event = await ledger.event_of(session, user.id, event_id)
    if event is None:
        raise NotFoundError("There is no such event. Its block may have been dropped by the chain.")
    return (await _reads(session, [event], await _names(session)))[0]


@requires(Feature.PORTFOLIO)
async def activity_of(session: AsyncSession, user: CurrentUser) -> list[CoverageRead]:
    """Return how far what happened to the user's wallets is known, by wallet and chain."""
    names = await _names(session)
    return [_coverage(each, names) for each in await ledger.coverage_of(session, user.id)]


@requires(Feature.PORTFOLIO)
async def protocols_of(session: AsyncSession, user: CurrentUser) -> list[str]:
    """Return the protocols that there are events with, by name."""
    return await ledger.protocols_of(session, user.id)


async def _names(session: AsyncSession) -> Names:
    rows = await wallets_repository.list_wallets(session)
    return Names({row.address: row.label or row.ens_name or "" for row in rows})


async def _visible(session: AsyncSession, user: CurrentUser, wanted: Wanted) -> Wanted:
    """Leave out transfers of nothing but hidden tokens, unless one of these is asked for."""
    if wanted.token is not None:
        return wanted
    rows = await discovery_repository.tokens_of(session, [user.id])
    hidden = {(row.chain_id, row.token) for row in rows if row.is_spam}
    return replace(wanted, without=sorted(hidden)) if hidden else wanted


async def _reads(session: AsyncSession, events: Sequence[Event], names: Names) -> list[ActivityRead]:
    tokens = {(event.chain_id, each.token) for event in events for each in (*event.legs, *event.approvals)}
    facts = await facts_of(session, sorted(tokens)) if tokens else {}
    return [_read(event, facts, names) for event in events]


def _read(event: Event, facts: Facts, names: Names) -> ActivityRead:
    chain = find_chain(event.chain_id)
    legs = [_leg(event.chain_id, leg, facts) for leg in event.legs]
    decimals = chain.currency.decimals if chain else None
    # A receipt stands for what went or came beside it: counted too, that would be there twice.
    worth = [(leg.value_usd, int(leg.amount_raw)) for leg in legs if leg.role != "receipt"]
    return ActivityRead(
        id=event.id,
        wallet=event.wallet,
        wallet_name=names.of(event.wallet),
        chain_id=event.chain_id,
        chain=chain_name(event.chain_id),
        kind=event.kind,
        happened_at=event.happened_at,
        block_number=event.block_number,
        block_hash=event.block_hash,
        tx_hash=event.tx_hash,
        tx_url=chain.transaction_url(event.tx_hash) if chain else None,
        tx_index=event.tx_index,
        number=event.number,
        source=event.source,
        protocol=event.protocol,
        counterparty=event.counterparty,
        identifiers=dict(event.identifiers) if event.identifiers else None,
        method=event.method,
        succeeded=event.succeeded,
        legs=legs,
        approvals=[_approval(event.chain_id, each, facts) for each in event.approvals],
        fee_wei=None if event.fee_wei is None else str(event.fee_wei),
        fee_usd=Decimal(0) if event.fee_wei == 0 else known_value_usd(event.fee_wei, decimals, event.fee_price_usd),
        came_usd=_sum(value for value, raw in worth if raw > 0),
        went_usd=_sum(None if value is None else -value for value, raw in worth if raw < 0),
        problem=event.problem,
    )


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = list(values)
    found = [value for value in known if value is not None]
    return sum(found, Decimal(0)) if len(found) == len(known) else None


def _leg(chain_id: int, leg: Leg, facts: Facts) -> LegRead:
    about = facts.get((chain_id, leg.token), TokenFacts(None, None))
    decimals = 0 if leg.token_id is not None else about.decimals
    return LegRead(
        token=leg.token,
        symbol=about.symbol,
        decimals=decimals,
        token_id=None if leg.token_id is None else str(leg.token_id),
        amount_raw=str(leg.amount_raw),
        amount=None if decimals is None else token_amount(leg.amount_raw, decimals),
        role=leg.role,
        counterparty=leg.counterparty,
        log_index=leg.log_index,
        price_usd=leg.price_usd,
        price_source=leg.price_source,
        priced_at=leg.priced_at,
        value_usd=known_value_usd(leg.amount_raw, decimals, leg.price_usd),
    )


def _approval(chain_id: int, approval: Approval, facts: Facts) -> ApprovalRead:
    about = facts.get((chain_id, approval.token), TokenFacts(None, None))
    return ApprovalRead(
        token=approval.token,
        symbol=about.symbol,
        spender=approval.spender,
        amount_raw=None if approval.amount_raw is None else str(approval.amount_raw),
        token_id=None if approval.token_id is None else str(approval.token_id),
    )


def _coverage(covered: Coverage, names: Names) -> CoverageRead:
    is_empty = covered.to_block < covered.from_block
    return CoverageRead(
        wallet=covered.wallet,
        wallet_name=names.of(covered.wallet),
        chain_id=covered.chain_id,
        chain=chain_name(covered.chain_id),
        state="failing" if covered.problem else "reading" if is_empty else "read",
        from_block=None if is_empty else covered.from_block,
        to_block=None if is_empty else covered.to_block,
        to_block_at=covered.to_block_at,
        reached_start=covered.reached_start and not is_empty,
        native_is_known=covered.native_is_known and not is_empty,
        source=covered.source,
        checked_at=covered.checked_at,
        problem=covered.problem,
    )


def cursor_of(event: Event) -> str:
    """Return where a page ended, for the next request."""
    place = ledger.place_of(event)
    values = [place.happened_at.isoformat(), place.chain_id, place.block_number, place.tx_index, place.number]
    return base64.urlsafe_b64encode(orjson.dumps([*values, str(place.id)])).decode().rstrip("=")


def place_of_cursor(cursor: str) -> Place:
    """Return the place that a cursor names. Raises InvalidInputError."""
    try:
        at, *numbers, id_ = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
        chain_id, block, index, number = (each for each in numbers if type(each) is int and 0 <= each < 2**53)
        if moment.tzinfo is None or index >= 2**31 or number >= 2**31 or moment.year > utc_now().year + 100:
            raise ValueError(cursor)
        return Place(moment, chain_id, block, index, number, UUID(id_))
    except (ValueError, TypeError, AttributeError, binascii.Error):
        words = "Take the cursor from the answer before, as it is."
        raise InvalidInputError("This is no cursor of this list.", {"cursor": words}) from None


def symbol_of(leg: LegRead | ApprovalRead, chain_id: int) -> str:
    """Return what a token is called: untrusted text made fit to show, else the chain's currency or the contract."""
    if leg.symbol:
        return formats.untrusted_text(leg.symbol)
    chain = find_chain(chain_id)
    if leg.token == NATIVE_TOKEN and chain is not None:
        return chain.currency.symbol
    return formats.address(leg.token)
