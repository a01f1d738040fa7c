"""What can be said to a bot, and what each chat makes of a text."""

import pytest

from backend.bots.grammar import NotUnderstoodError, read_command, read_rule
from backend.notifications.chat.words import Said, discord_markdown, telegram_html


def test_commands_are_read_with_their_words() -> None:
    command = read_command("/Create@PremiumBot  WETH above 4,000 ", "premiumbot")
    assert command is not None
    assert (command.name, command.words) == ("create", ("WETH", "above", "4,000"))
    assert read_command("/list@OtherBot", "PremiumBot") is None
    assert read_command("hello") is None
    assert read_command("/") is None


@pytest.mark.parametrize(
    ("said", "kind", "conditions"),
    [
        ("WETH above 4000", "price", {"token": "WETH", "price_usd": {"operator": "gt", "value": "4000"}}),
        ("WETH below $3,000.50", "price", {"token": "WETH", "price_usd": {"operator": "lt", "value": "3000.50"}}),
        (
            "WETH down 5% in 1h",
            "price",
            {"token": "WETH", "change_pct": {"operator": "lte", "value": "-5"}, "window_seconds": 3600},
        ),
        (
            "WETH moves 10% in 24h on 1",
            "price",
            {
                "token": "WETH", "change_pct": {"operator": "gte", "value": "10"}, "window_seconds": 86400,
                "direction": "either", "chain": 1,
            },
        ),
        ("gas below 20 gwei", "gas", {"base_fee_gwei": {"operator": "lt", "value": "20"}}),
        ("whale 100k", "whale", {"value_usd": "100000"}),
        ("whale 2m USDC on Demo market", "whale", {"value_usd": "2000000", "token": "USDC", "chain": "Demo market"}),
    ],
)  # fmt: skip
def test_a_rule_is_read_as_the_api_takes_it(said: str, kind: str, conditions: dict[str, object]) -> None:
    rule = read_rule(tuple(said.split()))
    assert (rule.kind, rule.conditions) == (kind, conditions)


@pytest.mark.parametrize(
    "said",
    [
        "", "WETH", "WETH above", "WETH above much", "WETH above 1e9", "WETH above -5", "WETH up 5 in 1h",
        "WETH up 5% in 2h", "WETH up 5% 1h", "whale", "whale 1k USDC now", "WETH above 4000 please", "whale 1.5k",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said(said: str) -> None:
    with pytest.raises(NotUnderstoodError):
        read_rule(tuple(said.split()))


def test_texts_are_never_markup_and_fit() -> None:
    nasty = Said("<b>&", ("</b>*_`[x](y)", "@everyone <@1> `code`"))
    assert telegram_html(nasty) == "<b>&lt;b&gt;&amp;</b>\n&lt;/b&gt;*_`[x](y)\n@everyone &lt;@1&gt; `code`"
    written = discord_markdown(nasty)
    assert "\\*\\_\\`\\[x\\]" in written
    assert "\\@everyone \\<\\@1\\>" in written
    long = Said("t", tuple("&<" * 400 for _ in range(50)))
    assert len(telegram_html(long)) <= 4096
    assert len(discord_markdown(long)) <= 2000
    assert telegram_html(long).endswith("\n…")
