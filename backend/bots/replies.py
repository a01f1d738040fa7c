"""What a bot answers: rules and alerts in lines, the same for every chat."""

from collections.abc import Sequence

from backend.alerts.schemas import AlertRead, RuleRead
from backend.bots.grammar import EXAMPLES
from backend.bots.schemas import COMMANDS
from backend.core import formats
from backend.core.errors import PremiumError
from backend.notifications.service import Said

_CODE = 6


def code_of(rule: RuleRead) -> str:
    """Return the short code of a rule: the end of its id."""
    return rule.id.hex[-_CODE:]


def help_text() -> Said:
    """Return what can be said."""
    return Said("What you can say", (*(f"/{name} \u2013 {text}" for name, text in COMMANDS.items()), "", *EXAMPLES))


def stranger(app_url: str) -> Said:
    """Return what somebody is told whose chat is linked to no account."""
    return Said(
        "This chat is not linked to an account yet",
        (f"Open {app_url}/settings/channels/, choose this bot, and send the code you get there.",),
    )


def rules_text(rules: Sequence[RuleRead], total: int) -> Said:
    """Return the rules, each with its code."""
    if not rules:
        return Said("You have no rules yet", ("Make one, for example:", *EXAMPLES[:2]))
    lines = tuple(rule_line(rule) for rule in rules)
    more = (f"… and {formats.number(total - len(rules))} more",) if total > len(rules) else ()
    return Said(f"Your rules ({formats.number(total)})", lines + more)


def rule_line(rule: RuleRead) -> str:
    """Return one rule in a line: code, name, what it watches, whether it does."""
    state = "" if rule.enabled and not rule.paused_by_plan else " (paused)"
    said = "" if rule.description == rule.name else f": {rule.description}"
    return f"{code_of(rule)} \u2013 {rule.name}{said}{state}"


def alerts_text(alerts: Sequence[AlertRead]) -> Said:
    """Return the newest alerts with their times."""
    if not alerts:
        return Said("No alerts yet", ("They come here as soon as one of your rules fires.",))
    return Said("Your newest alerts", tuple(_alert_line(alert) for alert in alerts))


def problem(error: PremiumError) -> Said:
    """Return what went wrong, with what is wrong about each part."""
    details = [str(text) for text in error.details.values() if isinstance(text, str)] if error.details else []
    return Said(error.message, tuple(dict.fromkeys(details))[:5])


def _alert_line(alert: AlertRead) -> str:
    gone = " (withdrawn: its block is no longer part of the chain)" if alert.withdrawn_at else ""
    return f"{alert.triggered_at:%d %b %H:%M} UTC \u2013 {alert.message}{gone}"
