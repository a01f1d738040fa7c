"""Slack: what is untrusted stays text, whatever it holds and however long it is; only Slack's addresses are taken."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from backend.core.errors import InvalidInputError
from backend.core.settings import Settings
from backend.notifications.channels.port import OutgoingMessage
from backend.notifications.channels.slack import SlackChannel, escaped, slack_body
from backend.notifications.channels.words import items_of, one_line, text_of, title_of

SETTINGS = Settings(_env_file=None)  # pyright: ignore
HOOK = "https://hooks.slack.com/services/T0000AAAA/B0000BBBB/" + "x" * 24
EVIL = "<!channel> <https://evil.example|click> & *bold* \u202egnp.exe\x00\n<script>"


def message(**changes: object) -> OutgoingMessage:
    values: dict[str, object] = {
        "id": UUID(int=1),
        "user_id": UUID(int=2),
        "event_type": "alert.triggered",
        "target": HOOK,
        "title": title_of("alert.triggered", {"ruleName": EVIL}),
        "text": text_of({"message": EVIL}),
        "payload": {},
        "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        **changes,
    }
    return OutgoingMessage(**values)  # type: ignore[arg-type]


def test_untrusted_text_is_plain_text_or_escaped() -> None:
    body = slack_body(message(), "https://app.example")
    for block in body["blocks"][:-1]:
        assert block["text"]["type"] == "plain_text" and block["text"]["emoji"] is False
    [context] = body["blocks"][-1]["elements"]
    assert context["text"].startswith("<https://app.example/alerts/?tab=history|Open the history>")
    assert "<" not in body["text"] and "&lt;!channel&gt;" in body["text"]
    assert "\u202e" not in body["text"] and "\x00" not in body["text"] and "\n" not in body["text"]
    assert body["unfurl_links"] is False
    assert escaped("a & <b>") == "a &amp; &lt;b&gt;"


def test_a_megabyte_of_a_name_fits() -> None:
    huge = "\U0001f4a3" * 300_000
    title, says = title_of("alert.triggered", {"ruleName": huge}), text_of({"message": huge})
    payload = {"count": 10_000, "items": [{"ruleName": huge[:600], "message": huge[:600]}] * 500}
    body = slack_body(message(title=title, text=says, payload=payload), "https://app.example")
    assert len(body["blocks"]) <= 50, "Slack takes fifty blocks"
    assert len(body["blocks"][0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in body["blocks"][:-1])
    assert any("9,980 more" in block["text"]["text"] for block in body["blocks"][:-1])
    assert len(orjson.dumps(body)) < 100_000


def test_words() -> None:
    assert one_line("a\r\n\u2028b\u200b\ud800c", 10) == "a bc"
    assert one_line("abcdef", 4) == "abc\u2026"
    assert title_of("alert.withdrawn", {"ruleName": "R"}) == "Withdrawn: R"
    assert title_of("channel.test", {}) == "Test message"
    assert items_of({"message": "x"}, 5) == ([], 0)


def test_only_slacks_own_addresses_are_taken_and_the_secret_is_not_shown() -> None:
    target = SlackChannel.check_target(HOOK, SETTINGS)
    assert target.value == HOOK
    assert target.shown == "hooks.slack.com/services/T0000AAAA/B0000BBBB/\u2026xxxx"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/services/T0000AAAA/B0000BBBB/" + "x" * 24,
        "http://hooks.slack.com/services/T0000AAAA/B0000BBBB/" + "x" * 24,
        "https://hooks.slack.com:8443/services/T0000AAAA/B0000BBBB/" + "x" * 24,
        "https://hooks.slack.com@evil.example/services/T0000AAAA/B0000BBBB/" + "x" * 24,
        "https://hooks.slack.com/services/T0000AAAA/B0000BBBB",
        "https://hooks.slack.com/services/../admin/x/y",
        HOOK + "?x=1",
        "not a url",
        "",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        SlackChannel.check_target(url, SETTINGS)
    assert "target" in caught.value.details
