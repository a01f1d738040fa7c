"""Tokens good, odd and hostile on a local chain: see contracts/tokens.sol."""

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
_GAS = 3_000_000
_CALL_GAS = 200_000


@cache
def _bytecodes() -> dict[str, str]:
    folder = Path(__file__).parent / "contracts"
    return {**json.loads((folder / "tokens.json").read_text()), **json.loads((folder / "ens.json").read_text())}


async def deploy_tokens(rpc: Rpc, wanted: Sequence[tuple[str, Sequence[Any]]]) -> list[str]:
    """Deploy contracts by name, a PlainToken with (symbol, decimals); return their addresses in lower case."""
    nonce = int(await rpc.call("eth_getTransactionCount", DEPLOYER, "pending"), 16)
    made = []
    for name, arguments in wanted:
        data = _bytecodes()[name] + (constructor_data(["string", "uint8"], arguments) if arguments else "")
        made.append(Transaction(DEPLOYER, None, data, _GAS))
    await send_and_mine(rpc, made)
    return [created_address(DEPLOYER, nonce + place).lower() for place in range(len(wanted))]


def mint(token: str, to: str, amount: int) -> Transaction:
    return Transaction(DEPLOYER, token, call_data("mint(address,uint256)", to, amount), _CALL_GAS)


def transfer(sender: str, token: str, to: str, amount: int) -> Transaction:
    return Transaction(sender, token, call_data("transfer(address,uint256)", to, amount), _CALL_GAS)


def rebase(token: str, index: int) -> Transaction:
    return Transaction(DEPLOYER, token, call_data("rebase(uint256)", index), _CALL_GAS)
