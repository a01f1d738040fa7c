"""ABI encoding of the calls that the demo market makes, by signature, with selectors cached."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from backend.core.errors import UnavailableError

MAX_UINT256 = 2**256 - 1


@cache
def _parsed(signature: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the selector and the argument types of `name(type,type)`; a tuple type counts as one argument."""
    inside = signature[signature.index("(") + 1 : -1]
    types: list[str] = []
    depth = 0
    for part in inside.split(",") if inside else []:
        if depth:
            types[-1] += "," + part
        else:
            types.append(part)
        depth += part.count("(") - part.count(")")
    return keccak(text=signature)[:4], tuple(types)


def call_data(signature: str, *arguments: Any) -> str:
    """Return 0x-hex calldata, e.g. `call_data("transfer(address,uint256)", to, amount)`."""
    selector, types = _parsed(signature)
    return "0x" + (selector + encode(types, arguments)).hex()


def constructor_data(types: Sequence[str], arguments: Sequence[Any]) -> str:
    """Return constructor arguments as hex without 0x, to follow the creation code."""
    return encode(types, arguments).hex()


def decode_words(types: Sequence[str], data: str | bytes) -> tuple[Any, ...]:
    """Return the values in ABI-encoded return data. Raises UnavailableError when it is something else.

    The usual reason is a chain that was thrown away: a call to an address without code succeeds with no data.
    """
    raw = bytes.fromhex(data.removeprefix("0x")) if isinstance(data, str) else data
    try:
        return decode(types, raw)
    except DecodingError as error:
        raise UnavailableError("A contract of the demo market did not answer as it should") from error


def multicall_data(calls: Sequence[tuple[str, str]]) -> str:
    """Return the calldata of Multicall3.aggregate3 for (address, 0x-calldata) pairs, none of which may fail."""
    packed = [(target, False, bytes.fromhex(data[2:])) for target, data in calls]
    return call_data("aggregate3((address,bool,bytes)[])", packed)


def multicall_results(data: str) -> list[bytes]:
    """Return the return data of each call of `multicall_data`, in order."""
    (results,) = decode_words(["(bool,bytes)[]"], data)
    return [returned for _success, returned in results]
