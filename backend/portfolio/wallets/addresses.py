"""What a user types for an address: read, checked, and refused in words that say what is wrong."""

import re

from eth_utils.address import is_checksum_address

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX = re.compile(r"[0-9a-fA-F]*")


def looks_like_name(text: str) -> bool:
    """Return whether a text is rather a name than an address: it has a dot and does not begin like an address."""
    return "." in text and not text.strip().lower().startswith("0x")


def parse_address(text: str) -> str:
    """Return an address in lower case. Raises ValueError that says what is wrong with it, and what to do.

    An address in capital and small letters carries a checksum (EIP-55): one mistyped letter is found.
    """
    address = text.strip()
    if not _ADDRESS.fullmatch(address):
        raise ValueError(_wrong_form(address))
    digits = address[2:]
    if digits not in (digits.lower(), digits.upper()) and not is_checksum_address(address):
        raise ValueError(
            "The checksum of this address is wrong: a letter was mistyped or its case was changed."
            " Copy it again from your wallet, or write it all in lower case if you are sure of it."
        )
    if int(address, 16) == 0:
        raise ValueError("This is the zero address, which is nobody's.")
    return address.lower()


def _wrong_form(address: str) -> str:
    if not address:
        return "Enter an address (0x and 40 hexadecimal digits) or a name such as name.eth."
    if not address.lower().startswith("0x"):
        if len(address) == 40 and _HEX.fullmatch(address):
            return "This address lacks its 0x at the beginning."
        return "An address of an EVM chain begins with 0x."
    digits = address[2:]
    if not _HEX.fullmatch(digits):
        wrong = next(ch for ch in digits if not _HEX.fullmatch(ch))
        return f"An address has hexadecimal digits only (0-9, a-f), and {wrong!r} is none."
    if len(digits) == 64:
        return "This is as long as a transaction's hash or a private key, not as an address. Never enter a private key."
    return f"An address has 40 hexadecimal digits after 0x; this has {len(digits)}."
