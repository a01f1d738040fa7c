"""Keys for different purposes from the one secret of the installation, so that none can stand in for another."""

import hashlib
import hmac

from pydantic import SecretStr


def derived_key(secret: SecretStr, purpose: str) -> bytes:
    """Return the 32-byte key for `purpose`: HMAC-SHA256 of the purpose under the secret (as HKDF expands, RFC 5869)."""
    return hmac.new(secret.get_secret_value().encode(), f"premium/{purpose}".encode(), hashlib.sha256).digest()
