"""Addresses by the grammar of RFC 3986 (appendix A), as EIP-4361 asks for them."""

import ipaddress
import re

_PCT = r"%[0-9A-Fa-f]{2}"
_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB_DELIMS = r"!$&'()*+,;="
_GEN_DELIMS = r":/?#\[\]@"
_PCHAR = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:@]|{_PCT})"
_SCHEME = r"[A-Za-z][A-Za-z0-9+\-.]*"
_USERINFO = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:]|{_PCT})*"
_REG_NAME = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}]|{_PCT})*"
_IP_FUTURE = rf"[vV][0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB_DELIMS}:]+"
_IP_LITERAL = rf"\[(?:(?P<ipv6>[0-9A-Fa-f:.]+)|{_IP_FUTURE})\]"
_AUTHORITY = rf"(?:{_USERINFO}@)?(?:{_IP_LITERAL}|{_REG_NAME})(?::[0-9]*)?"
_FRAGMENT = rf"(?:{_PCHAR}|[/?])*"
_ABEMPTY = rf"(?:/{_PCHAR}*)*"
_HIER_PART = rf"(?://{_AUTHORITY}{_ABEMPTY}|/(?:{_PCHAR}+{_ABEMPTY})?|{_PCHAR}+{_ABEMPTY}|)"

# The rules by the names of the grammar. Each is matched against a whole text.
RULES: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {
        "scheme": _SCHEME,
        "userinfo": _USERINFO,
        "reg-name": _REG_NAME,
        "IPvFuture": _IP_FUTURE,
        "pct-encoded": _PCT,
        "segment-nz": rf"{_PCHAR}+",
        "fragment": _FRAGMENT,
        "authority": _AUTHORITY,
        "URI": rf"{_SCHEME}:{_HIER_PART}(?:\?{_FRAGMENT})?(?:#{_FRAGMENT})?",
        # Rules of EIP-4361 that are made of these characters.
        "statement": rf"[{_GEN_DELIMS}{_SUB_DELIMS}{_UNRESERVED} ]+",
        "request-id": rf"{_PCHAR}*",
    }.items()
}


def is_a(rule: str, text: str) -> bool:
    """Return whether the whole text follows the named rule (see RULES)."""
    match = RULES[rule].fullmatch(text)
    if match is None:
        return False
    literal = match.groupdict().get("ipv6")
    return literal is None or _is_ipv6(literal)


def _is_ipv6(literal: str) -> bool:
    try:
        ipaddress.IPv6Address(literal)
    except ValueError:
        return False
    return True
