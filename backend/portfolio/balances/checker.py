"""Balances by a contract of our own whose code stands in the `eth_call` itself (state override): see its source."""

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.chain.rpc.errors import RpcGarbageError
from backend.portfolio.balances.pairs import Pairs, Places, word_integers

_ARTIFACT = Path(__file__).with_name("contracts") / "BalanceChecker.json"
# The last twenty bytes of keccak256("premium balance checker"): nobody has a key or code for it.
ADDRESS = "0xa72264be9b964194fe91b7f3fb30f5992f588f47"
MARK = b"BalanceChecker".rjust(28, b"\0")
READ, REVERTED, USED_UP, NO_CONTRACT, NO_NUMBER, NOT_ASKED = range(6)
PROBLEMS = {
    REVERTED: "The token's contract refused to say the balance.",
    USED_UP: "The token's contract used up the gas it was given for saying the balance.",
    NO_CONTRACT: "There is no contract at the token's address.",
    NO_NUMBER: "The token's contract answered without a number.",
    NOT_ASKED: "The node's gas limit did not suffice to ask for this balance.",
}


@cache
def _code() -> str:
    return str(json.loads(_ARTIFACT.read_text())["deployedBytecode"])


def override_params(calldata: bytes, block: str) -> list[Any]:
    """Return the parameters of the `eth_call` that runs the checker as of a block (hexadecimal number or a tag)."""
    return [{"to": ADDRESS, "data": "0x" + calldata.hex()}, block, {ADDRESS: {"code": _code()}}]


def pack(pairs: Pairs, places: Places) -> bytes:
    """Return the checker's calldata for these places, which must come sorted by token."""
    used, wallet_at = np.unique(pairs.wallet_at[places], return_inverse=True)
    token_at = pairs.token_at[places]
    indices = wallet_at.astype(">u2").tobytes()
    cuts = (np.flatnonzero(np.diff(token_at)) + 1).tolist()
    parts = [len(used).to_bytes(2, "big"), len(places).to_bytes(4, "big"), pairs.wallet_bytes[used].tobytes()]
    if len(places):
        for start, end in pairwise([0, *cuts, len(places)]):
            token = pairs.token_bytes[token_at[start]].tobytes()
            parts += [token, (end - start).to_bytes(2, "big"), indices[2 * start : 2 * end]]
    return b"".join(parts)


def unpack(output: bytes, count: int) -> tuple[list[int], NDArray[np.uint8]]:
    """Return amounts and statuses in the order asked; an amount means something only where the status is READ.

    Raises RpcGarbageError when a checker cannot have said this.
    """
    if len(output) != 32 + 33 * count or output[:28] != MARK or int.from_bytes(output[28:32], "big") != count:
        raise RpcGarbageError("the balance checker answered with something else")
    answer = np.frombuffer(output, dtype=np.uint8)
    statuses = answer[32 + 32 * count :]
    if count and statuses.max() > NOT_ASKED:
        raise RpcGarbageError("the balance checker answered with a status that it does not have")
    return word_integers(answer[32 : 32 + 32 * count].reshape(count, 32)), statuses
