"""The words of the product, by key: a folder a language (English now), in it a file an area of the product."""

import json
from functools import lru_cache
from pathlib import Path

_LOCALES = Path(__file__).parent / "locales"


@lru_cache(maxsize=8)
def catalogue(locale: str = "en") -> dict[str, str]:
    """Return every text of a locale by its dotted key. Raises ValueError when two files have the same key."""
    texts: dict[str, str] = {}
    for path in sorted((_LOCALES / locale).glob("*.json")):
        area: dict[str, str] = json.loads(path.read_text("utf-8"))
        if twice := texts.keys() & area.keys():
            raise ValueError(f"{path.name} repeats {sorted(twice)}")
        texts |= area
    return texts


def t(key: str, /, **values: object) -> str:
    """Return the text of `key` with `{placeholders}` filled in. Raises KeyError when the key is not in the catalogue."""
    text = catalogue()[key]
    return text.format(**values) if values else text
