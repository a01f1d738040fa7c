"""What a browser may load and run: the Content-Security-Policy of pages, of the API's own page and of data.

The pages are files that were built before, so each inline script in them is named by its hash, and nothing else that
stands in a document runs. What Reflex cannot do without is written down in ADR 0011.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from backend.core.settings import Settings

DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# What the service worker may fetch: pages and files of ours. It runs nothing else.
WORKER_FILE = "/sw.js"
WORKER_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
_INLINE_SCRIPT = re.compile(r"<script\b((?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_FALLBACKS = ("404.html", "__spa-fallback.html")


def script_hashes(html: str) -> list[str]:
    """Return the CSP source of every inline script of a document, each once."""
    scripts = [body for attributes, body in _INLINE_SCRIPT.findall(html) if " src=" not in f" {attributes}"]
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts if script)
    return list(dict.fromkeys(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))


def page_policy(settings: Settings, scripts: Iterable[str]) -> str:
    """Return the policy of a document whose inline scripts have these hashes.

    Forms may lead to ourselves, and from there to where subscriptions are paid and to the sign-in of others.
    """
    host = urlsplit(settings.app_url)
    analytics = analytics_origin(settings)
    socket = f"{'wss' if host.scheme == 'https' else 'ws'}://{host.netloc}"
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *scripts, *analytics)),
            "script-src-attr 'none'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            " ".join(("connect-src 'self'", socket, *analytics)),
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "frame-src 'self'",  # PDFs of ours, which may be framed by us alone (`tax/reports/api.py`)
            "object-src 'none'",
            "base-uri 'self'",
            " ".join(("form-action 'self'", *form_targets(settings))),
            "frame-ancestors 'none'",
        )
    )


def analytics_origin(settings: Settings) -> list[str]:
    """Return where analytics are loaded from and report to (they are loaded after consent only); mostly nowhere."""
    url = urlsplit(settings.analytics_script_url)
    return [f"https://{url.netloc}"] if url.netloc else []


def form_targets(settings: Settings) -> list[str]:
    """Return the origins that a form of ours may end at by a redirect."""
    origins = list(settings.payment_page_origins)
    if settings.google_client_id:
        origins.append(settings.google_issuer)
    if settings.github_client_id:
        origins.append(settings.github_url)
    parts = [urlsplit(origin) for origin in origins]
    return list(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))


class PagePolicies:
    """The policy of every built page, read once from the directory the pages are served from."""

    def __init__(self, settings: Settings, directory: Path | None) -> None:
        self._settings = settings
        self._directory = directory
        self._by_file: dict[str, str] | None = None

    def of(self, path: str, status: int) -> str:
        """Return the policy of the document that is answered at a path."""
        if self._by_file is None:
            self._by_file = self._read()
        name = path.strip("/")
        wanted = (f"{name}/index.html", f"{name}.html", name) if name else ("index.html",)
        if status != 404:
            for file in wanted:
                if file in self._by_file:
                    return self._by_file[file]
        return self._by_file[""]

    def _read(self) -> dict[str, str]:
        files = sorted(self._directory.rglob("*.html")) if self._directory and self._directory.is_dir() else []
        found, unknown = {}, list[str]()
        for file in files:
            name, hashes = file.relative_to(self._directory or file).as_posix(), script_hashes(file.read_text("utf-8"))
            found[name] = page_policy(self._settings, hashes)
            if name in _FALLBACKS:
                unknown += hashes
        return {**found, "": page_policy(self._settings, dict.fromkeys(unknown))}
