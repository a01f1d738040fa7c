"""Calldata and return data of view calls, as 32-byte words; what a contract returns may be anything."""

from collections.abc import Sequence

from backend.chain.multicall import Read, word_uint

MOST_ITEMS = 1_000  # of a list that a contract returns


def call(target: str, selector: str, *arguments: int | str) -> Read:
    """Return a view call; arguments are unsigned or signed integers, or addresses as 0x text."""
    data = bytes.fromhex(selector)
    for each in arguments:
        value = int(each, 16) if isinstance(each, str) else each
        data += value.to_bytes(32, "big", signed=value < 0)
    return Read(target, data)


def uints(output: bytes | None, count: int) -> tuple[int, ...] | None:
    """Return the first `count` words as unsigned integers, None when there are not so many."""
    if output is None or len(output) < 32 * count:
        return None
    return tuple(int.from_bytes(output[at : at + 32], "big") for at in range(0, 32 * count, 32))


def small(value: int, bits: int) -> int | None:
    """Return an unsigned integer, None when it does not fit its type: no honest contract says so."""
    return None if value >> bits else value


def signed(word: int, bits: int) -> int | None:
    """Return a word as a signed integer, None when it does not fit its type."""
    value = word - (1 << 256) if word >> 255 else word
    return value if -(1 << (bits - 1)) <= value < 1 << (bits - 1) else None


def address(word: int) -> str | None:
    """Return a word as a lower-case address, None for zero and for what is none."""
    return None if word == 0 or word >> 160 else f"0x{word:040x}"


def addresses(output: bytes | None) -> list[str] | None:
    """Return the addresses of an `address[]` output, None when it is something else or longer than MOST_ITEMS."""
    head = uints(output, 2)
    if output is None or head is None or head[0] != 32 or head[1] > MOST_ITEMS:
        return None
    words: Sequence[int] | None = uints(output[64:], head[1])
    found = [address(word) for word in words] if words is not None else [None]
    return None if None in found else [each for each in found if each is not None]


def uint(output: bytes | None, bits: int = 256) -> int | None:
    """Return the first word as an unsigned integer of a type, None when it is not there or does not fit."""
    value = word_uint(output)
    return None if value is None else small(value, bits)
