"""The alerts part of the API: rules, history, deliveries, and the live stream."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field, field_validator
from starlette.websockets import WebSocket

from backend.alerts import service
from backend.alerts.schemas import (
    AlertRead,
    AlertStatus,
    ExportFormat,
    HistoryFilter,
    HistorySort,
    KindRead,
    RuleCreate,
    RuleRead,
    RuleSnooze,
    RuleType,
    RuleUpdate,
)
from backend.api.alert_stream import AlertStream
from backend.api.auth import ReadsAlerts, SignedIn, WritesAlerts, public, take_from_limit
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.files import FILE_RESPONSES, file_response
from backend.api.limits import WEBHOOK_TEST_PER_MINUTE
from backend.api.live_stream import serve_stream
from backend.api.resources import resources
from backend.core.schemas import ApiModel, Page
from backend.notifications import service as notifications
from backend.notifications.service import (
    DeliveryRead,
    DeliveryStatus,
    WebhookSecret,
    WebhookSecretRotate,
    WebhookTest,
)

router = APIRouter(prefix="/v1/alerts", responses=SIGNED_IN_ERRORS)
live_router = APIRouter(prefix="/v1/alerts")
_FIRST_YEAR, _LAST_YEAR = 2009, 2100
RULES: list[str | Enum] = ["Alert rules"]
HISTORY: list[str | Enum] = ["Alert history"]
DELIVERIES: list[str | Enum] = ["Webhook deliveries"]


class _Paging(ApiModel):
    model_config = ConfigDict(extra="forbid")

    page: int = Field(default=1, ge=1, le=100_000)
    page_size: int = Field(default=20, ge=1, le=100)


class RulesQuery(_Paging):
    """Which rules to list."""

    type: RuleType | None = None
    enabled: bool | None = None


class RuleDeleted(ApiModel):
    """The rule that is gone."""

    id: UUID
    deleted: Literal[True] = True


class HistoryConditions(ApiModel):
    """Which alerts to list; `since` inclusive, `until` exclusive, both on the block's time (UTC if not said)."""

    model_config = ConfigDict(extra="forbid")

    type: RuleType | None = None
    rule_id: UUID | None = None
    chain_id: int | None = Field(default=None, ge=1, le=2**53)
    token: str | None = Field(default=None, max_length=64, description="Address or symbol")
    status: AlertStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: HistorySort = Field(default="-time", description="With a minus the largest (newest) first")

    @field_validator("since", "until")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            raise ValueError(f"Use a time between {_FIRST_YEAR} and {_LAST_YEAR}.")
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    def chosen(self) -> HistoryFilter:
        """Return what the service wants to know."""
        return HistoryFilter(**{name: getattr(self, name) for name in HistoryFilter.model_fields})


class HistoryQuery(HistoryConditions, _Paging):
    """Which alerts to list, and which page of them."""


class ExportQuery(HistoryConditions):
    """Which alerts to export, and in which form."""

    format: ExportFormat = "csv"


class DeliveriesQuery(_Paging):
    """Which deliveries to list."""

    status: DeliveryStatus | None = None
    rule_id: UUID | None = Field(default=None, description="Only what was sent because of this rule")


@router.post("/rules", status_code=201, tags=RULES)
async def create_rule(user: WritesAlerts, body: RuleCreate) -> Envelope[RuleRead]:
    """Make an alert rule. It works on every block from about a second later on."""
    async with resources().database.unit_of_work(user.id) as session:
        rule = await service.create_rule(session, user, body)
    return ok(rule)


@router.get("/rules", tags=RULES)
async def list_rules(user: ReadsAlerts, query: Annotated[RulesQuery, Query()]) -> Envelope[Page[RuleRead]]:
    """List your rules, newest first."""
    async with resources().database.unit_of_work(user.id) as session:
        page = await service.list_rules(
            session, user, type=query.type, enabled=query.enabled, page=query.page, page_size=query.page_size
        )
    return ok(page)


@router.get("/rules/{rule_id}", tags=RULES, responses=errors(404))
async def get_rule(user: ReadsAlerts, rule_id: UUID) -> Envelope[RuleRead]:
    """Read one rule."""
    async with resources().database.unit_of_work(user.id) as session:
        rule = await service.get_rule(session, user, rule_id)
    return ok(rule)


@router.put("/rules/{rule_id}", tags=RULES, responses=errors(404, 409))
async def update_rule(user: WritesAlerts, rule_id: UUID, body: RuleUpdate) -> Envelope[RuleRead]:
    """Change a rule: what is absent stays. With `version`, refused when it was changed since."""
    async with resources().database.unit_of_work(user.id) as session:
        rule = await service.update_rule(session, user, rule_id, body)
    return ok(rule)


@router.delete("/rules/{rule_id}", tags=RULES, responses=errors(404))
async def delete_rule(user: WritesAlerts, rule_id: UUID) -> Envelope[RuleDeleted]:
    """Delete a rule. Its alerts stay in the history."""
    async with resources().database.unit_of_work(user.id) as session:
        await service.delete_rule(session, user, rule_id)
    return ok(RuleDeleted(id=rule_id))


@router.post("/rules/{rule_id}/pause", tags=RULES, responses=errors(404))
async def pause_rule(user: WritesAlerts, rule_id: UUID) -> Envelope[RuleRead]:
    """Stop a rule from firing until it is resumed."""
    return await _set_enabled(user, rule_id, enabled=False)


@router.post("/rules/{rule_id}/resume", tags=RULES, responses=errors(404))
async def resume_rule(user: WritesAlerts, rule_id: UUID) -> Envelope[RuleRead]:
    """Let a paused rule fire again."""
    return await _set_enabled(user, rule_id, enabled=True)


@router.post("/rules/{rule_id}/snooze", tags=RULES, responses=errors(404))
async def snooze_rule(user: WritesAlerts, rule_id: UUID, body: RuleSnooze) -> Envelope[RuleRead]:
    """Keep a rule still until a time; null wakes it. What happens meanwhile is not told afterwards."""
    async with resources().database.unit_of_work(user.id) as session:
        rule = await service.snooze_rule(session, user, rule_id, body.until)
    return ok(rule)


@router.get("/kinds", tags=RULES)
async def list_kinds(user: ReadsAlerts) -> Envelope[list[KindRead]]:
    """List the kinds of rules and the conditions that each takes; forms are made from it."""
    return ok(service.list_kinds())


async def _set_enabled(user: WritesAlerts, rule_id: UUID, *, enabled: bool) -> Envelope[RuleRead]:
    async with resources().database.unit_of_work(user.id) as session:
        rule = await service.set_enabled(session, user, rule_id, enabled)
    return ok(rule)


@router.get("/history", tags=HISTORY)
async def list_history(user: ReadsAlerts, query: Annotated[HistoryQuery, Query()]) -> Envelope[Page[AlertRead]]:
    """List your alerts, newest first unless `sort` says otherwise; withdrawn ones carry the reason."""
    async with resources().database.unit_of_work(user.id) as session:
        page = await service.list_history(session, user, query.chosen(), query.page, query.page_size)
    return ok(page)


@router.get(
    "/history/export",
    tags=HISTORY,
    response_class=StreamingResponse,
    responses=FILE_RESPONSES,
)
async def export_history(user: ReadsAlerts, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
    """Download your alerts as CSV or JSON."""
    return await file_response("alerts", query.format, _export(user, query))


async def _export(user: ReadsAlerts, query: ExportQuery) -> AsyncIterator[bytes]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(resources().database.unit_of_work(user.id))
        async for chunk in service.export_history(session, user, query.chosen(), query.format):
            yield chunk


@router.get("/deliveries", tags=DELIVERIES)
async def list_deliveries(
    user: ReadsAlerts, query: Annotated[DeliveriesQuery, Query()]
) -> Envelope[Page[DeliveryRead]]:
    """List what was or will be sent to your webhooks, newest first; `dead` ones can be sent again."""
    async with resources().database.unit_of_work(user.id) as session:
        page = await notifications.list_deliveries(
            session, user.id, query.status, query.page, query.page_size, rule_id=query.rule_id
        )
    return ok(page)


@router.post("/deliveries/{delivery_id}/resend", tags=DELIVERIES, responses=errors(404, 409))
async def resend_delivery(user: WritesAlerts, delivery_id: UUID) -> Envelope[DeliveryRead]:
    """Send a sent or dead message again, under the same `X-Webhook-ID`."""
    async with resources().database.unit_of_work(user.id) as session:
        delivery = await service.resend_delivery(session, user, delivery_id)
    return ok(delivery)


@router.get("/webhook-secret", tags=DELIVERIES)
async def read_webhook_secret(user: SignedIn) -> Envelope[WebhookSecret]:
    """Read the key that signs your webhooks."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        secret = await notifications.read_secret(session, user.id, held.settings)
    return ok(secret)


@router.post("/webhook-secret/rotate", tags=DELIVERIES)
async def rotate_webhook_secret(user: SignedIn, body: WebhookSecretRotate) -> Envelope[WebhookSecret]:
    """Change the key that signs your webhooks. For `graceHours` messages carry a signature of the old one too."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        secret = await notifications.rotate_secret(session, user.id, body.grace_hours, held.settings)
    return ok(secret)


async def _limited_tests(request: Request, user: WritesAlerts) -> None:
    await take_from_limit(request, WEBHOOK_TEST_PER_MINUTE, "webhook-test", str(user.id))


@router.post("/webhook-test", status_code=201, tags=DELIVERIES, dependencies=[Depends(_limited_tests)])
async def test_webhook(user: WritesAlerts, body: WebhookTest) -> Envelope[DeliveryRead]:
    """Send a test message to an address; how it fared is in the deliveries."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        delivery = await service.send_test_webhook(session, user, body.destination, held.settings.webhook_allow_private)
    return ok(delivery)


@live_router.websocket("/stream")
@public("it asks for a token or a session itself, before it sends anything")
async def stream(socket: WebSocket) -> None:
    """Serve a user's alerts as they are stored."""
    await serve_stream(socket, AlertStream)
