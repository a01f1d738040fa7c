"""What is to be read for users, chain by chain; and what tokens call themselves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import find_chain
from backend.chain.service import KnownToken, known_tokens
from backend.portfolio.balances.pairs import Pairs
from backend.portfolio.discovery import repository as discovery_repository
from backend.portfolio.nfts import repository as nfts_repository
from backend.portfolio.nfts.pieces import Wanted
from backend.portfolio.wallets import repository

KNOWN_TOKENS_READ = 100  # the priced ones of a chain that are read for everybody, whether they were seen there or not


@dataclass(slots=True)
class UserReading:
    """The wallets of a user and what is read of each: by chain, (wallet, token) in the order of the wallets.

    `suspect` are the pairs that the spam filter left out, `nfts` the collections that it did not.
    """

    user_id: UUID
    wanted: dict[int, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    suspect: dict[int, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    nfts: dict[int, list[Wanted]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """How a token is shown and counted; None where its contract says nothing usable."""

    symbol: str | None
    decimals: int | None


async def readings_of(session: AsyncSession, users: Sequence[UUID], chain_ids: Sequence[int]) -> list[UserReading]:
    """Return what to read for each of the users that have wallets.

    A wallet is read on the chains where it is active, or where that is not known; of each the chain's own currency,
    the tokens found for the wallet that are not spam, and the chain's priced tokens.
    """
    known = await known_by_chain(session, chain_ids)
    found: dict[tuple[UUID, str], dict[int, tuple[bool | None, list[str], list[str]]]] = {}
    for row in await repository.readable(session, users):
        chains = found.setdefault((row["user_id"], row["address"]), {})
        if row["chain_id"] is not None:
            chains[row["chain_id"]] = (row["is_active"], row["tokens"], row["spam"])
    readings: dict[UUID, UserReading] = {}
    for (user_id, wallet), chains in found.items():
        reading = readings.setdefault(user_id, UserReading(user_id))
        for chain_id in chain_ids:
            is_active, tokens, spam = chains.get(chain_id, (None, [], []))
            if is_active is False:
                continue
            every = dict.fromkeys([NATIVE_TOKEN, *tokens, *(token.address for token in known[chain_id])])
            reading.wanted[chain_id] += [(wallet, token) for token in every]
            reading.suspect[chain_id] += [(wallet, token) for token in spam]
    for row in await nfts_repository.readable(session, users, chain_ids):
        reading = readings.get(row["user_id"])
        if reading is not None and row["chain_id"] in reading.wanted:
            reading.nfts[row["chain_id"]].append(_wanted(row))
    return list(readings.values())


def _wanted(row: RowMapping) -> Wanted:
    token_ids = tuple(sorted(int(each) for each in row["token_ids"]))
    return Wanted(
        row["wallet"], row["collection"], row["standard"], token_ids, row["has_more"], row["symbol"], row["name"]
    )


def pairs_of(readings: Iterable[UserReading]) -> dict[int, Pairs]:
    """Return the pairs of all users together, each once, by chain."""
    by_chain: dict[int, dict[tuple[str, str], None]] = defaultdict(dict)
    for reading in readings:
        for chain_id, pairs in reading.wanted.items():
            by_chain[chain_id].update(dict.fromkeys(pairs))
    return {chain_id: Pairs.of(pairs) for chain_id, pairs in by_chain.items() if pairs}


def suspects_of(readings: Iterable[UserReading]) -> dict[int, list[tuple[str, str]]]:
    """Return the pairs that the spam filter left out, of all users together, each once, by chain."""
    by_chain: dict[int, dict[tuple[str, str], None]] = defaultdict(dict)
    for reading in readings:
        for chain_id, pairs in reading.suspect.items():
            by_chain[chain_id].update(dict.fromkeys(pairs))
    return {chain_id: list(pairs) for chain_id, pairs in by_chain.items()}


def nfts_wanted(readings: Iterable[UserReading]) -> dict[int, list[Wanted]]:
    """Return the collections of all users together, each of a wallet once, by chain.

    Where users were told of different ids of the same wallet, all of them are asked for.
    """
    by_chain: dict[int, dict[tuple[str, str], Wanted]] = defaultdict(dict)
    for reading in readings:
        for chain_id, wanted in reading.nfts.items():
            held = by_chain[chain_id]
            for each in wanted:
                key = (each.wallet, each.collection)
                held[key] = _together(held[key], each) if key in held else each
    return {chain_id: list(held.values()) for chain_id, held in by_chain.items()}


def _together(one: Wanted, other: Wanted) -> Wanted:
    token_ids = tuple(sorted({*one.token_ids, *other.token_ids}))
    return replace(one, token_ids=token_ids, has_more=one.has_more or other.has_more)


async def known_by_chain(session: AsyncSession, chain_ids: Sequence[int]) -> dict[int, list[KnownToken]]:
    """Return the priced tokens that the chain layer knows, by chain, KNOWN_TOKENS_READ of each at most."""
    by_chain: dict[int, list[KnownToken]] = {chain_id: [] for chain_id in chain_ids}
    for token in await known_tokens(session, list(chain_ids)):
        if token.is_priced and not token.is_native and len(by_chain[token.chain_id]) < KNOWN_TOKENS_READ:
            by_chain[token.chain_id].append(token)
    return by_chain


async def facts_of(session: AsyncSession, tokens: Iterable[tuple[int, str]]) -> Mapping[tuple[int, str], TokenFacts]:
    """Return symbol and decimals of tokens: what their contracts or a token list say; of chains' own the registry."""
    wanted = list(tokens)
    rows = await discovery_repository.token_facts(session, [key for key in wanted if key[1] != NATIVE_TOKEN])
    facts = {(row.chain_id, row.token): TokenFacts(row.symbol, row.decimals) for row in rows}
    for chain_id, token in wanted:
        chain = find_chain(chain_id) if token == NATIVE_TOKEN else None
        if chain is not None:
            facts[chain_id, token] = TokenFacts(chain.currency.symbol, chain.currency.decimals)
    return facts
