"""DefiLlama, CoinGecko, FRED and the ECB on real sockets, as far as the product asks them, and misbehaving on demand.

Set a fault at any time; it holds from then on, for one of the four. What is not in `prices` is unknown, which each of
them says in its own way. Every request is counted.
"""

import asyncio
import io
import json
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from aiohttp import web
from eth_utils.address import to_checksum_address

from backend.core.clock import now_seconds


class Fault(Enum):
    NONE = "honest"
    THROTTLE = "429 with Retry-After"
    SERVER_ERROR = "500"
    STALL = "accepts and never answers"
    STALL_BODY = "half a body, then nothing"
    HTML = "an HTML page with status 200"
    BROKEN_JSON = "half a JSON object"
    HANG_UP = "closes the connection"
    OVERSIZED = "a body that never ends"
    REFUSED = "401: the key is not good enough"
    FOREIGN = "answers about coins that nobody asked for"
    NAN = "prices that are NaN"
    NEGATIVE = "prices below zero"
    HUGE = "prices of 1e30"
    TEXT = "prices in quotes"
    MISSING = "entries without a price"
    FUTURE = "prices of tomorrow"


@dataclass
class PriceDouble:
    """One server for all four; each has its own base URL and can be away by itself."""

    url: str = ""
    prices: dict[str, Decimal] = field(default_factory=dict)  # by DefiLlama's name, and by CoinGecko's
    confidence: str = "0.99"
    taken_ago_seconds: int = 60
    key: str = "demo-key"
    faults: dict[str, Fault] = field(default_factory=dict)
    retry_after: str = "7"
    asked: Counter[str] = field(default_factory=Counter)
    requests: list[str] = field(default_factory=list)
    delay_seconds: float = 0.0
    rates: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # day, currency -> text
    closes: list[tuple[str, str]] = field(default_factory=list)
    as_zip: bool = True
    trend: Callable[[str, int], Decimal] | None = None  # asset, Unix seconds: what it was worth then
    floors: dict[str, tuple[Decimal, Decimal] | None] = field(default_factory=dict)  # platform/address: ETH, USD

    def at(self, asset: str, moment: int) -> Decimal | None:
        if asset not in self.prices:
            return None
        return self.prices[asset] if self.trend is None else self.trend(asset, moment)

    @property
    def defillama_url(self) -> str:
        return f"{self.url}/llama"

    @property
    def coingecko_url(self) -> str:
        return f"{self.url}/gecko/api/v3"

    @property
    def sp500_url(self) -> str:
        return f"{self.url}/fred/fredgraph.csv?id=SP500"

    @property
    def ecb_url(self) -> str:
        return f"{self.url}/ecb/eurofxref-hist.zip"

    # --- DefiLlama

    async def llama_current(self, request: web.Request) -> web.StreamResponse:
        coins = request.match_info["coins"].split(",")
        assert len(coins) <= 100, "more coins in a call than we promise to ask for"
        entries = {}
        for coin in coins:
            price = self.at(coin, int(now_seconds()))
            if price is not None:
                entries[coin] = self._llama_entry(price)
        return self._json({"coins": entries}, "llama")

    def _llama_entry(self, price: Decimal) -> dict[str, Any]:
        taken_at = int(now_seconds()) - self.taken_ago_seconds
        return {
            "decimals": 18,
            "symbol": "<b>SYM</b>",
            "price": price,
            "timestamp": taken_at,
            "confidence": Decimal(self.confidence),
        }

    async def llama_chart(self, request: web.Request) -> web.StreamResponse:
        coin = request.match_info["coins"]
        start, span = int(request.query["start"]), int(request.query["span"])
        period = {"1h": 3_600, "1d": 86_400}[request.query["period"]]
        assert span <= 500 and int(request.query["searchWidth"]) > 0
        points = []
        for place in range(span):
            at = start + place * period
            price = self.at(coin, at)
            if price is not None and at <= now_seconds():
                points.append({"timestamp": at + 45, "price": price})
        entry = {"symbol": "SYM", "confidence": 0.99, "decimals": 18, "prices": points}
        return self._json({"coins": {coin: entry} if points else {}}, "llama")

    async def llama_batch(self, request: web.Request) -> web.StreamResponse:
        asked: dict[str, list[int]] = json.loads(request.query["coins"])
        entries = {}
        for coin, moments in asked.items():
            points = [
                {"timestamp": at - 30, "price": price, "confidence": 0.99}
                for at in moments
                if (price := self.at(coin, at)) is not None
            ]
            if points:
                entries[coin] = {"symbol": "SYM", "prices": points}
        return self._json({"coins": entries}, "llama")

    # --- CoinGecko

    async def gecko_simple(self, request: web.Request) -> web.StreamResponse:
        names = (request.query.get("ids") or request.query["contract_addresses"]).split(",")
        platform = request.match_info.get("platform")
        assert len(names) <= 100 and request.query["vs_currencies"] == "usd"
        entries: dict[str, Any] = {}
        for name in names:
            price = self.at(f"{platform}/{name}" if platform else name, int(now_seconds()))
            if price is not None:
                taken_at = int(now_seconds()) - self.taken_ago_seconds
                entries[name] = {"usd": price, "last_updated_at": taken_at}
            elif platform is None:
                continue
        return self._json(entries, "gecko")

    async def gecko_range(self, request: web.Request) -> web.StreamResponse:
        first, last = int(request.query["from"]), int(request.query["to"])
        address = request.match_info.get("address")
        name = request.match_info["id"] if address is None else f"{request.match_info['id']}/{address}"
        if name not in self.prices:
            return web.json_response({"error": "coin not found"}, status=404)
        if last - first > 366 * 86_400 or first < now_seconds() - 366 * 86_400:
            status = {"error_code": 10012, "error_message": "exceeds the allowed time range"}
            return web.json_response({"error": {"status": status}}, status=401)
        step = 3_600 if last - first <= 90 * 86_400 else 86_400
        ats = range(-(-first // step) * step, min(last, int(now_seconds())) + 1, step)
        prices = [[at * 1000 + 12_345, self.at(name, at)] for at in ats]
        return self._json({"prices": prices, "market_caps": [], "total_volumes": []}, "gecko")

    async def gecko_nft(self, request: web.Request) -> web.StreamResponse:
        """A collection as CoinGecko describes it, shortened; None in `floors` is one without a floor."""
        platform, address = request.match_info["platform"], request.match_info["address"]
        if f"{platform}/{address}" not in self.floors:
            return web.json_response({"error": "nft not found"}, status=404)
        floor = self.floors[f"{platform}/{address}"]
        said = {
            "id": "pudgy-penguins",
            "web_slug": "pudgy-penguins",
            "contract_address": to_checksum_address(address),
            "asset_platform_id": platform,
            "name": "Pudgy <b>Penguins</b>",
            "symbol": "PPG",
            "image": {"small": "https://example.com/penguin.png"},
            "native_currency": "ethereum",
            "native_currency_symbol": "ETH",
            "market_cap_rank": 3,
            "floor_price": dict(zip(("native_currency", "usd"), floor or (None, None), strict=True)),
            "market_cap": {"native_currency": 41507, "usd": 86337207},
            "floor_price_in_usd_24h_percentage_change": -1.78233,
        }
        return self._json(said, "gecko")

    # --- files

    async def fred(self, request: web.Request) -> web.StreamResponse:
        lines = ["observation_date,SP500", *(f"{day},{value}" for day, value in self.closes)]
        return web.Response(text="\n".join(lines) + "\n", content_type="text/csv")

    async def ecb(self, request: web.Request) -> web.StreamResponse:
        currencies = ["USD", "JPY", "BGN", "GBP", "CHF", "AUD", "CAD"]
        lines = ["Date," + ",".join(currencies) + ","]
        lines += [f"{day}," + ",".join(rates.get(c, "N/A") for c in currencies) + "," for day, rates in self.rates]
        text = "\n".join(lines) + "\n"
        if not self.as_zip:
            return web.Response(text=text, content_type="text/csv")
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("eurofxref-hist.csv", text)
        return web.Response(body=buffer.getvalue(), content_type="application/zip")

    # --- faults

    @web.middleware
    async def front(self, request: web.Request, handler: Any) -> web.StreamResponse:
        name = request.path.split("/")[1]
        self.asked[name] += 1
        self.requests.append(str(request.rel_url))
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        early = await self._without_answer(request, self.faults.get(name, Fault.NONE))
        if early is not None:
            return early
        if name == "gecko" and request.headers.get("x-cg-demo-api-key") != self.key:
            return web.json_response({"status": {"error_code": 10002, "error_message": "API Key Missing"}}, status=401)
        return await handler(request)

    async def _without_answer(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        match fault:
            case Fault.THROTTLE:
                return web.Response(status=429, headers={"Retry-After": self.retry_after}, text="slow down")
            case Fault.SERVER_ERROR:
                return web.Response(status=500, text="oops")
            case Fault.REFUSED:
                return web.json_response({"error": "upgrade your plan"}, status=401)
            case Fault.STALL:
                await asyncio.sleep(3600)
            case Fault.STALL_BODY:
                response = web.StreamResponse(headers={"Content-Length": "1000"})
                await response.prepare(request)
                await response.write(b'{"coins":')
                await asyncio.sleep(3600)
            case Fault.HTML:
                return web.Response(text="<!DOCTYPE html><title>Just a moment</title>", content_type="text/html")
            case Fault.BROKEN_JSON:
                return web.Response(text='{"coins":{"ethereum:0x', content_type="application/json")
            case Fault.HANG_UP:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            case Fault.OVERSIZED:
                response = web.StreamResponse()
                await response.prepare(request)
                try:
                    for _ in range(64):
                        await response.write(b" " * (1 << 20))
                except ConnectionError:
                    pass
                return response
        return None

    def _json(self, value: dict[str, Any], name: str) -> web.Response:
        fault = self.faults.get(name, Fault.NONE)
        if fault is Fault.FOREIGN:
            inner = {"nobody:0x" + "9" * 40: {"price": 1, "usd": 1, "timestamp": 1, "prices": []}}
            value = {"coins": inner} if "coins" in value else inner
        text = json.dumps(value, default=_number)
        for marked, plain in _marked(text):
            text = text.replace(marked, _spoiled(plain, fault))
        if fault is Fault.FUTURE:
            text = text.replace('"timestamp": 1', '"timestamp": 9').replace(
                '"last_updated_at": 1', '"last_updated_at": 9'
            )
        if fault is Fault.MISSING:
            text = text.replace('"price"', '"prize"').replace('"usd"', '"eur"')
        return web.Response(text=text, content_type="application/json")


def _number(value: Any) -> str:
    """Write a Decimal so that it can be found again and become a bare JSON number with all its digits."""
    if isinstance(value, Decimal):
        return f"#{value:f}#"
    raise TypeError(type(value))


def _marked(text: str) -> set[tuple[str, str]]:
    parts = text.split('"#')
    return {(f'"#{part.split("#", 1)[0]}#"', part.split("#", 1)[0]) for part in parts[1:]}


def _spoiled(number: str, fault: Fault) -> str:
    return {
        Fault.NAN: "NaN",
        Fault.NEGATIVE: f"-{number}",
        Fault.HUGE: "1e30",
        Fault.TEXT: f'"{number}"',
    }.get(fault, number)


@asynccontextmanager
async def price_double() -> AsyncIterator[PriceDouble]:
    """A running double."""
    double = PriceDouble()
    app = web.Application(middlewares=[double.front])
    app.router.add_get("/llama/prices/current/{coins}", double.llama_current)
    app.router.add_get("/llama/chart/{coins}", double.llama_chart)
    app.router.add_get("/llama/batchHistorical", double.llama_batch)
    app.router.add_get("/gecko/api/v3/simple/price", double.gecko_simple)
    app.router.add_get("/gecko/api/v3/simple/token_price/{platform}", double.gecko_simple)
    app.router.add_get("/gecko/api/v3/coins/{id}/market_chart/range", double.gecko_range)
    app.router.add_get("/gecko/api/v3/coins/{id}/contract/{address}/market_chart/range", double.gecko_range)
    app.router.add_get("/gecko/api/v3/nfts/{platform}/contract/{address}", double.gecko_nft)
    app.router.add_get("/fred/fredgraph.csv", double.fred)
    app.router.add_get("/ecb/eurofxref-hist.zip", double.ecb)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield double
    finally:
        await runner.cleanup()
