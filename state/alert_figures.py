"""Figures of alerts as tiles, bars and rows."""

from collections.abc import Sequence
from urllib.parse import urlencode

from backend.alerts.insights.schemas import (
    AlertAnalytics,
    AlertDashboard,
    ChannelDeliveries,
    CountedAlerts,
    DeliveryFigures,
    Quantiles,
    RuleAlerts,
)
from backend.core import formats
from components.i18n import catalogue, t
from state.alert_rows import kind_label
from state.view_models import Bar, ChannelRow, CountRow, KpiTile, LatencyRow, sparkline_path

UNKNOWN = formats.UNKNOWN


def dashboard_tiles(found: AlertDashboard) -> list[KpiTile]:
    """Return the numbers that stand on top of the alerts overview."""
    day, as_of, counted = found.last_24h, formats.iso(found.as_of), t("figures.counted")
    told = [float(hour.told) for hour in found.hours]
    latency = found.latency.event_to_stored
    return [
        KpiTile(
            key="alert-rules",
            label=t("figures.rules"),
            value=formats.number(found.rules_active),
            note=t("figures.rules_note", total=formats.number(found.rules_total)),
            source=counted,
        ),
        KpiTile(
            key="alert-day",
            label=t("figures.told"),
            value=formats.number(day.told),
            note=t("figures.week_note", week=formats.number(found.last_7d.told)),
            source=counted,
            path=sparkline_path(told) if any(told) else "",
            path_label=t("figures.hours", most=formats.number(int(max(told, default=0)))),
            direction="flat",
        ),
        _delivery_tile(found.deliveries),
        KpiTile(
            key="alert-latency",
            label=t("figures.latency"),
            value=milliseconds(latency.p50_ms),
            note=t("figures.p95", value=milliseconds(latency.p95_ms)) if latency.sample else t("figures.no_sample"),
            source=t("figures.latency_source", sample=formats.number(latency.sample)),
        ),
        KpiTile(
            key="alert-held",
            label=t("figures.held"),
            value=formats.number(day.suppressed),
            note=t("figures.held_note") if day.suppressed else t("figures.held_none"),
            source=t("figures.held_source"),
            as_of=as_of,
        ),
    ]


def _delivery_tile(found: DeliveryFigures) -> KpiTile:
    return KpiTile(
        key="alert-delivery",
        label=t("figures.delivery"),
        value=UNKNOWN if found.rate_pct is None else f"{found.rate_pct:.2f}%",
        note=_delivery_note(found),
        source=t("figures.delivery_source", sent=formats.number(found.sent), dead=formats.number(found.dead)),
    )


def _delivery_note(found: DeliveryFigures) -> str:
    if found.dead:
        return t("tile.delivery_dead", count=formats.number(found.dead))
    if found.waiting:
        return t("tile.delivery_waiting", count=formats.number(found.waiting))
    return t("tile.delivery_none") if found.rate_pct is None else t("tile.delivery_fine")


def milliseconds(value: float | None) -> str:
    """Return a duration of milliseconds in its largest fitting unit: `84 ms`, `1.20 s`, `2.5 min`."""
    if value is None:
        return UNKNOWN
    if value >= 60_000:
        return f"{value / 60_000:.1f} min"
    return f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.0f} ms"


def kind_rows(found: AlertDashboard) -> list[CountRow]:
    """Return how many rules of each kind there are, and what they told in a week."""
    most = max((kind.alerts_7d for kind in found.kinds), default=0)
    return [
        CountRow(
            key=kind.kind,
            name=kind_label(kind.kind),
            href="/alerts/history/?" + urlencode({"type": kind.kind}),
            count=formats.number(kind.alerts_7d),
            share=_share(kind.alerts_7d, most),
            note=t("figures.kind_note", active=formats.number(kind.active), rules=formats.number(kind.rules)),
        )
        for kind in found.kinds
    ]


def period_bars(found: AlertAnalytics) -> list[Bar]:
    """Return one bar a period; the highest fills the height."""
    most = max((period.alerts for period in found.periods), default=0)
    return [
        Bar(
            label=f"{period.start:%b %Y}" if found.unit == "month" else f"{period.start:%d %b}",
            start=period.start.isoformat(),
            told=formats.number(period.told),
            suppressed=formats.number(period.suppressed),
            withdrawn=formats.number(period.withdrawn),
            told_height=_share(period.told, most),
            suppressed_height=_share(period.suppressed, most),
            withdrawn_height=_share(period.withdrawn, most),
            title=_words(f"{period.start:%d %b %Y}", period),
        )
        for period in found.periods
    ]


def _words(label: str, counted: CountedAlerts) -> str:
    return t(
        "figures.bar",
        label=label,
        told=formats.number(counted.told),
        suppressed=formats.number(counted.suppressed),
        withdrawn=formats.number(counted.withdrawn),
    )


def top_rule_rows(rules: Sequence[RuleAlerts]) -> list[CountRow]:
    """Return the rules that fired most."""
    most = max((rule.alerts for rule in rules), default=0)
    return [
        CountRow(
            key=str(rule.rule_id),
            name=rule.name or t("figures.deleted"),
            href=f"/alerts/rules/{rule.rule_id}/",
            count=formats.number(rule.alerts),
            share=_share(rule.alerts, most),
            note=kind_label(rule.kind),
        )
        for rule in rules
    ]


def part_rows(found: AlertAnalytics) -> tuple[list[CountRow], list[CountRow]]:
    """Return the alerts by kind and by chain."""
    most_kind = max((kind.alerts for kind in found.kinds), default=0)
    most_chain = max((chain.alerts for chain in found.chains), default=0)
    kinds = [
        CountRow(
            key=kind.kind,
            name=kind_label(kind.kind),
            href="/alerts/history/?" + urlencode({"type": kind.kind}),
            count=formats.number(kind.alerts),
            share=_share(kind.alerts, most_kind),
        )
        for kind in found.kinds
    ]
    chains = [
        CountRow(
            key=str(chain.chain_id),
            name=chain.chain,
            count=formats.number(chain.alerts),
            share=_share(chain.alerts, most_chain),
        )
        for chain in found.chains
    ]
    return kinds, chains


def channel_rows(channels: Sequence[ChannelDeliveries]) -> list[ChannelRow]:
    """Return how the messages of each channel fared."""
    return [
        ChannelRow(
            key=each.channel,
            name=channel_label(each.channel),
            sent=formats.number(each.sent),
            dead=formats.number(each.dead),
            waiting=formats.number(each.waiting),
            rate=UNKNOWN if each.rate_pct is None else f"{each.rate_pct:.2f}%",
        )
        for each in channels
    ]


def latency_rows(found: AlertAnalytics) -> list[LatencyRow]:
    """Return how long the parts of the way took."""
    parts: list[tuple[str, Quantiles]] = [
        ("event_to_stored", found.latency.event_to_stored),
        ("stored_to_delivered", found.latency.stored_to_delivered),
        ("event_to_delivered", found.latency.event_to_delivered),
    ]
    return [
        LatencyRow(
            name=t(f"figures.{name}"),
            half=milliseconds(part.p50_ms),
            most=milliseconds(part.p95_ms),
            sample=formats.number(part.sample),
        )
        for name, part in parts
    ]


def channel_label(channel: str) -> str:
    """Return what a channel is called."""
    return catalogue().get(f"channel.{channel}") or channel.replace("_", " ").capitalize()


def _share(part: int, whole: int) -> str:
    """Return a part of the largest as a CSS length; what is not zero can be seen."""
    if not whole or not part:
        return "0%"
    return f"{max(1.0, 100 * part / whole):.2f}%"
