"""Finds the plug-ins: every folder here with a `plugin.py` is one, and nothing else has to name it.

A folder's `addresses.json` says where its contracts are: {"source", "as_of", "chains": {chain id: [{name: address}]}},
and by `demo` under which keys of the demo market's addresses file they stand there ({name: "dotted.key"}).
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from backend.core.settings import DEMO_CHAIN_ID
from backend.portfolio.protocols.base import Deployment, Places, ProtocolPlugin

_HERE = Path(__file__).parent


def plugins(demo_addresses_file: Path) -> list[ProtocolPlugin]:
    """Return every plug-in by the name of its folder.

    The demo chain is among a plug-in's chains when the demo market has its contracts. Raises ValueError when the demo
    market's file is not JSON.
    """
    demo = _demo(demo_addresses_file)
    found: list[ProtocolPlugin] = []
    for file in sorted(_HERE.glob("*/plugin.py")):
        module = import_module(f"{__package__}.{file.parent.name}.plugin")
        found.append(module.Plugin(places_of(file.parent, demo)))
    return found


def places_of(folder: Path, demo: dict[str, Any] | None) -> Places:
    """Return where a protocol's contracts are, from its folder and what the demo market's file says."""
    data = orjson.loads((folder / "addresses.json").read_bytes())
    chains = {
        int(chain_id): tuple(_lower(deployment) for deployment in deployments)
        for chain_id, deployments in data["chains"].items()
    }
    local = {name: _at(demo, key) for name, key in data.get("demo", {}).items()} if demo else {}
    if local and all(local.values()):
        chains[DEMO_CHAIN_ID] = (_lower({name: str(place) for name, place in local.items()}),)
    return Places(data["source"], data["as_of"], chains, bool(data.get("everywhere")))


def _demo(file: Path) -> dict[str, Any] | None:
    try:
        return orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return None


def _at(demo: dict[str, Any], key: str) -> str | None:
    value: Any = demo
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _lower(deployment: Deployment) -> Deployment:
    return {name: place.lower() for name, place in deployment.items()}
