"""Redis connections: one pool a process, with timeouts and retries of its own."""

import asyncio
from collections.abc import Iterable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError


def make_redis(url: str, *, socket_timeout_seconds: float | None = 5.0) -> Redis:
    """Return a client of the server at `url` (replies are bytes).

    Idempotent commands are retried three times with jitter. Pass `socket_timeout_seconds=None` for blocking reads.
    """
    return redis_of(
        url,
        socket_timeout=socket_timeout_seconds,
        socket_connect_timeout=3.0,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), 3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )


def redis_of(url: str, **options: Any) -> Redis:
    """Return a client made with `options` whose tasks can be cancelled at any moment."""
    client = Redis.from_url(url, **options)
    pool = client.connection_pool
    pool.connection_class = type("PromptConnection", (_PromptlyCancelled, pool.connection_class), {})
    return client


class _PromptlyCancelled(AbstractConnection):
    """Sends under `asyncio.timeout` where redis-py uses `asyncio.wait_for`.

    In Python 3.11 that one forgets a cancellation that comes as the send ends: a worker told to stop went on for ever,
    in one of a few hundred stops. It also makes a task of every send.
    """

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        if not self.is_connected:
            await self.connect_check_health(check_health=False)
        if check_health:
            await self.check_health()
        if isinstance(command, str):
            command = command.encode()
        parts = [command] if isinstance(command, bytes) else command
        try:
            async with asyncio.timeout(self.socket_timeout or None):
                await self._send_packed_command(parts)
        except TimeoutError:
            await self.disconnect(nowait=True)
            raise RedisTimeoutError("Timeout writing to socket") from None
        except OSError as error:
            await self.disconnect(nowait=True)
            raise RedisConnectionError(f"Error while writing to socket: {error}") from error
        except BaseException:  # half a command may have gone out: the connection is of no more use
            await self.disconnect(nowait=True)
            raise


def events_stream(chain_id: int) -> str:
    """Return the name of the stream that carries a chain's events, in emission order."""
    return f"chain:{chain_id}:events"


def user_alerts_channel(user_id: object) -> str:
    """Return the name of the pub/sub channel that carries a user's alerts to open pages."""
    return f"alerts:user:{user_id}"


def user_portfolio_channel(user_id: object) -> str:
    """Return the name of the pub/sub channel that carries the news of a user's portfolio to open pages."""
    return f"portfolio:user:{user_id}"


PORTFOLIO_CHANNEL_PATTERN = "portfolio:user:*"
ALERT_CHANNEL_PATTERN = "alerts:user:*"
EVENTS_GROUP = "alerts"
