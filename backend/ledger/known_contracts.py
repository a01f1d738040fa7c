"""Contracts that decoders may believe, and what each is for: from the `addresses.json` of the decoders' folders.

A file says {"protocol", "source", "as_of", "chains": {chain id: {purpose: [address]}}}, and by `demo` under which keys
of the demo market's addresses file contracts stand there ({purpose: "dotted.key"}).
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from backend.core.settings import DEMO_CHAIN_ID

_FOLDERS = Path(__file__).with_name("decoding") / "protocols"


def known_contracts(chain_id: int, demo_addresses_file: Path) -> Mapping[str, tuple[str, str]]:
    """Return what is known of a chain as `Facts.contracts`: lower-case address -> (protocol, what it is for).

    The demo chain's are those that the demo market has. Raises ValueError when its file is not JSON.
    """
    if chain_id != DEMO_CHAIN_ID:
        return {
            address.lower(): (table["protocol"], purpose)
            for table in tables().values()
            for purpose, addresses in table["chains"].get(str(chain_id), {}).items()
            for address in addresses
        }
    try:
        demo = orjson.loads(demo_addresses_file.read_bytes())
    except FileNotFoundError:
        return {}
    places = (
        (table["protocol"], purpose, _at(demo, key))
        for table in tables().values()
        for purpose, key in table.get("demo", {}).items()
    )
    return {place.lower(): (protocol, purpose) for protocol, purpose, place in places if place is not None}


@cache
def tables() -> Mapping[str, Mapping[str, Any]]:
    """Return the content of every folder's file, by folder."""
    return {file.parent.name: orjson.loads(file.read_bytes()) for file in sorted(_FOLDERS.glob("*/addresses.json"))}


def _at(demo: Any, key: str) -> str | None:
    value = demo
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
