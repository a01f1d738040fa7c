"""`/v1/auth/siwe`: signing in with a wallet (EIP-4361). Browsers get a session, programs an access token."""

from fastapi import APIRouter, Depends, Request, Response

from backend.accounts.api import limited_sign_in, token_after_code
from backend.accounts.forms_api import check_from_our_page
from backend.accounts.linked.service import account_of_wallet
from backend.accounts.schemas import TokenRead
from backend.accounts.sign_in.completion_api import complete_sign_in
from backend.accounts.sign_in.places import place_after
from backend.accounts.siwe.schemas import ChallengeRead, ChallengeRequest, SignedInRead, WalletSignIn
from backend.accounts.siwe.service import challenge, prove_wallet
from backend.api.auth import limited_by_address, public
from backend.api.browser_cookie import browser_of, keep_browser
from backend.api.envelope import Envelope, errors, ok
from backend.api.resources import resources
from backend.core.browser import new_browser_handle

router = APIRouter(prefix="/v1/auth/siwe", tags=["Sign-in"])


@router.post("/nonce", dependencies=[Depends(limited_by_address)], responses=errors(422, 429, 503))
@public("signing in begins here")
async def create_nonce(request: Request, response: Response, body: ChallengeRequest) -> Envelope[ChallengeRead]:
    """Get the message that a wallet signs to sign in; it works once, for five minutes.

    Keep the cookie of the answer: the nonce works only together with it.
    """
    held = resources()
    browser = browser_of(request) or new_browser_handle()
    asked = await challenge(held.redis, held.settings, browser=browser, address=body.address, chain_id=body.chain_id)
    keep_browser(response, browser, held.settings)
    return ok(ChallengeRead.model_validate(asked))


@router.post("/verify", dependencies=[Depends(limited_sign_in)], responses=errors(401, 403, 422, 429, 503))
@public("the signature is the proof")
async def verify(
    request: Request, response: Response, body: WalletSignIn
) -> Envelope[SignedInRead] | Envelope[TokenRead]:
    """Sign in with a signed message. A wallet that nobody has gets a new free account.

    A browser gets its session cookie and the place to load next. With `tokens` the answer is that of
    POST /v1/auth/token.
    """
    held = resources()
    check_from_our_page(request)
    proof = await prove_wallet(
        held.redis,
        held.settings,
        browser=browser_of(request),
        message=body.message,
        signature=body.signature,
    )
    async with held.database.unit_of_work() as session:
        user = await account_of_wallet(session, proof)
    if body.tokens:
        return ok(await token_after_code(request, user, body.totp, "wallet"))
    done = await complete_sign_in(
        request, user, way="wallet", next_path=place_after(request.headers.get("referer"), body.next)
    )
    done.set_cookies(response)
    return ok(SignedInRead(location=done.location, needs_second_factor=done.needs_second_factor))
