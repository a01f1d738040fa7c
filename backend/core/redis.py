"""Redis connections: one pool a process, with timeouts and retries of its own."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError


def make_redis(url: str, *, socket_timeout_seconds: float | None = 5.0) -> Redis:
    """Return a client of the server at `url` (replies are bytes).

    Idempotent commands are retried three times with jitter. Pass `socket_timeout_seconds=None` for blocking reads.
    """
    return Redis.from_url(
        url,
        socket_timeout=socket_timeout_seconds,
        socket_connect_timeout=3.0,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), 3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )


def events_stream(chain_id: int) -> str:
    """Return the name of the stream that carries a chain's events, in emission order."""
    return f"chain:{chain_id}:events"


def user_alerts_channel(user_id: object) -> str:
    """Return the name of the pub/sub channel that carries a user's alerts to open pages."""
    return f"alerts:user:{user_id}"


ALERT_CHANNEL_PATTERN = "alerts:user:*"
EVENTS_GROUP = "alerts"
