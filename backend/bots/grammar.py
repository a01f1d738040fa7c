"""What can be said to a bot, read into commands and rules. Pure: no look-ups, no clock."""

import re
from dataclasses import dataclass
from typing import Any

from backend.bots.schemas import Command

_COMMAND = re.compile(r"/([A-Za-z_]{1,32})(?:@([A-Za-z0-9_]{1,32}))?(?:\s+(.*))?", re.DOTALL)
_NUMBER = re.compile(r"\$?(\d[\d,]*(?:\.\d+)?)([kKmM]?)")
_PERCENT = re.compile(r"([+-]?)(\d+(?:\.\d+)?)%")
_WINDOWS = {"5m": 300, "1h": 3600, "24h": 86400, "7d": 604800, "1d": 86400, "60m": 3600}
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}
_WAYS = {"up": "rise", "rises": "rise", "down": "fall", "falls": "fall", "moves": "move"}
MOST_CHARACTERS = 500

EXAMPLES = (
    "/create WETH above 4000",
    "/create WETH below 3000.50",
    "/create WETH up 5% in 1h",
    "/create WETH moves 10% in 24h",
    "/create whale 100k",
    "/create whale 250000 USDC",
    "/create gas below 20",
)


class NotUnderstoodError(ValueError):
    """Says in one sentence what was not understood."""


@dataclass(frozen=True, slots=True)
class WantedRule:
    """A rule as it was said: its kind, and its conditions by field as the API takes them."""

    kind: str
    conditions: dict[str, Any]
    needs_chain: bool


def read_command(text: str, bot_name: str = "") -> Command | None:
    """Return the command that a text is, None when it is none, or one for another bot."""
    match = _COMMAND.fullmatch(text.strip()[:MOST_CHARACTERS])
    if match is None:
        return None
    name, addressed, rest = match.groups()
    if addressed and bot_name and addressed.lower() != bot_name.lower():
        return None
    return Command(name.lower(), tuple((rest or "").split()))


def read_rule(words: tuple[str, ...]) -> WantedRule:
    """Return the rule that `/create …` asks for. Raises NotUnderstoodError."""
    said, chain = _without_chain(list(words))
    if not said:
        raise NotUnderstoodError("Say what to watch.")
    if said[0].lower() == "whale":
        return _with_chain(_whale(said[1:]), chain)
    if len(said) >= 3 and said[0].lower() == "gas" and said[1].lower() in ("above", "below"):
        return _with_chain(_gas(said), chain)
    if len(said) >= 3 and said[1].lower() in ("above", "below"):
        return _with_chain(_price(said), chain)
    if len(said) >= 3 and said[1].lower() in _WAYS:
        return _with_chain(_change(said), chain)
    raise NotUnderstoodError("A rule says a token, then above, below, up, down or moves, then how much.")


def _without_chain(words: list[str]) -> tuple[list[str], str | None]:
    """Split `… on CHAIN` off; a chain's name may be several words."""
    for place in range(len(words) - 1, 0, -1):
        if words[place].lower() == "on" and place < len(words) - 1:
            return words[:place], " ".join(words[place + 1 :])
    return words, None


def _with_chain(rule: WantedRule, chain: str | None) -> WantedRule:
    if chain is None:
        return rule
    value: int | str = int(chain) if chain.isascii() and chain.isdigit() and len(chain) < 16 else chain
    return WantedRule(rule.kind, {**rule.conditions, "chain": value}, needs_chain=False)


def _whale(words: list[str]) -> WantedRule:
    if not 1 <= len(words) <= 2:
        raise NotUnderstoodError(
            "Say from which value in dollars on, and, if you like, a token: /create whale 100k USDC"
        )
    conditions: dict[str, Any] = {"value_usd": _number(words[0])}
    if len(words) == 2:
        conditions["token"] = words[1]
    return WantedRule("whale", conditions, needs_chain=False)


def _gas(words: list[str]) -> WantedRule:
    if len(words) > 4 or (len(words) == 4 and words[3].lower() != "gwei"):
        raise NotUnderstoodError("Say how many gwei: /create gas below 20")
    fee = {"operator": "gt" if words[1].lower() == "above" else "lt", "value": _number(words[2])}
    return WantedRule("gas", {"base_fee_gwei": fee}, needs_chain=True)


def _price(words: list[str]) -> WantedRule:
    token, way, number, *more = words
    if more:
        raise NotUnderstoodError(f"“{' '.join(more)}” is too much. To name a chain, write: on CHAIN")
    operator = "gt" if way.lower() == "above" else "lt"
    price = {"operator": operator, "value": _number(number)}
    return WantedRule("price", {"token": token, "price_usd": price}, needs_chain=True)


def _change(words: list[str]) -> WantedRule:
    token, way, size, *window = words
    match = _PERCENT.fullmatch(size)
    if match is None:
        raise NotUnderstoodError(f"“{size}” is no percentage, such as 5%.")
    if len(window) != 2 or window[0].lower() != "in" or window[1].lower() not in _WINDOWS:
        raise NotUnderstoodError("Say within which time: in 5m, in 1h, in 24h or in 7d.")
    meant = _WAYS[way.lower()]
    percent = f"-{match[2]}" if meant == "fall" else match[2]
    conditions: dict[str, Any] = {
        "token": token,
        "change_pct": {"operator": "lte" if meant == "fall" else "gte", "value": percent},
        "window_seconds": _WINDOWS[window[1].lower()],
    }
    if meant == "move":
        conditions["direction"] = "either"
    return WantedRule("price", conditions, needs_chain=True)


def _number(text: str) -> str:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise NotUnderstoodError(f"“{text[:40]}” is no number, such as 4000, 3000.50 or 100k.")
    digits, suffix = match[1].replace(",", ""), match[2].lower()
    if not suffix:
        return digits
    whole, _, fraction = digits.partition(".")
    if fraction:
        raise NotUnderstoodError(f"Write “{text[:40]}” in full.")
    return str(int(whole) * _TIMES[suffix])
