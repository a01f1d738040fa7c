"""Tokens of a portfolio: what was found, what is taken for spam and why, and what the user says to it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.chain.registry import chain_name
from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.tokens import Token, read_tokens
from backend.core.audit import audit
from backend.core.errors import InvalidInputError, NotFoundError, UnavailableError
from backend.core.settings import Settings
from backend.portfolio.balances.pairs import Pairs
from backend.portfolio.balances.reader import read_chain
from backend.portfolio.chains import multicall3_addresses, shared_pools
from backend.portfolio.discovery import repository
from backend.portfolio.discovery.schemas import FoundToken, TokenAdd, TokenDecision
from backend.portfolio.discovery.spam import WORDS
from backend.portfolio.wallets import repository as wallets_repository
from backend.portfolio.wallets.addresses import parse_address
from backend.portfolio.wallets.service import defer_discovery
from backend.tax.sync.service import defer_syncs

MOST_ADDED = 200  # tokens that a user adds


def checked_token(text: str) -> str:
    """Return a token's address in lower case. Raises InvalidInputError."""
    try:
        return parse_address(text)
    except ValueError as error:
        raise InvalidInputError(str(error), {"token": str(error)}) from None


async def ask_contract(settings: Settings, wanted: TokenAdd, somebody: str) -> Token:
    """Return what a token's contract says of itself. Call it outside a transaction.

    Raises InvalidInputError when the chain is not read here, or there is no contract that answers as a token;
    UnavailableError when the chain does not answer.
    """
    token = checked_token(wanted.token)
    pools = shared_pools(settings)
    if wanted.chain_id not in pools:
        words = f"{chain_name(wanted.chain_id)} is not read by this installation."
        raise InvalidInputError(words, {"chainId": words})
    multicall3 = multicall3_addresses([wanted.chain_id])[wanted.chain_id]
    sheet = await read_chain(pools[wanted.chain_id], Pairs.of([(somebody, token)]), multicall3)
    if sheet.block is None:
        raise UnavailableError(f"{chain_name(wanted.chain_id)} does not answer right now. Try again in a minute.")
    if sheet.amounts == [None]:
        words = f"This is no token that can be read: {sheet.problems.get(0, 'it gives no balance.')}"
        raise InvalidInputError(words, {"token": words})
    try:
        return (await read_tokens(pools[wanted.chain_id], [token], multicall3))[token]
    except (RpcError, AllProvidersDownError) as error:
        raise UnavailableError(f"{chain_name(wanted.chain_id)} does not answer right now.") from error


@requires(Feature.PORTFOLIO)
async def list_tokens(session: AsyncSession, user: CurrentUser) -> list[FoundToken]:
    """Return the tokens of the user's wallets with the verdict on each."""
    rows = await repository.tokens_of(session, [user.id])
    keys = sorted({(row.chain_id, row.token) for row in rows})
    facts = {(row.chain_id, row.token): row for row in await repository.token_facts(session, keys)}
    found = []
    for row in rows:
        about = facts.get((row.chain_id, row.token))
        found.append(
            FoundToken(
                wallet_id=row.wallet_id,
                chain_id=row.chain_id,
                token=row.token,
                symbol=about.symbol if about else None,
                name=about.name if about else None,
                decimals=about.decimals if about else None,
                found_by=row.found_by,
                found_at=row.found_at,
                is_spam=bool(row.is_spam),
                reasons=[WORDS[reason] for reason in row.reasons or [] if reason in WORDS],
                decided_by=row.decided_by,
                decided_at=row.decided_at,
            )
        )
    return found


@requires(Feature.PORTFOLIO)
async def wallet_address(session: AsyncSession, user: CurrentUser, wallet_id: UUID) -> str:
    """Return the address of one of the user's wallets. Raises NotFoundError."""
    found = next((row.address for row in await wallets_repository.list_wallets(session) if row.id == wallet_id), None)
    if found is None:
        raise NotFoundError("There is no such wallet.")
    return found


@requires(Feature.PORTFOLIO)
async def add_token(session: AsyncSession, user: CurrentUser, wanted: TokenAdd) -> str:
    """Have a token read for a wallet of the user's from now on; return its address.

    What the user adds themselves is never taken for spam. Raises NotFoundError, InvalidInputError above MOST_ADDED.
    """
    await wallet_address(session, user, wanted.wallet_id)
    token = checked_token(wanted.token)
    mine = [row for row in await repository.tokens_of(session, [user.id]) if row.found_by == "user"]
    if len(mine) >= MOST_ADDED:
        raise InvalidInputError(f"You have added {MOST_ADDED} tokens. Remove one first.", {"token": "too many"})
    row = {"wallet_id": str(wanted.wallet_id), "chain_id": wanted.chain_id, "token": token, "found_by": "user"}
    await repository.add_tokens(session, [row])
    await repository.decide(session, user.id, wanted.chain_id, token, False)
    await audit(session, user.id, "portfolio_token.added", token, {"chainId": wanted.chain_id})
    await defer_discovery(session, user.id)
    return token


@requires(Feature.PORTFOLIO)
async def remove_token(session: AsyncSession, user: CurrentUser, wanted: TokenAdd) -> str:
    """Take back a token that the user had added; return its address. Raises NotFoundError."""
    token = checked_token(wanted.token)
    if not await repository.remove_token(session, wanted.wallet_id, wanted.chain_id, token):
        raise NotFoundError("You have not added this token to this wallet.")
    await audit(session, user.id, "portfolio_token.removed", token, {"chainId": wanted.chain_id})
    return token


@requires(Feature.PORTFOLIO)
async def decide(session: AsyncSession, user: CurrentUser, decision: TokenDecision) -> str:
    """Note that a token is spam, or is none, whatever the filter says; return its address.

    With `is_spam` None the filter decides again at the next discovery, until when the token is shown. Raises
    NotFoundError when it is no token of the user's wallets, or nothing was decided that could be taken back.
    """
    token = checked_token(decision.token)
    if decision.is_spam is None:
        done = await repository.undecide(session, user.id, decision.chain_id, token)
    else:
        done = await repository.decide(session, user.id, decision.chain_id, token, decision.is_spam)
    if not done:
        raise NotFoundError("This is no token of your wallets, or you have decided nothing about it.")
    await defer_syncs(session, [user.id])
    details = {"chainId": decision.chain_id, "isSpam": decision.is_spam}
    await audit(session, user.id, "portfolio_token.judged", token, details)
    return token
