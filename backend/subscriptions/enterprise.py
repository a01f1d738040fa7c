"""Enterprise is sold by talking: what somebody writes is kept, and answered by a person."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import RateLimitError
from backend.core.ids import new_id
from backend.subscriptions import repository
from backend.subscriptions.schemas import EnterpriseRequestCreate, EnterpriseRequestRead

MOST_A_DAY = 3


async def request_enterprise(
    session: AsyncSession, user: CurrentUser, data: EnterpriseRequestCreate
) -> EnterpriseRequestRead:
    """Store a request. Raises RateLimitError after three within a day."""
    now = utc_now()
    if await repository.count_enterprise_requests(session, user.id, now - timedelta(days=1)) >= MOST_A_DAY:
        raise RateLimitError("We have your requests and answer within two working days.", {"retryAfter": 86_400})
    request_id = new_id()
    await repository.insert_enterprise_request(
        session, request_id, user.id, data.company, data.email, data.message, now
    )
    await audit(session, user.id, "subscription.enterprise_requested", str(request_id), {"company": data.company})
    return EnterpriseRequestRead(id=str(request_id), created_at=now)
