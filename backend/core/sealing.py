"""Secrets that we must be able to read again (TOTP seeds, webhook secrets, bot tokens), encrypted at rest.

Fernet (AES-128-CBC and HMAC-SHA256) under rotating keys: the first of ENCRYPTION_KEYS encrypts, all of them decrypt.
Without ENCRYPTION_KEYS the key is derived from SECRET_KEY.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from backend.core.errors import UnavailableError
from backend.core.keys import derived_key
from backend.core.settings import get_settings


@lru_cache(maxsize=1)
def _keys() -> tuple[Fernet, ...]:
    settings = get_settings()
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    derived = base64.urlsafe_b64encode(derived_key(settings.secret_key, "sealing")).decode()
    return tuple(Fernet(key) for key in [*keys, derived])


def _fernet() -> MultiFernet:
    return MultiFernet(_keys())


def seal(plain: str) -> bytes:
    """Return `plain` encrypted under the newest key."""
    return _fernet().encrypt(plain.encode())


def unseal(sealed: bytes) -> str:
    """Return what was sealed. Raises UnavailableError when no key of ours fits."""
    try:
        return _fernet().decrypt(bytes(sealed)).decode()
    except InvalidToken:
        raise UnavailableError("A stored secret cannot be read: its encryption key is missing.") from None


def reseal(sealed: bytes) -> bytes:
    """Return the same secret under the newest key. Raises UnavailableError when no key of ours fits."""
    try:
        return _fernet().rotate(bytes(sealed))
    except InvalidToken:
        raise UnavailableError("A stored secret cannot be read: its encryption key is missing.") from None


def is_newest(sealed: bytes) -> bool:
    """Return whether a secret is sealed under the newest key."""
    try:
        _keys()[0].decrypt(bytes(sealed))
    except InvalidToken:
        return False
    return True


def forget_keys() -> None:
    """Read the keys anew at the next use (after the settings changed)."""
    _keys.cache_clear()
