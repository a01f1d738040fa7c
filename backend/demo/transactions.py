"""Transactions as the demo market sends them: plain values, signed by anvil, mined in stages."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from backend.core.errors import UnavailableError
from backend.demo.artifacts import creation_code
from backend.demo.calldata import constructor_data
from backend.demo.rpc import Call, Rpc

DEFAULT_TIP_WEI = 10**9
MAX_FEE_WEI = 500 * 10**9
_MOST_BLOCKS_A_STAGE = 20


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction from an account that anvil signs for. `to` None creates a contract."""

    sender: str
    to: str | None
    data: str
    gas: int
    value_wei: int = 0
    tip_wei: int = DEFAULT_TIP_WEI
    max_fee_wei: int = MAX_FEE_WEI

    def params(self, nonce: int | None = None) -> dict[str, Any]:
        """Return the JSON object for `eth_sendTransaction`; web3.py's `send_transaction` takes it as well."""
        fields: dict[str, Any] = {
            "from": self.sender,
            "data": self.data,
            "gas": hex(self.gas),
            "value": hex(self.value_wei),
            "maxFeePerGas": hex(max(self.max_fee_wei, self.tip_wei)),
            "maxPriorityFeePerGas": hex(self.tip_wei),
        }
        if self.to is not None:
            fields["to"] = self.to
        if nonce is not None:
            fields["nonce"] = hex(nonce)
        return fields


async def pending_nonces(rpc: Rpc, senders: Sequence[str]) -> dict[str, int]:
    """Return the next nonce of each sender, counting what waits in the pool."""
    counts = await rpc.all([("eth_getTransactionCount", (sender, "pending")) for sender in senders])
    return {sender: int(count, 16) for sender, count in zip(senders, counts, strict=True)}


def send_calls(transactions: Sequence[Transaction], nonces: dict[str, int]) -> list[Call]:
    """Return the calls that send the transactions, counting each sender's nonces upwards from `nonces`."""
    following = defaultdict(int, nonces)
    calls: list[Call] = []
    for transaction in transactions:
        calls.append(("eth_sendTransaction", (transaction.params(following[transaction.sender]),)))
        following[transaction.sender] += 1
    return calls


async def send_and_mine(rpc: Rpc, transactions: Sequence[Transaction]) -> None:
    """Send the transactions in order and mine until all are in blocks.

    Raises UnavailableError when one is refused or fails.
    """
    nonces = await pending_nonces(rpc, sorted({item.sender for item in transactions}))
    hashes = await rpc.all(send_calls(transactions, nonces))
    for _attempt in range(_MOST_BLOCKS_A_STAGE):
        await rpc.call("evm_mine")
        receipts = await rpc.all([("eth_getTransactionReceipt", (item,)) for item in hashes])
        if all(receipts):
            break
    for transaction, receipt in zip(transactions, receipts, strict=True):
        if not receipt or int(receipt["status"], 16) != 1:
            where = transaction.to or "a new contract"
            raise UnavailableError(f"Setting up the demo market failed: the transaction to {where} did not succeed")


CONTRACT_GAS = 8_000_000


class Creations:
    """Contracts to be made by one sender, in nonce order, with the address that each will have."""

    def __init__(self, sender: str, first_nonce: int) -> None:
        self.transactions: list[Transaction] = []
        self._sender = sender
        self._first_nonce = first_nonce

    def create(
        self,
        contract: str,
        types: Sequence[str] = (),
        arguments: Sequence[object] = (),
        libraries: Mapping[str, str] | None = None,
    ) -> str:
        """Add a contract by the name of its artifact, linked to `libraries`, and return its checksummed address."""
        data = "0x" + creation_code(contract, libraries) + constructor_data(types, arguments)
        address = self.address(len(self.transactions))
        self.transactions.append(Transaction(sender=self._sender, to=None, data=data, gas=CONTRACT_GAS))
        return address

    def call(self, to: str, data: str, gas: int, value_wei: int = 0) -> None:
        """Add a call by the same sender: it takes a place too."""
        self.transactions.append(Transaction(self._sender, to, data, gas, value_wei))

    def address(self, place: int) -> str:
        """Return the address of the contract that is made at a place."""
        return created_address(self._sender, self._first_nonce + place)


def created_address(sender: str, nonce: int) -> str:
    """Return the checksummed address of a contract made by `sender` at `nonce`: keccak(rlp([sender, nonce]))[12:]."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    item = number if nonce and nonce < 0x80 else bytes([0x80 + len(number)]) + number
    payload = b"\x94" + bytes.fromhex(sender[2:]) + item
    return to_checksum_address(keccak(bytes([0xC0 + len(payload)]) + payload)[12:])
