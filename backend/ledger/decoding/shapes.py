"""Events of contracts as they are declared, and logs read by them: topic, indexed count, length, range of every type.

A log that is not exactly what its declaration says is somebody else's and gives nothing; none can make reading fail.
"""

from collections.abc import Callable
from typing import Any

from eth_utils.crypto import keccak

from backend.chain.blocks import Log

_FULL = 1 << 256
_Read = Callable[[int], Any]
MOST_ITEMS = 10_000  # of an array in a log


class _Malformed(Exception):
    """A word is outside of its type."""


class Shape:
    """One event, e.g. `Shape("Transfer(address indexed from, address indexed to, uint256 value)")`.

    Types are address, bool, uintN, intN, bytesN and tuples of those, whose parts read as values of their own. What has
    no fixed length (bytes, string, arrays, tuples with such) reads as the offset of its content (see `uints_at`).
    """

    def __init__(self, declaration: str) -> None:
        name, _, inside = declaration.removesuffix(")").partition("(")
        words = [part.split() for part in _parts(inside)]
        types = [each[0] for each in words]
        self.topic = "0x" + keccak(text=f"{name}({','.join(types)})").hex()
        fields = [(kind, "indexed" in each) for each in words for kind in _heads(each[0])]
        self._indexed = tuple(indexed for _, indexed in fields)
        self._reads = tuple(_reader(kind) for kind, _ in fields)
        self._topics = 1 + sum(self._indexed)
        self._bytes = 32 * (len(fields) - sum(self._indexed))
        self._is_fixed = not any(_is_dynamic(kind) for kind, _ in fields)

    def read(self, log: Log) -> tuple[Any, ...] | None:
        """Return the values in the declared order: addresses and bytesN as lower-case text, numbers, bools."""
        if len(log.topics) != self._topics or log.topics[0] != self.topic or len(log.data) < self._bytes:
            return None
        if self._is_fixed and len(log.data) != self._bytes:
            return None
        values: list[Any] = []
        topic, at = 1, 0
        try:
            for indexed, read in zip(self._indexed, self._reads, strict=True):
                if indexed:
                    values.append(read(int(log.topics[topic], 16)))
                    topic += 1
                else:
                    values.append(read(int.from_bytes(log.data[at : at + 32], "big")))
                    at += 32
        except _Malformed:
            return None
        return tuple(values)


def uints_at(data: bytes, offset: int) -> tuple[int, ...] | None:
    """Return the `uint256[]` that begins at an offset of a log's data, None when it is not whole there."""
    if offset + 32 > len(data):
        return None
    count = int.from_bytes(data[offset : offset + 32], "big")
    begin = offset + 32
    if count > MOST_ITEMS or begin + 32 * count > len(data):
        return None
    return tuple(int.from_bytes(data[at : at + 32], "big") for at in range(begin, begin + 32 * count, 32))


def _parts(inside: str) -> list[str]:
    """Return what commas separate that are not inside of brackets."""
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _is_dynamic(kind: str) -> bool:
    if kind.startswith("(") and kind.endswith(")"):
        return any(_is_dynamic(part) for part in _parts(kind[1:-1]))
    return kind in ("bytes", "string") or kind.endswith("]")


def _heads(kind: str) -> list[str]:
    """Return the types of the words that stand for a value: those of its parts for a tuple of fixed length."""
    return _parts(kind[1:-1]) if kind.startswith("(") and not _is_dynamic(kind) else [kind]


def _reader(kind: str) -> _Read:
    if kind == "uint256" or _is_dynamic(kind):
        return _whole
    if kind == "address":
        return _address
    if kind == "bool":
        return _bool
    if kind.startswith("uint"):
        return _uint(int(kind[4:]))
    if kind.startswith("int"):
        return _int(int(kind[3:]))
    if kind.startswith("bytes"):
        return _bytes(int(kind[5:]))
    raise ValueError(f"a shape cannot have {kind}")


def _whole(word: int) -> int:
    return word


def _address(word: int) -> str:
    if word >> 160:
        raise _Malformed
    return f"0x{word:040x}"


def _bool(word: int) -> bool:
    if word > 1:
        raise _Malformed
    return word == 1


def _uint(bits: int) -> _Read:
    def read(word: int) -> int:
        if word >> bits:
            raise _Malformed
        return word

    return read


def _int(bits: int) -> _Read:
    def read(word: int) -> int:
        value = word - _FULL if word >> 255 else word
        if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
            raise _Malformed
        return value

    return read


def _bytes(size: int) -> _Read:
    def read(word: int) -> str:
        if word & ((1 << 8 * (32 - size)) - 1):
            raise _Malformed
        return "0x" + word.to_bytes(32, "big")[:size].hex()

    return read
