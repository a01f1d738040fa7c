"""Balances per second from a local node, ours in two ways against web3.py in three, with and without 30 ms of delay.

Prints `balances.override_per_s`, `balances.multicall_per_s`, and the same with `_30ms`. Every value is compared.
"""

import asyncio
import multiprocessing
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3 import Web3

from backend.chain.registry import MULTICALL3
from backend.chain.rpc.pool import RpcPool
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.accounts import ACCOUNTS
from backend.demo.anvil import anvil_binary
from backend.demo.artifacts import multicall3_runtime
from backend.demo.rpc import Rpc
from backend.demo.transactions import Creations, send_and_mine
from backend.embedded.ports import free_port, is_port_free, wait_until
from backend.portfolio.balances.pairs import Pairs
from backend.portfolio.balances.reader import read_chain
from benchmarks.harness import report, say

TOKENS, WALLETS = 40, 1_000
DELAY_SECONDS = 0.015  # each way
SECONDS = 3.0
READ_BUDGET_SECONDS = 60.0
_ERC20 = [
    {
        "name": "balanceOf",
        "type": "function",
        "stateMutability": "view",
        "inputs": [{"name": "owner", "type": "address"}],
        "outputs": [{"name": "", "type": "uint256"}],
    }
]
_MULTICALL3 = [
    {
        "name": "aggregate3",
        "type": "function",
        "stateMutability": "payable",
        "inputs": [
            {
                "name": "calls",
                "type": "tuple[]",
                "components": [
                    {"name": "target", "type": "address"},
                    {"name": "allowFailure", "type": "bool"},
                    {"name": "callData", "type": "bytes"},
                ],
            }
        ],
        "outputs": [
            {
                "name": "",
                "type": "tuple[]",
                "components": [{"name": "success", "type": "bool"}, {"name": "returnData", "type": "bytes"}],
            }
        ],
    }
]
Expected = dict[tuple[str, str], int]


def main() -> None:
    """Run the benchmark."""
    with tempfile.TemporaryDirectory() as directory, _anvil(Path(directory)) as port:
        expected = asyncio.run(_fill(port))
        peers = _peers(port, expected)
        with _delayed(port) as far:
            for way, suffix, at in (
                ("override", "", port),
                ("multicall", "", port),
                ("override", "_30ms", far),
                ("multicall", "_30ms", far),
            ):
                rate, client_us = uvloop.run(_ours(at, way == "override", expected))
                more: dict[str, Any] = (
                    {f"web3_{name}_per_s": round(value) for name, value in peers.items()} if not suffix else {}
                )
                pairs = len(expected)
                report(
                    f"balances.{way}{suffix}_per_s",
                    rate,
                    "balances/s",
                    "Multicall3 through web3.py (no delay)",
                    peers["multicall"],
                    pairs=pairs,
                    client_us=client_us,
                    **more,
                )


@contextmanager
def _anvil(directory: Path) -> Iterator[int]:
    port = free_port()
    command = [str(anvil_binary()), "--quiet", "--port", str(port), "--chain-id", str(DEMO_CHAIN_ID), "--no-mining"]
    command += ["--accounts", "20", "--hardfork", "cancun", "--gas-limit", "30000000"]
    process = subprocess.Popen(command, cwd=directory)
    try:
        assert wait_until(lambda: not is_port_free(port), 20)
        yield port
    finally:
        process.terminate()
        process.wait(10)


async def _fill(port: int) -> Expected:
    """Deploy the tokens and write everybody's balance into their storage; return what each holds."""
    chance = random.Random(5)
    wallets = [f"0x{chance.getrandbits(160):040x}" for _ in range(WALLETS)]
    async with Rpc(f"http://127.0.0.1:{port}") as rpc:
        await rpc.call("anvil_setCode", MULTICALL3, multicall3_runtime())
        made = Creations(ACCOUNTS["treasury"], 0)
        named = [made.create("DemoToken", ["string", "string", "uint8"], ["Token", "T", 18]) for _ in range(TOKENS)]
        await send_and_mine(rpc, made.transactions)
        tokens = [token.lower() for token in named]
        slot = await _balances_slot(rpc, tokens[0])
        held = {
            (wallet, token): chance.getrandbits(chance.choice((0, 20, 62, 90)))
            for wallet in wallets
            for token in tokens
        }
        calls = [
            ("anvil_setStorageAt", (token, _slot(wallet, slot), f"0x{amount:064x}"))
            for (wallet, token), amount in held.items()
        ]
        for start in range(0, len(calls), 2_000):
            await rpc.all(calls[start : start + 2_000])
        await rpc.call("evm_mine")
    say(f"{len(held)} balances of {TOKENS} tokens and {WALLETS} wallets")
    return held


def _slot(wallet: str, mapping: int) -> str:
    return "0x" + keccak(bytes.fromhex(wallet[2:].rjust(64, "0")) + mapping.to_bytes(32, "big")).hex()


async def _balances_slot(rpc: Rpc, token: str) -> int:
    """Return where the token's contract keeps its balances, found by trying."""
    somebody = "0x" + "77" * 20
    for mapping in range(12):
        await rpc.call("anvil_setStorageAt", token, _slot(somebody, mapping), f"0x{987654321:064x}")
        data = "0x70a08231" + somebody[2:].rjust(64, "0")
        if int(await rpc.call("eth_call", {"to": token, "data": data}, "latest"), 16) == 987654321:
            return mapping
    raise AssertionError("no slot of the first twelve")


async def _ours(port: int, override: bool, expected: Expected) -> tuple[float, float]:
    """Return balances per second (each reading with its pin and its look at the block after), and our own µs each."""
    pool = RpcPool(DEMO_CHAIN_ID, [f"http://127.0.0.1:{port}"], timeout_seconds=30)
    pool.providers[0].takes_code_override = override
    pairs = Pairs.of(expected)
    values = list(expected.values())
    try:
        first = await read_chain(pool, pairs, MULTICALL3, READ_BUDGET_SECONDS)
        assert first.amounts == values, "a balance is not what was written"
        rounds, begin, spent = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - begin < SECONDS:
            sheet = await read_chain(pool, pairs, MULTICALL3, READ_BUDGET_SECONDS)
            assert sheet.amounts == values
            rounds += 1
        count = rounds * len(pairs)
        return count / (time.perf_counter() - begin), round((time.process_time() - spent) / count * 1e6, 2)
    finally:
        await pool.close()


def _peers(port: int, expected: Expected) -> dict[str, float]:
    web3 = Web3(Web3.HTTPProvider(f"http://127.0.0.1:{port}", request_kwargs={"timeout": 30}))
    asked = [(to_checksum_address(wallet), to_checksum_address(token)) for wallet, token in list(expected)[:5_000]]
    values = list(expected.values())
    contracts = {token: web3.eth.contract(address=token, abi=_ERC20) for token in {token for _, token in asked}}
    multicall: Any = web3.eth.contract(address=to_checksum_address(MULTICALL3), abi=_MULTICALL3)

    def sequential() -> list[int]:
        return [contracts[token].functions.balanceOf(wallet).call() for wallet, token in asked[:200]]

    def batch() -> list[int]:
        found: list[Any] = []
        for start in range(0, 500, 100):
            with web3.batch_requests() as requests:
                for wallet, token in asked[start : start + 100]:
                    requests.add(contracts[token].functions.balanceOf(wallet))
                found += requests.execute()
        return found

    def through_multicall() -> list[int]:
        found: list[int] = []
        for start in range(0, 2_500, 500):
            calls = [
                (token, True, contracts[token].encode_abi("balanceOf", [wallet]))
                for wallet, token in asked[start : start + 500]
            ]
            found += [int.from_bytes(data, "big") for _, data in multicall.functions.aggregate3(calls).call()]
        return found

    return {
        name: _rate(ask, values)
        for name, ask in (("sequential", sequential), ("batch", batch), ("multicall", through_multicall))
    }


def _rate(ask: Callable[[], list[int]], values: list[int]) -> float:
    begin = time.perf_counter()
    found = ask()
    seconds = time.perf_counter() - begin
    assert found == values[: len(found)]
    return len(found) / seconds


@contextmanager
def _delayed(port: int) -> Iterator[int]:
    """Serve the node on another port, every byte DELAY_SECONDS later in each direction."""
    far = free_port()
    process = multiprocessing.get_context("spawn").Process(target=_delay, args=(far, port), daemon=True)
    process.start()
    try:
        assert wait_until(lambda: not is_port_free(far), 20)
        yield far
    finally:
        process.terminate()
        process.join(10)


def _delay(far: int, port: int) -> None:
    uvloop.run(_serve_delayed(far, port))


class _Pipe(asyncio.Protocol):
    """One end of a connection through the proxy; what it hears goes to the other end a little later."""

    def __init__(self, other: "_Pipe | None" = None, upstream: int = 0) -> None:
        self.other = other
        self.transport: asyncio.Transport | None = None
        self._upstream = upstream
        self._early: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        if self._upstream:
            asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, self.other = await loop.create_connection(lambda: _Pipe(self), "127.0.0.1", self._upstream)
        for data in self._early:
            self._later(data)

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self._early.append(data)
        else:
            self._later(data)

    def _later(self, data: bytes) -> None:
        assert self.other is not None and self.other.transport is not None
        asyncio.get_running_loop().call_later(DELAY_SECONDS, self.other.transport.write, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            asyncio.get_running_loop().call_later(DELAY_SECONDS, self.other.transport.close)


async def _serve_delayed(far: int, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Pipe(upstream=port), "127.0.0.1", far)
    await server.serve_forever()


if __name__ == "__main__":
    main()
