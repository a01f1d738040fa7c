"""`/v1/account`: what was logged, everything as a file, erasure; `/v1/consent`: cookies that are not needed."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from backend.accounts.service import CurrentUser, api_keys, authenticate, is_fresh, session_token
from backend.api.auth import SignedIn, client_ip, identify, limited_by_address, public
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import Resources, resources
from backend.core.errors import InvalidInputError, UnauthorizedError
from backend.core.schemas import ApiModel, Page
from backend.privacy import service
from backend.privacy.schemas import (
    CONSENT_COOKIE,
    AuditEntry,
    ConsentChange,
    ConsentRead,
    ErasureRead,
    ErasureRequest,
    ExportList,
    ExportRead,
)

router = APIRouter(prefix="/v1/account", tags=["Privacy"], responses=SIGNED_IN_ERRORS)
consent_router = APIRouter(
    prefix="/v1/consent",
    tags=["Privacy"],
    dependencies=[Depends(limited_by_address)],
    responses=errors(401, 403, 422, 429, 503),
)
_CONSENT_SECONDS = 180 * 86400


class AuditQuery(ApiModel):
    """Which page of the log."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(default=1, ge=1, le=100_000)
    page_size: int = Field(default=20, ge=1, le=100)


@router.get("/audit")
async def list_audit(user: SignedIn, query: Annotated[AuditQuery, Query()]) -> Envelope[Page[AuditEntry]]:
    """List the changes of your account, newest first: what, when and from where."""
    async with resources().database.unit_of_work(user.id) as session:
        page = await service.list_audit(session, user, query.page, query.page_size)
    return ok(page)


@router.get("/exports")
async def list_exports(user: SignedIn) -> Envelope[ExportList]:
    """List your newest exports, with how far they are."""
    async with resources().database.unit_of_work(user.id) as session:
        exports = await service.list_exports(session, user)
    return ok(ExportList(items=exports, total=len(exports)))


@router.post("/exports", status_code=202, responses=errors(409))
async def request_export(user: SignedIn) -> Envelope[ExportRead]:
    """Have a file made with everything we hold of you (at most three a day); it can be had for seven days."""
    async with resources().database.unit_of_work(user.id) as session:
        export = await service.request_export(session, user)
    return ok(export)


@router.get(
    "/exports/{export_id}/download",
    response_class=StreamingResponse,
    responses={200: {"description": "The file", "content": {"application/zip": {}}}, **errors(404, 409)},
)
async def download_export(user: SignedIn, export_id: UUID) -> StreamingResponse:
    """Download the file of an export."""
    async with resources().database.unit_of_work(user.id) as session:
        export = await service.open_export(session, user, export_id)
    headers = {
        "Content-Disposition": f'attachment; filename="premium-data-{export.ready_at:%Y%m%d}.zip"',
        "Content-Length": str(export.size_bytes),
    }
    return StreamingResponse(_parts(user, export_id), media_type="application/zip", headers=headers)


async def _parts(user: CurrentUser, export_id: UUID) -> AsyncIterator[bytes]:
    """Yield the file, each part from a transaction of its own: a slow reader holds no connection."""
    for number in count():
        async with resources().database.unit_of_work(user.id) as session:
            part = await service.export_part(session, export_id, number)
        if part is None:
            return
        yield part


@router.get("/erasure")
async def read_erasure(user: SignedIn) -> Envelope[ErasureRead]:
    """Read whether and when your account will be erased."""
    async with resources().database.unit_of_work(user.id) as session:
        erasure = await service.erasure_of(session, user)
    return ok(erasure)


@router.post("/erasure", status_code=202)
async def request_erasure(request: Request, user: SignedIn, body: ErasureRequest) -> Envelope[ErasureRead]:
    """Have your account erased in fourteen days, with everything in it; until then you can take it back."""
    held = resources()
    proven = await _is_proven(request, held, user, body.password.get_secret_value())
    async with held.database.unit_of_work(user.id) as session:
        erasure = await service.request_erasure(session, user, body.word, proven)
    return ok(erasure)


async def _is_proven(request: Request, held: Resources, user: CurrentUser, password: str) -> bool:
    """Return whether the request carries the user's password, or a session that began minutes ago."""
    if password:
        ip = client_ip(request, held.settings)
        await held.throttle.begin(user.email or str(user.id), ip)
        try:
            async with held.database.unit_of_work() as session:
                await authenticate(session, user.email or "", password)
        except UnauthorizedError:
            raise InvalidInputError("The password is wrong.", {"password": "This is not your password."}) from None
        await held.throttle.succeeded(user.email or str(user.id), ip)
        return True
    async with held.database.unit_of_work(user.id) as session:
        return await is_fresh(session, session_token(request.headers.get("cookie")))


@router.delete("/erasure")
async def cancel_erasure(user: SignedIn) -> Envelope[ErasureRead]:
    """Take back the wish to have your account erased."""
    async with resources().database.unit_of_work(user.id) as session:
        erasure = await service.cancel_erasure(session, user)
    return ok(erasure)


@consent_router.get("")
@public("visitors decide about cookies too")
async def read_consent(request: Request, response: Response) -> Envelope[ConsentRead]:
    """Read what this browser, or the signed-in user, allows. An earlier answer of the user is put into the browser."""
    held = resources()
    caller = await identify(request, held)
    analytics: bool | None = {"yes": True, "no": False}.get(request.cookies.get(CONSENT_COOKIE, ""))
    if analytics is None and caller is not None:
        async with held.database.unit_of_work(caller.user.id) as session:
            analytics = await service.consent_of(session, caller.user)
        if analytics is not None:
            _set_cookie(response, held, analytics)
    return ok(ConsentRead(analytics=analytics, script=held.settings.analytics_script_url))


@consent_router.put("")
@public("visitors decide about cookies too; of somebody signed in it is kept with the account")
async def decide_consent(request: Request, response: Response, body: ConsentChange) -> Envelope[ConsentRead]:
    """Allow or refuse analytics cookies: kept in this browser, and for a signed-in user in the account."""
    held = resources()
    caller = await identify(request, held)
    if caller is not None and caller.key is not None:
        api_keys.check_scope(caller.key, [])
    if caller is not None:
        async with held.database.unit_of_work(caller.user.id) as session:
            await service.decide_consent(session, caller.user, body.analytics)
    _set_cookie(response, held, body.analytics)
    return ok(ConsentRead(analytics=body.analytics, script=held.settings.analytics_script_url))


def _set_cookie(response: Response, held: Resources, analytics: bool) -> None:
    """Keep the choice where the page's own script can read it: it is no secret."""
    response.set_cookie(
        CONSENT_COOKIE,
        "yes" if analytics else "no",
        max_age=_CONSENT_SECONDS,
        path="/",
        secure=held.settings.app_url.startswith("https://"),
        samesite="lax",
    )
