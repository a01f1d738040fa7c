"""The words of the product, by key. English now; another language is another file in `locales/`."""

import json
from functools import lru_cache
from pathlib import Path

_LOCALES = Path(__file__).parent / "locales"


@lru_cache(maxsize=8)
def catalogue(locale: str = "en") -> dict[str, str]:
    """Return every text of a locale by its dotted key."""
    return json.loads((_LOCALES / f"{locale}.json").read_text("utf-8"))


def t(key: str, /, **values: object) -> str:
    """Return the text of `key` with `{placeholders}` filled in. Raises KeyError when the key is not in the catalogue."""
    text = catalogue()[key]
    return text.format(**values) if values else text
