"""Assembles the product: the Reflex pages and, around them, the API application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import reflex as rx
from reflex.event import EventSpec

from backend.api.app import create_app, edge
from backend.api.resources import resources_lifespan
from backend.core.ids import request_id
from backend.core.logging import configure_logging, get_logger
from backend.core.settings import ROOT, get_settings
from components.i18n import t
from components.layout.connection import connection_notice
from components.layout.consent import consent_notice
from components.layout.error_boundary import page_error_boundary
from components.layout.head import head_components
from premium_app.routes import add_pages

log = get_logger(__name__)

PAGES_DIRECTORY = ROOT / ".web" / "build" / "client"


def show_failure(exception: Exception) -> EventSpec:
    """Tell the reader that an event failed, with an id that the log has too."""
    failed_id = request_id()
    log.error("page event failed", request_id=failed_id, exc_info=exception)
    return rx.toast.error(t("error.internal"), description=f"{t('error.request')} {failed_id}")  # type: ignore[return-value]


@asynccontextmanager
async def web_lifespan() -> AsyncIterator[None]:
    """Hold what this web process needs while it lives: JSON logs and the connections."""
    configure_logging("web", get_settings().log_level)
    async with resources_lifespan():
        yield


app = rx.App(
    html_lang="en",
    stylesheets=["/tokens.css", "/base.css", "/alerts.css"],
    head_components=head_components(),
    toaster=rx.toast.provider(position="bottom-right", close_button=False, rich_colors=False, theme="system"),
    app_wraps={
        (55, "ErrorBoundary"): lambda _stateful: page_error_boundary(),
        (5, "Overlay"): lambda stateful: connection_notice() if stateful else None,
        (4, "Consent"): lambda _stateful: rx.fragment(consent_notice()),
    },
    backend_exception_handler=show_failure,
    api_transformer=[create_app(), partial(edge, pages=PAGES_DIRECTORY)],
)
app.register_lifespan_task(web_lifespan)
add_pages(app)
