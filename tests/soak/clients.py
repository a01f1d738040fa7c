"""Clients of the web process: live connections that resume by `lastSeenId` wherever they break, and reads by REST.

A client does what the API asks of one: it counts alerts by id, resumes after the last it saw, and reads the history
when it is told `reload`. In the end it must have what the history has, whatever was killed in between.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import orjson

RETRY_SECONDS = 0.2
READ_SECONDS = 0.5
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)
_AWAY = (aiohttp.ClientError, OSError, TimeoutError)
# What the API may answer while PostgreSQL or Redis is away; everything else that is no 200 is a fault.
_AWAY_STATUS = 503


@dataclass
class Seen:
    """What one client came to know, and how."""

    alerts: dict[str, str] = field(default_factory=dict)  # id: rule and event
    withdrawn: set[str] = field(default_factory=set)
    last: str | None = None
    connections: int = 0
    resumed: int = 0
    replayed: int = 0
    reloads: int = 0
    doubled: list[str] = field(default_factory=list)
    reads: Counter[int] = field(default_factory=Counter)

    @property
    def standing(self) -> set[str]:
        """The alerts that count, by id."""
        return self.alerts.keys() - self.withdrawn

    def twice(self) -> list[str]:
        """Return the events that the client knows two alerts of."""
        events = Counter(self.alerts[each] for each in self.standing)
        return [event for event, count in events.items() if count > 1] + self.doubled


class Client:
    """One connection that is made again and again, and a task that reads."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self.seen = Seen()
        self.is_connected = False

    async def run(self) -> None:
        """Follow and read until cancelled."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with aiohttp.ClientSession(headers=headers, timeout=TIMEOUT) as http, asyncio.TaskGroup() as group:
            group.create_task(self._follow(http))
            group.create_task(self._read(http))

    async def _follow(self, http: aiohttp.ClientSession) -> None:
        while True:
            try:
                async with http.ws_connect(f"{self._url}/v1/alerts/stream", heartbeat=5.0) as socket:
                    await self._listen(http, socket)
            except _AWAY:
                pass
            self.is_connected = False
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self, http: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.seen.connections += 1
        live: set[str] = set()
        last = {} if self.seen.last is None else {"lastSeenId": self.seen.last}
        await socket.send_json({"type": "subscribe", "channel": "alerts", **last})
        async for frame in socket:
            message = orjson.loads(frame.data)
            self.is_connected = True
            match message["type"]:
                case "subscribed" if self.seen.last is None:
                    await self._read_history(http)
                case "alert":
                    self._note(message["data"], live if not message.get("replayed") else None)
                case "withdrawn":
                    self._note(message["data"], None)
                    live.discard(message["data"]["id"])
                case "resumed":
                    self.seen.resumed += 1
                    self.seen.replayed += message["replayed"]
                case "reload":
                    self.seen.reloads += 1
                    await self._read_history(http)
                case _:
                    pass

    def _note(self, alert: dict[str, Any], live: set[str] | None) -> None:
        alert_id = alert["id"]
        if live is not None:
            if alert_id in live:
                self.seen.doubled.append(f"{alert_id} twice on one connection")
            live.add(alert_id)
        self.seen.alerts[alert_id] = f"{alert['ruleId']} {alert['eventId']}"
        if alert["withdrawnAt"] is None:
            self.seen.withdrawn.discard(alert_id)
            self.seen.last = alert_id
        else:
            self.seen.withdrawn.add(alert_id)

    async def _read_history(self, http: aiohttp.ClientSession) -> None:
        """Read the whole history, newest first; begin again until it can be read."""
        page, last = 1, self.seen.last
        while True:
            answer = await self._get(http, f"/v1/alerts/history?pageSize=100&page={page}")
            if answer is None:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for alert in answer["items"]:
                if not alert["suppressed"]:
                    self._note(alert, None)
                    last = last or alert["id"]
            if page * 100 >= answer["total"]:
                # What is read is older than what comes live: the newest that was seen stays the one to resume after.
                self.seen.last = last
                return
            page += 1

    async def _read(self, http: aiohttp.ClientSession) -> None:
        while True:
            await self._get(http, "/v1/alerts/rules")
            await asyncio.sleep(READ_SECONDS)

    async def _get(self, http: aiohttp.ClientSession, path: str) -> Any:
        try:
            async with http.get(self._url + path) as response:
                self.seen.reads[response.status] += 1
                return (await response.json())["data"] if response.status == 200 else None
        except _AWAY:
            return None


def faults(clients: list[Client], expected: dict[UUID, str]) -> tuple[list[str], list[str]]:
    """Return what the clients miss, and what they have too much, or twice, or were answered wrongly."""
    missing: list[str] = []
    wrong: list[str] = []
    wanted = {str(each) for each in expected}
    for number, client in enumerate(clients):
        seen = client.seen
        missing += [f"client {number}: {each}" for each in sorted(wanted - seen.standing)]
        wrong += [f"client {number}: {each} counts not" for each in sorted(seen.standing - wanted)]
        wrong += [f"client {number}: {each}" for each in seen.twice()]
        wrong += [
            f"client {number}: {count} answers {status}"
            for status, count in seen.reads.items()
            if status not in (200, _AWAY_STATUS)
        ]
    return missing, wrong
