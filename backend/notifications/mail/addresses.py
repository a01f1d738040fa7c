"""E-mail addresses as mail servers take them."""

import re

from backend.core.errors import InvalidInputError

MOST_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def checked_address(address: str) -> str:
    """Return the address with its domain in lower case and in ASCII (IDNA). Nothing in it can end a header line.

    Raises InvalidInputError when no mail can be sent to it.
    """
    local, at, domain = address.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower() if at else ""
    except UnicodeError:
        ascii_domain = ""
    labels = ascii_domain.split(".")
    whole = f"{local}@{ascii_domain}"
    is_good = (
        _LOCAL.fullmatch(local) is not None
        and len(local) <= 64
        and len(whole) <= MOST_CHARACTERS
        and (len(labels) > 1 or ascii_domain == "localhost")
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )
    if not is_good:
        raise InvalidInputError("This is not an e-mail address.", {"email": "Write it like name@example.com."})
    return whole
