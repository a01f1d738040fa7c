"""The API mounted in the running product: a rule by REST, its alert on the stream, in the history, by webhook."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from playwright.async_api import Page
from websockets.asyncio.client import connect

from backend.embedded.trial import Trial
from tests.doubles.webhook_receiver import webhook_receiver
from tests.integration.notifications.test_dispatcher import check_signature


class Api:
    """A program that signed in with the demo account."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self.session = session
        self.url = url
        self.token = token

    async def send(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.request(method, self.url + path, headers=headers, **options) as response:
            body = await response.json()
            assert body["success"] is True, body
            return body["data"]


@pytest.fixture
async def api(running_app: Trial) -> AsyncIterator[Api]:
    """The demo account's client."""
    async with aiohttp.ClientSession() as session:
        credentials = {"email": "demo@example.com", "password": "premium-demo"}
        async with session.post(f"{running_app.url}/v1/auth/token", json=credentials) as response:
            token = (await response.json())["data"]["access_token"]
        yield Api(session, running_app.url, token)


async def test_a_rule_made_by_rest_fires_everywhere(api: Api) -> None:
    async with webhook_receiver() as receiver:
        actions = [{"type": "in_app"}, {"type": "webhook", "destination": f"{receiver.url}/ok"}]
        rule = await api.send(
            "POST",
            "/v1/alerts/rules",
            json={"name": "Any sizeable move", "type": "whale", "conditions": {"value_usd": 1000}, "actions": actions},
        )
        stream = api.url.replace("http://", "ws://") + f"/v1/alerts/stream?token={api.token}"
        try:
            async with asyncio.timeout(60), connect(stream, proxy=None) as socket:
                assert orjson.loads(await socket.recv())["type"] == "connected"
                await socket.send('{"type": "subscribe", "channel": "alerts"}')
                assert orjson.loads(await socket.recv())["type"] == "subscribed"
                alert: dict[str, Any] = {}
                while alert.get("ruleId") != rule["id"]:
                    message = orjson.loads(await socket.recv())
                    alert = message["data"] if message["type"] == "alert" else {}
                assert {"alertId", "ruleId", "message", "timestamp"} <= set(alert)
                history = await api.send("GET", f"/v1/alerts/history?ruleId={rule['id']}&pageSize=100")
                assert alert["alertId"] in {item["alertId"] for item in history["items"]}
                await receiver.arrived.wait()
        finally:
            await api.send("DELETE", f"/v1/alerts/rules/{rule['id']}")
        secret = (await api.send("GET", "/v1/alerts/webhook-secret"))["secret"]
        request = receiver.of("/ok")[0]
        check_signature(request, secret)
        body = orjson.loads(request.body)
        assert body["type"] == "alert.triggered" and body["data"]["ruleId"] == rule["id"]
        assert {"alertId", "ruleId", "ruleName", "message", "chainId", "txHash", "event"} <= set(body["data"])
        deliveries = await api.send("GET", "/v1/alerts/deliveries?pageSize=100")
        assert request.headers["X-Webhook-ID"] in {item["id"] for item in deliveries["items"]}


async def test_chains_prices_health_and_metrics_tell_of_the_local_market(api: Api) -> None:
    chains = (await api.send("GET", "/v1/chains"))["items"]
    assert [(chain["chainId"], chain["isDemo"]) for chain in chains] == [(31337, True)]
    prices = {item["symbol"]: item for item in (await api.send("GET", "/v1/market/prices"))["items"]}
    assert {"WETH", "WBTC", "UNI", "DAI"} <= set(prices)
    assert isinstance(prices["WETH"]["priceUsd"], str) and "pool" in prices["WETH"]["source"]
    async with api.session.get(f"{api.url}/_health") as response:
        health = await response.json()
        assert response.status == 200 and health["chains"][0]["chainId"] == 31337
    async with api.session.get(f"{api.url}/metrics") as response:
        assert "premium_http_request_seconds_count" in await response.text()


async def test_reflex_answers_nothing_that_is_the_api_s(api: Api) -> None:
    async with api.session.get(f"{api.url}/v1/nothing") as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "NOT_FOUND"
    async with api.session.patch(f"{api.url}/v1/auth/me") as response:
        assert response.status == 405


async def test_pages_and_their_files_carry_the_headers(api: Api) -> None:
    async with api.session.get(f"{api.url}/sign-in/") as response:
        html = await response.text()
        assert response.headers["Cache-Control"] == "no-cache"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Request-ID"].startswith("req_")
    [script, *_] = re.findall(r"/assets/[\w.-]+\.js", html)
    async with api.session.get(api.url + script) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    async with api.session.get(f"{api.url}/assets/missing.js") as response:
        assert "immutable" not in response.headers["Cache-Control"]


async def test_the_documentation_opens_without_foreign_servers(page: Page) -> None:
    problems: list[str] = []
    foreign: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: foreign.append(request.url) if "127.0.0.1" not in request.url
            and "localhost" not in request.url and not request.url.startswith("data:") else None)  # fmt: skip
    await page.goto("/docs")
    described = (await (await page.request.get("/openapi.json")).json())["paths"]
    tags = {each["tags"][0] for methods in described.values() for each in methods.values()}
    await page.locator(".opblock-tag").first.wait_for()
    assert {await each.inner_text() for each in await page.locator(".opblock-tag").all()} == tags
    await page.locator(".opblock-tag", has_text="Alert rules").click()
    await page.get_by_text("/v1/alerts/rules/{rule_id}").first.wait_for()
    assert (problems, foreign) == ([], [])
