"""Recovery codes: ten random secrets of 80 bits, each good once. With that many bits a plain hash can be stored."""

import base64
import hashlib
import re
import secrets

HOW_MANY = 10
_BYTES = 10
_UNREADABLE = re.compile(r"[^a-z2-7]")


def new_codes() -> list[str]:
    """Return fresh codes, written as `abcd-efgh-ijkl-mnop`."""
    codes = []
    for _ in range(HOW_MANY):
        letters = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
        codes.append("-".join(letters[start : start + 4] for start in range(0, len(letters), 4)))
    return codes


def code_hash(code: str) -> bytes | None:
    """Return what is kept of a code, however it was typed (capitals, spaces, no dashes); None when it is none."""
    letters = _UNREADABLE.sub("", code[:100].lower())
    return hashlib.sha256(letters.encode()).digest() if len(letters) == _BYTES * 8 // 5 else None
