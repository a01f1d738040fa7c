"""The advising part of the alerts API: what a rule would have told."""

from fastapi import APIRouter

from backend.alerts.preview import service as preview
from backend.alerts.preview.schemas import RulePreview
from backend.alerts.schemas import RuleCreate
from backend.api.auth import ReadsAlerts
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, ok
from backend.api.resources import resources

router = APIRouter(prefix="/v1/alerts", tags=["Alert advice"], responses=SIGNED_IN_ERRORS)


@router.post("/rules/preview")
async def preview_rule(user: ReadsAlerts, body: RuleCreate) -> Envelope[RulePreview]:
    """Try a rule on what is stored of the last seven days. Nothing is made or told."""
    held = resources()
    async with held.database.unit_of_work(user.id) as session:
        found = await preview.preview_rule(session, user, body, held.redis)
    return ok(found)
