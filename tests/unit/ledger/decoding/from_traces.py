"""Mainnet transactions from traces of their calls, where there are no logs: as much of the logs as calls tell.

Known from calls, exactly: native movements, fees, what failed; Transfer of `transfer` and `transferFrom`, Approval of
`approve`, Deposit and Withdrawal of WETH, Swap of Uniswap V2 and V3 pools and their likes (V3 says its amounts, those
of V2 are what moved), Mint and Burn of V2 pairs with their LP tokens. Not known: what tokens log otherwise (fees that
they keep, rebasing, NFTs told apart from amounts), events of other protocols, V3 positions.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.transactions import Facts, Movement, PoolFacts, Transaction
from tests.unit.ledger.decoding.build import (
    APPROVAL,
    DEPOSIT,
    NOBODY,
    TRANSFER,
    V2_SWAP,
    V3_SWAP,
    WITHDRAWAL,
    Make,
)

WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
V2_MINT = "Mint(address indexed sender, uint256 amount0, uint256 amount1)"
V2_BURN = "Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)"
# Factories whose pools have addresses that follow from their tokens (CREATE2): name, factory, hash of the pool's code.
V2_FACTORIES = (
    (
        "Uniswap V2",
        "5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f",
        "96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f",
    ),
    (
        "SushiSwap",
        "c0aee478e3658e2610c5f7a4a2e1777ce9e4f2ac",
        "e18a34eb0e04b04f7a0ac29a6e80748dca96319b42c54d679cb821dca90c6303",
    ),
    (
        "ShibaSwap",
        "115934131916c8b277dd010ee02de363c09d037c",
        "65d1a3b1e46c6e4f1be1ad5f99ef14dc488ae0549dc97db9b30afe2241ce1c7a",
    ),
)
V3_FACTORY, V3_CODE = (
    "1f98431c8ad98523631ae4a59f267346ea31f984",
    "e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54",
)


@dataclass
class Call:
    """One call and those inside of it."""

    raw: dict[str, Any]
    inner: list["Call"] = field(default_factory=list)

    @property
    def action(self) -> dict[str, Any]:
        return self.raw["action"]

    def words(self) -> list[int]:
        data = bytes.fromhex(self.action.get("input", "0x")[10:])
        return [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]

    def output(self) -> list[int]:
        data = bytes.fromhex(((self.raw.get("result") or {}).get("output") or "0x")[2:])
        return [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]


@dataclass
class Seen:
    """A transaction, and how its pools came to look like pools."""

    tx: Transaction
    pools: dict[str, PoolFacts]


def read_block(file: Path) -> list[Seen]:
    """Return the transactions of a block."""
    block = json.loads(gzip.decompress(file.read_bytes()))
    receipts = {each["transaction_hash"]: each for each in block["receipts"]}
    roots: dict[str, dict[tuple[int, ...], Call]] = {}
    for raw in block["traces"]:
        if raw["type"] == "reward" or raw.get("transaction_hash") not in receipts:
            continue
        calls = roots.setdefault(raw["transaction_hash"], {})
        place = tuple(raw["trace_address"])
        calls[place] = Call(raw)
        if place and place[:-1] in calls:
            calls[place[:-1]].inner.append(calls[place])
    return [_seen(block, receipts[tx_hash], calls[()]) for tx_hash, calls in roots.items() if () in calls]


def _seen(block: dict[str, Any], receipt: dict[str, Any], root: Call) -> Seen:
    succeeded = not root.raw.get("error")
    logs = _Logs()
    native: list[Movement] = []
    if succeeded:
        logs.of(root)
        native = list(_moved(root))
    data = root.action.get("input", "0x")
    tx = Transaction(
        chain_id=1,
        hash=receipt["transaction_hash"],
        block_number=block["block_number"],
        block_hash=root.raw["block_hash"],
        index=receipt["transaction_index"],
        happened_at=datetime.fromtimestamp(block.get("block_timestamp", 1_600_000_000), UTC),
        sender=root.action["from"],
        recipient=root.action.get("to"),
        value_wei=int(root.action.get("value", "0x0"), 16),
        method=data[:10] if len(data) >= 10 else None,
        fee_wei=receipt["gas_used"] * receipt["effective_gas_price"],
        succeeded=succeeded,
        logs=tuple(logs.make.logs),
        native=tuple(native),
        native_is_known=True,
    )
    return Seen(tx, logs.pools)


def _moved(call: Call) -> Iterator[Movement]:
    if call.raw.get("error"):
        return
    action, kind = call.action, call.raw["type"]
    value, recipient = int(action.get("value", "0x0") or "0x0", 16), action.get("to")
    if kind == "create":
        recipient = (call.raw.get("result") or {}).get("address")
    if kind == "suicide":
        value, recipient = int(action["balance"], 16), action["refundAddress"]
    if value and recipient and action.get("callType", "call") == "call":
        sender = action.get("from") or action["address"]
        yield Movement(token=NATIVE_TOKEN, sender=sender, recipient=recipient, amount_raw=value)
    for inner in call.inner:
        yield from _moved(inner)


class _Logs:
    """Logs in the order in which contracts write them: what a call does inside comes before its own."""

    def __init__(self) -> None:
        self.make = Make()
        self.pools: dict[str, PoolFacts] = {}
        self._held: dict[str, dict[str, int]] = {}  # by pool, what came of each token since its last event

    def of(self, call: Call) -> None:
        if call.raw.get("error"):
            return
        action = call.action
        is_call = call.raw["type"] == "call" and action.get("callType") == "call"
        method = action.get("input", "0x")[:10]
        if is_call and method in ("0xa9059cbb", "0x23b872dd") and len(call.words()) >= 2:
            self._transfer(call, method)
        for inner in call.inner:
            self.of(inner)
        if not is_call:
            return
        words, sender, to = call.words(), action["from"], action["to"]
        value = int(action.get("value", "0x0"), 16)
        if method == "0x095ea7b3" and len(words) >= 2:
            self.make.log(to, APPROVAL, sender, _account(words[0]), words[1])
        elif to == WETH and value and method in ("0x", "0xd0e30db0"):
            self.make.log(WETH, DEPOSIT, sender, value)
        elif to == WETH and method == "0x2e1a7d4d":
            self.make.log(WETH, WITHDRAWAL, sender, words[0])
        elif method in ("0x022c0d9f", "0x128acb08", "0x6a627842", "0x89afcb44"):
            self._pool(call, method, sender, to, words)

    def _transfer(self, call: Call, method: str) -> None:
        words, token = call.words(), call.action["to"]
        sender = call.action["from"] if method == "0xa9059cbb" else _account(words[0])
        recipient, amount = (_account(words[-2]), words[-1]) if len(words) in (2, 3) else (NOBODY, 0)
        if not amount:
            return
        self.make.log(token, TRANSFER, sender, recipient, amount)
        for account, signed in ((recipient, amount), (sender, -amount)):
            held = self._held.setdefault(account, {})
            held[token] = held.get(token, 0) + signed

    def _pool(self, call: Call, method: str, sender: str, pool: str, words: list[int]) -> None:
        held = self._held.pop(pool, {})
        shares = held.pop(pool, 0)
        found = _vouched(pool, frozenset(held))
        if found is None:
            return
        self.pools[pool] = found
        paid0, paid1 = held.get(found.token0, 0), held.get(found.token1, 0)
        if method == "0x022c0d9f":
            outs = words[0], words[1]
            self.make.log(
                pool, V2_SWAP, sender, max(0, paid0 + outs[0]), max(0, paid1 + outs[1]), *outs, _account(words[2])
            )
        elif method == "0x128acb08":
            amounts = [each - (1 << 256) if each >> 255 else each for each in call.output()[:2]]
            self.make.log(pool, V3_SWAP, sender, _account(words[0]), *amounts, 1, 1, 1)
        elif method == "0x6a627842":
            self.make.log(pool, TRANSFER, NOBODY, _account(words[0]), call.output()[0])
            self.make.log(pool, V2_MINT, sender, paid0, paid1)
        else:
            self.make.log(pool, TRANSFER, pool, NOBODY, shares)
            self.make.log(pool, V2_BURN, sender, *call.output()[:2], _account(words[0]))


@cache
def _vouched(pool: str, tokens: frozenset[str]) -> PoolFacts | None:
    """Return a pool of two of these tokens whose address follows from them and a factory that is known."""
    ordered = sorted(tokens)
    for at, token0 in enumerate(ordered):
        for token1 in ordered[at + 1 :]:
            packed = bytes.fromhex(token0[2:] + token1[2:])
            for name, factory, code in V2_FACTORIES:
                if _create2(factory, keccak(packed), code) == pool:
                    return PoolFacts(protocol=name, token0=token0, token1=token1)
            for fee in (100, 500, 3_000, 10_000):
                salt = keccak(encode(["address", "address", "uint24"], [token0, token1, fee]))
                if _create2(V3_FACTORY, salt, V3_CODE) == pool:
                    return PoolFacts(protocol="Uniswap V3", token0=token0, token1=token1)
    return None


def _create2(factory: str, salt: bytes, code: str) -> str:
    return "0x" + keccak(b"\xff" + bytes.fromhex(factory) + salt + bytes.fromhex(code))[12:].hex()


def _account(word: int) -> str:
    return f"0x{word & (1 << 160) - 1:040x}"


def facts_of(seen: Seen) -> Facts:
    return Facts(wrapped_native=frozenset({WETH}), pools=seen.pools, contracts={})
