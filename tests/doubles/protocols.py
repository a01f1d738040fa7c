"""Protocols on a local chain: see contracts/protocols.sol."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from backend.demo.accounts import ACCOUNTS
from backend.demo.calldata import call_data, constructor_data
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction, created_address, send_and_mine

DEPLOYER = ACCOUNTS["treasury"].lower()
_GAS = 6_000_000


@cache
def _bytecodes() -> dict[str, str]:
    return json.loads((Path(__file__).parent / "contracts" / "protocols.json").read_text())


async def deploy(rpc: Rpc, name: str, types: Sequence[str] = (), arguments: Sequence[Any] = ()) -> str:
    """Deploy a contract and return its address in lower case."""
    nonce = int(await rpc.call("eth_getTransactionCount", DEPLOYER, "pending"), 16)
    await send_and_mine(
        rpc, [Transaction(DEPLOYER, None, _bytecodes()[name] + constructor_data(types, arguments), _GAS)]
    )
    return created_address(DEPLOYER, nonce).lower()


async def send(rpc: Rpc, sender: str, to: str, signature: str, *arguments: Any, value_wei: int = 0) -> None:
    """Send a transaction and mine it."""
    await send_and_mine(rpc, [Transaction(sender, to, call_data(signature, *arguments), _GAS, value_wei=value_wei)])
