"""Reflex configuration. Every value that differs between places comes from `backend.core.settings`."""

import os

import reflex as rx

from backend.core.settings import get_settings
from premium_app.no_eval import NoEvalPlugin
from premium_app.same_origin import SameOriginPlugin

# The command line reads these before (or without) this file's Config: nothing may be downloaded or call home.
os.environ.setdefault("REFLEX_TELEMETRY_ENABLED", "false")
os.environ.setdefault("REFLEX_CHECK_LATEST_VERSION", "false")
os.environ.setdefault("REFLEX_USE_NPM", "1")
os.environ.setdefault("REFLEX_USE_GRANIAN", "1")

settings = get_settings()
# Who may call with the cookie from another origin: nobody but ourselves. This machine counts only while we live on it.
_local = [] if settings.public_url else [f"http://localhost:{settings.port}", f"http://127.0.0.1:{settings.port}"]

# Utility classes take their colours and sizes from the tokens in assets/tokens.css, so a theme is a set of values.
_COLORS = {
    name: f"var(--color-{name})"
    for name in (
        "ground",
        "surface",
        "raised",
        "line",
        "line-strong",
        "ink",
        "ink-2",
        "ink-3",
        "accent",
        "accent-fill",
        "accent-ink",
        "accent-ground",
        "gain",
        "gain-ground",
        "loss",
        "loss-ground",
        "warn",
        "warn-ground",
    )
}

config = rx.Config(
    app_name="premium_app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    default_color_mode="system",
    api_url=settings.public_url or f"http://localhost:{settings.port}",
    deploy_url=settings.app_url,
    backend_port=settings.port,
    frontend_port=settings.port,
    backend_host=settings.host,
    trusted_proxy_hops=settings.trusted_proxy_hops,
    cors_allowed_origins=sorted({settings.app_url, *settings.cors_origins, *_local}),
    frontend_compression_formats=["gzip", "brotli"],
    redis_url=settings.redis_url or None,
    plugins=[
        SameOriginPlugin(),
        NoEvalPlugin(),
        rx.plugins.TailwindV4Plugin(
            {
                "theme": {
                    "colors": {**_COLORS, "transparent": "transparent", "current": "currentColor"},
                    "fontFamily": {"sans": ["var(--font-sans)"], "mono": ["var(--font-mono)"]},
                    "fontSize": {
                        "12": ["0.75rem", "1rem"],
                        "13": ["0.8125rem", "1.25rem"],
                        "14": ["0.875rem", "1.25rem"],
                        "16": ["1rem", "1.5rem"],
                        "20": ["1.25rem", "1.75rem"],
                        "28": ["1.75rem", "2.25rem"],
                    },
                    "fontWeight": {"normal": "450", "strong": "600"},
                    "borderRadius": {"none": "0", "4": "4px", "6": "6px", "8": "8px", "12": "12px", "full": "999px"},
                },
                "plugins": [],
            }
        ),
    ],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
