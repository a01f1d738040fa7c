"""A JSON-RPC provider on a real socket that misbehaves on demand: a proxy in front of a real node.

Set `fault` at any time; it holds for every request from then on. Counts what it was asked.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from backend.embedded.ports import free_port


class Fault(Enum):
    NONE = "honest"
    STALL = "accepts and never answers"
    STALL_BODY = "answers headers and half a body, then nothing"
    THROTTLE = "429 with Retry-After"
    THROTTLE_ERROR = "JSON-RPC rate limit error"
    HTML = "an HTML page with status 200"
    BROKEN_JSON = "half a JSON object"
    WRONG_ID = "answers with ids that nobody asked"
    OVERSIZED = "a body larger than any block"
    SERVER_ERROR = "502"
    HANG_UP = "closes the connection"
    WRONG_CHAIN = "is on another chain"
    FAR_HEAD = "claims a head a thousand blocks ahead"
    WRONG_BLOCK = "answers another block than was asked"
    FOREIGN_LOGS = "logs and receipts of another block"
    NO_LOGS = "leaves out every log"
    FORGED_PARENT = "shows headers with a false hash and parent"
    OTHER_BRANCH = "since `fork_at`, shows a consistent branch of its own"
    NO_BLOCK_RECEIPTS = "does not know eth_getBlockReceipts"
    NO_BATCHES = "refuses arrays"
    NO_OVERRIDES = "refuses eth_call with state overrides"
    OVERRIDES_IGNORED = "does eth_call as if there were no state overrides"


OTHER_HASH = "0x" + "ab" * 32


@dataclass
class RpcProxy:
    """Honest until `fault` is set."""

    upstream: str
    port: int = field(default_factory=free_port)
    fault: Fault = Fault.NONE
    retry_after_seconds: str = "1"
    fork_at: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    before: Callable[[dict[str, Any]], Awaitable[None]] | None = None  # sees, and may change, each call

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["RpcProxy"]:
        """Serve for the length of a block."""
        application = web.Application()
        application.router.add_post("/", self._http)
        application.router.add_get("/", self._websocket)
        runner = web.AppRunner(application, shutdown_timeout=0.2)
        await runner.setup()
        self._session = aiohttp.ClientSession()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield self
        finally:
            await runner.cleanup()
            await self._session.close()

    async def _http(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests += 1
        calls = orjson.loads(body)
        for call in calls if isinstance(calls, list) else [calls]:
            self.asked[call["method"]] += 1
            if self.before is not None:
                await self.before(call)
                body = orjson.dumps(calls)
            if self.fault is Fault.OVERRIDES_IGNORED and call["method"] == "eth_call":
                del call["params"][2:]
                body = orjson.dumps(calls)
        early = await self._without_upstream(request, calls)
        if early is not None:
            return early
        async with self._session.post(self.upstream, data=body, headers={"Content-Type": "application/json"}) as answer:
            result = orjson.loads(await answer.read())
        return web.Response(body=orjson.dumps(self._falsify(calls, result)), content_type="application/json")

    async def _without_upstream(self, request: web.Request, calls: Any) -> web.StreamResponse | None:
        fault = self.fault
        if fault is Fault.STALL:
            await asyncio.sleep(3600)
        if fault is Fault.STALL_BODY:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"jsonrpc":')
            await asyncio.sleep(3600)
        if fault is Fault.THROTTLE:
            return web.Response(status=429, headers={"Retry-After": self.retry_after_seconds}, text="slow down")
        if fault is Fault.HTML:
            return web.Response(text="<!DOCTYPE html><title>Just a moment</title>", content_type="text/html")
        if fault is Fault.BROKEN_JSON:
            return web.Response(text='{"jsonrpc":"2.0","id":1,"resu', content_type="application/json")
        if fault is Fault.SERVER_ERROR:
            return web.Response(status=502, text="Bad Gateway")
        if fault is Fault.OVERSIZED:
            return await self._oversized(request)
        if fault is Fault.HANG_UP:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if fault is Fault.THROTTLE_ERROR or (fault is Fault.NO_BATCHES and isinstance(calls, list)):
            code, message = (-32005, "rate limit") if fault is Fault.THROTTLE_ERROR else (-32600, "batch not supported")
            identity = calls["id"] if isinstance(calls, dict) else None
            return web.json_response({"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": message}})
        return None

    async def _oversized(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            for _ in range(200):
                await response.write(b" " * (1 << 20))
        return response

    def _falsify(self, calls: Any, answers: Any) -> Any:
        if not isinstance(calls, list):
            return self._falsify_one(calls, answers)
        by_id = {call["id"]: call for call in calls}
        return [self._falsify_one(by_id[answer["id"]], answer) for answer in answers]

    def _falsify_one(self, call: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        method, result, fault = call["method"], answer.get("result"), self.fault
        if fault is Fault.WRONG_ID:
            return {**answer, "id": call["id"] + 7919}
        if fault is Fault.WRONG_CHAIN and method == "eth_chainId":
            return {**answer, "result": "0x1"}
        if fault is Fault.NO_BLOCK_RECEIPTS and method == "eth_getBlockReceipts":
            error = {"code": -32601, "message": "the method eth_getBlockReceipts does not exist"}
            return {"jsonrpc": "2.0", "id": call["id"], "error": error}
        if fault is Fault.NO_OVERRIDES and method == "eth_call" and len(call["params"]) > 2:
            error = {"code": -32602, "message": "too many arguments, want at most 2"}
            return {"jsonrpc": "2.0", "id": call["id"], "error": error}
        return {**answer, "result": self._false_result(method, call["params"], result)} if result else answer

    def _false_result(self, method: str, params: list[Any], result: Any) -> Any:
        fault = self.fault
        is_block = method in ("eth_getBlockByNumber", "eth_getBlockByHash")
        if fault is Fault.FAR_HEAD:
            if method == "eth_blockNumber":
                return hex(int(result, 16) + 1000)
            if is_block and params[0] == "latest":
                return {**result, "number": hex(int(result["number"], 16) + 1000), "hash": OTHER_HASH}
        if fault is Fault.WRONG_BLOCK and is_block and params[0] != "latest":
            return {**result, "number": hex(int(result["number"], 16) + 1)}
        if fault is Fault.FORGED_PARENT and is_block:
            return {**result, "hash": OTHER_HASH, "parentHash": OTHER_HASH, "transactions": []}
        if fault is Fault.OTHER_BRANCH:
            return self._other_branch(method, result)
        if fault is Fault.FOREIGN_LOGS and method == "eth_getLogs":
            return [{**log, "blockHash": OTHER_HASH} for log in result]
        if fault is Fault.FOREIGN_LOGS and method == "eth_getBlockReceipts":
            return [{**receipt, "blockHash": OTHER_HASH} for receipt in result]
        if fault is Fault.NO_LOGS and method == "eth_getLogs":
            return []
        if fault is Fault.NO_LOGS and method == "eth_getBlockReceipts":
            return [{**receipt, "logs": []} for receipt in result]
        return result

    def _other_branch(self, method: str, result: Any) -> Any:
        if method in ("eth_getBlockByNumber", "eth_getBlockByHash") and int(result["number"], 16) > self.fork_at:
            return self._forged(result)
        if method == "eth_getBlockReceipts" and int(result[0]["blockNumber"], 16) > self.fork_at:
            return []
        if method == "eth_getLogs":
            return [log for log in result if int(log["blockNumber"], 16) <= self.fork_at]
        return result

    def _forged(self, block: dict[str, Any]) -> dict[str, Any]:
        number = int(block["number"], 16)
        parent = block["parentHash"] if number == self.fork_at + 1 else f"0x{0xFA << 240 | number - 1:064x}"
        own = {"hash": f"0x{0xFA << 240 | number:064x}", "parentHash": parent}
        return {**block, **own, "transactions": [], "logsBloom": "0x" + "0" * 512}

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Passes messages both ways; stalls, hangs up or talks garbage as the fault says."""
        here = web.WebSocketResponse()
        await here.prepare(request)
        upstream = self.upstream.replace("http://", "ws://")
        async with self._session.ws_connect(upstream) as there:

            async def down() -> None:
                async for message in there:
                    if self.fault in (Fault.STALL, Fault.STALL_BODY):
                        continue
                    if self.fault is Fault.HANG_UP:
                        break
                    garbage = self.fault in (Fault.HTML, Fault.BROKEN_JSON)
                    await here.send_str("<html>" if garbage else message.data)
                await here.close()

            task = asyncio.create_task(down())
            try:
                async for message in here:
                    await there.send_str(message.data)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return here
