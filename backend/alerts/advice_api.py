"""The advising part of the alerts API: what a rule would have told, and rules that are written already."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict

from backend.alerts.preview import service as preview
from backend.alerts.preview.schemas import RulePreview
from backend.alerts.recommendations import service as recommendations
from backend.alerts.recommendations.schemas import RecommendationDismissed, Recommendations
from backend.alerts.schemas import RuleCreate, RuleRead, RuleType
from backend.alerts.templates import service as templates
from backend.alerts.templates.schemas import TemplateRead, TemplateUse
from backend.api.auth import ReadsAlerts, WritesAlerts
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.resources import resources
from backend.core.schemas import ApiModel

router = APIRouter(prefix="/v1/alerts", tags=["Alert advice"], responses=SIGNED_IN_ERRORS)


class TemplatesQuery(ApiModel):
    """Which templates to list."""

    model_config = ConfigDict(extra="forbid")

    kind: RuleType | None = None


@router.get("/templates")
async def list_templates(user: ReadsAlerts, query: Annotated[TemplatesQuery, Query()]) -> Envelope[list[TemplateRead]]:
    """List rules that are written already but for a few blanks."""
    return ok(templates.list_templates(query.kind))


@router.post("/templates/{template_id}", status_code=201, responses=errors(404))
async def use_template(user: WritesAlerts, template_id: str, body: TemplateUse) -> Envelope[RuleRead]:
    """Make a rule of a template."""
    async with resources().database.unit_of_work(user.id) as session:
        rule = await templates.use_template(session, user, template_id, body)
    return ok(rule)


@router.post("/rules/preview")
async def preview_rule(user: ReadsAlerts, body: RuleCreate) -> Envelope[RulePreview]:
    """Try a rule on what is stored of the last seven days. Nothing is made or told."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        found = await preview.preview_rule(session, user, body, held.redis)
    return ok(found)


@router.get("/recommendations")
async def list_recommendations(user: ReadsAlerts) -> Envelope[Recommendations]:
    """Look at your rules, watched wallets and alerts of the last seven days: what is worth having or changing."""
    async with resources().database.unit_of_work(user.id) as session:
        found = await recommendations.list_recommendations(session, user)
    return ok(found)


@router.post("/recommendations/{recommendation_id}/accept", responses=errors(404, 409))
async def accept_recommendation(user: WritesAlerts, recommendation_id: UUID) -> Envelope[RuleRead]:
    """Do what is recommended: make the rule, or change it."""
    async with resources().database.unit_of_work(user.id) as session:
        rule = await recommendations.accept(session, user, recommendation_id)
    return ok(rule)


@router.post("/recommendations/{recommendation_id}/dismiss", responses=errors(404))
async def dismiss_recommendation(user: WritesAlerts, recommendation_id: UUID) -> Envelope[RecommendationDismissed]:
    """Be shown this recommendation no more."""
    async with resources().database.unit_of_work(user.id) as session:
        await recommendations.dismiss(session, user, recommendation_id)
    return ok(RecommendationDismissed(id=recommendation_id))
