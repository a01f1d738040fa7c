"""Many contract reads in one call through Multicall3 (`aggregate3`), or as a JSON-RPC batch where there is none."""

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from backend.chain.blocks import hex_bytes
from backend.chain.rpc.errors import RpcError, RpcGarbageError, RpcMissingError, RpcResponseError, RpcThrottledError
from backend.chain.rpc.pool import RpcClient
from backend.chain.rpc.transport import Request, raise_if_error

_AGGREGATE3 = bytes.fromhex("82ad56cb")
CALLS_PER_REQUEST = 300
SINGLE_CALL_GAS = hex(2_000_000)  # plenty for a view, too little to keep a node busy


@dataclass(frozen=True, slots=True)
class Read:
    """One view call: to whom, and the calldata."""

    target: str
    calldata: bytes


async def read_many(
    rpc: RpcClient, reads: list[Read], *, multicall3: str | None, block: int | None = None, budget_seconds: float = 20.0
) -> list[bytes | None]:
    """Return what each read returned as of `block` (None: the newest), None where the contract reverted.

    Raises RpcError (RpcMissingError when the providers no longer have that block's state) or AllProvidersDownError.
    """
    results: list[bytes | None] = []
    for start in range(0, len(reads), CALLS_PER_REQUEST):
        part = reads[start : start + CALLS_PER_REQUEST]
        results += await _read_part(rpc, part, multicall3, "latest" if block is None else hex(block), budget_seconds)
    return results


async def _read_part(
    rpc: RpcClient, reads: list[Read], multicall3: str | None, block: str, budget_seconds: float
) -> list[bytes | None]:
    if multicall3 is not None:
        outputs = await _aggregate(rpc, reads, multicall3, block, budget_seconds)
        if outputs is not None:
            return outputs
    requests = [
        Request("eth_call", [{"to": read.target, "data": "0x" + read.calldata.hex(), "gas": SINGLE_CALL_GAS}, block])
        for read in reads
    ]
    return await rpc.batch(requests, _answers, budget_seconds=budget_seconds)


async def _aggregate(
    rpc: RpcClient, reads: list[Read], multicall3: str, block: str, budget_seconds: float
) -> list[bytes | None] | None:
    """Return the outputs, None when they must be asked for one by one.

    That is when there is no code at the address (as of that block), or when the whole call failed: one hostile contract
    among those read can burn all of its gas.
    """
    arguments = [(read.target, True, read.calldata) for read in reads]
    calldata = _AGGREGATE3 + encode(["(address,bool,bytes)[]"], [arguments])
    try:
        answer = await rpc.call(
            "eth_call",
            [{"to": multicall3, "data": "0x" + calldata.hex()}, block],
            hex_bytes,
            budget_seconds=budget_seconds,
        )
    except RpcResponseError:
        return None
    return _outputs(answer, len(reads)) if answer else None


def _outputs(answer: bytes, count: int) -> list[bytes | None]:
    try:
        (outputs,) = decode(["(bool,bytes)[]"], answer)
    except (DecodingError, OverflowError, ValueError):
        raise RpcGarbageError("Multicall3 answered with something else") from None
    if len(outputs) != count:
        raise RpcGarbageError("Multicall3 answered with the wrong number of results")
    return [data if ok else None for ok, data in outputs]


def _answers(results: list[Any]) -> list[bytes | None]:
    outputs: list[bytes | None] = []
    for result in results:
        if isinstance(result, (RpcMissingError, RpcThrottledError)):
            raise result
        if isinstance(result, RpcResponseError):
            outputs.append(None)
        elif isinstance(result, RpcError):
            raise_if_error(result)
        else:
            outputs.append(hex_bytes(result))
    return outputs


def word_uint(output: bytes | None, index: int = 0) -> int | None:
    """Return the unsigned integer in a word of an output, None when it is not there."""
    if output is None or len(output) < 32 * index + 32:
        return None
    return int.from_bytes(output[32 * index : 32 * index + 32], "big")


def word_address(output: bytes | None, index: int = 0) -> str | None:
    """Return the address in a word of an output (lower case), None when there is none or it is the zero address."""
    value = word_uint(output, index)
    if value is None or value >> 160 or value == 0:
        return None
    return f"0x{value:040x}"
