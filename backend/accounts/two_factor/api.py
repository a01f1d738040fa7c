"""`/v1/account/two-factor`: turning two-step sign-in on and off, and its recovery codes."""

from fastapi import APIRouter, Request, Response

from backend.accounts.account_schemas import CodeRequest, OwnerProof, RecoveryCodes, SetupRead, TwoFactorRead
from backend.accounts.owner_api import prove_owner, rotate_cookie
from backend.accounts.throttle import SECOND_FACTOR
from backend.accounts.two_factor import service
from backend.accounts.two_factor.proof import prove_code
from backend.accounts.two_factor.qr import qr_svg
from backend.api.auth import SignedIn, client_ip
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources

router = APIRouter(prefix="/v1/account/two-factor", tags=["Account"], responses=SIGNED_IN_ERRORS)


@router.get("")
async def read_two_factor(user: SignedIn) -> Envelope[TwoFactorRead]:
    """Read whether two-step sign-in is on, and how many recovery codes are left."""
    async with resources().database.unit_of_work(user.id) as session:
        enabled = await service.is_enabled(session, user.id)
        left = await service.codes_left(session, user.id)
    return ok(TwoFactorRead(enabled=enabled, recovery_codes_left=left))


@router.post("/setup", status_code=201, responses=errors(409))
async def begin_setup(request: Request, user: SignedIn, body: OwnerProof) -> Envelope[SetupRead]:
    """Begin to set it up: get the seed for your authenticator app. Nothing is on before its first code comes."""
    await prove_owner(request, user, body.password)
    async with resources().database.unit_of_work(user.id) as session:
        seed = await service.begin_setup(session, user)
    return ok(SetupRead(secret=seed, uri=service.uri_of(seed, user)))


@router.get(
    "/setup/qr.svg",
    response_class=Response,
    responses={**errors(404), 200: {"content": {"image/svg+xml": {}}, "description": "The QR code"}},
)
async def read_qr_code(user: SignedIn) -> Response:
    """Get the QR code of what is being set up; a seed that is in use is never shown again."""
    async with resources().database.unit_of_work(user.id) as session:
        seed = await service.waiting_seed(session, user)
    return Response(qr_svg(service.uri_of(seed, user)), media_type="image/svg+xml")


@router.post("/enable", responses=errors(404))
async def enable(request: Request, response: Response, user: SignedIn, body: CodeRequest) -> Envelope[RecoveryCodes]:
    """Turn it on with the app's first code. The answer is the only place where the recovery codes ever stand."""
    held, ip = resources(), client_ip(request, resources().settings)
    await held.throttle.begin(str(user.id), ip, SECOND_FACTOR)
    async with held.database.unit_of_work(user.id) as session:
        codes = await service.enable(session, user, body.code.get_secret_value())
    await held.throttle.succeeded(str(user.id), ip, SECOND_FACTOR)
    await rotate_cookie(request, response, user)
    return ok(RecoveryCodes(codes=codes))


@router.post("/disable", responses=errors(404))
async def disable(request: Request, response: Response, user: SignedIn, body: CodeRequest) -> Envelope[TwoFactorRead]:
    """Turn it off, with a code of the app or a recovery code."""
    held = resources()
    await _require_on(user)
    await prove_code(
        held.database, held.throttle, user, body.code.get_secret_value(), client_ip(request, held.settings)
    )
    async with held.database.unit_of_work(user.id) as session:
        await service.disable(session, user)
    await rotate_cookie(request, response, user)
    return ok(TwoFactorRead(enabled=False, recovery_codes_left=0))


@router.post("/recovery-codes", status_code=201, responses=errors(404))
async def renew_recovery_codes(request: Request, user: SignedIn, body: CodeRequest) -> Envelope[RecoveryCodes]:
    """Get ten new recovery codes with a code of the app; those from before work no longer."""
    held = resources()
    await _require_on(user)
    await prove_code(
        held.database, held.throttle, user, body.code.get_secret_value(), client_ip(request, held.settings)
    )
    async with held.database.unit_of_work(user.id) as session:
        codes = await service.renew_codes(session, user)
    return ok(RecoveryCodes(codes=codes))


async def _require_on(user: SignedIn) -> None:
    async with resources().database.unit_of_work(user.id) as session:
        await service.require_on(session, user)
