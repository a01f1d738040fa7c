"""Between the sentence of the form and the conditions of a rule, without any loss of digits."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from backend.alerts.schemas import RuleRead
from backend.core.errors import InvalidInputError
from backend.core.money import parse_decimal, plain
from components.i18n import t

_SEPARATORS = re.compile(r"[\s,;]+")
MAX_NAME = 255
_UP, _DOWN, _EITHER = "change_up", "change_down", "change_either"


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """What the form holds: choices as keys, blanks as the text the user wrote."""

    name: str = ""
    kind: str = "price"
    token: str = ""
    chain: str = ""
    comparison: str = "above"
    price_usd: str = ""
    change_pct: str = ""
    window: str = "3600"
    who: str = "anyone"
    direction: str = "either"
    measure: str = "usd"
    value_usd: str = ""
    amount: str = ""
    wallets: str = ""
    in_app: bool = True
    webhook: bool = False
    destination: str = ""
    frequency: str = "recurring"
    cooldown: str = "300"


def draft_of_rule(rule: RuleRead) -> RuleDraft:
    """Return the draft that shows a stored rule (`RuleRead`).

    Raises InvalidInputError for a rule of the API that the sentence cannot say.
    """
    found = {condition["field"]: condition for condition in rule.conditions}
    hooks = [action for action in rule.actions if action.type == "webhook"]
    draft = RuleDraft(
        name=rule.name,
        kind=rule.type,
        token=_single(found.get("token")),
        chain=_single(found.get("chain")),
        in_app=any(action.type == "in_app" for action in rule.actions),
        webhook=bool(hooks),
        destination=hooks[0].destination or "" if hooks else "",
        frequency=rule.frequency,
        cooldown=str(rule.cooldown_seconds),
    )
    return _with_price(draft, found) if rule.type == "price" else _with_whale(draft, found)


def conditions_of(draft: RuleDraft) -> list[dict[str, Any]]:
    """Return the conditions that the sentence means. Raises InvalidInputError with a message by field."""
    problems: dict[str, str] = {}
    conditions = _price_conditions(draft, problems) if draft.kind == "price" else _whale_conditions(draft, problems)
    if problems:
        raise InvalidInputError(t("form.invalid"), problems)
    return conditions


def actions_of(draft: RuleDraft) -> list[dict[str, str]]:
    """Return the actions of the draft. Raises InvalidInputError when none is chosen, or an address is missing."""
    actions: list[dict[str, str]] = [{"type": "in_app"}] if draft.in_app else []
    if draft.webhook:
        if not draft.destination.strip():
            raise InvalidInputError(t("form.invalid"), {"destination": t("form.destination_missing")})
        actions.append({"type": "webhook", "destination": draft.destination.strip()})
    if not actions:
        raise InvalidInputError(t("form.invalid"), {"actions": t("form.actions_missing")})
    return actions


def default_name(draft: RuleDraft, token_symbol: str) -> str:
    """Return the name of a rule whose author gave none, such as `WETH above $4,000`."""
    if draft.kind == "price":
        size = f"${draft.price_usd.lstrip('$ ')}" if draft.price_usd else f"{draft.change_pct.rstrip('% ')}%"
        return t(f"name.{draft.comparison}", token=token_symbol, size=size)[:MAX_NAME]
    return t(f"name.{draft.who}", token=token_symbol if draft.token else t("name.any_token"))[:MAX_NAME]


def _price_conditions(draft: RuleDraft, problems: dict[str, str]) -> list[dict[str, Any]]:
    if not draft.chain:
        problems["chain"] = t("form.chain_missing")
    if not draft.token:
        problems["token"] = t("form.token_missing")
    conditions = [_equals("chain", _chain_id(draft.chain)), _equals("token", draft.token)]
    if draft.comparison in ("above", "below"):
        price = _number(draft.price_usd, "price_usd", problems)
        operator = "gt" if draft.comparison == "above" else "lt"
        return [*conditions, {"field": "price_usd", "operator": operator, "value": price}]
    percent = _number(draft.change_pct.replace("%", ""), "change_pct", problems)
    if percent.startswith("-"):
        problems["change_pct"] = t("form.number_positive")
    falls = draft.comparison == _DOWN
    conditions.append(
        {"field": "change_pct", "operator": "lte" if falls else "gte", "value": f"-{percent}" if falls else percent}
    )
    if draft.comparison == _EITHER:
        conditions.append(_equals("direction", "either"))
    return [*conditions, _equals("window_seconds", int(draft.window))]


def _whale_conditions(draft: RuleDraft, problems: dict[str, str]) -> list[dict[str, Any]]:
    conditions: list[dict[str, Any]] = []
    size = draft.measure if draft.token else "usd"
    text = draft.value_usd if size == "usd" else draft.amount
    wallets = [part.lower() for part in _SEPARATORS.split(draft.wallets) if part] if draft.who == "wallets" else []
    # Watched wallets may have no threshold: then every transfer of theirs counts.
    if text.strip() or not wallets:
        field = "value_usd" if size == "usd" else "amount"
        conditions.append({"field": field, "operator": "gte", "value": _number(text, field, problems)})
    if draft.chain:
        conditions.append(_equals("chain", _chain_id(draft.chain)))
    if draft.token:
        conditions.append(_equals("token", draft.token))
    if draft.who == "wallets":
        if not wallets:
            problems["wallets"] = t("form.wallets_missing")
        conditions.append({"field": "wallet", "operator": "in", "value": wallets})
        conditions.append(_equals("direction", draft.direction))
    return conditions


def _with_price(draft: RuleDraft, found: dict[str, dict[str, Any]]) -> RuleDraft:
    if "price_usd" in found:
        condition = found["price_usd"]
        above = condition["operator"] in ("gt", "gte")
        return replace(draft, comparison="above" if above else "below", price_usd=_text(condition["value"]))
    condition = found["change_pct"]
    comparison = _DOWN if condition["operator"] in ("lt", "lte") else _UP
    if _single(found.get("direction")) == "either":
        comparison = _EITHER
    return replace(
        draft,
        comparison=comparison,
        change_pct=_text(condition["value"]).lstrip("-"),
        window=_single(found["window_seconds"]),
    )


def _with_whale(draft: RuleDraft, found: dict[str, dict[str, Any]]) -> RuleDraft:
    wallets = found.get("wallet", {}).get("value") or []
    listed = [wallets] if isinstance(wallets, str) else list(wallets)
    return replace(
        draft,
        who="wallets" if listed else "anyone",
        wallets="\n".join(listed),
        direction=_single(found.get("direction")) or "either",
        measure="amount" if "amount" in found else "usd",
        value_usd=_text(found["value_usd"]["value"]) if "value_usd" in found else "",
        amount=_text(found["amount"]["value"]) if "amount" in found else "",
    )


def _equals(field: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": "eq", "value": value}


def _chain_id(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _number(text: str, field: str, problems: dict[str, str]) -> str:
    try:
        value = parse_decimal(text)
    except ValueError:
        problems[field] = t("form.number_missing") if not text.strip() else t("form.number_invalid")
        return "0"
    return plain(value)


def _text(value: Any) -> str:
    return plain(Decimal(str(value)))


def _single(condition: dict[str, Any] | None) -> str:
    """Return the one value of a condition as text, empty when absent.

    Raises InvalidInputError when it lists several, which the sentence has no place for: saving would change the rule.
    """
    if condition is None:
        return ""
    value = condition["value"]
    if isinstance(value, list):
        if len(value) > 1:
            raise InvalidInputError(t("form.too_rich"))
        return str(value[0]) if value else ""
    return str(value)
