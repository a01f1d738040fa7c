"""A socket that no page opened: nobody is signed in, so no handler does anything but lead to the sign-in page."""

import asyncio
import importlib
import inspect
import json
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import reflex as rx
import socketio
from playwright.async_api import BrowserContext

import state
from backend.core.settings import get_settings
from backend.embedded.trial import Trial
from state.guard import BURST, EVENTS_PER_SECOND, GUARD_MARK
from tests.browser.conftest import sign_in

NAMESPACE = "/_event"
ANSWER_SECONDS = 20.0


def handlers() -> dict[str, Any]:
    """Every handler of the product's states by its name on the wire."""
    for module in pkgutil.iter_modules(state.__path__):
        importlib.import_module(f"state.{module.name}")
    return {
        f"{kind.get_full_name()}.{name}": handler
        for kind in rx.State.__subclasses__()
        if kind.__module__.startswith("state.")
        for name, handler in kind.event_handlers.items()
        if getattr(handler.fn, "__module__", "").startswith("state.")
    }


def arguments(handler: Any) -> dict[str, Any]:
    """Arguments that an attacker would send."""
    made = {str: str(uuid4()), bool: True, int: 1, dict: {"user_id": "1", "name": "x", "tier": "enterprise"}}
    parameters = list(inspect.signature(handler.fn).parameters.values())[1:]
    return {each.name: made.get(each.annotation, made[dict] if "form" in each.name else "x") for each in parameters}


class Socket:
    """A connection and what came over it."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.updates: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.told = ""
        self.client.on("event", self._take, namespace=NAMESPACE)

    async def _take(self, data: Any) -> None:
        await self.updates.put(json.loads(data) if isinstance(data, str) else data)

    async def send(self, name: str, payload: dict[str, Any]) -> None:
        """Send an event, as the pages do."""
        await self.client.emit(
            "event",
            {"name": name, "payload": payload, "router_data": {"pathname": "/", "asPath": "/", "query": {}}},
            namespace=NAMESPACE,
        )

    async def events(self, seconds: float) -> list[dict[str, Any]]:
        """Return what the next update with events has the page do; nothing when none comes in time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    update = await self.updates.get()
                    self.told += json.dumps(update.get("delta") or {})
                    if update.get("events"):
                        return update["events"]
        except TimeoutError:
            return []


@asynccontextmanager
async def connected(url: str, **headers: str) -> AsyncIterator[Socket]:
    socket = Socket()
    await socket.client.connect(
        f"{url}?token={uuid4()}",
        headers={"Origin": url, **headers},
        socketio_path="/_event",
        namespaces=[NAMESPACE],
        transports=["websocket"],
        wait_timeout=20,
    )
    try:
        yield socket
    finally:
        await socket.client.disconnect()


async def test_no_handler_works_without_a_session(running_app: Trial, context: BrowserContext) -> None:
    await sign_in(context)
    before = await (await context.request.get("/v1/alerts/rules")).json()
    found = handlers()
    assert len(found) > 40
    refused, names = 0, [name for name in found if getattr(found[name].fn, GUARD_MARK, False)]
    for start in range(0, len(names), BURST // 2):
        async with connected(running_app.url) as socket:
            for name in names[start : start + BURST // 2]:
                await socket.send(name, arguments(found[name]))
                events = await socket.events(ANSWER_SECONDS)
                assert [event["name"] for event in events] == ["_redirect"], (name, events)
                assert events[0]["payload"]["path"].startswith("/sign-in/"), (name, events)
                refused += 1
            assert get_settings().demo_email not in socket.told
    # The demo's mailbox is for whoever can open its page, and says so.
    open_to_all = [name for name in found.keys() - names if "dev_mail_state" not in name]
    async with connected(running_app.url) as socket:
        for name in open_to_all:
            await socket.send(name, arguments(found[name]))
        await socket.events(2.0)
        shown = socket.told.replace("next_path", "")
        assert "Whales" not in shown and "0x" not in shown, "what is open to all shows nothing of anybody"
    assert refused > 30
    after = await (await context.request.get("/v1/alerts/rules")).json()
    assert after["data"] == before["data"]


# Lists and maps where a text belongs, a text that means something elsewhere, and an id of nobody's.
ODD: tuple[Any, ...] = ([], {"a": [1]}, "\x00' or 1=1 --", "018f0000-0000-7000-8000-000000000001")


async def test_odd_arguments_break_no_handler_of_tax(running_app: Trial, context: BrowserContext) -> None:
    await sign_in(context)
    cookie = "; ".join(f"{each['name']}={each['value']}" for each in await context.cookies())  # type: ignore[typeddict-item]
    log = running_app.var_dir / "log" / "web.log"
    read_from = log.stat().st_size
    sent = 0
    async with connected(running_app.url, Cookie=cookie) as socket:
        for name, handler in handlers().items():
            if ".tax_" in name.replace("___", ".") and (names := arguments(handler)):
                for odd in ODD:
                    await socket.send(name, dict.fromkeys(names, odd))
                    sent += 1
                    if sent > BURST / 2:  # what comes faster is not run at all
                        await asyncio.sleep(1.1 / EVENTS_PER_SECOND)
        # Events of a tab are answered one after the other: this is the last.
        last = next(name for name in handlers() if name.endswith("tax_home_state.change_year"))
        await socket.send(last, {"year": "2024"})
        while (events := await socket.events(ANSWER_SECONDS)) and "/tax/?year=2024" not in json.dumps(events):
            pass
    assert events and sent > 150
    with log.open() as lines:
        lines.seek(read_from)
        failed = [line for line in lines if "page event failed" in line]
    assert failed == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", None])
async def test_the_pages_socket_opens_for_our_pages_only(running_app: Trial, origin: str | None) -> None:
    address = f"{running_app.url.replace('http', 'ws')}/_event/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(address, headers={"Origin": origin} if origin else {})
        assert refused.value.status == 403
        async with session.ws_connect(address, headers={"Origin": running_app.url}) as ours:
            assert (await ours.receive_str()).startswith("0{")
        for path in ("/_event/?EIO=4&transport=polling", "/_upload", "/_upload/x.txt", "/auth-codespace"):
            async with session.get(running_app.url + path) as answer:
                assert answer.status == 404, path
        async with session.post(f"{running_app.url}/_upload") as answer:
            assert answer.status == 404
        for path in ("/v1/chains", "/", "/openapi.json"):
            async with session.get(running_app.url + path, headers={"Origin": origin} if origin else {}) as answer:
                assert "Access-Control-Allow-Origin" not in answer.headers, path


async def test_who_floods_a_socket_is_cut_off(running_app: Trial) -> None:
    async with aiohttp.ClientSession() as session:
        address = f"{running_app.url.replace('http', 'ws')}/_event/?EIO=4&transport=websocket"
        async with session.ws_connect(address, headers={"Origin": running_app.url}) as flood:
            with pytest.raises((ConnectionError, aiohttp.ClientError, AssertionError)):
                for _ in range(5_000):
                    await flood.send_str("3")
                    if flood.closed:
                        raise ConnectionError
                while (await asyncio.wait_for(flood.receive(), ANSWER_SECONDS)).type is not aiohttp.WSMsgType.CLOSED:
                    pass
                raise ConnectionError
