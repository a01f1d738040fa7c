"""Multicall3's `aggregate3` for balances, packed and unpacked by fixed layout: every call has the same shape.

eth-abi takes fifty microseconds a balance for the same (measured), this takes less than one.
"""

import numpy as np

from backend.chain.rpc.errors import RpcGarbageError
from backend.portfolio.balances.pairs import Pairs, Places, word_integers

_AGGREGATE3 = bytes.fromhex("82ad56cb")
_BALANCE_OF, _GET_ETH_BALANCE = bytes.fromhex("70a08231"), bytes.fromhex("4d2301cc")
_CALL = 192  # target, allowFailure, offset and length of its data, and 36 bytes of data padded to 64
_RESULT = 128  # success, offset and length of the data, and one word of it
_WORD = 32


def pack(pairs: Pairs, places: Places, multicall3: str) -> bytes:
    """Return the calldata of `aggregate3` that asks for these places' balances, each allowed to fail."""
    count = len(places)
    token_at = pairs.token_at[places]
    native = pairs.is_native[token_at]
    calls = np.zeros((count, _CALL), dtype=np.uint8)
    calls[:, 12:32] = pairs.token_bytes[token_at]
    calls[native, 12:32] = np.frombuffer(bytes.fromhex(multicall3[2:]), dtype=np.uint8)
    calls[:, 63], calls[:, 95], calls[:, 127] = 1, 96, 36
    calls[:, 128:132] = np.frombuffer(_BALANCE_OF, dtype=np.uint8)
    calls[native, 128:132] = np.frombuffer(_GET_ETH_BALANCE, dtype=np.uint8)
    calls[:, 144:164] = pairs.wallet_bytes[pairs.wallet_at[places]]
    offsets = np.zeros((count, 4), dtype=">u8")
    offsets[:, 3] = _WORD * count + _CALL * np.arange(count)
    return b"".join(
        (_AGGREGATE3, (_WORD).to_bytes(32, "big"), count.to_bytes(32, "big"), offsets.tobytes(), calls.tobytes())
    )


def unpack(output: bytes, count: int) -> list[int | None]:
    """Return the amounts in the order asked, None where a call failed or gave no number.

    Raises RpcGarbageError when Multicall3 cannot have said this.
    """
    if len(output) < 2 * _WORD or _uint(output, 0) != _WORD or _uint(output, _WORD) != count:
        raise RpcGarbageError("Multicall3 answered with something else")
    amounts = _of_same_shape(output, count) if len(output) == 2 * _WORD + count * (_WORD + _RESULT) else None
    return [_of_any_shape(output, index, count) for index in range(count)] if amounts is None else amounts


def _of_same_shape(output: bytes, count: int) -> list[int | None] | None:
    """Return the amounts when every result is a success with one word of data, as nearly always; else None."""
    answer = np.frombuffer(output, dtype=np.uint8)[2 * _WORD :]
    offsets = answer[: _WORD * count].view(">u8").reshape(count, 4)
    words = answer[_WORD * count :].view(">u8").reshape(count, 16)
    expected = np.zeros(12, dtype=np.uint64)
    expected[3], expected[7], expected[11] = 1, 64, 32
    same = (offsets[:, 3] == _WORD * count + _RESULT * np.arange(count)).all() and not offsets[:, :3].any()
    if not same or not (words[:, :12] == expected).all():
        return None
    return list(word_integers(answer[_WORD * count :].reshape(count, _RESULT)[:, 96:]))


def _of_any_shape(output: bytes, index: int, count: int) -> int | None:
    start = 2 * _WORD
    result = start + _uint(output, start + _WORD * index)
    if result < start + _WORD * count:
        raise RpcGarbageError("a result of Multicall3 points into the table of results")
    data = result + _uint(output, result + _WORD)
    length = _uint(output, data)
    if data + _WORD + length > len(output):
        raise RpcGarbageError("a result of Multicall3 is longer than the answer")
    succeeded = _uint(output, result) == 1
    return _uint(output, data + _WORD) if succeeded and length >= _WORD else None


def _uint(output: bytes, at: int) -> int:
    if at + _WORD > len(output):
        raise RpcGarbageError("a result of Multicall3 points outside the answer")
    return int.from_bytes(output[at : at + _WORD], "big")
