"""A browser's push subscription: where its push service takes messages, and the keys that open them."""

import base64
import binascii
from typing import Annotated

import orjson
from pydantic import AfterValidator, Field
from pywebpush import WebPusher

from backend.core.schemas import ApiModel

MOST_BYTES = 3000  # push services take 4,096 with all around it (RFC 8030, 7.2)
_POINT_BYTES, _SECRET_BYTES = 65, 16


def _base64url(length: int) -> AfterValidator:
    def check(text: str) -> str:
        bare = text.rstrip("=")
        try:
            raw = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
        except (binascii.Error, ValueError):
            raise ValueError("is not base64url") from None
        if len(raw) != length or (length == _POINT_BYTES and raw[0] != 4):
            raise ValueError("is no key of a push subscription")
        return bare

    return AfterValidator(check)


class PushKeys(ApiModel):
    """The browser's public key (P-256) and its secret, both base64url."""

    p256dh: Annotated[str, Field(max_length=100), _base64url(_POINT_BYTES)]
    auth: Annotated[str, Field(max_length=40), _base64url(_SECRET_BYTES)]


class PushTarget(ApiModel):
    """What is kept (sealed) of a subscription."""

    endpoint: str = Field(max_length=2000)
    keys: PushKeys

    @classmethod
    def of_sealed(cls, text: str) -> "PushTarget":
        """Return the target as it was kept. Raises ValueError when it is none."""
        return cls.model_validate_json(text)

    def to_text(self) -> str:
        """Return the target as it is sealed."""
        return orjson.dumps({"endpoint": self.endpoint, "keys": self.keys.model_dump()}).decode()


def encrypted(target: PushTarget, plain: bytes) -> bytes:
    """Return `plain` as one aes128gcm record that only this browser can open (RFC 8188, RFC 8291).

    Raises ValueError when it is longer than MOST_BYTES or the browser's key is no point of the curve.
    """
    if len(plain) > MOST_BYTES:
        raise ValueError("the message is too long to push")
    pusher = WebPusher({"endpoint": target.endpoint, "keys": target.keys.model_dump()})
    return bytes(pusher.encode(plain, "aes128gcm")["body"])
