"""One HTTP request of a channel, with what was asked and answered kept to be shown."""

import re
from collections.abc import Mapping
from time import monotonic

from backend.core.http import Answer, NoAnswerError, OutgoingHttp
from backend.notifications.channels.port import MOST_KEPT_OF_AN_ANSWER, ChannelError, Exchange

_MOST_HEADERS = 40
_SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "www-authenticate", "proxy-authorization"})
_UNSHOWN = re.compile(r"[^\x20-\x7e\n\t\u00a0-\ud7ff\ue000-\U0010ffff]")


async def post(
    http: OutgoingHttp, url: str, body: bytes, headers: Mapping[str, str], shown_url: str | None = None
) -> tuple[Exchange, Answer]:
    """Post and return the exchange and the answer, whatever its status. `shown_url`: without what is secret in it.

    Raises ChannelError when no answer came: it may be tried again, and `maybe_sent` tells whether the request left.
    """
    started = monotonic()
    shown = {name: value for name, value in headers.items() if name.lower() not in _SECRET_HEADERS}
    asked = text_of(body)
    try:
        answer = await http.post(url, body, dict(headers), keep_bytes=4 * MOST_KEPT_OF_AN_ANSWER)
    except NoAnswerError as error:
        exchange = Exchange(
            method="POST",
            url=shown_url or url,
            request_headers=shown,
            request_body=asked,
            seconds=round(monotonic() - started, 3),
        )
        raise ChannelError(
            error.message, retryable=True, maybe_sent=error.maybe_sent, about_provider=True, exchange=exchange
        ) from error
    return Exchange(
        method="POST",
        url=shown_url or url,
        request_headers=shown,
        request_body=asked,
        status=answer.status,
        headers={
            name[:100]: _plain(value)[:300]
            for name, value in answer.headers[:_MOST_HEADERS]
            if name.lower() not in _SECRET_HEADERS
        },
        body=text_of(answer.body),
        seconds=round(monotonic() - started, 3),
    ), answer


def text_of(content: bytes) -> str:
    """Return the start of a body as text that PostgreSQL and a page can take."""
    return _plain(content[: 4 * MOST_KEPT_OF_AN_ANSWER].decode(errors="replace"))[:MOST_KEPT_OF_AN_ANSWER]


def _plain(text: str) -> str:
    return _UNSHOWN.sub("\ufffd", text)
