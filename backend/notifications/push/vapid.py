"""The key by which push services know us (VAPID, RFC 8292): who sends signs, and browsers subscribe to its public half.

Changing the key makes every subscription useless, so it is kept with the secrets and never made anew by itself.
"""

import base64
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from pydantic import SecretStr

from backend.core.clock import now_seconds
from backend.core.keys import derived_key
from backend.core.settings import Settings

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (FIPS 186-4, D.1.2.3)
TOKEN_SECONDS = 12 * 3600  # at most 24 hours (RFC 8292, 2)


def new_private_key() -> str:
    """Return a new private key: 32 bytes of P-256, base64url without padding, as other tools write it too."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _text(number.to_bytes(32, "big"))


def private_key_of(seed: SecretStr) -> str:
    """Return the private key that a secret text stands for; always the same one."""
    number = int.from_bytes(derived_key(seed, "vapid"), "big") % (_ORDER - 1) + 1
    return _text(number.to_bytes(32, "big"))


def is_configured(settings: Settings) -> bool:
    """Return whether this installation can push."""
    return bool(settings.vapid_private_key.get_secret_value())


def public_key(settings: Settings) -> str:
    """Return the public key that browsers subscribe with (65 bytes, base64url); empty when there is none."""
    return _public(settings.vapid_private_key) if is_configured(settings) else ""


def authorization(settings: Settings, endpoint: str) -> str:
    """Return the Authorization header for a push service: `vapid t=…, k=…`."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(now_seconds()) + TOKEN_SECONDS,
        "sub": settings.vapid_contact,
    }
    signed: dict[str, str] = _key(settings.vapid_private_key).sign(claims)
    return signed["Authorization"].replace(",k=", ", k=")


@lru_cache(maxsize=4)
def _key(private_key: SecretStr) -> Vapid02:
    return Vapid02.from_raw(private_key.get_secret_value().encode())


@lru_cache(maxsize=4)
def _public(private_key: SecretStr) -> str:
    public = _key(private_key).public_key
    assert public is not None  # it is made of the private key
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return _text(point)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
