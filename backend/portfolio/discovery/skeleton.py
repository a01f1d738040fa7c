"""What a text looks like: texts that a reader takes for one another have the same skeleton, after Unicode's UTS 39.

looks.json has the letters of other scripts that look like Latin ones in the fonts of today's browsers, and digits and
signs that stand in for letters; accents, width, case and what is invisible go by Unicode's own normalisation.
"""

import json
import unicodedata
from pathlib import Path

_TABLE = Path(__file__).with_name("looks.json")
_TO_LATIN = {int(code[2:], 16): latin for latin, codes in json.loads(_TABLE.read_text()).items() for code in codes}


def skeleton(text: str) -> str:
    """Return what is left of a text when everything is gone that a reader may not notice."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = (ch for ch in plain if not unicodedata.combining(ch) and unicodedata.category(ch) not in ("Cf", "Zs", "Cc"))
    looks = "".join(kept).translate(_TO_LATIN).replace("rn", "m").replace("vv", "w")
    return "".join(ch for ch in looks if ch.isalnum())


def mixes_scripts(text: str) -> bool:
    """Return whether a text has letters of several scripts, or of one beside Latin letters, or invisible characters."""
    scripts = {_script(ch) for ch in text if ch.isalpha()}
    return len(scripts) > 1 or any(unicodedata.category(ch) == "Cf" for ch in text)


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "UNKNOWN")
    word = name.split(" ", 1)[0].split("-", 1)[0]
    # A Japanese or Chinese name may well use all of these together.
    return "CJK" if word in ("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL") else word
