"""A user's snapshot from what was read and what things cost: pure but for the clock of a chain that stands still.

What could not be read shows its last known amounts and value as of then, or is unknown; it is never zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import find_chain
from backend.core import formats
from backend.core.clock import from_unix
from backend.portfolio.balances import checker
from backend.portfolio.balances.sheet import ChainBalances
from backend.portfolio.engine.valuation import known_value_usd
from backend.portfolio.nfts.pieces import Wanted
from backend.portfolio.nfts.reading import ChainNfts
from backend.portfolio.nfts.taking import held_nfts, nfts_need_last
from backend.portfolio.positions import ChainPositions, parts_of
from backend.portfolio.prices import Key, Price
from backend.portfolio.protocols.base import Part, Position
from backend.portfolio.reading import TokenFacts
from backend.portfolio.snapshots.records import AssetPart, ChainPart, HeldIn, Snapshot, make_snapshot

STABLECOIN, NATIVE, TOKEN = "stablecoin", "native", "token"
HALTED_LEAST = timedelta(minutes=10)
HALTED_BLOCKS = 50
# What is a token's own doing says nothing about what the wallet holds of value.
_TOKENS_FAULT = frozenset(
    checker.PROBLEMS[each] for each in (checker.REVERTED, checker.USED_UP, checker.NO_CONTRACT, checker.NO_NUMBER)
)


@dataclass(frozen=True, slots=True)
class Amounts:
    """One chain as it was read: amounts by (wallet, token), and why some are None; positions in protocols; NFTs."""

    sheet: ChainBalances
    amounts: Mapping[tuple[str, str], int | None]
    problems: Mapping[tuple[str, str], str]
    positions: ChainPositions
    nfts: ChainNfts

    @classmethod
    def of(cls, sheet: ChainBalances, positions: ChainPositions, nfts: ChainNfts) -> "Amounts":
        """Return a sheet for looking up, with the positions and NFTs read as of its block."""
        pairs = sheet.pairs
        wallets = [pairs.wallets[place] for place in pairs.wallet_at.tolist()]
        tokens = [pairs.tokens[place] for place in pairs.token_at.tolist()]
        keys = list(zip(wallets, tokens, strict=True))
        problems = {keys[place]: problem for place, problem in sheet.problems.items()}
        return cls(sheet, dict(zip(keys, sheet.amounts, strict=True)), problems, positions, nfts)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that snapshots of many users are made of; `floors` are the prices of NFT collections."""

    chains: Mapping[int, Amounts]
    facts: Mapping[Key, TokenFacts]
    quotes: Mapping[Key, Price]
    stablecoins: frozenset[Key]
    floors: Mapping[Key, Price]


@dataclass(frozen=True, slots=True)
class ChainTaken:
    """A user's part of one chain: its state, what is held there, and whether all of that is known as of now."""

    part: ChainPart
    held: list[AssetPart]
    is_complete: bool


def needs_last(chain_id: int, pairs: Sequence[tuple[str, str]], nfts: Sequence[Wanted], known: Knowledge) -> bool:
    """Return whether the last snapshot is needed: the chain or an amount was not read, or a holding has no price."""
    chain = known.chains[chain_id]
    if chain.sheet.block is None or chain.positions.problem is not None:
        return True
    if any((chain_id, token) not in known.quotes for token in chain.positions.tokens()):
        return True
    for pair in pairs:
        amount = chain.amounts[pair]
        if amount is None or (amount and (chain_id, pair[1]) not in known.quotes):
            return True
    return nfts_need_last(chain_id, nfts, chain.nfts, known.floors)


def chain_taken(
    chain_id: int,
    pairs: Sequence[tuple[str, str]],
    nfts: Sequence[Wanted],
    known: Knowledge,
    last: Snapshot | None,
    now: datetime,
) -> ChainTaken:
    """Return a user's part of a chain.

    It is complete when the chain was read just now, every amount is known (but those that a token which was never held
    refuses to say), and nothing lost the price that it had in the last snapshot.
    """
    read = known.chains[chain_id]
    if read.sheet.block is None:
        part, held = _as_before(chain_id, read.sheet.problem, last)
        return ChainTaken(part, held, False)
    part = _chain_part(read.sheet, now)
    problem = read.positions.problem or read.nfts.problem
    if problem is not None and part.problem is None:
        part = replace(part, problem=problem)
    held, sound = _held(chain_id, pairs, known, last)
    inside, known_inside = _inside(chain_id, pairs, known, last)
    pieces, known_pieces = held_nfts(chain_id, nfts, read.nfts, known.floors, _earlier(chain_id, last))
    is_complete = sound and known_inside and known_pieces and part.state == "fresh"
    return ChainTaken(part, held + inside + pieces, is_complete)


def snapshot_of(user_id: UUID, taken: Sequence[ChainTaken], taken_at: datetime) -> Snapshot:
    """Return the user's snapshot, made of their part of each chain."""
    return make_snapshot(
        user_id,
        taken_at,
        [each.part for each in taken],
        [held for each in taken for held in each.held],
        is_complete=all(each.is_complete for each in taken),
    )


def _chain_part(sheet: ChainBalances, now: datetime) -> ChainPart:
    assert sheet.block is not None
    taken_at = from_unix(sheet.block.taken_at)
    chain = find_chain(sheet.chain_id)
    seconds = chain.expected_block_seconds if chain else 12.0
    silent = now - taken_at > max(HALTED_LEAST, timedelta(seconds=HALTED_BLOCKS * seconds))
    return ChainPart(
        chain_id=sheet.chain_id,
        value_usd=None,  # the sum of the holdings, see make_snapshot
        block_number=sheet.block.number,
        block_hash=sheet.block.hash,
        taken_at=taken_at,
        state="stale" if silent else "fresh",
        problem=f"The chain has made no block since {formats.iso(taken_at)}." if silent else None,
    )


def _as_before(chain_id: int, problem: str | None, last: Snapshot | None) -> tuple[ChainPart, list[AssetPart]]:
    """Return a chain that could not be read as the last snapshot has it, with its age; unknown where that has none."""
    before = None if last is None else next((each for each in last.chains if each.chain_id == chain_id), None)
    if last is None or before is None or before.state == "unknown":
        unknown = ChainPart(
            chain_id=chain_id,
            value_usd=None,
            block_number=None,
            block_hash=None,
            taken_at=None,
            state="unknown",
            problem=problem,
        )
        return unknown, []
    part = ChainPart(
        chain_id=chain_id,
        value_usd=None,
        block_number=before.block_number,
        block_hash=before.block_hash,
        taken_at=before.taken_at,
        state="stale",
        problem=problem,
    )
    return part, [each for each in last.assets if each.chain_id == chain_id]


def _held(
    chain_id: int, pairs: Sequence[tuple[str, str]], known: Knowledge, last: Snapshot | None
) -> tuple[list[AssetPart], bool]:
    """Return what the wallets hold on a chain that was read, and whether all of it is known."""
    read = known.chains[chain_id]
    before = {(each.wallet, each.token): each for each in _tokens(_earlier(chain_id, last))}
    explained = _explained(read.positions, {wallet for wallet, _ in pairs})
    parts: list[AssetPart] = []
    sound = True
    for wallet, token in pairs:
        amount = read.amounts[wallet, token]
        if amount is not None:
            amount = max(0, amount - explained.get((wallet, token), 0))  # the rest is counted with a position
        earlier = before.get((wallet, token))
        if amount == 0:
            continue
        if amount is None:
            if earlier is None and read.problems.get((wallet, token)) in _TOKENS_FAULT:
                continue
            sound = False
        part = _part(chain_id, wallet, token, amount, known)
        had_price = earlier is not None and earlier.price_usd is not None
        sound = sound and not (part.price_usd is None and had_price)
        parts.append(part)
    return parts, sound


def _part(chain_id: int, wallet: str, token: str, amount: int | None, known: Knowledge) -> AssetPart:
    key = (chain_id, token)
    facts = known.facts.get(key, TokenFacts(None, None))
    quote = known.quotes.get(key)
    erc20 = STABLECOIN if key in known.stablecoins else TOKEN
    return AssetPart(
        chain_id=chain_id,
        token=token,
        wallet=wallet,
        symbol=facts.symbol,
        decimals=facts.decimals,
        amount_raw=amount,
        price_usd=quote.price_usd if quote else None,
        price_source=quote.source if quote else None,
        price_detail=(quote.detail or None) if quote else None,
        price_taken_at=quote.taken_at if quote else None,
        value_usd=known_value_usd(amount, facts.decimals, quote.price_usd if quote else None),
        category=NATIVE if token == NATIVE_TOKEN else erc20,
    )


def _earlier(chain_id: int, last: Snapshot | None) -> list[AssetPart]:
    return [each for each in last.assets if each.chain_id == chain_id] if last else []


def _tokens(parts: Sequence[AssetPart]) -> list[AssetPart]:
    """Return the holdings that are in the wallet itself and are no NFTs."""
    return [each for each in parts if each.position is None and each.nft is None]


def _explained(positions: ChainPositions, wallets: set[str]) -> dict[tuple[str, str], int]:
    """Return the units of tokens that positions of the wallets stand for, by (wallet, token)."""
    return {
        (wallet, token): amount
        for wallet in wallets
        for position in positions.by_wallet.get(wallet, ())
        for token, amount in (position.receipts or {}).items()
    }


def _inside(
    chain_id: int, pairs: Sequence[tuple[str, str]], known: Knowledge, last: Snapshot | None
) -> tuple[list[AssetPart], bool]:
    """Return the parts of the wallets' positions, and whether all of that is known.

    A vault counts only for a user who reads its shares, that is, vouches for them. When positions could not be read,
    those of the last snapshot are there with unknown amounts.
    """
    read = known.chains[chain_id]
    earlier = [each for each in _earlier(chain_id, last) if each.position is not None]
    if read.positions.problem is not None:
        return [replace(each, amount_raw=None, value_usd=None) for each in earlier], False
    had_price = {(each.wallet, each.protocol, each.token) for each in earlier if each.price_usd is not None}
    wanted = set(pairs)
    parts: list[AssetPart] = []
    sound = True
    for wallet in dict.fromkeys(wallet for wallet, _ in pairs):
        for position in read.positions.by_wallet.get(wallet, ()):
            if position.kind == "vault" and not all((wallet, token) in wanted for token in position.receipts or {}):
                continue
            sound = sound and position.problem is None
            for part, role in parts_of(position):
                made = _position_part(position, part, role, known)
                lost = made.price_usd is None and (wallet, made.protocol, made.token) in had_price
                sound = sound and not lost
                parts.append(made)
    return parts, sound


def _position_part(position: Position, part: Part, role: str, known: Knowledge) -> AssetPart:
    return replace(
        _part(position.chain_id, position.wallet, part.token, part.amount_raw, known),
        category=position.kind,
        protocol=position.protocol,
        position=HeldIn(
            kind=position.kind,
            role=role,
            identifiers=dict(position.identifiers or {}),
            health_factor=position.health_factor,
            problem=position.problem,
        ),
    )
