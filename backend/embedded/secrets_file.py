"""Passwords of the embedded parts: made once at random, kept in a file only its owner may read."""

import json
import os
import secrets
from pathlib import Path


def stored_secrets(path: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Return a secret for each name from the file at `path`, making the file and missing names.

    The file is replaced whole, so that a crash or a full disk never leaves half of it.
    """
    known: dict[str, str] = {}
    if path.exists():
        known = json.loads(path.read_text())
    missing = [name for name in names if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(24) for name in missing}
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = path.with_suffix(f".{os.getpid()}.new")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(known, file)
        unfinished.replace(path)
    return {name: known[name] for name in names}
