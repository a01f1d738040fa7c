"""The API application: includes the routers of the domains, and gives every answer the same form."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp

from backend.accounts.account_api import router as account_router
from backend.accounts.api import router as accounts_router
from backend.accounts.api_keys_api import router as api_keys_router
from backend.accounts.linked.api import router as linked_router
from backend.accounts.oauth.api import router as oauth_router
from backend.accounts.sign_up.api import router as sign_up_router
from backend.accounts.signing_keys.api import router as signing_keys_router
from backend.accounts.siwe.api import router as siwe_router
from backend.accounts.two_factor.api import router as two_factor_router
from backend.alerts.advice_api import router as alert_advice_router
from backend.alerts.api import live_router
from backend.alerts.api import router as alerts_router
from backend.alerts.automation_api import router as automation_router
from backend.alerts.insights_api import router as alert_figures_router
from backend.api.auth import public
from backend.api.docs import docs_router
from backend.api.failures import install_failures
from backend.api.health import router as health_router
from backend.api.intake import IntakeMiddleware
from backend.api.middleware import EdgeMiddleware
from backend.bots.api import router as bots_router
from backend.chain.api import router as chain_router
from backend.core.errors import NotFoundError
from backend.market.api import router as market_router
from backend.market.ladder.api import router as prices_router
from backend.notifications.channels_api import router as channels_router
from backend.notifications.local_mailbox_api import router as local_mailbox_router
from backend.notifications.pictures_api import router as pictures_router
from backend.notifications.preferences_api import router as preferences_router
from backend.notifications.push_api import router as push_router
from backend.portfolio.activity.api import router as portfolio_activity_router
from backend.portfolio.api import router as portfolio_router
from backend.portfolio.exporting.api import router as portfolio_exports_router
from backend.portfolio.leaderboard.api import router as leaderboard_router
from backend.portfolio.liquidity.api import router as portfolio_liquidity_router
from backend.portfolio.nfts.api import router as portfolio_nfts_router
from backend.portfolio.profit.api import router as portfolio_profit_router
from backend.portfolio.rebalancing.api import router as rebalancing_router
from backend.portfolio.scheduled_exports.api import router as scheduled_exports_router
from backend.portfolio.stream_api import router as portfolio_stream_router
from backend.portfolio.wallets.api import router as portfolio_wallets_router
from backend.privacy.api import consent_router
from backend.privacy.api import router as privacy_router
from backend.subscriptions.api import router as subscriptions_router
from backend.tax.api import router as tax_router
from backend.tax.form_templates.api import router as tax_forms_router
from backend.tax.imports.api import router as tax_imports_router
from backend.tax.optimisation.api import router as tax_optimisation_router
from backend.tax.reports.api import router as tax_reports_router
from backend.tax.review.api import router as tax_review_router

DESCRIPTION = """
Alerts on what happens on EVM chains, as it happens.

Get a token from `POST /v1/auth/token` and send it as `Authorization: Bearer …`. Every answer is an envelope:
`{"success": true, "data": …, "meta": {"timestamp", "requestId"}}` or `{"success": false, "error": {"code", "message",
"details"}, "meta": …}`. Requests a minute by plan: free 100, starter 1,000, pro 10,000, enterprise 100,000; the
`X-RateLimit-*` headers say how many are left. Live alerts: `WS /v1/alerts/stream?token=…`, live portfolio:
`WS /v1/portfolio/stream?token=…`.
"""

routers: tuple[APIRouter, ...] = (
    accounts_router,
    sign_up_router,
    account_router,
    two_factor_router,
    siwe_router,
    oauth_router,
    linked_router,
    signing_keys_router,
    api_keys_router,
    subscriptions_router,
    alerts_router,
    alert_advice_router,
    alert_figures_router,
    automation_router,
    live_router,
    chain_router,
    market_router,
    portfolio_router,
    portfolio_activity_router,
    portfolio_nfts_router,
    portfolio_profit_router,
    portfolio_stream_router,
    portfolio_liquidity_router,
    leaderboard_router,
    portfolio_wallets_router,
    rebalancing_router,
    tax_optimisation_router,
    portfolio_exports_router,
    scheduled_exports_router,
    tax_forms_router,
    tax_imports_router,
    tax_review_router,
    tax_reports_router,
    tax_router,
    prices_router,
    privacy_router,
    consent_router,
    preferences_router,
    push_router,
    pictures_router,
    bots_router,
    channels_router,
    health_router,
    local_mailbox_router,
)


def create_app() -> FastAPI:
    """Return the FastAPI application; it connects to nothing before the first request."""
    app = FastAPI(
        title="Premium API",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        separate_input_output_schemas=False,
    )
    install_failures(app)
    for router in routers:
        app.include_router(router)
    app.include_router(docs_router)
    app.add_api_route(
        "/v1/{rest:path}",
        _nothing_here,
        methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"],
        include_in_schema=False,
    )
    app.add_middleware(IntakeMiddleware)
    return app


def edge(app: ASGIApp, pages: Path | None = None) -> ASGIApp:
    """Wrap an application in what every answer gets (the last entry of Reflex's `api_transformer`).

    `pages` is where the built pages lie: their inline scripts are what the browser may run.
    """
    return EdgeMiddleware(app, pages=pages)


@public("nothing is here")
async def _nothing_here(request: Request) -> Any:
    """Answer 405 when another method would be taken at this address, else 404 (Reflex would answer with a page)."""
    allowed: set[str] = set()
    for route in (route for router in routers for route in router.routes):
        match, _ = route.matches(request.scope)
        if match is Match.PARTIAL:
            allowed |= getattr(route, "methods", None) or set()
    if allowed:
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
    raise NotFoundError("There is nothing at this address.")
