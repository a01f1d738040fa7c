"""`/v1/portfolio/wallets` and `/v1/portfolio/tokens`: what a portfolio consists of."""

from uuid import UUID

from fastapi import APIRouter

from backend.api.auth import ReadsPortfolio, SignedIn
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.portfolio.discovery import service as tokens
from backend.portfolio.discovery.schemas import FoundTokenList, RefreshAsked, TokenAdd, TokenDecision, TokenDone
from backend.portfolio.position_list import explained_tokens
from backend.portfolio.refresh import ask_refresh
from backend.portfolio.snapshots.service import latest
from backend.portfolio.wallets import service
from backend.portfolio.wallets.schemas import (
    PortfolioWallet,
    PortfolioWalletList,
    WalletAdd,
    WalletChange,
    WalletRemoved,
)

router = APIRouter(prefix="/v1/portfolio", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)


@router.post("/refresh", status_code=202)
async def refresh(user: SignedIn) -> Envelope[RefreshAsked]:
    """Have your wallets read now, beside every hour: as often as your plan allows. Open pages are told of it."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        seconds = await ask_refresh(session, user, held.redis)
    return ok(RefreshAsked(next_in_seconds=seconds))


@router.get("/wallets")
async def list_wallets(user: ReadsPortfolio) -> Envelope[PortfolioWalletList]:
    """List the wallets of your portfolio, the oldest first, with what was found of them on each chain."""
    async with resources().database.unit_of_work(user.id) as session:
        wallets = await service.list_wallets(session, user)
    return ok(PortfolioWalletList(items=wallets, total=len(wallets), limit=service.most_wallets(user)))


@router.post("/wallets", status_code=201, responses=errors(404, 409))
async def add_wallet(user: SignedIn, body: WalletAdd) -> Envelope[PortfolioWallet]:
    """Add a wallet by address, by ENS name, or one that signs you in. Its chains and tokens are looked for at once."""
    held = resources()
    resolved = await service.resolve(held.settings, body) if body.address is not None else None
    async with held.database.unit_of_work(user.id) as session:
        wallet = await service.add_wallet(session, user, body, resolved)
    return ok(wallet)


@router.patch("/wallets/{portfolio_wallet_id}", responses=errors(404))
async def change_wallet(user: SignedIn, portfolio_wallet_id: UUID, body: WalletChange) -> Envelope[PortfolioWallet]:
    """Call a wallet something, and put it in a group."""
    async with resources().database.unit_of_work(user.id) as session:
        wallet = await service.change_wallet(session, user, portfolio_wallet_id, body)
    return ok(wallet)


@router.delete("/wallets/{portfolio_wallet_id}", responses=errors(404))
async def remove_wallet(user: SignedIn, portfolio_wallet_id: UUID) -> Envelope[WalletRemoved]:
    """Take a wallet out of your portfolio; snapshots that were taken stay as they are."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.remove_wallet(session, user, portfolio_wallet_id)
    return ok(WalletRemoved(id=portfolio_wallet_id))


@router.get("/tokens")
async def list_tokens(user: ReadsPortfolio) -> Envelope[FoundTokenList]:
    """List the tokens that were found for your wallets; those that are taken for spam say why."""
    async with resources().database.unit_of_work(user.id) as session:
        listed = await tokens.list_tokens(session, user)
    async with resources().snapshots.open(user.id) as store:
        inside = explained_tokens(await latest(store, user))
    found = [each.model_copy(update={"stands_for": inside.get((each.chain_id, each.token))}) for each in listed]
    return ok(FoundTokenList(items=found, total=len(found)))


@router.post("/tokens", status_code=201, responses=errors(404))
async def add_token(user: SignedIn, body: TokenAdd) -> Envelope[TokenDone]:
    """Have a token read that was not found by itself. What you add is never taken for spam."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        somebody = await tokens.wallet_address(session, user, body.wallet_id)
    await tokens.ask_contract(held.settings, body, somebody)
    async with held.database.unit_of_work(user.id) as session:
        token = await tokens.add_token(session, user, body)
    return ok(TokenDone(chain_id=body.chain_id, token=token))


@router.post("/tokens/remove", responses=errors(404))
async def remove_token(user: SignedIn, body: TokenAdd) -> Envelope[TokenDone]:
    """Take back a token that you had added."""
    async with resources().database.unit_of_work(user.id) as session:
        token = await tokens.remove_token(session, user, body)
    return ok(TokenDone(chain_id=body.chain_id, token=token))


@router.put("/tokens/verdict", responses=errors(404))
async def decide_token(user: SignedIn, body: TokenDecision) -> Envelope[TokenDone]:
    """Say that a token is spam or is none, or take back what you said: your word goes before the filter's."""
    async with resources().database.unit_of_work(user.id) as session:
        token = await tokens.decide(session, user, body)
    return ok(TokenDone(chain_id=body.chain_id, token=token))
