"""The kind `protocol_risk`."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from backend.alerts import limits, metrics
from backend.alerts.engine.conditions import (
    MetricChangeConditions,
    MetricConditions,
    OccurrenceConditions,
)
from backend.alerts.kinds.base import Choice, FieldSpec, Kind, ParseContext, RawConditions, Stored, Symbols
from backend.alerts.kinds.forms import PRICE_TESTS, Form, by_field, condition, is_, number_in
from backend.alerts.kinds.words import (
    chain_words,
    metric_message,
    metric_sentence,
    occurrence_words,
    subject_words,
)
from backend.alerts.sentences import token_name
from backend.chain.events import Event, Occurrence, Reading
from backend.core import formats
from backend.core.money import plain

RiskConditions = MetricConditions | MetricChangeConditions | OccurrenceConditions
_SIGNALS = {
    "tvl_drop": "value locked falls, in tokens",
    "oracle_deviation": "pool price departs from the reference",
    "liquidity_removed": "liquidity is removed",
    "ownership_changed": "a contract changes its owner",
    "implementation_changed": "a contract changes its code",
    "risk_score": "the risk score crosses a limit",
}
_FIELDS_OF = {
    "tvl_drop": ("protocol", "drop_pct", "window_seconds"),
    "oracle_deviation": ("token", "deviation_pct"),
    "liquidity_removed": ("pool", "value_usd", "share_pct"),
    "ownership_changed": ("contract",),
    "implementation_changed": ("contract",),
    "risk_score": ("contract", "score"),
}
_TOPICS = {
    "liquidity_removed": metrics.LIQUIDITY_REMOVED,
    "ownership_changed": metrics.OWNERSHIP_CHANGED,
    "implementation_changed": metrics.IMPLEMENTATION_CHANGED,
}
_SIGNAL_OF = {topic: name for name, topic in _TOPICS.items()}
_SHARE = "sharePct"
_PROTOCOL = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_HUNDRED, _LEAST_PCT = Decimal(100), Decimal("0.01")


class ProtocolRiskKind(Kind):
    """Money that leaves a protocol, prices that come apart, contracts that change."""

    name = "protocol_risk"
    title = "Protocol risk"
    icon = "shield-alert"
    summary = "Value leaves a protocol, a pool's price departs from the reference, a contract changes."
    order = 40
    fields = (
        FieldSpec(
            "signal",
            "What",
            "choice",
            required=True,
            choices=tuple(Choice(name, label) for name, label in _SIGNALS.items()),
        ),
        FieldSpec("chain", "Chain", "chain", required=True),
        FieldSpec("protocol", "Protocol", "text", help="Its id, such as uniswap-v3"),
        FieldSpec("token", "Token", "token"),
        FieldSpec("pool", "Pool", "address", help="Any pool when left out"),
        FieldSpec("contract", "Contract", "address"),
        FieldSpec("drop_pct", "Falls by at least", "percent", "%", operators=("gte",)),
        FieldSpec(
            "window_seconds",
            "Within",
            "duration",
            "s",
            choices=tuple(Choice(str(each), formats.duration(each)) for each in metrics.TVL_WINDOWS_SECONDS),
            help="24 hours when left out",
        ),
        FieldSpec("deviation_pct", "Apart by at least", "percent", "%", operators=("gte", "gt")),
        FieldSpec("value_usd", "Worth at least", "number", "USD", operators=("gte",)),
        FieldSpec("share_pct", "At least this part of the pool", "percent", "%", operators=("gte",)),
        FieldSpec(
            "score",
            "Risk score",
            "number",
            "0-100",
            operators=("gte", "gt", "lte", "lt"),
            help="Higher is riskier; needs a score of the contract, without one the rule waits",
        ),
    )

    async def parse(self, raw: RawConditions, context: ParseContext) -> RiskConditions:
        """Return the conditions."""
        form = Form(self.fields, raw)
        signal, chain_id = form.choice("signal"), form.chain(context)
        if signal is None:
            form.end()
            raise AssertionError("a required choice is blamed when it is missing")
        for name in form.found.keys() - {"signal", "chain", *_FIELDS_OF[signal]}:
            form.blame(name, f"This belongs to another signal. Here are: {', '.join(_FIELDS_OF[signal])}.")
        needed = {"tvl_drop": "protocol", "oracle_deviation": "token"}.get(signal, "contract")
        if signal != "liquidity_removed" and needed not in form:
            form.blame(needed, "Say which one is meant.")
        if signal == "tvl_drop":
            protocol = form.take("protocol", _protocol, "")
            drop = self._needed(form, "drop_pct", _HUNDRED)
            window = form.duration("window_seconds", 86_400)
            form.end()
            return MetricChangeConditions(metrics.TVL_USD, chain_id, protocol, window, "fall", -drop)
        if signal == "oracle_deviation":
            token = await form.token(context, chain_id)
            deviation = self._needed(form, "deviation_pct", limits.MAX_RISE_PCT)
            form.end()
            test = PRICE_TESTS[form.operator("deviation_pct")]
            return MetricConditions(metrics.ORACLE_DEVIATION_PCT, chain_id, token, test, deviation)
        if signal == "risk_score":
            score, contract = self._needed(form, "score", _HUNDRED), form.address("contract")
            form.end()
            return MetricConditions(metrics.RISK_SCORE, chain_id, contract, PRICE_TESTS[form.operator("score")], score)
        return self._occurrence(form, signal, chain_id)

    def stored(self, conditions: RiskConditions) -> Stored:
        """Return the stored list."""
        if isinstance(conditions, OccurrenceConditions):
            (topic,), (chain_id,) = conditions.topics, conditions.chains
            name = "pool" if topic == metrics.LIQUIDITY_REMOVED else "contract"
            listed = [is_("signal", _SIGNAL_OF[topic]), is_("chain", chain_id)]
            listed += [is_(name, subject) for subject in conditions.subjects]
            if conditions.least is not None:
                listed.append(condition("value_usd", "gte", conditions.least))
            return [*listed, condition("share_pct", "gte", conditions.detail[1])] if conditions.detail else listed
        chain = is_("chain", conditions.chain_id)
        if isinstance(conditions, MetricChangeConditions):
            drop = condition("drop_pct", "gte", -conditions.percent)
            window = is_("window_seconds", conditions.window_seconds)
            return [is_("signal", "tvl_drop"), chain, is_("protocol", conditions.subject), drop, window]
        if conditions.metric == metrics.RISK_SCORE:
            score = condition("score", conditions.test, conditions.threshold)
            return [is_("signal", "risk_score"), chain, is_("contract", conditions.subject), score]
        deviation = condition("deviation_pct", conditions.test, conditions.threshold)
        return [is_("signal", "oracle_deviation"), chain, is_("token", conditions.subject), deviation]

    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> RiskConditions:
        """Return the typed conditions."""
        found = by_field(stored)
        signal, chain_id = found["signal"]["value"], int(found["chain"]["value"])
        if signal == "tvl_drop":
            window, drop = int(found["window_seconds"]["value"]), number_in(found["drop_pct"])
            protocol = found["protocol"]["value"]
            return MetricChangeConditions(metrics.TVL_USD, chain_id, protocol, window, "fall", -drop)
        if signal in ("oracle_deviation", "risk_score"):
            is_oracle = signal == "oracle_deviation"
            number = found["deviation_pct" if is_oracle else "score"]
            subject = found["token" if is_oracle else "contract"]["value"]
            metric = metrics.ORACLE_DEVIATION_PCT if is_oracle else metrics.RISK_SCORE
            return MetricConditions(metric, chain_id, subject, PRICE_TESTS[number["operator"]], number_in(number))
        subject = found.get("pool") or found.get("contract")
        return OccurrenceConditions(
            frozenset((_TOPICS[signal],)),
            frozenset((chain_id,)),
            frozenset((subject["value"],)) if subject else frozenset(),
            number_in(found["value_usd"]) if "value_usd" in found else None,
            (_SHARE, number_in(found["share_pct"])) if "share_pct" in found else None,
        )

    def message(self, conditions: RiskConditions, event: Event) -> str:
        """Return what changed, how much, where, and the transaction."""
        if isinstance(conditions, OccurrenceConditions):
            if not isinstance(event, Occurrence):
                raise ValueError(f"no alert comes of {type(event).__name__}")
            return occurrence_words(event)
        label = event.label if isinstance(event, Reading) else None
        name = formats.untrusted_text(label) if label else subject_words(conditions.subject)
        return metric_message(conditions, event, f" of {name}{chain_words(conditions.chain_id)}")

    def sentence(self, conditions: RiskConditions, symbols: Symbols) -> str:
        """Return `The value locked of uniswap-v3 on Ethereum falls by at least 20% within 1 day`."""
        if not isinstance(conditions, OccurrenceConditions):
            is_token = conditions.metric == metrics.ORACLE_DEVIATION_PCT
            name = token_name(conditions.subject, symbols) if is_token else subject_words(conditions.subject)
            return metric_sentence(conditions, f" of {name}{chain_words(conditions.chain_id)}")
        (topic,), (chain_id,) = conditions.topics, conditions.chains
        subject = next((formats.address(each) for each in conditions.subjects), "any pool")
        if topic != metrics.LIQUIDITY_REMOVED:
            what = "owner" if topic == metrics.OWNERSHIP_CHANGED else "implementation"
            return f"The {what} of {subject}{chain_words(chain_id)} changes"
        size = f" worth at least {formats.usd(conditions.least)}" if conditions.least is not None else ""
        share = f", at least {plain(conditions.detail[1])}% of the pool," if conditions.detail else ""
        return f"Liquidity{size}{share} is removed from {subject}{chain_words(chain_id)}"

    def tokens(self, conditions: RiskConditions) -> frozenset[str]:
        """Return the token whose price is compared."""
        if isinstance(conditions, MetricConditions) and conditions.metric == metrics.ORACLE_DEVIATION_PCT:
            return frozenset((conditions.subject,))
        return frozenset()

    def _needed(self, form: Form, name: str, most: Decimal) -> Decimal:
        if name not in form:
            form.blame(name, "Say how much.")
        return form.number(name, _LEAST_PCT, most)

    def _occurrence(self, form: Form, signal: str, chain_id: int) -> OccurrenceConditions:
        least = detail = None
        if "value_usd" in form:
            least = form.number("value_usd", Decimal(1), limits.MAX_WHALE_USD)
        if "share_pct" in form:
            detail = (_SHARE, form.number("share_pct", _LEAST_PCT, _HUNDRED))
        subject = form.address("pool" if signal == "liquidity_removed" else "contract")
        if signal == "liquidity_removed" and not subject and least is None:
            form.blame("value_usd", "Name a pool, or say how much must be removed.")
        form.end()
        subjects = frozenset((subject,)) if subject else frozenset[str]()
        return OccurrenceConditions(frozenset((_TOPICS[signal],)), frozenset((chain_id,)), subjects, least, detail)


def _protocol(value: Any) -> str:
    text = re.sub(r"[^a-z0-9]+", "-", value.strip().lower()).strip("-") if isinstance(value, str) else ""
    if not _PROTOCOL.fullmatch(text):
        raise ValueError("Give the protocol's id, such as uniswap-v3.")
    return text
