"""The figures part of the alerts API: the dashboard and the analytics."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from backend.alerts.insights import service
from backend.alerts.insights.files import analytics_file
from backend.alerts.insights.schemas import AlertAnalytics, AlertDashboard, Unit
from backend.alerts.schemas import ExportFormat
from backend.api.auth import ReadsAlerts
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, ok
from backend.api.files import FILE_RESPONSES, file_response
from backend.api.resources import resources
from backend.core.schemas import ApiModel

router = APIRouter(prefix="/v1/alerts", tags=["Alert figures"], responses=SIGNED_IN_ERRORS)


class AnalyticsQuery(ApiModel):
    """Which days to count, and how to group them."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(default=30, ge=1, le=service.MAX_DAYS)
    unit: Unit = "day"
    last: date | None = Field(default=None, description="The last day (UTC); today unless said")


class AnalyticsExportQuery(AnalyticsQuery):
    """Which days to export, and in which form."""

    format: ExportFormat = "csv"


@router.get("/dashboard")
async def read_dashboard(user: ReadsAlerts) -> Envelope[AlertDashboard]:
    """Read the figures of your rules, alerts and deliveries as of now, with the newest alerts."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.dashboard(session, user)
    return ok(found)


@router.get("/analytics")
async def read_analytics(user: ReadsAlerts, query: Annotated[AnalyticsQuery, Query()]) -> Envelope[AlertAnalytics]:
    """Count your alerts by day, week or month, by kind, chain and rule, with delivery rate and latency."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.analytics(session, user, query.days, query.unit, query.last)
    return ok(found)


@router.get("/analytics/export", response_class=StreamingResponse, responses=FILE_RESPONSES)
async def export_analytics(user: ReadsAlerts, query: Annotated[AnalyticsExportQuery, Query()]) -> StreamingResponse:
    """Download the same figures: CSV with a line for each subject (`what` says which), or JSON."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await service.analytics(session, user, query.days, query.unit, query.last)
    return await file_response("alert-analytics", query.format, analytics_file(found, query.format))
