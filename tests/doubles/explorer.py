"""An explorer with Etherscan's API (V2) on a real socket, over what a real local chain says; misbehaving on demand.

Its lists are made from the chain's blocks and the traces of each transaction, not from logs of a wallet, so that they
are a second opinion. Answers, limits and error texts are those of https://docs.etherscan.io/etherscan-v2.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aiohttp import web

from backend.demo.rpc import Rpc

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


class Fault(Enum):
    NONE = "honest"
    RATE_LIMIT = "says twice that it is asked too often"
    WRONG_KEY = "does not take the key"
    UNKNOWN_CHAIN = "does not have the chain"
    TIMEOUT = "did not manage in its own time"
    STALL = "accepts and never answers"
    HTML = "an HTML page with status 200"
    BROKEN_JSON = "half a JSON object"
    SERVER_ERROR = "502"
    FOREIGN_BLOCKS = "rows of other blocks than were asked for"
    BAD_ROW = "a row whose hash is none"


@dataclass
class ExplorerDouble:
    """Honest until `fault` is set."""

    chain_id: int
    key: str = "explorer-key"
    url: str = ""
    fault: Fault = Fault.NONE
    most_rows: int = 10_000
    lists: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    limited: int = 0

    async def index(self, rpc_url: str, first: int) -> None:
        """Read the chain from a block on."""
        self.lists = {name: [] for name in ("txlist", "txlistinternal", "tokentx", "tokennfttx", "token1155tx")}
        async with Rpc(rpc_url) as rpc:
            head = int(await rpc.call("eth_blockNumber"), 16)
            for number in range(first, head + 1):
                block = await rpc.call("eth_getBlockByNumber", hex(number), True)
                for sent in block["transactions"]:
                    receipt = await rpc.call("eth_getTransactionReceipt", sent["hash"])
                    traces = await rpc.call("trace_transaction", sent["hash"])
                    self._add(block, sent, receipt, traces)

    def _add(self, block: dict[str, Any], sent: dict[str, Any], receipt: dict[str, Any], traces: list[Any]) -> None:
        common = {
            "blockNumber": str(int(block["number"], 16)),
            "timeStamp": str(int(block["timestamp"], 16)),
            "hash": sent["hash"],
        }
        failed = receipt["status"] != "0x1"
        self.lists["txlist"].append(
            {
                **common,
                "from": sent["from"],
                "to": sent["to"] or "",
                "value": str(int(sent["value"], 16)),
                "contractAddress": receipt["contractAddress"] or "",
                "isError": str(int(failed)),
            }
        )
        broken = {tuple(trace["traceAddress"]) for trace in traces if trace.get("error")}
        for trace in traces:
            place, action = tuple(trace["traceAddress"]), trace["action"]
            if not place or trace["type"] != "call" or action["callType"] != "call" or int(action["value"], 16) == 0:
                continue
            is_error = any(place[:depth] in broken for depth in range(len(place) + 1))
            self.lists["txlistinternal"].append(
                {
                    **common,
                    "from": action["from"],
                    "to": action["to"],
                    "value": str(int(action["value"], 16)),
                    "contractAddress": "",
                    "type": "call",
                    "isError": str(int(is_error)),
                }
            )
        for log in receipt["logs"]:
            if log["topics"] and log["topics"][0] == TRANSFER:
                name = "tokentx" if len(log["topics"]) == 3 else "tokennfttx"
                one, other = ("0x" + topic[26:] for topic in log["topics"][1:3])
                self.lists[name].append({**common, "from": one, "to": other, "contractAddress": log["address"]})

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ExplorerDouble"]:
        """Serve for the length of a block."""
        application = web.Application()
        application.router.add_get("/v2/api", self._answer)
        runner = web.AppRunner(application, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.url = f"http://127.0.0.1:{port}/v2/api"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        self.asked[query["action"]] += 1
        if self.fault is Fault.STALL:
            await asyncio.sleep(3600)
        if self.fault is Fault.HTML:
            return web.Response(text="<html>busy</html>", content_type="text/html")
        if self.fault is Fault.BROKEN_JSON:
            return web.Response(text='{"status":"1","result":[', content_type="application/json")
        if self.fault is Fault.SERVER_ERROR:
            return web.Response(status=502)
        return web.json_response(self._body(query))

    def _body(self, query: Any) -> dict[str, Any]:
        if self.fault is Fault.WRONG_KEY or query["apikey"] != self.key:
            return _refusal("Invalid API Key (#err2)|")
        if self.fault is Fault.UNKNOWN_CHAIN or query["chainid"] != str(self.chain_id):
            return _refusal("Missing or unsupported chainid parameter (required for v2 api), please see the chainlist")
        if self.fault is Fault.TIMEOUT:
            return _refusal("Query Timeout occured. Please select a smaller result dataset")
        if self.fault is Fault.RATE_LIMIT and self.limited < 2:
            self.limited += 1
            return _refusal("Max calls per sec rate limit reached (3/sec)")
        page, offset = int(query["page"]), int(query["offset"])
        if page * offset > self.most_rows:
            return _refusal("Result window is too large, PageNo x Offset size must be less than or equal to 10000")
        wallet, first, last = query["address"].lower(), int(query["startblock"]), int(query["endblock"])
        rows = [
            row
            for row in self.lists[query["action"]]
            if wallet in (row["from"].lower(), row["to"].lower()) and first <= int(row["blockNumber"]) <= last
        ][(page - 1) * offset : page * offset]
        if self.fault is Fault.FOREIGN_BLOCKS:
            rows = [{**row, "blockNumber": str(last + 1)} for row in rows]
        if self.fault is Fault.BAD_ROW:
            rows = [{**row, "hash": "0x12"} for row in rows]
        if not rows:
            return {"status": "0", "message": "No transactions found", "result": []}
        return {"status": "1", "message": "OK", "result": rows}


def _refusal(words: str) -> dict[str, Any]:
    return {"status": "0", "message": "NOTOK", "result": words}
