"""Reading our cookie among others, and never sending a browser to another site."""

import pytest

from backend.accounts.service import session_token
from backend.accounts.sign_in.places import place_after, safe_path

TOKEN = "A" * 43


@pytest.mark.parametrize(
    "header",
    [
        f"premium_session={TOKEN}", f"a=b; premium_session={TOKEN}; c=d", f'odd="x; y"; premium_session={TOKEN}',
        f"=; ;;  premium_session={TOKEN}", f"json={{}}; premium_session={TOKEN}",
    ],
)  # fmt: skip
def test_our_cookie_is_found(header: str) -> None:
    assert session_token(header) == TOKEN


@pytest.mark.parametrize(
    "header",
    [None, "", "premium_session=", "premium_session=x", f"xpremium_session={TOKEN}", f"premium_session={TOKEN * 99}"],
)  # fmt: skip
def test_no_cookie_of_ours(header: str | None) -> None:
    assert session_token(header) is None


@pytest.mark.parametrize("path", ["/", "/alerts", "/alerts/?tab=history#x", "/a/b?next=https://evil.example"])
def test_paths_of_this_site_are_kept(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "alerts", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/\n//evil.example", "/%0d\nSet-Cookie: a", " /alerts", "/ü", "/a b",
        "/sign-in", "/sign-in?next=/x", "/v1/auth/logout", "/" + "a" * 600, "/\x00",
    ],
)  # fmt: skip
def test_anything_else_leads_home(path: str) -> None:
    assert safe_path(path) == "/"


@pytest.mark.parametrize(
    ("wanted", "referer", "place"),
    [
        (
            "",
            "https://premium.example/sign-in/?next=%2Falerts%2F%3Fkind%3Dprice%26page%3D2",
            "/alerts/?kind=price&page=2",
        ),
        ("/portfolio/", "https://premium.example/sign-in/?next=/alerts/", "/portfolio/"),
        ("", "https://premium.example/sign-in/?next=//evil.example/", "/"),
        ("", "https://premium.example/sign-in/", "/"),
        ("", "https://[premium", "/"),
        ("", "", "/"),
    ],
)
def test_a_form_that_does_not_know_its_place_yet_goes_by_its_page(wanted: str, referer: str, place: str) -> None:
    assert place_after(referer or None, wanted) == place
