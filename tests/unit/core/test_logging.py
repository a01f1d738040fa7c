"""Secrets never reach a log line."""

import json
import logging

import pytest

from backend.core.logging import configure_logging, get_logger, mask_text


def test_passwords_and_keys_in_urls_are_masked() -> None:
    masked = mask_text(
        "postgresql://premium_app:hunter2@db:5432/premium and https://rpc.example/v3/0123456789abcdef0123456789abcdef"
    )
    assert "hunter2" not in masked
    assert "0123456789abcdef" not in masked
    assert "rpc.example" in masked


def test_a_password_without_a_user_is_masked() -> None:
    assert mask_text("redis://:hunter2@127.0.0.1:6379/0") == "redis://:***@127.0.0.1:6379/0"


def test_a_log_line_is_json_and_hides_secret_fields(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure_logging("test")
        get_logger("backend.test").info("signed in", password="hunter2", access_token="abc", user="u1")
        line = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
    finally:
        root.handlers[:], root.level = before[0], before[1]
    assert line["event"] == "signed in"
    assert line["user"] == "u1"
    assert line["password"] == line["access_token"] == "***"
