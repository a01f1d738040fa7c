"""What the API of push takes and answers."""

from uuid import UUID

from pydantic import ConfigDict, Field

from backend.core.schemas import ApiModel
from backend.notifications.push.subscription import PushKeys

_EXAMPLE = {
    "endpoint": "https://push.example.com/send/abc",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}


class PushKey(ApiModel):
    """The key that browsers subscribe with (`applicationServerKey`), base64url."""

    public_key: str


class PushSubscribe(ApiModel):
    """A subscription as `PushSubscription.toJSON()` gives it; `replaces`: the endpoint this browser had before."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [_EXAMPLE]})

    endpoint: str = Field(min_length=1, max_length=2000)
    keys: PushKeys
    replaces: str | None = Field(default=None, max_length=2000)


class PushEndpoint(ApiModel):
    """A browser's subscription, by its endpoint."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [{"endpoint": _EXAMPLE["endpoint"]}]})

    endpoint: str = Field(min_length=1, max_length=2000)


class PushRegistered(ApiModel):
    """The channel that leads to this browser."""

    channel_id: UUID


class PushRemoved(ApiModel):
    """Whether there was such a subscription of yours."""

    removed: bool
