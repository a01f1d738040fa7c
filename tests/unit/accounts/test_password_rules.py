"""New passwords: long, not the ones everybody tries first, and no rules beyond that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.accounts.password_rules import MIN_LENGTH, check_password, strength
from backend.core.errors import InvalidInputError

EMAIL = "ann.miller@example.com"


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple", "tiefes-blaues-meer", "üñíçødé-passphrase", "kx9#mPq2vLw8",
        "        spaces  ok?",
        "alllowercaseisfine", "the crow flew over hills",
    ],
)  # fmt: skip
def test_good_passwords_need_no_special_characters(password: str) -> None:
    check_password(password, EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "Password123!", "P@ssw0rd1234", "passwordpassword", "123456789012",
        "qwertyuiop12", "aaaaaaaaaaaa",
        "abcabcabcabc", "abcdefghijkl", "zyxwvutsrqpo", "ann.miller@example.com", "annmiller1234", "ann.miller123",
        "iloveyou1234", "letmein12345", "premium12345", "bitcoin-2024", "Welcome2026!", "asdfghjkl123", "qwerty-azerty",
        "111111111111", "121212121212",
    ],
)  # fmt: skip
def test_what_everybody_tries_first_is_refused(password: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_password(password, EMAIL)
    assert caught.value.details.keys() == {"password"}
    assert password not in str(caught.value.details), "an error never repeats a secret"


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 11, "k" * 1025, "good enough\x00 otherwise", "lone \ud800 surrogate"]
)
def test_too_short_too_long_and_no_text(password: str) -> None:
    with pytest.raises(InvalidInputError):
        check_password(password, EMAIL)


def test_the_field_is_named_as_the_form_has_it() -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_password("short", EMAIL, field="newPassword")
    assert caught.value.details.keys() == {"newPassword"}


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_is_judged_without_error(password: str, email: str) -> None:
    assert strength(password, email) >= 0
    try:
        check_password(password, email)
    except InvalidInputError:
        return
    assert len(password) >= MIN_LENGTH
