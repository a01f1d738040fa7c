"""The QR code of a key URI, as an SVG picture."""

import io

import segno


def qr_svg(uri: str) -> bytes:
    """Return the picture: dark on white in both themes, since cameras want it so; it scales to its box."""
    out = io.BytesIO()
    segno.make(uri, error="m").save(out, kind="svg", border=3, dark="#000000", light="#ffffff", omitsize=True)
    return out.getvalue()
