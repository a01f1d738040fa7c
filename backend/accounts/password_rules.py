"""What a new password must be: long enough, and not one that everybody tries first. No rules of which characters.

What counts is what is left when the guessable parts are taken out: common words (also with 4 for a and such), the
e-mail address, runs along the alphabet, the digits or the keyboard, and repeats. Each different one counts as two.
"""

import re

from backend.accounts.schemas import MAX_PASSWORD_LENGTH
from backend.core.errors import InvalidInputError

MIN_LENGTH = 12
_MIN_STRENGTH = 8
_PART_WORTH = 2
_CUT = "\n"
_LONGEST_LOOKED_AT = 128
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_COMMON = (
    *("password", "passwort", "passwd", "letmein", "welcome", "iloveyou", "princess", "sunshine", "football"),
    *("baseball", "superman", "batman", "dragon", "monkey", "shadow", "master", "michael", "charlie", "jordan"),
    *("trustno", "starwars", "pokemon", "computer", "internet", "samsung", "google", "facebook", "administrator"),
    *("admin", "login", "secret", "changeme", "default", "access", "whatever", "hello", "freedom", "flower"),
    *("summer", "winter", "spring", "autumn", "london", "liverpool", "chelsea", "arsenal", "cheese", "cookie"),
    *("bitcoin", "ethereum", "crypto", "wallet", "satoshi", "hodl", "premium", "defillama", "llama", "token"),
    *("qwerty", "qwertz", "azerty", "test", "user", "love", "pass", "blink", "killer", "hunter"),
)
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm")
_RUN_LENGTH = 3
_REPEAT = re.compile(r"(.{1,8}?)\1+")


def check_password(password: str, email: str = "", field: str = "password") -> None:
    """Raise InvalidInputError, naming `field`, when this is no password to set for an account with this address."""
    if len(password) < MIN_LENGTH:
        _refuse(field, f"Use at least {MIN_LENGTH} characters. A few words in a row make a good password.")
    if len(password) > MAX_PASSWORD_LENGTH or "\x00" in password or (not password.isascii() and _is_broken(password)):
        _refuse(field, f"Use at most {MAX_PASSWORD_LENGTH} characters of text.")
    if strength(password, email) < _MIN_STRENGTH:
        _refuse(field, "This is one of the first passwords that somebody would try. Use a few words more.")


def strength(password: str, email: str = "") -> int:
    """Return how many characters of a password cannot be guessed easily, each guessable part counting as two."""
    left = password[:_LONGEST_LOOKED_AT].lower()
    local, _, domain = email.lower().partition("@")
    own = [email.lower(), local, *re.split(r"[^a-z0-9]+", local), *domain.split(".")[:1]]
    parts: set[str] = set()
    for known in sorted({word for word in (*own, *_COMMON) if len(word) >= _RUN_LENGTH}, key=len, reverse=True):
        while (place := _find(left, known)) >= 0:
            left = left[:place] + _CUT + left[place + len(known) :]
            parts.add(known)
    for run in _runs(left):
        if run in left:
            left = left.replace(run, _CUT)
            parts.add(run)
    repeated = _REPEAT.sub(lambda found: found[1], left.replace(_CUT, ""))
    return len(repeated) + _PART_WORTH * len(parts)


def _find(text: str, word: str) -> int:
    place = text.find(word)
    return place if place >= 0 else text.translate(_LEET).find(word)


def _runs(text: str) -> list[str]:
    """Return the runs of three characters or more that the text holds, forwards or backwards, the longest first."""
    rows = [row for run in _RUNS for row in (run, run[::-1])]
    pieces = {
        row[start:end]
        for row in rows
        for start in range(len(row) - _RUN_LENGTH + 1)
        for end in range(start + _RUN_LENGTH, len(row) + 1)
    }
    return sorted((piece for piece in pieces if piece in text), key=len, reverse=True)


def _is_broken(password: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in password)


def _refuse(field: str, message: str) -> None:
    raise InvalidInputError("This password cannot be used.", {field: message})
