"""Official forms from the IRS: one public file a form and year, asked for when a user says so, checked, kept a while.

https://www.irs.gov/pub/irs-prior/f8949--2024.pdf: every year's form by that pattern. Public addresses only, no
redirects, bounded in time and size, a breaker while it does not answer. The demo asks nobody outside unless a place is
named for it.
"""

import asyncio
import time
from dataclasses import dataclass, field

from backend.core.breaker import Breaker
from backend.core.errors import ConflictError, InvalidInputError, RemoteError, UnavailableError
from backend.core.http import OutgoingHttp
from backend.core.settings import IRS_FORMS_URL, Settings
from backend.tax.forms.irs_template import TITLES, read_template
from backend.tax.forms.records import TemplateError

TIMEOUT_SECONDS = 15.0
MOST_BYTES = 1_000_000
RETRY_SECONDS = (0.5, 1.5)
KEPT_SECONDS = 24 * 3600
OFF = "Downloading is off on this server. Take the form from irs.gov and upload it."
RESTING = "The IRS did not answer a moment ago. Try again in a minute, or take the form from irs.gov and upload it."
NO_ANSWER = "The IRS does not answer: {reason} Try again later, or take the form from irs.gov and upload it."
NOT_THERE = "The IRS has no {title} of {year} at its usual place (HTTP {status}). Take it from irs.gov and upload it."


@dataclass(slots=True)
class _Shared:
    """What all downloads of a process share."""

    breaker: Breaker = field(default_factory=Breaker)
    kept: dict[tuple[str, str, int], tuple[float, bytes]] = field(default_factory=dict)


_shared = _Shared()


def can_download(settings: Settings) -> bool:
    """Return whether this server may ask for forms."""
    url = settings.irs_forms_url
    return bool(url) and (not settings.is_demo_chain or url != IRS_FORMS_URL)


def address_of(settings: Settings, form: str, year: int) -> str:
    """Return where a form is."""
    return f"{settings.irs_forms_url.rstrip('/')}/{form}--{year}.pdf"


async def download(settings: Settings, form: str, year: int) -> bytes:
    """Return an official form, checked.

    Raises ConflictError when downloading is off, UnavailableError when the IRS does not answer, InvalidInputError when
    it has no such file, RemoteError when it sends another thing.
    """
    if not can_download(settings):
        raise ConflictError(OFF)
    key = (settings.irs_forms_url, form, year)
    at, content = _shared.kept.get(key, (0.0, b""))
    if content and time.monotonic() - at < KEPT_SECONDS:
        return content
    if not _shared.breaker.try_enter():
        raise UnavailableError(RESTING)
    try:
        content = await _ask(settings, form, year)
    except UnavailableError:
        _shared.breaker.failed()
        raise
    except BaseException:
        _shared.breaker.abandoned()
        raise
    _shared.breaker.succeeded()
    try:
        await asyncio.to_thread(read_template, content, form, year)
    except TemplateError as error:
        raise RemoteError(f"What the IRS sent cannot be used. {error}") from error
    _shared.kept[key] = (time.monotonic(), content)
    return content


async def _ask(settings: Settings, form: str, year: int) -> bytes:
    async with OutgoingHttp(timeout_seconds=TIMEOUT_SECONDS, allow_private=settings.webhook_allow_private) as http:
        for wait in (*RETRY_SECONDS, None):
            try:
                answer = await http.request(
                    "GET", address_of(settings, form, year), b"",
                    {"User-Agent": "premium", "Accept": "application/pdf"}, keep_bytes=MOST_BYTES,
                )  # fmt: skip
            except RemoteError as error:
                reason = error.message
            else:
                if answer.status == 200:
                    return answer.body
                if answer.status < 500 and answer.status != 429:
                    words = NOT_THERE.format(title=TITLES[form], year=year, status=answer.status)
                    raise InvalidInputError(words, {"form": words})
                reason = f"HTTP {answer.status}."
            if wait is None:
                raise UnavailableError(NO_ANSWER.format(reason=reason))
            await asyncio.sleep(wait)
    raise AssertionError("the last try returns or raises")
