"""Where requests on behalf of users may go: public addresses only, however they are written."""

import ipaddress
import re
import socket
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, urlsplit, urlunsplit

MAX_URL_LENGTH = 2000
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_REFUSED = tuple(
    ipaddress.ip_network(block)
    for block in (
        # IANA special-purpose registries, and what only looks global: see each RFC.
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's platform address answers on every virtual machine
        "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_NUMERIC_HOST = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}\.?", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_LOCAL_NAMES = (
    ".localhost",
    ".local",
    ".internal",
    ".intranet",
    ".lan",
    ".home",
    ".corp",
    ".localdomain",
    ".home.arpa",
)


class DestinationError(ValueError):
    """Says in one sentence why a request may not go there."""


def is_public(address: str | IPv4Address | IPv6Address) -> bool:
    """Return whether an address is one of the public internet.

    IPv4 inside IPv6 (mapped, compatible, NAT64) counts as the IPv4 address; 6to4 and Teredo, which hide one, never do.
    """
    try:
        ip = ipaddress.ip_address(str(address).partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(ip.ipv4_mapped)
        if ip in _NAT64[0]:
            return is_public(IPv4Address(int(ip) & 0xFFFFFFFF))
    if any(ip.version == block.version and ip in block for block in _REFUSED):
        return False
    return ip.is_global and not ip.is_multicast


def host_literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host stands for without any look-up, or None for a name.

    Also understands what the C library does: `2130706433`, `0x7f.1`, `0177.0.0.1`, `127.1`.
    """
    bare = host.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    if not _NUMERIC_HOST.fullmatch(bare):
        return None
    try:
        return IPv4Address(socket.inet_aton(bare.rstrip(".")))
    except (OSError, ValueError):
        raise DestinationError("the host is not a valid address") from None


def normalise_destination(url: str, *, allow_private: bool) -> str:
    """Return `url` with lower-case scheme and host, no fragment and no default port.

    Raises DestinationError unless it is an absolute https URL (http only with `allow_private`) without credentials,
    whose host is a public name or address. Names are not looked up here.
    """
    text = url.strip()
    if not text or len(text) > MAX_URL_LENGTH or any(c.isspace() or ord(c) < 33 or c in "\\\x7f" for c in text):
        raise DestinationError("must be a web address without spaces, such as https://example.com/hook")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise DestinationError("is not a valid web address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DestinationError("must start with https://")
    if parts.scheme == "http" and not allow_private:
        raise DestinationError("must start with https://")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise DestinationError("must not contain a user name or password")
    if port == 0:
        raise DestinationError("the port must be between 1 and 65535")
    host = _checked_host(parts.hostname, allow_private=allow_private)
    shown = f"{host}:{port}" if port and port != {"http": 80, "https": 443}[parts.scheme] else host
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
    normalised = urlunsplit((parts.scheme, shown, path, quote(parts.query, safe="/?%:@!$&'()*+,;=-._~"), ""))
    if len(normalised) > MAX_URL_LENGTH:
        raise DestinationError(f"must be at most {MAX_URL_LENGTH} characters long")
    return normalised


def _checked_host(hostname: str, *, allow_private: bool) -> str:
    literal = host_literal(hostname)
    if literal is not None:
        if not allow_private and not is_public(literal):
            raise DestinationError("must not point at a private or local address")
        return f"[{literal}]" if isinstance(literal, IPv6Address) else str(literal)
    try:
        name = hostname.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise DestinationError("the host is not a valid name") from None
    if len(name) > 253 or not _NAME.fullmatch(name):
        raise DestinationError("the host is not a valid name")
    if not allow_private and ("." not in name or name == "localhost" or name.endswith(_LOCAL_NAMES)):
        raise DestinationError("must not point at a private or local address")
    if name.rsplit(".", 1)[-1].isdigit() or host_literal(name) is not None:  # digits of other scripts, now plain
        raise DestinationError("the host is not a valid name")
    return name
