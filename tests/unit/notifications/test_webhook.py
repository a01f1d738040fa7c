"""The signature against a vector made with OpenSSL, and the body that every attempt repeats."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
from pydantic import SecretStr

from backend.core.settings import Settings
from backend.notifications.channels.port import OutgoingMessage
from backend.notifications.service import webhook_secret
from backend.notifications.webhook import signature, webhook_body, webhook_headers

USER = UUID("00000000-0000-7000-8000-000000000001")
MESSAGE = OutgoingMessage(
    id=UUID("00000000-0000-7000-8000-0000000000aa"),
    user_id=USER,
    target="https://example.com/",
    title="My rule",
    text="1,000 UNI moved",
    event_type="alert.triggered",
    payload={"alertId": "a", "message": "1,000 UNI moved"},
    created_at=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
)


def _settings(secret: str) -> Settings:
    return Settings(_env_file=None, secret_key=SecretStr(secret))  # pyright: ignore


def test_signature_equals_openssl() -> None:
    # printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
    expected = "sha256=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789"
    assert signature("whsec_test", 1_700_000_000, b'{"a":1}') == expected


def test_rfc_4231_case_2_shows_that_it_is_plain_hmac_sha256() -> None:
    # RFC 4231 case 2 signs "what do ya want for nothing?"; ours signs "0." before the body.
    import hashlib
    import hmac

    assert (
        hmac.new(b"Jefe", b"what do ya want for nothing?", hashlib.sha256).hexdigest()
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert signature("Jefe", 0, b"x") == "sha256=" + hmac.new(b"Jefe", b"0.x", hashlib.sha256).hexdigest()


def test_signature_depends_on_every_part() -> None:
    one = signature("whsec_test", 1_700_000_000, b'{"a":1}')
    assert one != signature("whsec_tesu", 1_700_000_000, b'{"a":1}')
    assert one != signature("whsec_test", 1_700_000_001, b'{"a":1}')
    assert one != signature("whsec_test", 1_700_000_000, b'{"a":2}')


def test_body_says_what_the_contract_says() -> None:
    assert orjson.loads(webhook_body(MESSAGE)) == {
        "id": "00000000-0000-7000-8000-0000000000aa",
        "type": "alert.triggered",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "data": {"alertId": "a", "message": "1,000 UNI moved"},
    }


def test_headers_carry_id_time_and_signature() -> None:
    body = webhook_body(MESSAGE)
    headers = webhook_headers(MESSAGE.id, ["whsec_test"], 1_700_000_000, body)
    assert headers["X-Webhook-ID"] == str(MESSAGE.id)
    assert headers["X-Webhook-Timestamp"] == "1700000000"
    assert headers["X-Webhook-Signature"] == signature("whsec_test", 1_700_000_000, body)


def test_while_two_secrets_are_valid_both_sign_the_newer_one_first() -> None:
    body = webhook_body(MESSAGE)
    headers = webhook_headers(MESSAGE.id, ["whsec_new", "whsec_old"], 1, body)
    assert headers["X-Webhook-Signature"].split(",") == [signature(s, 1, body) for s in ("whsec_new", "whsec_old")]


def test_secret_is_stable_and_of_this_user_installation_and_version() -> None:
    settings = _settings("a" * 32)
    secret = webhook_secret(USER, settings)
    assert secret.startswith("whsec_") and len(secret) == 49
    assert secret == webhook_secret(USER, settings)
    others = {
        webhook_secret(UUID(int=USER.int + 1), settings),
        webhook_secret(USER, settings, version=2),
        webhook_secret(USER, _settings("b" * 32)),
    }
    assert len(others | {secret}) == 4
