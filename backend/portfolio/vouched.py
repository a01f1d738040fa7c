"""Which tokens somebody vouches for, and what is known of a user's tokens: asked by rebalancing and by tax."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.registry import find_chain
from backend.chain.service import known_tokens
from backend.core.settings import Settings
from backend.market.anchors import MarketAnchors, market_anchors
from backend.market.assets import KnownAssets, known_assets
from backend.portfolio.discovery import repository as discovery_repository
from backend.portfolio.discovery.spam import WORDS
from backend.portfolio.reading import TokenFacts, facts_of
from backend.portfolio.wallets import repository as wallets_repository

TokenKey = tuple[int, str]
USER_SAYS_SPAM = "You said that it is spam."


@dataclass(frozen=True, slots=True)
class TokenNames:
    """What is known of a user's tokens by (chain, token).

    `wallets` are those that are read (lower case), `facts` what tokens call themselves (untrusted), `vouched` those
    that somebody vouches for, `spam` why a token is left out.
    """

    wallets: frozenset[str]
    facts: Mapping[TokenKey, TokenFacts]
    vouched: KnownAssets
    spam: Mapping[TokenKey, str]


async def vouched_assets(session: AsyncSession, settings: Settings, chain_ids: Sequence[int]) -> KnownAssets:
    """Return the vouched tokens of these chains: anchors first, then those of token lists."""
    anchors = {chain_id: found for chain_id in chain_ids if (found := _anchors(settings, chain_id)) is not None}
    wanted = {(chain_id, token) for chain_id, found in anchors.items() for token in _tokens_of(found)}
    named = [
        (token.chain_id, token.address, token.symbol, token.decimals)
        for token in await known_tokens(session, list(anchors))
        if (token.chain_id, token.address) in wanted
    ]
    listed = await discovery_repository.listed_tokens(session, chain_ids)
    named += [(row.chain_id, row.token, row.symbol, row.decimals) for row in listed]
    chains = {chain_id: found for chain_id in chain_ids if (found := find_chain(chain_id)) is not None}
    return known_assets(
        {chain_id: (chain.currency.symbol, chain.currency.decimals) for chain_id, chain in chains.items()},
        {chain_id: (found.anchors.wrapped_native, found.anchors.stablecoins) for chain_id, found in anchors.items()},
        named,
    )


async def wallets_read(session: AsyncSession, user_id: UUID) -> frozenset[str]:
    """Return the wallets of a user's portfolio that are read, in lower case."""
    return frozenset(row.address.lower() for row in await wallets_repository.wallets_of_users(session, [user_id]))


async def wallet_names(session: AsyncSession) -> dict[str, str]:
    """Return what the unit of work's user calls their wallets, by address in lower case; without a name it is empty."""
    rows = await wallets_repository.list_wallets(session)
    return {row.address.lower(): row.label or row.ens_name or "" for row in rows}


async def token_names(
    session: AsyncSession, settings: Settings, user_id: UUID, tokens: Iterable[TokenKey]
) -> TokenNames:
    """Return what is known of these tokens of a user's wallets."""
    wanted = sorted(set(tokens))
    verdicts = await discovery_repository.tokens_of(session, [user_id])
    return TokenNames(
        wallets=await wallets_read(session, user_id),
        facts=await facts_of(session, wanted),
        vouched=await vouched_assets(session, settings, sorted({chain_id for chain_id, _ in wanted})),
        spam={(row.chain_id, row.token): _why(row.decided_by, row.reasons or []) for row in verdicts if row.is_spam},
    )


def _why(decided_by: str, reasons: Sequence[str]) -> str:
    said = " ".join(WORDS[reason] for reason in reasons if reason in WORDS)
    return USER_SAYS_SPAM if decided_by == "user" else said


def _anchors(settings: Settings, chain_id: int) -> MarketAnchors | None:
    try:
        return market_anchors(chain_id, settings.demo_addresses_file)
    except (KeyError, ValueError):
        return None


def _tokens_of(found: MarketAnchors) -> set[str]:
    return {found.anchors.wrapped_native, *found.anchors.stablecoins, *found.tokens}
