"""What tokens call themselves: symbol, name and decimals from their contracts, each possibly broken or hostile."""

from collections.abc import Iterable
from dataclasses import dataclass

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from backend.chain.multicall import Read, read_many, word_uint
from backend.chain.rpc.pool import RpcPool
from backend.core.formats import untrusted_text

_SYMBOL, _NAME, _DECIMALS = (bytes.fromhex(text) for text in ("95d89b41", "06fdde03", "313ce567"))
MAX_DECIMALS = 77  # 10^77 < 2^256: more cannot mean anything


@dataclass(frozen=True, slots=True)
class Token:
    """A token's own words about itself; None where its contract gives no usable answer."""

    address: str
    symbol: str | None
    name: str | None
    decimals: int | None


def text_of(output: bytes | None, limit: int) -> str | None:
    """Return the text of an ABI `string` or `bytes32` output, fit to show, None when it is neither or empty."""
    if output is None:
        return None
    if len(output) == 32:
        raw = output.rstrip(b"\0")
    else:
        try:
            (raw,) = decode(["bytes"], output)
        except (DecodingError, OverflowError, ValueError):
            return None
    text = raw[: limit * 4].decode("utf-8", "replace")
    cleaned = untrusted_text(text, limit)
    return None if cleaned == "?" else cleaned


async def read_tokens(rpc: RpcPool, addresses: Iterable[str], multicall3: str | None) -> dict[str, Token]:
    """Return each address's metadata by its (lower-case) address. Raises RpcError or AllProvidersDownError."""
    wanted = list(addresses)
    reads = [Read(address, selector) for address in wanted for selector in (_SYMBOL, _NAME, _DECIMALS)]
    outputs = await read_many(rpc, reads, multicall3=multicall3)
    tokens = {}
    for index, address in enumerate(wanted):
        symbol, name, decimals = outputs[3 * index : 3 * index + 3]
        places = word_uint(decimals)
        tokens[address] = Token(
            address=address,
            symbol=text_of(symbol, 32),
            name=text_of(name, 64),
            decimals=places if places is not None and places <= MAX_DECIMALS else None,
        )
    return tokens
