"""Webhooks: signed JSON to an address of the user's.

Receivers know a message by `X-Webhook-ID`, so one that may have arrived is sent again.
"""

from typing import ClassVar

from backend.core.clock import now_seconds
from backend.core.destinations import DestinationError, normalise_destination
from backend.core.errors import InvalidInputError
from backend.core.http import OutgoingHttp
from backend.core.settings import Settings
from backend.notifications.channels.exchange import post
from backend.notifications.channels.port import ChannelError, OutgoingMessage, Pace, Receipt, Target, Tools
from backend.notifications.webhook import webhook_body, webhook_headers


class WebhookChannel:
    """Posts to any public address; a failing one rests by itself, others go on."""

    name: ClassVar[str] = "webhook"
    dedupes: ClassVar[bool] = True
    holds: ClassVar[bool] = False
    pace: Pace = Pace(at_once=256, at_once_per_target=16)

    def __init__(self, http: OutgoingHttp) -> None:
        self._http = http

    @classmethod
    def is_set_up(cls, settings: Settings) -> bool:
        """Always."""
        return True

    @classmethod
    def check_target(cls, raw: str, settings: Settings) -> Target:
        """Return an address that webhooks may go to. Raises InvalidInputError."""
        try:
            url = normalise_destination(raw, allow_private=settings.webhook_allow_private)
        except DestinationError as error:
            raise InvalidInputError("The webhook address cannot be used.", {"target": str(error)}) from None
        return Target(url, url)

    @classmethod
    def make(cls, tools: Tools) -> "WebhookChannel":
        """Return the channel over the outgoing client."""
        return cls(tools.http)

    async def send(self, message: OutgoingMessage) -> Receipt:
        """Post the message, signed. Raises ChannelError; every failure may be tried again."""
        if not message.secrets:
            raise ChannelError("It could not be signed. We are looking into it.", retryable=True)
        body = webhook_body(message)
        headers = webhook_headers(message.id, message.secrets, int(now_seconds()), body)
        exchange, answer = await post(self._http, message.target, body, headers)
        if 200 <= answer.status < 300:
            return Receipt(status_code=answer.status, exchange=exchange)
        why = ": redirects are not followed." if 300 <= answer.status < 400 else "."
        raise ChannelError(
            f"The receiver answered {answer.status}{why}",
            retryable=True,
            retry_after_seconds=answer.retry_after_seconds,
            status_code=answer.status,
            exchange=exchange,
        )
