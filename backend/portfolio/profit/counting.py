"""What holdings cost and made as of a snapshot: from the ledger's events to figures by asset and position. Pure.

The ledger's lots stand beside what the wallets hold as of the snapshot's blocks: what is held beyond them was held
before the covered history, at an unknown cost; lots of what is not held any more are taken out, without a profit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import chain_name
from backend.core.money import token_amount
from backend.ledger.engine.accounting import Accounted, PositionKey, Setting, account, known_cost, position_key
from backend.ledger.engine.books import AssetAccount, Origin
from backend.ledger.engine.lots import Lot
from backend.ledger.engine.valuing import Asset, ValuedEvent
from backend.ledger.events import Coverage, Kind
from backend.portfolio.engine.exact import EXACT, USD_QUANTUM, add_up, percent
from backend.portfolio.engine.flows import movements
from backend.portfolio.engine.profit import unrealised_profit
from backend.portfolio.engine.valuation import value_usd
from backend.portfolio.profit.past import Past, positions_of, receipts_of
from backend.portfolio.profit.schemas import (
    AssetProfitRead,
    LotRead,
    PositionProfitRead,
    ProfitRead,
    SumRead,
    TradeRead,
)
from backend.portfolio.reading import TokenFacts
from backend.portfolio.snapshots.records import AssetPart, Snapshot

MOST_LOTS = 5_000
_UNKNOWN = TokenFacts(None, None)


@dataclass(frozen=True, slots=True)
class AssetCount:
    """One asset: its figures, its lots (the earliest first) and its trades."""

    figures: AssetProfitRead
    lots: list[LotRead]
    trades: list[TradeRead]


@dataclass(frozen=True, slots=True)
class Counted:
    """All figures of a portfolio as of a snapshot."""

    totals: ProfitRead
    assets: list[AssetCount]


def count(snapshot: Snapshot, past: Past, now: datetime) -> Counted:
    """Return profit and loss as of a snapshot."""
    blocks = {part.chain_id: part.block_number for part in snapshot.chains if part.block_number is not None}
    events = [
        each
        for each in past.valued
        if each.event.chain_id not in blocks or each.event.block_number <= blocks[each.event.chain_id]
    ]
    found = account(events, _setting(snapshot, past, events, blocks))
    direct: dict[Asset, list[AssetPart]] = {}
    for part in snapshot.assets:
        if part.position is None and part.nft is None:
            direct.setdefault(Asset(part.chain_id, part.token), []).append(part)
    wanted = [asset for asset in found.assets if asset.token_id is None]
    assets = [
        _asset(asset, direct.get(asset, []), found, past)
        for asset in sorted({*direct, *wanted})
        if asset in direct or _made_something(found.assets[asset].account)
    ]
    positions = _positions(snapshot, found, past)
    return Counted(_totals(snapshot, assets, positions, _gaps(snapshot, past, blocks), found, now), assets)


def _setting(snapshot: Snapshot, past: Past, events: Sequence[ValuedEvent], blocks: Mapping[int, int]) -> Setting:
    moved: dict[Asset, int] = {}
    for (_, asset), amount in movements(events, NATIVE_TOKEN).items():
        moved[asset] = moved.get(asset, 0) + amount
    held: dict[Asset, int] = {}
    unknown: set[Asset] = set()
    for part in snapshot.assets:
        if part.position is None and part.nft is None:
            asset = Asset(part.chain_id, part.token)
            held[asset] = held.get(asset, 0) + (part.amount_raw or 0)
            if part.amount_raw is None:
                unknown.add(asset)
    receipts = {
        Asset(key.chain_id, token) for key, parts in positions_of(snapshot).items() for token in receipts_of(parts)
    }
    rest = {
        asset: amount - moved.get(asset, 0)
        for asset, amount in held.items()
        if asset not in unknown and asset not in receipts
    }
    first: dict[int, datetime] = {part.chain_id: part.taken_at for part in snapshot.chains if part.taken_at}
    for each in events:
        at = each.event.happened_at
        first[each.event.chain_id] = min(at, first.get(each.event.chain_id, at))
    return Setting(
        wallets=past.wallets,
        native=NATIVE_TOKEN,
        opening_raw={asset: amount for asset, amount in rest.items() if amount > 0 and asset.chain_id in first},
        opening_at=first,
        gone_raw={asset: -amount for asset, amount in rest.items() if amount < 0},
        whole_chains=_whole_chains(past, blocks),
        open_positions=_open(snapshot, events),
    )


def _whole_chains(past: Past, blocks: Mapping[int, int]) -> frozenset[int]:
    """Return the chains whose whole history is known, of every wallet, up to the snapshot's block."""
    by_chain: dict[int, list[Coverage]] = {}
    for each in past.coverage:
        if each.wallet in past.wallets:
            by_chain.setdefault(each.chain_id, []).append(each)
    return frozenset(
        chain_id
        for chain_id, block in blocks.items()
        if chain_id in by_chain
        and {each.wallet for each in by_chain[chain_id]} == past.wallets
        and all(each.reached_start and each.to_block >= block for each in by_chain[chain_id])
    )


def _open(snapshot: Snapshot, events: Sequence[ValuedEvent]) -> frozenset[PositionKey]:
    """Return the positions that are not known to be closed.

    Only of positions with a token of their own, which their protocol's reader lists one by one, does it say anything
    that one is not in the snapshot.
    """
    standing = set(positions_of(snapshot))
    read = {(key.chain_id, key.protocol) for key in standing}
    for each in events:
        if each.event.kind in (Kind.LP_ADD, Kind.SUPPLY, Kind.STAKE, Kind.UNSTAKE, Kind.WITHDRAW, Kind.LP_REMOVE):
            key = position_key(each.event)
            burned = snapshot.is_complete and (key.chain_id, key.protocol) in read
            if not (key.name.startswith("token_id:") and burned):
                standing.add(key)
    return frozenset(standing)


def _made_something(books: AssetAccount) -> bool:
    return bool(books.realised or books.income or books.fees or books.debt_gains)


def _asset(asset: Asset, parts: Sequence[AssetPart], found: Accounted, past: Past) -> AssetCount:
    outcome = found.assets.get(asset)
    fact = past.facts.get((asset.chain_id, asset.token), _UNKNOWN)
    symbol = next((part.symbol for part in parts if part.symbol), fact.symbol)
    decimals = next((part.decimals for part in parts if part.decimals is not None), fact.decimals)
    priced = next((part for part in parts if part.price_usd is not None), None)
    price = priced.price_usd if priced else None
    lots = outcome.lots if outcome and parts else ()
    known_raw, cost, unknown_raw = known_cost(lots)
    amount = None if any(part.amount_raw is None for part in parts) else sum(part.amount_raw or 0 for part in parts)
    held = unrealised_profit([lot for lot in lots if lot.cost is not None], decimals, price)
    whole = None if decimals is None else token_amount(known_raw, decimals)
    books = outcome.account if outcome else None
    figures = AssetProfitRead(
        chain_id=asset.chain_id,
        chain=chain_name(asset.chain_id),
        token=asset.token,
        symbol=symbol,
        decimals=decimals,
        amount_raw=None if amount is None else str(amount),
        amount=None if amount is None or decimals is None else token_amount(amount, decimals),
        price_usd=price,
        price_source=priced.price_source if priced else None,
        price_taken_at=priced.price_taken_at if priced else None,
        value_usd=_all(part.value_usd for part in parts),
        cost_usd=None if unknown_raw or amount is None else cost,
        known_amount=whole,
        unknown_amount=None if decimals is None else token_amount(unknown_raw, decimals),
        known_cost_usd=cost if known_raw else None,
        average_cost_usd=EXACT.quantize(EXACT.divide(cost, whole), USD_QUANTUM) if whole else None,
        unrealised_usd=held.usd if known_raw else None,
        unrealised_pct=held.pct if known_raw else None,
        realised=_sum([made.gain for made in (*books.realised, *books.debt_gains)] if books else []),
        income=_sum([made.value_usd for made in books.income] if books else []),
        fees=_sum([made.value_usd for made in books.fees] if books else []),
        left_with_transfers=_sum([made.gain for made in books.left if made.event_id] if books else []),
        notes=sorted(books.notes) if books else [],
    )
    return AssetCount(figures, _lots(lots[:MOST_LOTS], decimals, price, found.origins), _trades(books, decimals))


def _lots(
    lots: Iterable[Lot], decimals: int | None, price: Decimal | None, origins: Mapping[str, Origin]
) -> list[LotRead]:
    read = []
    for lot in lots:
        worth = None if decimals is None or price is None else value_usd(lot.amount_raw, decimals, price)
        is_before = origins.get(lot.id) == "held before"
        read.append(
            LotRead(
                acquired_at=None if is_before else lot.acquired_at,
                origin=origins.get(lot.id, "bought"),
                amount_raw=str(lot.amount_raw),
                amount=None if decimals is None else token_amount(lot.amount_raw, decimals),
                cost_usd=lot.cost,
                value_usd=worth,
                gain_usd=None if worth is None or lot.cost is None else EXACT.subtract(worth, lot.cost),
            )
        )
    return read


def _trades(books: AssetAccount | None, decimals: int | None) -> list[TradeRead]:
    if books is None or decimals is None:
        return []
    read = []
    for trade in books.trades[-MOST_LOTS:]:
        amount = token_amount(trade.amount_raw, decimals)
        value = trade.value_usd
        read.append(
            TradeRead(
                at=trade.at,
                side=trade.side,
                amount=amount,
                value_usd=value,
                price_usd=None if value is None or not amount else EXACT.quantize(value / amount, USD_QUANTUM),
            )
        )
    return read


def _positions(snapshot: Snapshot, found: Accounted, past: Past) -> list[PositionProfitRead]:
    """Return what positions cost and are worth; those that one token of several wallets stands for are one."""
    groups: dict[tuple[int, str, str], tuple[list[AssetPart], set[Asset], set[PositionKey]]] = {}
    for key, parts in positions_of(snapshot).items():
        own = [part for part in parts if part.position and part.position.role != "debt"]
        if own:
            name = key.name if not key.name.startswith("token_id:") else f"{key.wallet}:{key.name}"
            named, receipts, keys = groups.setdefault((key.chain_id, key.protocol, name), ([], set(), set()))
            named += own
            keys.add(key)
            # What is staked is not in the wallet: tokens of the same kind there are another position's.
            in_wallet = [part for part in own if part.position and "contract" not in part.position.identifiers]
            receipts |= {Asset(key.chain_id, token) for token in receipts_of(in_wallet)}
    read = []
    for (chain_id, protocol, name), (parts, receipts, keys) in sorted(groups.items()):
        lots = [lot for asset in receipts if asset in found.assets for lot in found.assets[asset].lots]
        lots += [lot for each in found.assets.values() for key, lot in each.inside if key in keys]
        known_raw, cost, unknown_raw = known_cost(lots)
        worth = _all(part.value_usd for part in parts)
        is_known = bool(known_raw) and not unknown_raw
        gain = EXACT.subtract(worth, cost) if is_known and worth is not None else None
        read.append(
            PositionProfitRead(
                chain_id=chain_id,
                protocol=protocol,
                name=name,
                value_usd=worth,
                cost_usd=cost if is_known else None,
                unrealised_usd=gain,
                unrealised_pct=None if gain is None else percent(gain, cost),
            )
        )
    return read


def _gaps(snapshot: Snapshot, past: Past, blocks: Mapping[int, int]) -> list[str]:
    """Return what of the history is not known, in words, a line a chain."""
    gaps = []
    for part in snapshot.chains:
        covered = [each for each in past.coverage if each.chain_id == part.chain_id and each.wallet in past.wallets]
        read = [each for each in covered if each.to_block >= each.from_block]
        if not read:
            if any(each.chain_id == part.chain_id for each in snapshot.assets):
                gaps.append(f"The history on {chain_name(part.chain_id)} has not been read yet.")
            continue
        behind = min(each.to_block for each in read)
        if behind < blocks.get(part.chain_id, 0):
            gaps.append(f"The history on {chain_name(part.chain_id)} is read up to block {behind:,}.")
        begins = max(each.from_block for each in read)
        if not all(each.reached_start for each in read):
            gaps.append(
                f"The history on {chain_name(part.chain_id)} is known from block {begins:,} on: what was held before"
                " has an unknown cost."
            )
        if not all(each.native_is_known for each in read):
            gaps.append(
                f"On {chain_name(part.chain_id)} the chain's own currency is not seen when it moves inside of calls."
            )
    return gaps


def _totals(
    snapshot: Snapshot,
    assets: Sequence[AssetCount],
    positions: list[PositionProfitRead],
    gaps: list[str],
    found: Accounted,
    now: datetime,
) -> ProfitRead:
    figures = [each.figures for each in assets]
    held = [each for each in figures if each.value_usd is not None and each.amount_raw not in (None, "0")]
    gains = [each.unrealised_usd for each in held] + [each.unrealised_usd for each in positions]
    costs = [each.known_cost_usd for each in held] + [each.cost_usd for each in positions]
    owing = _debts(snapshot, found)
    unrealised = _sum([*gains, *owing])
    unrealised.unknown += sum(each.unknown_amount not in (None, 0) and each.unrealised_usd is not None for each in held)
    known_cost_usd = add_up(cost for cost in costs if cost is not None)
    return ProfitRead(
        taken_at=snapshot.taken_at,
        computed_at=now,
        method="fifo",
        cost=_sum(costs),
        unrealised=unrealised,
        unrealised_pct=percent(unrealised.usd, known_cost_usd),
        realised=_added(each.realised for each in figures),
        income=_added(each.income for each in figures),
        fees=_added(each.fees for each in figures),
        left_with_transfers=_added(each.left_with_transfers for each in figures),
        unmatched_bridges=len(found.unmatched_bridges),
        positions=positions,
        gaps=gaps,
    )


def _debts(snapshot: Snapshot, found: Accounted) -> list[Decimal | None]:
    """Return what debts made: what they were worth when they were made less what they are worth now."""
    owed: dict[Asset, list[Decimal | None]] = {}
    for part in snapshot.assets:
        if part.position is not None and part.position.role == "debt":
            owed.setdefault(Asset(part.chain_id, part.token), []).append(part.value_usd)
    gains: list[Decimal | None] = []
    for asset, values in owed.items():
        worth = _all(values)
        lots = found.assets[asset].debts if asset in found.assets else ()
        known_raw, cost, unknown_raw = known_cost(lots)
        gains.append(EXACT.add(cost, worth) if worth is not None and known_raw and not unknown_raw else None)
    return gains


def _all(values: Iterable[Decimal | None]) -> Decimal | None:
    known = list(values)
    return None if None in known else add_up(value for value in known if value is not None)


def _sum(values: Sequence[Decimal | None]) -> SumRead:
    known = [value for value in values if value is not None]
    return SumRead(usd=add_up(known), known=len(known), unknown=len(values) - len(known))


def _added(sums: Iterable[SumRead]) -> SumRead:
    every = list(sums)
    return SumRead(
        usd=add_up(each.usd for each in every),
        known=sum(each.known for each in every),
        unknown=sum(each.unknown for each in every),
    )
