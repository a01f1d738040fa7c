"""Wallets that sign: keys, and contract wallets on a local chain (their source: `contracts/wallets.sol`)."""

import json
from dataclasses import dataclass
from pathlib import Path

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from backend.demo.accounts import ACCOUNTS
from backend.demo.artifacts import multicall3_runtime
from backend.demo.deploy import MULTICALL3
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction, created_address, pending_nonces, send_and_mine

_BYTECODES: dict[str, str] = json.loads((Path(__file__).parent / "contracts/wallets.json").read_text())
_ERC6492_SUFFIX = bytes.fromhex("6492" * 16)
_DEPLOYER = ACCOUNTS["guest"]


def key_account(name: str) -> LocalAccount:
    """Return an account whose key comes from a name."""
    return Account.from_key(keccak(text=f"test wallet {name}"))


def signed_by(account: LocalAccount, message: str) -> str:
    """Return the account's `personal_sign` of a message, as a wallet answers it."""
    return "0x" + account.sign_message(encode_defunct(text=message)).signature.hex().removeprefix("0x")


@dataclass(frozen=True)
class ContractWallets:
    """Where the contracts are, on which chain."""

    url: str
    owner: LocalAccount
    wallet: str
    factory: str
    echo: str
    talkative: str
    burner: str

    def future_wallet(self, salt: bytes) -> str:
        """Return where the factory would put the owner's wallet with this salt (CREATE2)."""
        code = bytes.fromhex(_BYTECODES["KeyWallet"][2:]) + encode(["address"], [self.owner.address])
        packed = b"\xff" + bytes.fromhex(self.factory[2:]) + salt + keccak(code)
        return to_checksum_address(keccak(packed)[-20:])

    def deployment(self, salt: bytes) -> bytes:
        """Return the calldata that has the factory deploy it."""
        selector = keccak(text="deploy(address,bytes32)")[:4]
        return selector + encode(["address", "bytes32"], [self.owner.address, salt])

    def before_deployment(self, signature: str, salt: bytes, calldata: bytes | None = None) -> str:
        """Return the signature as ERC-6492 wraps it while its wallet is not deployed."""
        calldata = self.deployment(salt) if calldata is None else calldata
        inner = bytes.fromhex(signature[2:])
        return "0x" + (encode(["address", "bytes", "bytes"], [self.factory, calldata, inner]) + _ERC6492_SUFFIX).hex()

    async def deploy(self, salt: bytes) -> None:
        """Have the factory deploy the wallet with this salt."""
        async with Rpc(self.url) as rpc:
            call = Transaction(_DEPLOYER, self.factory, "0x" + self.deployment(salt).hex(), 2_000_000)
            await send_and_mine(rpc, [call])


async def deploy_wallets(url: str, owner: LocalAccount) -> ContractWallets:
    """Put Multicall3 and the contracts on the chain at `url`."""
    names = ("KeyWallet", "KeyWalletFactory", "Echo", "Talkative", "Burner")
    async with Rpc(url) as rpc:
        await rpc.call("anvil_setCode", MULTICALL3, multicall3_runtime())
        first = (await pending_nonces(rpc, [_DEPLOYER]))[_DEPLOYER]
        creations = []
        for name in names:
            arguments = encode(["address"], [owner.address]).hex() if name == "KeyWallet" else ""
            creations.append(Transaction(_DEPLOYER, None, _BYTECODES[name] + arguments, 3_000_000))
        await send_and_mine(rpc, creations)
    places = [to_checksum_address(created_address(_DEPLOYER, first + number)) for number in range(len(names))]
    return ContractWallets(url, owner, *places)
