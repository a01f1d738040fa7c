"""`/v1/account/wallets` and `/v1/account/identities`: the ways into one's own account besides the password."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from backend.accounts.linked import service
from backend.accounts.linked.schemas import (
    IdentityList,
    LinkStart,
    Provider,
    Removed,
    WalletLabel,
    WalletList,
    WalletRead,
)
from backend.accounts.oauth.providers import configured_providers
from backend.accounts.oauth.service import begin_trip
from backend.accounts.siwe.schemas import ChallengeRead, ChallengeRequest, SignedMessage
from backend.accounts.siwe.service import challenge, prove_wallet
from backend.api.auth import SignedIn
from backend.api.browser_cookie import browser_of, keep_browser
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.browser import new_browser_handle
from backend.core.errors import NotFoundError

router = APIRouter(prefix="/v1/account", tags=["Ways to sign in"], responses=SIGNED_IN_ERRORS)


@router.get("/wallets")
async def list_wallets(user: SignedIn) -> Envelope[WalletList]:
    """List the wallets that sign you in, the oldest first."""
    async with resources().database.unit_of_work(user.id) as session:
        wallets = await service.list_wallets(session)
    return ok(WalletList(items=wallets, total=len(wallets)))


@router.post("/wallets/nonce")
async def create_wallet_nonce(
    user: SignedIn, request: Request, response: Response, body: ChallengeRequest
) -> Envelope[ChallengeRead]:
    """Get the message that a wallet signs to be added to your account; it works once, for five minutes.

    Keep the cookie of the answer: the nonce works only together with it.
    """
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        await service.check_may_add(session, user.id)
    browser = browser_of(request) or new_browser_handle()
    asked = await challenge(
        held.redis, held.settings, browser=browser, address=body.address, chain_id=body.chain_id, user_id=user.id
    )
    keep_browser(response, browser, held.settings)
    return ok(ChallengeRead.model_validate(asked))


@router.post("/wallets", status_code=201, responses=errors(409))
async def add_wallet(user: SignedIn, request: Request, body: SignedMessage) -> Envelope[WalletRead]:
    """Add the wallet that signed the message. Your e-mail address must be confirmed, if you have one."""
    held = resources()
    proof = await prove_wallet(
        held.redis,
        held.settings,
        browser=browser_of(request),
        message=body.message,
        signature=body.signature,
        user_id=user.id,
    )
    async with held.database.unit_of_work(user.id) as session:
        wallet = await service.add_wallet(session, user.id, proof)
    return ok(wallet)


@router.patch("/wallets/{wallet_id}", responses=errors(404))
async def rename_wallet(user: SignedIn, wallet_id: UUID, body: WalletLabel) -> Envelope[WalletRead]:
    """Call a wallet something."""
    async with resources().database.unit_of_work(user.id) as session:
        wallet = await service.rename_wallet(session, user.id, wallet_id, body.label)
    return ok(wallet)


@router.delete("/wallets/{wallet_id}", responses=errors(404, 409))
async def remove_wallet(user: SignedIn, wallet_id: UUID) -> Envelope[Removed]:
    """Remove a wallet; never the last way into your account."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.remove_wallet(session, user.id, wallet_id)
    return ok(Removed(id=wallet_id))


@router.get("/identities")
async def list_identities(user: SignedIn) -> Envelope[IdentityList]:
    """List the accounts elsewhere that sign you in, the oldest first."""
    async with resources().database.unit_of_work(user.id) as session:
        identities = await service.list_identities(session)
    return ok(IdentityList(items=identities, total=len(identities)))


@router.post("/identities/{provider}/link", responses=errors(404))
async def link_identity(
    user: SignedIn, provider: Provider, request: Request, response: Response
) -> Envelope[LinkStart]:
    """Get the provider's address to send the browser to; it comes back to the security settings with the link made.

    Keep the cookie of the answer: the way back works only together with it, while you stay signed in.
    """
    held = resources()
    if provider not in configured_providers(held.settings):
        raise NotFoundError("This provider is not set up here.")
    async with held.database.unit_of_work(user.id) as session:
        await service.check_may_add(session, user.id)
    browser = browser_of(request) or new_browser_handle()
    url = await begin_trip(held.redis, held.settings, provider, browser=browser, next_path="/", user_id=user.id)
    keep_browser(response, browser, held.settings)
    return ok(LinkStart(url=url))


@router.delete("/identities/{identity_id}", responses=errors(404, 409))
async def remove_identity(user: SignedIn, identity_id: UUID) -> Envelope[Removed]:
    """Unlink an account elsewhere; never the last way into your account."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.remove_identity(session, user.id, identity_id)
    return ok(Removed(id=identity_id))
