"""The message of EIP-4361: read by its grammar and nothing looser, and written so that reading gives the same back."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from eth_utils.address import to_checksum_address

from backend.accounts.siwe.rfc3986 import is_a
from backend.core.errors import InvalidInputError

MAX_LENGTH = 4096
_OPENING = " wants you to sign in with your Ethereum account:"
_VERSION = "1"
_NONCE = re.compile(r"[A-Za-z0-9]{8,}", re.ASCII)
_CHAIN_ID = re.compile(r"[0-9]{1,78}", re.ASCII)
_ADDRESS = re.compile(r"0x[0-9A-Fa-f]{40}", re.ASCII)
_DATE_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:([Zz])|([+-]\d{2}:\d{2}))", re.ASCII)


class MessageError(InvalidInputError):
    """The text is not a message of EIP-4361; the message says what is wrong with it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This is not a sign-in message that we can accept: {what}.", {"message": what})


@dataclass(frozen=True, slots=True)
class SiweMessage:
    """The fields as they stand in the text; times keep their spelling, so that the text can be built again."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    statement: str | None = None
    scheme: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = field(default=None)

    def text(self) -> str:
        """Return the message as the wallet shows and signs it."""
        lines = [
            (f"{self.scheme}://" if self.scheme else "") + self.domain + _OPENING,
            self.address,
            "",
            *([self.statement] if self.statement is not None else []),
            "",
            f"URI: {self.uri}",
            f"Version: {_VERSION}",
            f"Chain ID: {self.chain_id}",
            f"Nonce: {self.nonce}",
            f"Issued At: {self.issued_at}",
        ]
        optional = (
            ("Expiration Time: ", self.expiration_time),
            ("Not Before: ", self.not_before),
            ("Request ID: ", self.request_id),
        )
        lines += [name + value for name, value in optional if value is not None]
        if self.resources is not None:
            lines += ["Resources:", *(f"- {resource}" for resource in self.resources)]
        return "\n".join(lines)


def parse_message(text: str) -> SiweMessage:
    """Return the message that `text` is. Raises MessageError when it departs from the grammar of EIP-4361.

    The address must carry its checksum (EIP-55), as the EIP asks for.
    """
    if len(text) > MAX_LENGTH:
        raise MessageError("it is too long")
    lines = _Lines(text.split("\n"))
    scheme, domain = _who_asks(lines.take())
    address = _address(lines.take())
    if lines.take() != "":
        raise MessageError("an empty line must follow the address")
    statement = lines.take()
    if statement != "":
        if not is_a("statement", statement):
            raise MessageError("the statement has characters that are not allowed")
        if lines.take() != "":
            raise MessageError("an empty line must follow the statement")
    uri = lines.value("URI: ")
    if not is_a("URI", uri):
        raise MessageError("the URI is not one")
    if lines.value("Version: ") != _VERSION:
        raise MessageError("the version must be 1")
    chain_id = lines.value("Chain ID: ")
    if not _CHAIN_ID.fullmatch(chain_id):
        raise MessageError("the chain id must be a number")
    nonce = lines.value("Nonce: ")
    if not _NONCE.fullmatch(nonce):
        raise MessageError("the nonce must have at least 8 letters and digits")
    message = SiweMessage(
        scheme=scheme,
        domain=domain,
        address=address,
        statement=statement or None,
        uri=uri,
        chain_id=int(chain_id),
        nonce=nonce,
        issued_at=_time(lines.value("Issued At: "), "issued-at"),
        expiration_time=_optional_time(lines.optional("Expiration Time: "), "expiration"),
        not_before=_optional_time(lines.optional("Not Before: "), "not-before"),
        request_id=_request_id(lines.optional("Request ID: ")),
        resources=_resources(lines),
    )
    if message.text() != text:  # such as a chain id with leading zeros: what was signed must be what was understood
        raise MessageError("it is not written in the one way it can be written")
    return message


def parse_time(text: str) -> datetime:
    """Return the moment of a date-time of RFC 3339, in UTC. Raises ValueError."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError("not a date-time of RFC 3339")
    day, clock, fraction, _, offset = match.groups()
    moment = f"{day}T{clock}.{(fraction or '0')[:6].ljust(6, '0')}{offset or '+00:00'}"
    try:
        return datetime.fromisoformat(moment).astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None


class _Lines:
    """The lines of a text, taken one after the other."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._next = 0

    def take(self) -> str:
        """Return the next line. Raises MessageError at the end."""
        if self._next >= len(self._lines):
            raise MessageError("it ends too early")
        self._next += 1
        return self._lines[self._next - 1]

    def value(self, name: str) -> str:
        """Return what follows `name` on the next line. Raises MessageError when another line stands there."""
        found = self.optional(name)
        if found is None:
            raise MessageError(f"the line “{name.strip()}” is missing or not in its place")
        return found

    def optional(self, name: str) -> str | None:
        """Return what follows `name` if the next line begins with it, and step over that line."""
        if self._next < len(self._lines) and self._lines[self._next].startswith(name):
            return self.take()[len(name) :]
        return None

    def rest(self) -> list[str]:
        """Return the lines that are left."""
        rest, self._next = self._lines[self._next :], len(self._lines)
        return rest


def _who_asks(line: str) -> tuple[str | None, str]:
    if not line.endswith(_OPENING):
        raise MessageError("the first line must say who wants you to sign in")
    asker = line.removesuffix(_OPENING)
    scheme, separator, domain = asker.rpartition("://")
    if separator and not is_a("scheme", scheme):
        raise MessageError("the scheme before the domain is not one")
    if not domain or not is_a("authority", domain):
        raise MessageError("the domain is not one")
    return (scheme if separator else None), domain


def _address(line: str) -> str:
    if not _ADDRESS.fullmatch(line):
        raise MessageError("the second line must be an Ethereum address")
    if to_checksum_address(line) != line:
        raise MessageError("the address must have its checksum in capital letters (EIP-55)")
    return line


def _time(text: str, name: str) -> str:
    try:
        parse_time(text)
    except ValueError:
        raise MessageError(f"the {name} time is not a date and time") from None
    return text


def _optional_time(text: str | None, name: str) -> str | None:
    return None if text is None else _time(text, name)


def _request_id(text: str | None) -> str | None:
    if text is not None and not is_a("request-id", text):
        raise MessageError("the request id has characters that are not allowed")
    return text


def _resources(lines: _Lines) -> tuple[str, ...] | None:
    rest = lines.rest()
    if not rest:
        return None
    if rest[0] != "Resources:":
        raise MessageError("there is a line that does not belong there")
    resources = []
    for line in rest[1:]:
        if not line.startswith("- ") or not is_a("URI", line[2:]):
            raise MessageError("a resource is not a URI")
        resources.append(line[2:])
    return tuple(resources)
