"""Reads the conditions a user sent, in either form, and says field by field what is wrong and what to do."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from eth_utils.address import is_checksum_address

from backend.alerts import limits
from backend.alerts.engine.conditions import ChangeTest, Direction, PriceTest
from backend.chain.events import CHANGE_WINDOWS_SECONDS
from backend.core import formats
from backend.core.errors import InvalidInputError
from backend.core.money import parse_decimal, plain

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_CAMEL = re.compile(r"(?<=[a-z])([A-Z])")
_ALIASES = {
    "chains": "chain",
    "chain_id": "chain",
    "chain_ids": "chain",
    "tokens": "token",
    "wallets": "wallet",
    "wallet_address": "wallet",
    "address": "wallet",
    "addresses": "wallet",
    "usd": "value_usd",
    "threshold_usd": "value_usd",
    "usd_threshold": "value_usd",
    "amount_usd": "value_usd",
    "price": "price_usd",
    "change": "change_pct",
    "change_percent": "change_pct",
    "percent_change": "change_pct",
    "window": "window_seconds",
}
_WHALE_FIELDS = {"value_usd", "amount", "chain", "token", "wallet", "direction", "wallet_usd", "ignore_own"}
_PRICE_FIELDS = {"price_usd", "change_pct", "volume_ratio", "chain", "token", "direction", "window_seconds"}
_OPERATORS = {
    "value_usd": ("gte",), "amount": ("gte",), "price_usd": ("gt", "gte", "lt", "lte"),
    "change_pct": ("gte", "lte", "gt", "lt"), "chain": ("eq", "in"), "token": ("eq", "in"), "wallet": ("eq", "in"),
    "direction": ("eq",), "window_seconds": ("eq",), "wallet_usd": ("gte",), "ignore_own": ("eq",),
    "volume_ratio": ("gte",),
}  # fmt: skip
SIGNS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "eq", "==": "eq"}
_DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out", "either": "either"}


@dataclass(frozen=True, slots=True)
class RuleInput:
    """Conditions as the user means them. `tokens` are lower-case addresses or symbols, still to be looked up."""

    kind: str
    chains: tuple[int | str, ...] = ()
    tokens: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()
    direction: Direction = "either"
    value_usd: Decimal | None = None
    amount: Decimal | None = None
    price: tuple[PriceTest, Decimal] | None = None
    change: tuple[ChangeTest, Decimal, int] | None = None
    wallet_usd: tuple[tuple[str, Decimal], ...] = ()
    ignore_own: bool = False
    volume_ratio: Decimal | None = None


@dataclass(slots=True)
class _Reader:
    """The conditions by field, and the problems found so far."""

    kind: str
    found: dict[str, tuple[str, Any]]
    problems: dict[str, str] = field(default_factory=dict)

    def blame(self, name: str, message: str) -> None:
        self.problems.setdefault(name, message)

    def take(self, name: str, read: Callable[[Any], Any], default: Any = None) -> Any:
        """Return the field's value as `read` has it, `default` when it is absent or wrong (and say so)."""
        if name not in self.found:
            return default
        try:
            return read(self.found[name][1])
        except ValueError as error:
            self.blame(name, str(error))
            return default


def parse_conditions(kind: str, raw: list[dict[str, Any]] | dict[str, Any]) -> RuleInput:
    """Return what the conditions of a rule of type `kind` mean.

    Raises InvalidInputError whose details map each wrong field to what to do about it.
    """
    problems: dict[str, str] = {}
    reader = _Reader(kind, _by_field(kind, raw, problems), problems)
    parsed = _whale(reader) if kind == "whale" else _price(reader)
    if reader.problems:
        raise InvalidInputError("Some conditions of the rule cannot be accepted.", reader.problems)
    return parsed


def is_address(text: str) -> bool:
    """Return whether a text has the form of an address."""
    return _ADDRESS.fullmatch(text) is not None


def parse_address(text: Any) -> str:
    """Return an address in lower case. Raises ValueError that says what is wrong with it."""
    if not isinstance(text, str) or not is_address(text.strip()):
        raise ValueError(f"{shown(text)} is not an address: 0x and 40 hexadecimal digits.")
    address = text.strip()
    digits = address[2:]
    if digits not in (digits.lower(), digits.upper()) and not is_checksum_address(address):
        raise ValueError(
            f"{address} has a wrong checksum: a letter was mistyped. Copy it again, or write it in lower case."
        )
    return address.lower()


def _by_field(kind: str, raw: Any, problems: dict[str, str]) -> dict[str, tuple[str, Any]]:
    """Return (operator, value) by canonical field name, from a list or an object."""
    pairs = _of_list(raw, problems) if isinstance(raw, list) else _of_object(raw)
    known = _WHALE_FIELDS if kind == "whale" else _PRICE_FIELDS
    found: dict[str, tuple[str, Any]] = {}
    for name, operator, value in pairs:
        if name not in known:
            problems.setdefault(name, f"A {kind} rule has no such condition. It knows: {', '.join(sorted(known))}.")
        elif name in found:
            problems.setdefault(name, "Give this condition once.")
        elif operator not in _OPERATORS[name]:
            problems.setdefault(name, f"Use the operator {' or '.join(_OPERATORS[name])}, not {shown(operator)}.")
        else:
            found[name] = (operator, value)
    return found


def _of_list(raw: list[Any], problems: dict[str, str]) -> list[tuple[str, str, Any]]:
    if len(raw) > 20:
        problems["conditions"] = "Use at most 20 conditions."
        return []
    pairs = []
    for place, condition in enumerate(raw):
        if not isinstance(condition, dict) or not isinstance(condition.get("field"), str) or "value" not in condition:
            problems[f"conditions[{place}]"] = 'Write each condition as {"field": …, "operator": …, "value": …}.'
            continue
        name = canonical(condition["field"])
        operator = condition.get("operator")
        operator = _default_operator(name, condition["value"]) if operator is None else str(operator)
        pairs.append((name, SIGNS.get(operator, operator), condition["value"]))
    return pairs


def _of_object(raw: Any) -> list[tuple[str, str, Any]]:
    pairs = []
    for key, value in raw.items() if isinstance(raw, dict) else ():
        name = canonical(str(key))
        if value is None:
            continue
        if name in ("above", "below"):
            pairs.append(("price_usd", "gt" if name == "above" else "lt", value))
        elif name == "wallet_usd" and isinstance(value, dict):
            pairs.append((name, "gte", value))
        elif isinstance(value, dict) and "value" in value:
            operator = str(value.get("operator") or _default_operator(name, value["value"]))
            pairs.append((name, SIGNS.get(operator, operator), value["value"]))
        elif isinstance(value, dict):
            pairs += [(name, SIGNS.get(str(operator), str(operator)), inner) for operator, inner in value.items()]
        elif value not in ([], ""):
            pairs.append((name, _default_operator(name, value), value))
    return pairs


def canonical(name: str) -> str:
    """Return a condition's name as it is stored, from what users call it."""
    snake = _CAMEL.sub(r"_\1", name.strip()).lower()[:40]
    return _ALIASES.get(snake, snake)


def _default_operator(name: str, value: Any) -> str:
    if name in ("chain", "token", "wallet"):
        return "in" if isinstance(value, list) else "eq"
    if name in ("direction", "window_seconds", "ignore_own"):
        return "eq"
    if name == "change_pct":
        return "lte" if str(value).strip().startswith(("-", "\u2212")) else "gte"
    return "gte"


def _whale(reader: _Reader) -> RuleInput:
    wallets = reader.take("wallet", lambda value: each_of(value, parse_address, limits.MAX_WALLETS, "wallets"), ())
    value_usd = reader.take("value_usd", _whale_usd)
    amount = reader.take("amount", lambda value: number_of(value, limits.MIN_NUMBER, limits.MAX_AMOUNT))
    tokens = reader.take("token", lambda value: each_of(value, token_of, limits.MAX_TOKENS, "tokens"), ())
    direction = reader.take("direction", _direction, "either")
    wallet_usd = reader.take("wallet_usd", _wallet_usd, ())
    wallets = tuple(dict.fromkeys((*wallets, *(wallet for wallet, _ in wallet_usd))))
    if len(wallets) > limits.MAX_WALLETS:
        reader.blame("wallet_usd", f"Name at most {limits.MAX_WALLETS} wallets; these are {len(wallets)}.")
    ignore_own = reader.take("ignore_own", _flag, False)
    if ignore_own and len(wallets) < 2 and not reader.problems:
        reader.blame("ignore_own", "This needs at least two watched wallets.")
    if not {"value_usd", "amount", "wallet", "wallet_usd"} & set(reader.found) and not reader.problems:
        reader.blame("value_usd", "Say how large a transfer must be, or which wallets to watch.")
    if amount is not None and len(tokens) != 1 and "token" not in reader.problems:
        reader.blame("token", "Choose exactly one token, since the amount is counted in it.")
    if "direction" in reader.found and direction != "either" and not wallets and "wallet" not in reader.problems:
        reader.blame("wallet", "Name the wallets that the direction is seen from.")
    return RuleInput(
        "whale",
        _chains(reader),
        tokens,
        wallets,
        direction,
        value_usd,
        amount,
        wallet_usd=wallet_usd,
        ignore_own=ignore_own,
    )


def _price(reader: _Reader) -> RuleInput:
    chains = _chains(reader)
    tokens = reader.take("token", lambda value: each_of(value, token_of, limits.MAX_TOKENS, "tokens"), ())
    for name, values in (("chain", chains), ("token", tokens)):
        if len(values) != 1:
            reader.blame(name, f"Choose the {name} whose price is meant." if not values else f"Choose one {name}.")
    given = [name for name in ("price_usd", "change_pct", "volume_ratio") if name in reader.found]
    if len(given) != 1 and not reader.problems:
        text = (
            "Give either a price or a change, not both."
            if given
            else "Give a price in US dollars, or a change in percent."
        )
        reader.blame(given[0] if given else "price_usd", text)
    price = change = None
    if "price_usd" in reader.found:
        threshold = reader.take("price_usd", lambda value: number_of(value, limits.MIN_NUMBER, limits.MAX_PRICE_USD))
        price = (reader.found["price_usd"][0], threshold)
    if "change_pct" in reader.found:
        change = _change(reader)
    for name in ("direction", "window_seconds"):
        if name in reader.found and "change_pct" not in reader.found:
            reader.blame(name, "This belongs to a change in percent, not to a price.")
    volume = reader.take("volume_ratio", lambda value: number_of(value, limits.MIN_VOLUME_RATIO, limits.MAX_RATIO))
    return RuleInput("price", chains, tokens, price=price, change=change, volume_ratio=volume)  # type: ignore[arg-type]


def _change(reader: _Reader) -> tuple[ChangeTest, Decimal, int] | None:
    window = reader.take("window_seconds", _window)
    if "window_seconds" not in reader.found:
        reader.blame("window_seconds", f"Say over which time: {_windows()}.")
    either = reader.take("direction", _either, False)
    percent = reader.take("change_pct", percent_of)
    if percent is None or window is None:
        return None
    if either:
        return "move", abs(percent), window
    falls = reader.found["change_pct"][0] in ("lt", "lte")
    if falls and percent > 0:
        reader.blame("change_pct", "A fall is written with a minus: \u22125 means falls by 5% or more.")
    if not falls and percent < 0:
        reader.blame("change_pct", "A rise is positive. For a fall use the operator lte.")
    if falls and percent < -limits.MAX_FALL_PCT:
        reader.blame("change_pct", "A price cannot fall by more than 100%.")
    return "fall" if falls else "rise", percent, window


def _chains(reader: _Reader) -> tuple[int | str, ...]:
    return reader.take("chain", lambda value: each_of(value, chain_of, limits.MAX_CHAINS, "chains"), ())


def each_of(value: Any, read: Callable[[Any], Any], most: int, what: str) -> tuple[Any, ...]:
    """Return each of a list, or of one value, as `read` has it. Raises ValueError."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise ValueError(f"Name at least one of the {what}, or leave the condition out.")
    if len(values) > most:
        raise ValueError(f"Name at most {most} {what}; these are {len(values)}.")
    return tuple(dict.fromkeys(read(each) for each in values))


def chain_of(value: Any) -> int | str:
    """Return a chain's number or name. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53:
        return value
    if isinstance(value, str) and 0 < len(value.strip()) <= 64:
        text = value.strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text
    raise ValueError("Give the chain's number, such as 1 for Ethereum.")


def token_of(value: Any) -> str:
    """Return a token's lower-case address or its symbol. Raises ValueError."""
    if not isinstance(value, str) or not value.strip() or len(value.strip()) > 64:
        raise ValueError("Give the token's address or its symbol.")
    text = value.strip()
    return parse_address(text) if text.lower().startswith("0x") and len(text) > 12 else text


def _direction(value: Any) -> Direction:
    if not isinstance(value, str) or value.lower() not in _DIRECTIONS:
        raise ValueError("Choose in, out or either.")
    return _DIRECTIONS[value.lower()]


def _either(value: Any) -> bool:
    if value != "either":
        raise ValueError("Only either is known here: a rise or a fall shows in the sign of the change.")
    return True


def _window(value: Any) -> int:
    text = str(value).strip()
    if not text.isdigit() or int(text[:9]) not in CHANGE_WINDOWS_SECONDS:
        raise ValueError(f"Choose one of these times, in seconds: {_windows()}.")
    return int(text)


def _windows() -> str:
    return ", ".join(f"{seconds} ({formats.duration(seconds)})" for seconds in CHANGE_WINDOWS_SECONDS)


def _wallet_usd(value: Any) -> tuple[tuple[str, Decimal], ...]:
    if not isinstance(value, dict) or not value:
        raise ValueError("Give an object of wallets and their least values in US dollars.")
    return tuple(sorted((parse_address(wallet), _whale_usd(least)) for wallet, least in value.items()))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("Say true or false.")
    return value


def _whale_usd(value: Any) -> Decimal:
    number = decimal_of(value)
    if not limits.MIN_WHALE_USD <= number <= limits.MAX_WHALE_USD:
        raise ValueError("Choose a value between $1,000 and $1,000,000,000.")
    return number


def percent_of(value: Any) -> Decimal:
    """Return a change in percent, signed. Raises ValueError."""
    text = value.replace("%", "").replace("\u2212", "-") if isinstance(value, str) else value
    number = decimal_of(text)
    if not limits.MIN_CHANGE_PCT <= abs(number) <= limits.MAX_RISE_PCT:
        raise ValueError("Choose a change of at least 0.01%.")
    return number


def number_of(value: Any, least: Decimal, most: Decimal) -> Decimal:
    """Return a number above zero in these bounds. Raises ValueError."""
    number = decimal_of(value)
    if number <= 0:
        raise ValueError("Choose a number above zero.")
    if not least <= number <= most:
        raise ValueError(f"Choose a number between {plain(least)} and {plain(most)}.")
    return number


def decimal_of(value: Any) -> Decimal:
    """Return the decimal of a JSON number or of what a person wrote, of at most 15 significant digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("Give a number.")
    text = str(value)
    if len(text) > 64:
        raise ValueError("Give a number of at most 15 digits.")
    number = parse_decimal(text)
    if len(number.normalize().as_tuple().digits) > limits.MAX_DIGITS:
        raise ValueError("Use at most 15 significant digits.")
    return number.normalize()


def shown(value: Any) -> str:
    """Return what somebody sent, fit to be quoted."""
    return repr(formats.untrusted_text(str(value), 44))
