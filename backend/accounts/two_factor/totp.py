"""Time-based codes (RFC 6238): six digits of HMAC-SHA1, a new one every 30 seconds, as every authenticator app has."""

import hmac
import re

from pyotp import random_base32
from pyotp.totp import TOTP

PERIOD_SECONDS = 30
DIGITS = 6
_NEIGHBOURS = (0, -1, 1)  # clocks differ a little
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def new_seed() -> str:
    """Return a fresh 160-bit seed in base 32."""
    return random_base32(32)


def provisioning_uri(seed: str, account: str, issuer: str) -> str:
    """Return what the QR code says to the app (the `otpauth` key URI format)."""
    return TOTP(seed, digits=DIGITS, interval=PERIOD_SECONDS).provisioning_uri(name=account, issuer_name=issuer)


def code_at(seed: str, step: int) -> str:
    """Return the code of a time step."""
    return TOTP(seed, digits=DIGITS, interval=PERIOD_SECONDS).generate_otp(step)


def is_code(text: str) -> bool:
    """Return whether a text has the form of a code."""
    return _CODE.fullmatch(text) is not None


def matching_step(seed: str, code: str, now_seconds: float, used_step: int) -> int | None:
    """Return the time step that `code` belongs to: now's, the one before or after, and later than `used_step`."""
    if not is_code(code):
        return None
    now = int(now_seconds // PERIOD_SECONDS)
    steps = [now + distance for distance in _NEIGHBOURS]
    fits = [step for step in steps if hmac.compare_digest(code_at(seed, step), code)]
    return next((step for step in fits if step > used_step), None)
