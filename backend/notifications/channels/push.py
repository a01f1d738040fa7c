"""Web Push: a message for one browser, encrypted so that only it can read it, by the push service of its maker."""

import base64
import hashlib
from typing import ClassVar

import orjson

from backend.core.destinations import DestinationError, normalise_destination
from backend.core.errors import InvalidInputError
from backend.core.formats import iso
from backend.core.http import OutgoingHttp
from backend.core.settings import Settings
from backend.notifications.channels.exchange import post
from backend.notifications.channels.port import ChannelError, Exchange, OutgoingMessage, Pace, Receipt, Target, Tools
from backend.notifications.channels.words import items_of
from backend.notifications.kinds import news_seconds
from backend.notifications.pictures import may_have_picture
from backend.notifications.push import vapid
from backend.notifications.push.subscription import PushTarget, encrypted
from backend.notifications.signed_pictures import picture_path
from backend.notifications.where import path_of

_MOST_BODY = 500
# How long a push service keeps what is no alert for a device that is off; for alerts their kind says it.
_TTL_OF_OTHERS_SECONDS = 24 * 3600


class PushChannel:
    """Pushes to one browser. Its tag and topic are the alert's, so the same alert is shown once and replaces itself."""

    name: ClassVar[str] = "push"
    dedupes: ClassVar[bool] = True
    holds: ClassVar[bool] = True
    pace: Pace = Pace(at_once=64, at_once_per_target=2)

    def __init__(self, http: OutgoingHttp, settings: Settings) -> None:
        self._http = http
        self._settings = settings

    @classmethod
    def is_set_up(cls, settings: Settings) -> bool:
        """Return whether there is a key that push services know us by."""
        return vapid.is_configured(settings)

    @classmethod
    def check_target(cls, raw: str, settings: Settings) -> Target:
        """Return a browser's subscription (JSON) as it is kept. Raises InvalidInputError."""
        try:
            target = PushTarget.of_sealed(raw)
            endpoint = normalise_destination(target.endpoint, allow_private=settings.webhook_allow_private)
        except (DestinationError, ValueError):
            why = "A browser is added on the device itself: turn push on there."
            raise InvalidInputError("This is no push subscription of a browser.", {"target": why}) from None
        host = endpoint.split("/")[2]
        return Target(PushTarget(endpoint=endpoint, keys=target.keys).to_text(), host[:200])

    @classmethod
    def make(cls, tools: Tools) -> "PushChannel":
        """Return it, ready to send."""
        return cls(tools.http, tools.settings)

    async def send(self, message: OutgoingMessage) -> Receipt:
        """Hand the message to the browser's push service. Raises ChannelError."""
        target = PushTarget.of_sealed(message.target)
        said = shown(message)
        if may_have_picture(message.payload):
            said["image"] = picture_path(self._settings, message.user_id, message.id)
        plain = orjson.dumps(said)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(news_seconds(message.kind) if message.kind else _TTL_OF_OTHERS_SECONDS),
            "Urgency": "high" if message.alert_id else "normal",
            "Topic": topic_of(message),
            "Authorization": vapid.authorization(self._settings, target.endpoint),
        }
        host = target.endpoint.split("/")[2]
        exchange, answer = await post(
            self._http, target.endpoint, encrypted(target, plain), headers, shown_url=f"https://{host}/\u2026"
        )
        exchange = _readable(exchange, plain)
        if 200 <= answer.status < 300:
            named = {name.lower(): value for name, value in answer.headers}
            return Receipt(
                status_code=answer.status, reference=named.get("location", "")[-200:] or None, exchange=exchange
            )
        raise _problem(answer.status, answer.retry_after_seconds, exchange)


def shown(message: OutgoingMessage) -> dict[str, str]:
    """Return what the service worker shows (`assets/sw.js`): title, body, tag, where a click leads, when it was."""
    items, more = items_of(message.payload, 3)
    body = "\n".join(item.text for item in items) or message.text
    if more > 0:
        body += f"\n+{more}"
    return {
        "title": message.title,
        "body": body if len(body) <= _MOST_BODY else body[: _MOST_BODY - 1] + "\u2026",
        "tag": str(message.alert_id or message.id),
        "url": path_of(message),
        "at": iso(message.created_at),
    }


def topic_of(message: OutgoingMessage) -> str:
    """Return the topic under which a push service keeps only the newest message (RFC 8030, 5.4): one for each alert."""
    digest = hashlib.sha256(str(message.alert_id or message.id).encode()).digest()
    return base64.urlsafe_b64encode(digest)[:32].decode()


def _readable(exchange: Exchange, plain: bytes) -> Exchange:
    """Return the exchange with what was sent before it was encrypted."""
    return Exchange(
        method=exchange.method,
        url=exchange.url,
        request_headers=exchange.request_headers,
        request_body=plain.decode(),
        status=exchange.status,
        headers=exchange.headers,
        body=exchange.body,
        seconds=exchange.seconds,
    )


def _problem(status: int, retry_after_seconds: float | None, exchange: Exchange) -> ChannelError:
    if status in (404, 410):
        why = "This browser gave its subscription up (it was reset, or push was turned off). Turn push on there again."
        return ChannelError(why, broken=True, status_code=status, exchange=exchange)
    if status in (400, 401, 403):
        why = f"The push service answered {status}: it does not accept our key or our message for this browser."
        return ChannelError(why, status_code=status, exchange=exchange)
    if status == 413:
        return ChannelError("The push service says the message is too long.", status_code=status, exchange=exchange)
    return ChannelError(
        f"The push service answered {status}.",
        retryable=status == 429 or status >= 500,
        retry_after_seconds=retry_after_seconds,
        status_code=status,
        exchange=exchange,
    )
