"""`/v1/portfolio/scheduled-exports`: a portfolio's file by the clock, by mail or to a webhook."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response

from backend.api.auth import ReadsPortfolio, SignedIn, limited_by_address, public
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.errors import NotFoundError
from backend.portfolio.scheduled_exports import repository, service
from backend.portfolio.scheduled_exports.links import run_of_token
from backend.portfolio.scheduled_exports.schemas import (
    RunRead,
    ScheduleDeleted,
    ScheduleList,
    SchedulePatch,
    ScheduleRead,
    ScheduleWrite,
)

router = APIRouter(prefix="/v1/portfolio/scheduled-exports", tags=["Portfolio"], responses=SIGNED_IN_ERRORS)


@router.get("")
async def list_schedules(user: ReadsPortfolio) -> Envelope[ScheduleList]:
    """List your scheduled exports, with when each is due next and how it went last."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.list_schedules(session, user)
    return ok(ScheduleList(items=found, total=len(found), limit=service.most_schedules(user)))


@router.post("", status_code=201)
async def create_schedule(user: SignedIn, body: ScheduleWrite) -> Envelope[ScheduleRead]:
    """Have an export made by the day, week or month, and sent by mail or to a webhook."""
    async with resources().database.unit_of_work(user.id) as session:
        schedule = await service.create_schedule(session, user, body)
    return ok(schedule)


@router.patch("/{schedule_id}", responses=errors(404))
async def change_schedule(user: SignedIn, schedule_id: UUID, body: SchedulePatch) -> Envelope[ScheduleRead]:
    """Change, pause or resume a scheduled export: what is absent stays."""
    async with resources().database.unit_of_work(user.id) as session:
        schedule = await service.change_schedule(session, user, schedule_id, body)
    return ok(schedule)


@router.delete("/{schedule_id}", responses=errors(404))
async def delete_schedule(user: SignedIn, schedule_id: UUID) -> Envelope[ScheduleDeleted]:
    """Delete a scheduled export."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.delete_schedule(session, user, schedule_id)
    return ok(ScheduleDeleted(id=schedule_id))


@router.post("/{schedule_id}/test", status_code=202, responses=errors(404))
async def test_schedule(user: SignedIn, schedule_id: UUID) -> Envelope[RunRead]:
    """Have it made and sent now, beside its schedule (five times an hour at most)."""
    async with resources().database.unit_of_work(user.id) as session:
        run = await service.try_now(session, user, schedule_id)
    return ok(run)


@router.get(
    "/files/{token}",
    response_class=Response,
    responses={200: {"description": "The file"}, **errors(404, 429)},
    dependencies=[Depends(limited_by_address)],
)
@public("a webhook's receiver loads the file without a session; the token is signed and good for seven days")
async def read_file(token: str) -> Response:
    """Return the file of a run, for as long as its address is good."""
    held = resources()
    named = run_of_token(held.settings, token)
    found = None
    if named is not None:
        async with held.database.unit_of_work(named[0]) as session:
            found = await repository.file_of(session, named[1])
    if found is None:
        raise NotFoundError("There is no such file (any more).")
    headers = {"Content-Disposition": f'attachment; filename="{found.file_name}"', "Cache-Control": "private, no-store"}
    return Response(bytes(found.content), media_type=found.media_type, headers=headers)
