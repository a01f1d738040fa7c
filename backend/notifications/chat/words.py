"""What is said in a chat, and how each chat wants it written: nothing in a text of others is ever markup."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

TELEGRAM_MOST = 4096
DISCORD_MOST = 2000
_DISCORD_MARKS = re.compile(r"([\\`*_~|>\[\]()#<@:])")
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Said:
    """A message in a chat: one line that stands out, then plain lines."""

    title: str
    lines: tuple[str, ...] = ()


def telegram_html(said: Said) -> str:
    """Return the message in Telegram's HTML, whole lines of it, at most 4,096 characters."""
    return _fitting(f"<b>{html.escape(said.title[:500], quote=False)}</b>", said.lines, _telegram_line, TELEGRAM_MOST)


def discord_markdown(said: Said) -> str:
    """Return the message in Discord's Markdown, whole lines of it, at most 2,000 characters."""
    return _fitting(f"**{_discord_line(said.title[:300])}**", said.lines, _discord_line, DISCORD_MOST)


def _telegram_line(line: str) -> str:
    return html.escape(line, quote=False)


def _discord_line(line: str) -> str:
    return _DISCORD_MARKS.sub(r"\\\1", line)


def _fitting(head: str, lines: tuple[str, ...], write: Callable[[str], str], most: int) -> str:
    text = head
    for line in lines:
        written = write(line[:1000])
        if len(text) + 1 + len(written) + len(_CUT) + 1 > most:
            return f"{text}\n{_CUT}"
        text = f"{text}\n{written}"
    return text
