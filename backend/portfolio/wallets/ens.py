"""ENS names (EIP-137, names normalised by ENSIP-15): registry, resolver, address; and the name of an address, verified.

Read on Ethereum only, where the registry is. Names whose resolver answers off-chain (EIP-3668) are not read: following
an address that a contract names would have us call strangers' servers.
"""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from backend.chain.multicall import Read, read_many, word_address
from backend.chain.rpc.errors import RpcError
from backend.chain.rpc.pool import RpcPool
from backend.core.errors import InvalidInputError, UnavailableError

ENS_CHAIN_ID = 1
REGISTRY = "0x00000000000c2e074ec69a0dfb2997ba6c7d2e1e"
BUDGET_SECONDS = 8.0
_RESOLVER, _ADDR, _NAME = (bytes.fromhex(selector) for selector in ("0178b8bf", "3b3b57de", "691f3431"))
MAX_NAME = 255


def normalised(name: str) -> str:
    """Return a name as ENS compares it. Raises InvalidInputError that says why it cannot be one."""
    from ens.exceptions import InvalidName  # here, since it brings all of web3 with it
    from ens.utils import normalize_name

    text = name.strip()
    if not text or len(text) > MAX_NAME:
        raise InvalidInputError("This is not an ENS name.", {"name": "A name has at most 255 characters."})
    try:
        return normalize_name(text)
    except InvalidName as error:
        raise InvalidInputError(
            "This is not an ENS name.", {"name": f"ENS does not allow this name: {str(error)[:120]}"}
        ) from None


def namehash(name: str) -> bytes:
    """Return the node of a normalised name (EIP-137)."""
    node = b"\0" * 32
    for label in reversed(name.split(".")) if name else ():
        node = keccak(node + keccak(text=label))
    return node


async def address_of(rpc: RpcPool, name: str) -> str:
    """Return the address (lower case) that a normalised name stands for.

    Raises InvalidInputError when it stands for none, UnavailableError when Ethereum does not answer.
    """
    resolver = word_address(await _ask(rpc, REGISTRY, _RESOLVER + namehash(name)))
    if resolver is None:
        raise InvalidInputError(f"Nobody has set up {name}.", {"name": "This name has no resolver."})
    address = word_address(await _ask(rpc, resolver, _ADDR + namehash(name)))
    if address is None:
        raise InvalidInputError(
            f"{name} names no address on Ethereum.",
            {"name": "Its resolver answers without an address (or only off-chain, which is not read here)."},
        )
    return address


async def name_of(rpc: RpcPool, address: str) -> str | None:
    """Return the name that an address calls itself, if that name stands for this address again; else None.

    Anybody may write any name into their reverse record: only the way back proves it. Raises UnavailableError.
    """
    reverse = namehash(f"{address[2:].lower()}.addr.reverse")
    resolver = word_address(await _ask(rpc, REGISTRY, _RESOLVER + reverse))
    if resolver is None:
        return None
    output = await _ask(rpc, resolver, _NAME + reverse)
    try:
        (claimed,) = decode(["string"], output or b"")
        name = normalised(claimed)
        return name if name == claimed and await address_of(rpc, name) == address.lower() else None
    except (DecodingError, OverflowError, ValueError, InvalidInputError):
        return None


async def _ask(rpc: RpcPool, contract: str, calldata: bytes) -> bytes | None:
    try:
        (output,) = await read_many(rpc, [Read(contract, calldata)], multicall3=None, budget_seconds=BUDGET_SECONDS)
    except (RpcError, UnavailableError) as error:
        raise UnavailableError("Ethereum does not answer right now, so the name cannot be looked up.") from error
    return output
