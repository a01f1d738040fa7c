"""The spam filter over a user's tokens: what is known of each goes in, verdicts with reasons are stored."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.db import Database
from backend.portfolio.discovery import repository
from backend.portfolio.discovery.spam import SpamFilter, Suspect
from backend.portfolio.engine.valuation import known_value_usd
from backend.portfolio.prices import Key, Prices
from backend.portfolio.reading import known_by_chain


async def judge_tokens(
    database: Database,
    chain_ids: Sequence[int],
    prices: Prices,
    user_id: UUID,
    held_raw: Mapping[Key, int] | None = None,
    of_protocols: Collection[Key] = (),
) -> int:
    """Judge every token of a user that they did not add themselves; return how many are taken for spam.

    `held_raw` is what all wallets together hold, where it is known; `of_protocols` are contracts of protocols that are
    known by address. What the user decided stays.
    """
    async with database.unit_of_work() as session:
        tokens = await repository.tokens_of(session, [user_id])
        trusted, named = await _trusted(session, chain_ids)
        keys = sorted({(row.chain_id, row.token) for row in tokens if row.found_by != "user"})
        facts = {(row.chain_id, row.token): row for row in await repository.token_facts(session, keys)}
    quotes = await prices.quotes(keys)
    judge = SpamFilter(named)
    rows: list[dict[str, Any]] = []
    for key in keys:
        about = facts.get(key)
        quote = quotes.get(key)
        price = quote.price_usd if quote else None
        held = (held_raw or {}).get(key)
        verdict = judge.judge(
            Suspect(
                symbol=about.symbol if about else None,
                name=about.name if about else None,
                decimals=about.decimals if about else None,
                is_trusted=key in trusted or key in of_protocols or bool(about and about.is_listed),
                price_usd=price,
                value_usd=known_value_usd(held, about.decimals if about else None, price),
            )
        )
        rows.append(
            {
                "user_id": str(user_id),
                "chain_id": key[0],
                "token": key[1],
                "is_spam": verdict.is_spam,
                "reasons": list(verdict.reasons),
            }
        )
    async with database.unit_of_work() as session:
        await repository.judge(session, rows)
    return sum(row["is_spam"] for row in rows)


async def _trusted(
    session: AsyncSession, chain_ids: Sequence[int]
) -> tuple[set[Key], list[tuple[str | None, str | None]]]:
    """Return the tokens in pools that we trust, and how these and the listed ones are called."""
    known = await known_by_chain(session, chain_ids)
    listed = await repository.listed_tokens(session, chain_ids)
    trusted = {(chain_id, token.address) for chain_id, tokens in known.items() for token in tokens}
    named: list[tuple[str | None, str | None]] = [(row.symbol, row.name) for row in listed]
    named += [(token.symbol, token.name) for tokens in known.values() for token in tokens]
    return trusted, named
