"""Access tokens: what we issue is accepted for fifteen minutes, what anybody else makes up is not."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from backend.accounts.schemas import CurrentUser
from backend.accounts.tokens import AccessClaims, issue_access_token, key_id_of, read_access_token
from backend.core.clock import use_clock
from backend.core.errors import UnauthorizedError

USER = CurrentUser(UUID("00000000-0000-7000-8000-000000000001"), "ann@example.com", "pro")
SESSION = UUID("00000000-0000-7000-8000-000000000002")
NOW = 1_800_000_000
HEADER = {"alg": "ES256", "typ": "at+jwt"}


def _new_key() -> ECKey:
    key = ECKey.generate_key("P-256")
    return ECKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()})


KEY = _new_key()


@pytest.fixture(autouse=True)
def _fixed_clock() -> Iterator[None]:
    use_clock(lambda: float(NOW))
    yield
    use_clock(None)


def _claims(**changes: object) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": "premium", "aud": "premium-api", "sub": str(USER.id), "sid": str(SESSION), "jti": "x",
        "email": USER.email, "tier": USER.tier, "iat": NOW, "exp": NOW + 900,
    }  # fmt: skip
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not None}


def _signed(claims: dict[str, object], **header: object) -> str:
    return jwt.encode({**HEADER, "kid": KEY.kid, **header}, dict(claims), KEY)


def _read(token: str) -> AccessClaims:
    """As the product does: the key by its id, then the token by the key."""
    if key_id_of(token) != KEY.kid:
        raise UnauthorizedError("unknown key")
    return read_access_token(token, KEY)


def _refused(token: str) -> None:
    with pytest.raises(UnauthorizedError):
        _read(token)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_what_we_issue_we_accept_until_it_expires() -> None:
    token = issue_access_token(USER, SESSION, KEY)
    assert _read(token) == AccessClaims(USER.id, SESSION, NOW + 900)
    use_clock(lambda: NOW + 899.0)
    assert _read(token).user_id == USER.id
    use_clock(lambda: NOW + 901.0)
    _refused(token)


def test_claims_are_those_of_the_source_document_and_a_session() -> None:
    payload = issue_access_token(USER, SESSION, KEY).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert {"sub", "email", "tier", "iat", "exp", "iss", "aud", "jti", "sid"} == set(claims)


def test_no_two_tokens_are_the_same() -> None:
    assert issue_access_token(USER, SESSION, KEY) != issue_access_token(USER, SESSION, KEY)


def test_our_own_claims_signed_by_hand_are_accepted() -> None:
    assert _read(_signed(_claims())).session_id == SESSION


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"}, {"iss": None}, {"aud": "other-api"}, {"aud": None}, {"aud": []},
        {"exp": NOW - 1}, {"exp": None}, {"exp": "never"}, {"exp": NOW + 10**9}, {"iat": NOW + 3600, "exp": NOW + 4000},
        {"iat": None}, {"sub": None}, {"sub": "not-a-uuid"}, {"sub": 7}, {"tier": "owner"}, {"tier": None},
        {"sid": None}, {"sid": "x"}, {"sid": 7}, {"jti": None}, {"nbf": NOW + 60},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_claims_are_refused_even_with_the_right_signature(changes: dict[str, object]) -> None:
    _refused(_signed(_claims(**changes)))


def test_another_key_is_refused_under_its_own_name_and_under_ours() -> None:
    other = _new_key()
    _refused(jwt.encode({**HEADER, "kid": other.kid}, dict(_claims()), other))
    _refused(jwt.encode({**HEADER, "kid": KEY.kid}, dict(_claims()), other))


def test_a_key_that_the_token_brings_along_is_not_believed() -> None:
    other = _new_key()
    header = {**HEADER, "kid": KEY.kid, "jwk": other.as_dict(private=False), "jku": "https://evil.example/jwks.json"}
    _refused(jwt.encode(header, dict(_claims()), other))


def test_no_algorithm_is_refused() -> None:
    for alg in ("none", "None", "NONE", ""):
        for header in ({"alg": alg, "typ": "at+jwt", "kid": KEY.kid}, {"alg": alg}):
            _refused(f"{_part(header)}.{_part(_claims())}.")
            _refused(f"{_part(header)}.{_part(_claims())}.c2ln")
            with pytest.raises(UnauthorizedError):
                read_access_token(f"{_part(header)}.{_part(_claims())}.", KEY)


def test_the_public_key_is_no_shared_secret() -> None:
    """The oldest trick: sign with HS256 and the published key as if it were a secret."""
    for secret in (KEY.as_pem(private=False), json.dumps(KEY.as_dict(private=False)).encode()):
        content = f"{_part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': KEY.kid})}.{_part(_claims())}"
        mac = hmac.new(secret, content.encode(), hashlib.sha256).digest()
        forged = f"{content}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
        _refused(forged)
        with pytest.raises(UnauthorizedError):
            read_access_token(forged, KEY)


def test_the_algorithm_is_pinned() -> None:
    rsa = RSAKey.generate_key(2048)
    _refused(jwt.encode({"alg": "RS256", "kid": KEY.kid}, dict(_claims()), rsa, algorithms=["RS256"]))
    larger = ECKey.generate_key("P-384")
    _refused(jwt.encode({**HEADER, "alg": "ES384", "kid": KEY.kid}, dict(_claims()), larger, algorithms=["ES384"]))


def test_another_kind_of_token_is_refused() -> None:
    for kind in ("JWT", "logout+jwt", ""):
        _refused(_signed(_claims(), typ=kind))


def test_a_changed_payload_is_refused() -> None:
    header, _, sign = issue_access_token(USER, SESSION, KEY).split(".")
    _refused(f"{header}.{_part(_claims(tier='enterprise'))}.{sign}")


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "...", "a.b.c", "ey" * 5000, "é.é.é", "\x00", f"{_part([])}.{_part([])}.x", "a.b.c.d.e",
        f"{_part('ES256')}.e30.x", f"{_part({**HEADER, 'kid': 7})}.e30.x", f"{_part({**HEADER, 'kid': KEY.kid})}",
    ],
)  # fmt: skip
def test_garbage_is_refused(token: str) -> None:
    _refused(token)
