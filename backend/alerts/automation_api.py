"""The automation part of the alerts API: rules that do more than tell, and the log of what they did."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field, field_validator

from backend.alerts import service as rules
from backend.alerts.actions import is_automated
from backend.alerts.automation import service
from backend.alerts.automation.schemas import RunDetail, RunFilter, RunRead, RunStatus
from backend.alerts.schemas import ExportFormat, RuleCreate, RuleRead, RuleUpdate
from backend.api.auth import ReadsAlerts, WritesAlerts
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.files import FILE_RESPONSES, file_response
from backend.api.resources import resources
from backend.core.errors import InvalidInputError
from backend.core.schemas import ApiModel, Page

router = APIRouter(prefix="/v1/alerts/automation", tags=["Alert automation"], responses=SIGNED_IN_ERRORS)
_FIRST_YEAR, _LAST_YEAR = 2009, 2100


class AutomationQuery(ApiModel):
    """Which page of the rules to list."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(default=1, ge=1, le=100_000)
    page_size: int = Field(default=20, ge=1, le=100)


class RunConditions(ApiModel):
    """Which runs are meant; `since` inclusive, `until` exclusive (UTC if not said)."""

    model_config = ConfigDict(extra="forbid")

    rule_id: UUID | None = None
    status: RunStatus | None = None
    since: datetime | None = None
    until: datetime | None = None

    @field_validator("since", "until")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            raise ValueError(f"Use a time between {_FIRST_YEAR} and {_LAST_YEAR}.")
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    def chosen(self) -> RunFilter:
        """Return what the service wants to know."""
        return RunFilter(**{name: getattr(self, name) for name in RunFilter.model_fields})


class RunsQuery(RunConditions):
    """Which runs to list, and which page of them."""

    page: int = Field(default=1, ge=1, le=100_000)
    page_size: int = Field(default=50, ge=1, le=100)


class RunsExportQuery(RunConditions):
    """Which runs to export, and in which form."""

    format: ExportFormat = "csv"


class AutomationDeleted(ApiModel):
    """The rule that is gone."""

    id: UUID
    deleted: bool = True


@router.post("", status_code=201)
async def create_automation(user: WritesAlerts, body: RuleCreate) -> Envelope[RuleRead]:
    """Make a rule that does more than tell: with a guard, other actions else, or actions on your rules."""
    sent = [action.model_dump() for action in body.actions]
    if not is_automated(body.guard, sent, [action.model_dump() for action in body.else_actions]):
        raise InvalidInputError(
            "This rule only tells. Make it at /v1/alerts/rules.",
            {"actions": "Add an action on a rule, a guard, or elseActions."},
        )
    async with resources().database.unit_of_work(user.id) as session:
        rule = await rules.create_rule(session, user, body)
    return ok(rule)


@router.get("")
async def list_automations(user: ReadsAlerts, query: Annotated[AutomationQuery, Query()]) -> Envelope[Page[RuleRead]]:
    """List your rules that do more than tell, newest first."""
    async with resources().database.unit_of_work(user.id) as session:
        page = await rules.list_automations(session, user, query.page, query.page_size)
    return ok(page)


@router.get("/runs")
async def list_runs(user: ReadsAlerts, query: Annotated[RunsQuery, Query()]) -> Envelope[Page[RunRead]]:
    """List what your rules did, newest first."""
    return ok(await _runs(user, query))


@router.get("/history")
async def list_automation_history(user: ReadsAlerts, query: Annotated[RunsQuery, Query()]) -> Envelope[Page[RunRead]]:
    """List what your rules did, newest first: the same as `/runs`."""
    return ok(await _runs(user, query))


async def _runs(user: ReadsAlerts, query: RunsQuery) -> Page[RunRead]:
    async with resources().database.unit_of_work(user.id) as session:
        return await service.list_runs(session, user, query.chosen(), query.page, query.page_size)


@router.get("/runs/export", response_class=StreamingResponse, responses=FILE_RESPONSES)
async def export_runs(user: ReadsAlerts, query: Annotated[RunsExportQuery, Query()]) -> StreamingResponse:
    """Download what your rules did: CSV has a line for each step, JSON the runs as `/runs/{runId}` has them."""
    return await file_response("automation-runs", query.format, _export(user, query))


async def _export(user: ReadsAlerts, query: RunsExportQuery) -> AsyncIterator[bytes]:
    async with resources().database.unit_of_work(user.id) as session:
        async for chunk in service.export_runs(session, user, query.chosen(), query.format):
            yield chunk


@router.get("/runs/{run_id}", responses=errors(404))
async def get_run(user: ReadsAlerts, run_id: UUID) -> Envelope[RunDetail]:
    """Read one run with every step: what was read, what was done, when, how long it took, and how it ended."""
    async with resources().database.unit_of_work(user.id) as session:
        run = await service.get_run(session, user, run_id)
    return ok(run)


@router.put("/{rule_id}", responses=errors(404, 409))
async def update_automation(user: WritesAlerts, rule_id: UUID, body: RuleUpdate) -> Envelope[RuleRead]:
    """Change a rule: what is absent stays. With `version`, refused when it was changed since."""
    async with resources().database.unit_of_work(user.id) as session:
        rule = await rules.update_rule(session, user, rule_id, body)
    return ok(rule)


@router.delete("/{rule_id}", responses=errors(404))
async def delete_automation(user: WritesAlerts, rule_id: UUID) -> Envelope[AutomationDeleted]:
    """Delete a rule. Its alerts and runs stay."""
    async with resources().database.unit_of_work(user.id) as session:
        await rules.delete_rule(session, user, rule_id)
    return ok(AutomationDeleted(id=rule_id))
