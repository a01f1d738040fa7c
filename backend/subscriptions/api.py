"""`/v1/subscriptions`: plans, checkout, changes, invoices; and the webhooks of the payment provider."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from backend.accounts.service import CurrentUser, EmailNotVerifiedError
from backend.api.auth import (
    ReadsSubscriptions,
    SignedIn,
    client_ip,
    identify,
    limited_by_address,
    public,
    take_from_limit,
    take_from_limits,
)
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.failures import STORE_ERRORS
from backend.api.limits import ANONYMOUS_PER_MINUTE, Allowance
from backend.api.resources import resources
from backend.core.errors import ForbiddenError, PremiumError, RateLimitError, UnauthorizedError
from backend.core.schemas import Page
from backend.subscriptions import service
from backend.subscriptions.errors import BadSignatureError, SubscriptionExistsError
from backend.subscriptions.schemas import (
    CheckoutCreate,
    CheckoutRead,
    CheckoutStatus,
    EnterpriseRequestCreate,
    EnterpriseRequestRead,
    InvoiceRead,
    PlanList,
    PortalRead,
    PreviewCreate,
    PreviewRead,
    SubscriptionChange,
    SubscriptionRead,
    SubscriptionUpdate,
    WebhookRead,
)

router = APIRouter(prefix="/v1/subscriptions", tags=["Subscriptions"])
CALLS_PER_MINUTE = 30  # of what asks the payment provider, for each user
BILLING_PAGE, PRICING_PAGE, ACCOUNT_PAGE = "/settings/billing/", "/pricing/", "/settings/account/"


async def _asks_provider(user: SignedIn) -> CurrentUser:
    """Dependency of routes that ask the payment provider: fewer of them a minute."""
    await _take(user)
    return user


async def _take(user: CurrentUser) -> None:
    verdict = await resources().limiter.hit_all(Allowance(CALLS_PER_MINUTE, ("payments", str(user.id))))
    if not verdict.allowed:
        wait = max(1, verdict.reset_seconds)
        raise RateLimitError(f"Too many requests. Try again in {wait} seconds.", {"retryAfter": wait})


Buyer = Annotated[CurrentUser, Depends(_asks_provider)]


@router.get("", responses=SIGNED_IN_ERRORS)
async def read_subscription(user: ReadsSubscriptions) -> Envelope[SubscriptionRead]:
    """Return your plan, your subscription, and what you use of your plan's caps."""
    held = resources()
    read = service.read_subscription_of
    return ok(await held.subscription_views.get(user.id, lambda: read(held.database, held.settings, user)))


@router.get("/plans", dependencies=[Depends(limited_by_address)], responses=errors(429, 503))
@public("the prices")
async def read_plans() -> Envelope[PlanList]:
    """List every plan: prices, features and caps. Needs nobody signed in."""
    return ok(service.list_plans(resources().settings))


@router.post("", status_code=201, responses={**SIGNED_IN_ERRORS, **errors(409)})
async def create_subscription(user: Buyer, body: CheckoutCreate) -> Envelope[CheckoutRead]:
    """Open a checkout for a plan. With a live subscription: 409, use PUT."""
    held = resources()
    gateway = service.shared_gateway(held.settings)
    return ok(await service.start_checkout(held.database, gateway, user, body.tier, body.interval))


@router.put("", responses={**SIGNED_IN_ERRORS, **errors(409)})
async def update_subscription(user: Buyer, body: SubscriptionUpdate) -> Envelope[SubscriptionChange]:
    """Change the plan at the amounts of a preview, or cancel at the period's end, or take that back."""
    held = resources()
    gateway = service.shared_gateway(held.settings)
    if body.cancel_at_period_end is not None:
        return ok(await service.set_cancelled(held.database, gateway, user, cancelled=body.cancel_at_period_end))
    return ok(await service.change_plan(held.database, gateway, user, body.tier, body.interval, body.proration_date))


@router.delete("", responses={**SIGNED_IN_ERRORS, **errors(409)})
async def cancel_subscription(user: Buyer) -> Envelope[SubscriptionChange]:
    """Cancel: the plan stays until the end of what was paid for."""
    held = resources()
    gateway = service.shared_gateway(held.settings)
    return ok(await service.set_cancelled(held.database, gateway, user, cancelled=True))


@router.post("/resume", responses={**SIGNED_IN_ERRORS, **errors(409)})
async def resume_subscription(user: Buyer) -> Envelope[SubscriptionChange]:
    """Take a cancellation back before the period ends."""
    held = resources()
    gateway = service.shared_gateway(held.settings)
    return ok(await service.set_cancelled(held.database, gateway, user, cancelled=False))


@router.post("/preview", responses={**SIGNED_IN_ERRORS, **errors(409)})
async def preview_change(user: Buyer, body: PreviewCreate) -> Envelope[PreviewRead]:
    """Return what a change of plan costs now, line by line, and what it would pause."""
    held = resources()
    gateway = service.shared_gateway(held.settings)
    return ok(await service.preview_change(held.database, gateway, user, body.tier, body.interval))


@router.post("/portal", responses=SIGNED_IN_ERRORS)
async def open_portal(user: Buyer) -> Envelope[PortalRead]:
    """Return the address where the payment method is changed; it is good for a few minutes."""
    return ok(PortalRead(portal_url=await _portal_url(user)))


async def _portal_url(user: CurrentUser) -> str:
    held = resources()
    gateway = service.shared_gateway(held.settings)
    customer = await service.customer_of(held.database, gateway, user)
    return await gateway.portal_url(customer, f"{held.settings.app_url}{BILLING_PAGE}")


@router.get("/invoices", responses=SIGNED_IN_ERRORS)
async def read_invoices(
    user: ReadsSubscriptions,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100, alias="pageSize")] = 20,
) -> Envelope[Page[InvoiceRead]]:
    """List your invoices, newest first."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.list_invoices(session, user, page, page_size))


@router.get("/checkouts/{session_id}", responses={**SIGNED_IN_ERRORS, **errors(404)})
async def read_checkout(user: Buyer, session_id: str) -> Envelope[CheckoutStatus]:
    """Return where a checkout of yours stands."""
    held = resources()
    gateway = service.shared_gateway(held.settings)
    return ok(await service.checkout_status(held.database, gateway, user, session_id[:255]))


@router.post("/enterprise-requests", status_code=201, responses=SIGNED_IN_ERRORS)
async def request_enterprise(user: SignedIn, body: EnterpriseRequestCreate) -> Envelope[EnterpriseRequestRead]:
    """Ask to talk about Enterprise."""
    async with resources().database.unit_of_work(user.id) as session:
        return ok(await service.request_enterprise(session, user, body))


@router.post("/webhooks", responses=errors(400, 404, 422, 429, 503))
@public("Stripe signs what it sends")
async def receive_webhook(request: Request) -> Envelope[WebhookRead]:
    """Take a signed event of the payment provider; it is handled by a job."""
    held = resources()
    connection = service.shared_gateway(held.settings).connection
    signature = request.headers.get("stripe-signature")
    try:
        is_new = await service.receive_webhook(held.database, connection, await request.body(), signature)
    except BadSignatureError:
        await take_from_limit(request, ANONYMOUS_PER_MINUTE, "bad-webhook", client_ip(request, held.settings))
        raise
    return ok(WebhookRead(duplicate=not is_new))


@router.post(
    "/checkout", status_code=303, response_class=RedirectResponse, responses={303: {"description": "Go on there"}}
)
@public("a form: it asks for the session itself and leads to the sign-in page")
async def open_checkout(request: Request) -> Response:
    """Send a browser (form fields `tier`, `interval`) to the checkout; who is not signed in, to sign in first."""
    fields = await _form(request)
    tier = fields.get("tier") if fields.get("tier") in service.SOLD_ONLINE else "pro"
    interval = "year" if fields.get("interval") == "year" else "month"
    back = f"{PRICING_PAGE}?{urlencode({'plan': tier, 'interval': interval})}"
    try:
        user = await _browser_user(request)
        if user is None:
            return _to(f"/sign-in/?{urlencode({'next': back})}")
        await _take(user)
        held = resources()
        gateway = service.shared_gateway(held.settings)
        opened = await service.start_checkout(held.database, gateway, user, str(tier), interval)
    except SubscriptionExistsError:
        return _to(f"{BILLING_PAGE}?{urlencode({'plan': tier, 'interval': interval})}")
    except EmailNotVerifiedError:
        return _to(ACCOUNT_PAGE)  # says what is missing, and sends the link again
    except (PremiumError, *STORE_ERRORS) as error:
        return _to(f"{back}&notice={_notice(error)}")
    return _to(opened.checkout_url)


@router.post(
    "/portal/open", status_code=303, response_class=RedirectResponse, responses={303: {"description": "Go on there"}}
)
@public("a form: it asks for the session itself and leads to the sign-in page")
async def open_portal_page(request: Request) -> Response:
    """Send a browser to where the payment method is changed."""
    try:
        user = await _browser_user(request)
        if user is None:
            return _to(f"/sign-in/?{urlencode({'next': BILLING_PAGE})}")
        await _take(user)
        return _to(await _portal_url(user))
    except (PremiumError, *STORE_ERRORS) as error:
        return _to(f"{BILLING_PAGE}?notice={_notice(error)}")


async def _browser_user(request: Request) -> CurrentUser | None:
    """Return who sent a form, counted; None for nobody. Raises ForbiddenError when it came from another site."""
    try:
        caller = await identify(request, resources())
    except UnauthorizedError:
        caller = None
    if caller is None:
        await limited_by_address(request)
        return None
    if caller.key is not None:
        raise ForbiddenError("An API key cannot buy anything.")
    await take_from_limits(request, Allowance(CALLS_PER_MINUTE, ("forms", str(caller.user.id))))
    return caller.user


async def _form(request: Request) -> dict[str, str]:
    try:
        form = await request.form(max_files=0, max_fields=10)
    except HTTPException:
        return {}
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _notice(error: Exception) -> str:
    if isinstance(error, RateLimitError):
        return "throttled"
    return "origin" if isinstance(error, ForbiddenError) else "unavailable"


def _to(url: str) -> Response:
    return RedirectResponse(url, status_code=303)
