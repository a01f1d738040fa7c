"""A farm of JSON-RPC endpoints, one a chain, in a process of its own: each answers after a delay, fails, or stalls.

It answers what the balances reader asks: chain id, blocks, and the checker's calls. A balance is (wallet's last four
bytes) · (token's last four bytes) mod 2^64, so that whoever asks can check it.
"""

import asyncio
import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import orjson
import uvloop
from aiohttp import web

from backend.embedded.ports import free_port, is_port_free, wait_until
from backend.portfolio.balances.checker import MARK

BLOCK_HASH = "0x" + "b1" * 32
HEADER = {
    "number": "0x64",
    "hash": BLOCK_HASH,
    "parentHash": "0x" + "b0" * 32,
    "gasUsed": "0x0",
    "gasLimit": "0x1c9c380",
    "baseFeePerGas": "0x1",
}


def balance_of(wallet: str, token: str) -> int:
    """Return what the farm says that a wallet holds of a token."""
    return int(wallet[-8:], 16) * int(token[-8:], 16) % 2**64


@contextmanager
def rpc_farm(
    chain_ids: list[int], *, delay_seconds: float, failing: set[int], stalled: set[int]
) -> Iterator[dict[int, str]]:
    """Serve the chains; yields each one's address."""
    port = free_port()
    arguments = (port, json.dumps([delay_seconds, sorted(failing), sorted(stalled)]))
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=arguments, daemon=True)
    process.start()
    try:
        assert wait_until(lambda: not is_port_free(port), 30)
        yield {chain_id: f"http://127.0.0.1:{port}/{chain_id}" for chain_id in chain_ids}
    finally:
        process.terminate()
        process.join(10)


def _serve(port: int, options: str) -> None:
    delay_seconds, failing, stalled = json.loads(options)
    uvloop.run(_run(port, delay_seconds, set(failing), set(stalled)))


async def _run(port: int, delay_seconds: float, failing: set[int], stalled: set[int]) -> None:
    async def answer(request: web.Request) -> web.Response:
        chain_id = int(request.match_info["chain_id"])
        body = await request.read()
        await asyncio.sleep(3600 if chain_id in stalled else delay_seconds)
        if chain_id in failing:
            return web.Response(status=500)
        calls = orjson.loads(body)
        if isinstance(calls, dict):
            found: object = _result(chain_id, calls)
        else:
            found = [_result(chain_id, call) for call in calls]
        return web.Response(body=orjson.dumps(found), content_type="application/json")

    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.router.add_post("/{chain_id}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=512).start()
    await asyncio.Event().wait()


def _result(chain_id: int, call: dict) -> dict:
    method = call["method"]
    if method == "eth_chainId":
        result: object = hex(chain_id)
    elif method == "eth_getBlockByNumber":
        result = {**HEADER, "timestamp": hex(int(time.time()))}
    else:
        result = "0x" + _checked(bytes.fromhex(call["params"][0]["data"][2:])).hex()
    return {"jsonrpc": "2.0", "id": call["id"], "result": result}


def _checked(calldata: bytes) -> bytes:
    """Return what the checker says: see BalanceChecker.sol."""
    wallets, count = int.from_bytes(calldata[:2], "big"), int.from_bytes(calldata[2:6], "big")
    table = np.frombuffer(calldata[6 : 6 + 20 * wallets], dtype=np.uint8).reshape(-1, 20)
    held = np.ascontiguousarray(table[:, 16:]).view(">u4").reshape(-1).astype(np.uint64)
    amounts, at = [], 6 + 20 * wallets
    while at < len(calldata):
        token = np.uint64(int.from_bytes(calldata[at + 16 : at + 20], "big"))
        size = int.from_bytes(calldata[at + 20 : at + 22], "big")
        at += 22
        amounts.append(held[np.frombuffer(calldata[at : at + 2 * size], dtype=">u2")] * token)
        at += 2 * size
    words = np.zeros((count, 4), dtype=">u8")
    if count:
        words[:, 3] = np.concatenate(amounts)
    return MARK + count.to_bytes(4, "big") + words.tobytes() + bytes(count)
