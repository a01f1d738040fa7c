"""NFT collections good and hostile on a local chain: see contracts/nfts.sol."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from backend.demo.accounts import ACCOUNTS
from backend.demo.calldata import call_data, constructor_data
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction, created_address, send_and_mine

DEPLOYER = ACCOUNTS["guest"].lower()
HUGE, CONTRADICTION, REVERT, BURN, BYTES = range(5)  # what a Liar answers
_GAS = 6_000_000


@cache
def _bytecodes() -> dict[str, str]:
    return json.loads((Path(__file__).parent / "contracts" / "nfts.json").read_text())


async def deploy_collections(rpc: Rpc, wanted: list[tuple[str, str, str]]) -> list[str]:
    """Deploy collections by (contract, name, symbol); return their addresses in lower case."""
    nonce = int(await rpc.call("eth_getTransactionCount", DEPLOYER, "pending"), 16)
    made = [
        Transaction(DEPLOYER, None, _bytecodes()[kind] + constructor_data(["string", "string"], [name, symbol]), _GAS)
        for kind, name, symbol in wanted
    ]
    await send_and_mine(rpc, made)
    return [created_address(DEPLOYER, nonce + place).lower() for place in range(len(wanted))]


def sent(collection: str, signature: str, *arguments: Any, sender: str = DEPLOYER) -> Transaction:
    """Return a call of a collection."""
    return Transaction(sender, collection, call_data(signature, *arguments), _GAS)


def mint(collection: str, to: str, token_id: int, sender: str = DEPLOYER) -> Transaction:
    """Return the minting of an ERC-721's piece."""
    return sent(collection, "mint(address,uint256)", to, token_id, sender=sender)


def transfer(collection: str, sender: str, to: str, token_id: int) -> Transaction:
    """Return the transfer of an ERC-721's piece."""
    return sent(collection, "transferFrom(address,address,uint256)", sender, to, token_id, sender=sender)


def mint_batch(items: str, to: str, amounts: dict[int, int]) -> Transaction:
    """Return the minting of an ERC-1155's pieces: amounts by id."""
    signature = "mintBatch(address,uint256[],uint256[])"
    return sent(items, signature, to, list(amounts), list(amounts.values()))
