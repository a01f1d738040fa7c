"""Token lists in Uniswap's format (tokenlists.org): fetched whole, every entry checked, what is malformed left out."""

import asyncio
import random
from typing import Any

import aiohttp
import orjson

from backend.chain.tokens import MAX_DECIMALS
from backend.core.errors import RemoteError
from backend.core.formats import untrusted_text

MAX_BYTES = 16 * 1024 * 1024
TIMEOUT_SECONDS = 20.0
_WAITS_SECONDS = (1.0, 4.0)


class TokenListError(RemoteError):
    """A list could not be fetched, or is none."""


async def fetch_list(url: str) -> list[dict[str, Any]]:
    """Return the tokens of a list as rows (chain_id, token, symbol, name, decimals, logo_url).

    Raises TokenListError when it cannot be had after three tries, or is no token list.
    """
    for wait in (*_WAITS_SECONDS, None):
        try:
            return parse_list(await _get(url))
        except TokenListError:
            if wait is None:
                raise
            await asyncio.sleep(wait * random.uniform(1.0, 1.25))  # noqa: S311 - spreads load
    raise AssertionError("unreachable")


async def _get(url: str) -> bytes:
    try:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            if response.status != 200:
                raise TokenListError(f"the token list answered with status {response.status}")
            body = await response.content.read(MAX_BYTES + 1)
            while len(body) <= MAX_BYTES and (more := await response.content.read(MAX_BYTES)):
                body += more
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise TokenListError(f"the token list cannot be fetched: {type(error).__name__}") from error
    if len(body) > MAX_BYTES:
        raise TokenListError("the token list is too large")
    return body


def parse_list(body: bytes) -> list[dict[str, Any]]:
    """Return the rows of a token list. Raises TokenListError when it is none, or has not one usable token."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise TokenListError("the token list is no JSON") from None
    tokens = content.get("tokens") if isinstance(content, dict) else None
    if not isinstance(tokens, list):
        raise TokenListError("the token list has no tokens")
    rows = {}
    for token in tokens:
        row = _row(token)
        if row is not None:
            rows[row["chain_id"], row["token"]] = row
    if not rows:
        raise TokenListError("the token list has no usable token")
    return list(rows.values())


def _row(token: Any) -> dict[str, Any] | None:
    if not isinstance(token, dict):
        return None
    chain_id, address, decimals = token.get("chainId"), token.get("address"), token.get("decimals")
    symbol, name, logo = token.get("symbol"), token.get("name"), token.get("logoURI")
    if type(chain_id) is not int or not 0 < chain_id < 2**53:
        return None
    if type(decimals) is not int or not 0 <= decimals <= MAX_DECIMALS:
        return None
    if not isinstance(symbol, str) or not isinstance(name, str):
        return None
    if not isinstance(address, str) or len(address) != 42 or not _is_hex(address):
        return None
    return {
        "chain_id": chain_id,
        "token": address.lower(),
        "symbol": untrusted_text(symbol, 32),
        "name": untrusted_text(name, 64),
        "decimals": decimals,
        "logo_url": logo if isinstance(logo, str) and logo.startswith("https://") and len(logo) <= 500 else None,
    }


def _is_hex(address: str) -> bool:
    try:
        return len(bytes.fromhex(address[2:])) == 20 and address[:2] == "0x"
    except ValueError:
        return False
