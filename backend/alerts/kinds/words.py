"""Readings and occurrences in words: what messages and sentences of several kinds share."""

from decimal import Decimal

from backend.alerts import metrics
from backend.alerts.engine.conditions import MetricChangeConditions, MetricConditions
from backend.alerts.messages import TX_MARK
from backend.alerts.sentences import change_text
from backend.chain.events import Event, Occurrence, PriceUpdate, Reading
from backend.chain.registry import chain_name
from backend.core import formats
from backend.core.money import plain

_VERBS = {"gt": "rises above", "gte": "reaches", "lt": "falls below", "lte": "falls to"}
_PAST = {"gt": "rose above", "gte": "reached", "lt": "fell below", "lte": "fell to"}
_STANDS = {"gt": "is above", "gte": "is at least", "lt": "is below", "lte": "is at most"}
_UNITS = {
    metrics.BASE_FEE_GWEI: "gwei",
    metrics.PREDICTED_BASE_FEE_GWEI: "gwei",
    metrics.VOLUME_RATIO: "times",
    metrics.ORACLE_DEVIATION_PCT: "%",
    metrics.TVL_USD: "$",
    metrics.RISK_SCORE: "",
    metrics.PORTFOLIO_VALUE_USD: "$",
    metrics.PORTFOLIO_ASSET_USD: "$",
    metrics.PORTFOLIO_ROI_PCT: "%",
    metrics.PORTFOLIO_IMPERMANENT_LOSS_PCT: "%",
}
_NAMES = {
    metrics.BASE_FEE_GWEI: "The base fee",
    metrics.PREDICTED_BASE_FEE_GWEI: "The predicted base fee",
    metrics.VOLUME_RATIO: "The volume",
    metrics.ORACLE_DEVIATION_PCT: "The gap between pool and reference price",
    metrics.TVL_USD: "The value locked",
    metrics.RISK_SCORE: "The risk score",
    metrics.PORTFOLIO_VALUE_USD: "The value of your portfolio",
    metrics.PORTFOLIO_ASSET_USD: "The value of your holding",
    metrics.PORTFOLIO_ROI_PCT: "The return of your portfolio",
    metrics.PORTFOLIO_IMPERMANENT_LOSS_PCT: "The impermanent loss",
}
_TOPICS = {
    metrics.LIQUIDITY_REMOVED: "Liquidity was removed from",
    metrics.OWNERSHIP_CHANGED: "The owner changed of",
    metrics.IMPLEMENTATION_CHANGED: "The implementation changed of",
    metrics.SCHEDULE_DUE: "It is time",
    metrics.RULE_FIRED: "Another rule fired",
    **{f"governance.{step}": f"Governance: {step.replace('_', ' ')} at" for step in metrics.GOVERNANCE_STEPS},
}


def quantity(metric: str, value: Decimal) -> str:
    """Return a value of a metric with its unit: `12.5 gwei`, `$1,000,000`, `3%`."""
    unit = _UNITS.get(metric, "")
    if unit == "$":
        return formats.usd(value)
    return f"{_grouped(value)}{unit if unit == '%' else f' {unit}' if unit else ''}"


def metric_sentence(conditions: MetricConditions | MetricChangeConditions, subject: str) -> str:
    """Return a rule on a metric, such as `The base fee on Ethereum falls below 20 gwei`."""
    name = f"{_NAMES.get(conditions.metric, conditions.metric)}{subject}"
    if isinstance(conditions, MetricChangeConditions):
        return f"{name} {change_text(conditions)}"
    return f"{name} {_VERBS[conditions.test]} {quantity(conditions.metric, conditions.threshold)}"


def metric_message(conditions: MetricConditions | MetricChangeConditions, event: Event, subject: str) -> str:
    """Return what an alert on a metric says. Raises ValueError when the event is no reading."""
    if not isinstance(event, Reading):
        raise ValueError(f"no alert comes of {type(event).__name__}")
    name = f"{_NAMES.get(conditions.metric, conditions.metric)}{subject}"
    now = quantity(event.metric, event.value)
    if isinstance(conditions, MetricChangeConditions):
        _, change = event.changes[conditions.window_seconds]
        verb, size = "rose" if change > 0 else "fell", formats.percent(abs(change), signed=False)
        window = formats.duration(conditions.window_seconds)
        return f"{name} {verb} {size} within {window}: now {now} (your rule: {change_text(conditions)})"
    above = conditions.test in ("gt", "gte")
    before = event.previous_value
    stood = before is None or (before > conditions.threshold if above else before < conditions.threshold)
    verb = (_STANDS if stood else _PAST)[conditions.test]
    return f"{name} {verb} {quantity(conditions.metric, conditions.threshold)}: now {now}"


def chain_words(chain_id: int) -> str:
    """Return ` on Ethereum`; nothing for what belongs to no chain."""
    return f" on {chain_name(chain_id)}" if chain_id else ""


def event_words(event: Event) -> str:
    """Return what happened, in words, for rules that are about several kinds of events."""
    if isinstance(event, PriceUpdate):
        name = formats.untrusted_text(event.symbol) if event.symbol else formats.address(event.token)
        return f"{name}{chain_words(event.chain_id)} is at {formats.usd(event.price_usd)}"
    if isinstance(event, Reading):
        subject = f" of {formats.untrusted_text(event.label)}" if event.label else ""
        name = f"{_NAMES.get(event.metric, event.metric)}{subject}{chain_words(event.chain_id)}"
        return f"{name} is {quantity(event.metric, event.value)}"
    if isinstance(event, Occurrence):
        return occurrence_words(event)
    raise ValueError(f"no alert comes of {type(event).__name__}")


def occurrence_words(event: Occurrence) -> str:
    """Return what occurred, in words."""
    what = _TOPICS.get(event.topic, event.topic)
    if not event.chain_id:
        return what
    name = formats.untrusted_text(event.label) if event.label else subject_words(event.subject)
    size = f" ({formats.usd(event.value)})" if event.value is not None else ""
    tx = f"{TX_MARK}{event.tx_hash}" if event.tx_hash else ""
    return f"{what} {name}{size}{chain_words(event.chain_id)}{tx}"


def subject_words(subject: str) -> str:
    """Return a subject fit to show: addresses are shortened."""
    return formats.address(subject) if subject.startswith("0x") else formats.untrusted_text(subject, 64)


def _grouped(value: Decimal) -> str:
    """Return a number with thousands, and no more digits than one reads."""
    whole, _, fraction = plain(value).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    kept = fraction[:4].rstrip("0") if digits != "0" else fraction[:8].rstrip("0")
    return f"{sign}{int(digits):,}{'.' + kept if kept else ''}"
