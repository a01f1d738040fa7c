"""Whether a contract wallet says that a signature is its own: ERC-1271, and ERC-6492 before it is deployed.

Measures against tricks: the answer must be exactly one word, since a contract (or precompile) that echoes its input
would begin its answer with the magic value, which is also the function's selector. A wallet that is there is asked as
it is: the deployment data of ERC-6492 may then change nothing.
"""

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from backend.chain.multicall import Read
from backend.chain.views import ContractViews, contract_views
from backend.core.settings import Settings

_IS_VALID_SIGNATURE = bytes.fromhex("1626ba7e")  # isValidSignature(bytes32,bytes)
_MAGIC_WORD = bytes.fromhex("1626ba7e") + bytes(28)
_ERC6492_SUFFIX = bytes.fromhex("6492" * 16)


async def contract_signed(settings: Settings, chain_id: int, address: str, digest: bytes, signature: bytes) -> bool:
    """Return whether the contract wallet at `address` on the chain takes `signature` of `digest` for its own.

    Raises InvalidInputError when we have no provider of that chain, UnavailableError when none answers.
    """
    async with contract_views(settings, chain_id) as views:
        deployment, inner = _unwrap(signature)
        if await views.code(address):
            (answer,) = await views.read([_question(address, digest, inner)])
            return answer == _MAGIC_WORD
        return deployment is not None and await _would_take(views, deployment, _question(address, digest, inner))


async def _would_take(views: ContractViews, deployment: Read, question: Read) -> bool:
    """Return what the wallet would answer once deployed; both happen in one call that changes no chain."""
    _, answer = await views.read([deployment, question])
    return answer == _MAGIC_WORD


def _question(address: str, digest: bytes, signature: bytes) -> Read:
    return Read(address, _IS_VALID_SIGNATURE + encode(["bytes32", "bytes"], [digest, signature]))


def _unwrap(signature: bytes) -> tuple[Read | None, bytes]:
    """Return how the wallet is deployed (None: nothing is said of it) and the signature proper."""
    if not signature.endswith(_ERC6492_SUFFIX):
        return None, signature
    try:
        factory, calldata, inner = decode(["address", "bytes", "bytes"], signature[: -len(_ERC6492_SUFFIX)])
    except (DecodingError, OverflowError, ValueError):
        return None, signature
    return Read(factory, calldata), inner
