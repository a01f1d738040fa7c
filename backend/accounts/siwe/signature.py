"""Who signed a text with `personal_sign` (EIP-191, version 0x45), when a key signed it.

`eth_account` is imported where it is needed: with it come key files and the curves of the consensus layer, a tenth of
what every process of ours takes to start.
"""

import re

from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

MAX_SIGNATURE_BYTES = 8192  # contract wallets take more than a key's 65 bytes: owners, proofs, deployment data
_HEX = re.compile(r"0x(?:[0-9A-Fa-f]{2})+", re.ASCII)
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signature_bytes(text: str) -> bytes | None:
    """Return the bytes of a signature in hex with `0x`, None when it is none (or too long for any wallet)."""
    if len(text) > 2 + 2 * MAX_SIGNATURE_BYTES or not _HEX.fullmatch(text):
        return None
    return bytes.fromhex(text[2:])


def message_hash(text: str) -> bytes:
    """Return the hash that `personal_sign` signs."""
    from eth_account.messages import defunct_hash_message

    return bytes(defunct_hash_message(text=text))


def signer_of(text: str, signature: bytes) -> str | None:
    """Return the address whose key made the signature of `text`, None when no key did.

    Only the one form a key's signature has is taken: 65 bytes, `s` in the lower half of the curve's order (EIP-2), and
    a recovery id of 27 or 28, or 0 or 1 as some hardware wallets write it. So nobody can make a second signature out
    of one that was seen.
    """
    if len(signature) != 65:
        return None
    r, s, v = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]), signature[64]
    if not 0 < r < _CURVE_ORDER or not 0 < s <= _CURVE_ORDER // 2 or v not in (0, 1, 27, 28):
        return None
    from eth_account import Account
    from eth_account.messages import encode_defunct

    canonical = signature[:64] + bytes([v if v >= 27 else v + 27])
    try:
        return Account.recover_message(encode_defunct(text=text), signature=canonical)
    except (BadSignature, ValidationError, ValueError):
        return None
