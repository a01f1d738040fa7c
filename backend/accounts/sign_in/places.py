"""Where a browser may be sent after signing in."""

from urllib.parse import parse_qs, urlsplit

SIGN_IN_PAGE = "/sign-in"


def safe_path(wanted: str) -> str:
    """Return `wanted` if it is a path of this site, else `/`: an open redirect would lend our name to others."""
    if not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 500:
        return "/"
    if "\\" in wanted or any(ord(character) < 33 or ord(character) > 126 for character in wanted):
        return "/"
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or parts.path.startswith(("/v1/", "//", SIGN_IN_PAGE)):
        return "/"
    return wanted


def place_after(referer: str | None, wanted: str) -> str:
    """Return where to go after signing in: `wanted`, or where it is empty the `next` of the page that asks (`referer`).

    Who is quicker than the page's own script signs in by a form that does not know yet what its address says.
    """
    if wanted:
        return safe_path(wanted)
    try:
        page = parse_qs(urlsplit(referer or "").query)
    except ValueError:
        return "/"
    return safe_path(page.get("next", ["/"])[0])
