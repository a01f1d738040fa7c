"""The risk of what the portfolio holds now: where the value really is, how spread, and how alike it moves."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.market.ladder.service import shared_ladder
from backend.portfolio.figures import service as figures
from backend.portfolio.figures.schemas import CorrelationRead, ExposureRead, RiskRead
from backend.portfolio.snapshots.service import latest
from components.i18n import t
from state.guard import signed_in
from state.portfolio_rows import part_rows
from state.shell_state import ShellState
from state.view_models import CountRow, KpiTile

ADDRESS = "/portfolio/risk/"
MOST_EXPOSURES = 50
# Where the square of a correlation is coloured: |rho| from a quarter, a half, three quarters on.
_STEPS = (0.75, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """What is held of an asset in the end; `bar` is its share as a CSS length."""

    key: str
    symbol: str
    chain: str
    in_wallets: str
    in_positions: str
    owed: str
    net: str
    share: str
    bar: str


@dataclass(frozen=True, slots=True)
class CorrelationCell:
    """One coefficient; `shade` is 0 to 3 by its size, `sign` plus, minus or none."""

    key: str
    text: str
    shade: str
    title: str


@dataclass(frozen=True, slots=True)
class CorrelationRow:
    """An asset and its coefficients with each."""

    label: str
    cells: list[CorrelationCell]


class PortfolioRiskState(rx.State):
    """What the risk page shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    has_snapshot: bool = False
    taken_at: str = ""
    tiles: list[KpiTile] = []
    exposures: list[ExposureRow] = []
    exposures_note: str = ""
    by_protocol: list[CountRow] = []
    labels: list[str] = []
    correlations: list[CorrelationRow] = []
    correlations_note: str = ""
    has_correlations: bool = False

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the risk of the newest snapshot."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        held = resources()
        ladder = shared_ladder(held.settings, held.timeseries, held.counters)
        async with held.snapshots.open(user.id) as store, held.database.unit_of_work(user.id) as session:
            newest = await latest(store, user)
            risk, alike = await figures.risk_and_correlation(store, session, user, held.settings, ladder)
        self.has_snapshot, self.taken_at = risk.taken_at is not None, formats.iso(risk.taken_at)
        self.tiles = _tiles(risk)
        self.exposures = [_exposure(each) for each in risk.exposures[:MOST_EXPOSURES]]
        self.exposures_note = _exposures_note(risk)
        self.labels = alike.labels
        self.correlations = _rows(alike)
        pairs = [value for place, row in enumerate(alike.rows) for value in row[:place]]
        self.has_correlations = any(value is not None for value in pairs)
        self.by_protocol = [] if newest is None else part_rows(newest, "protocol", {})
        self.correlations_note = t(
            "risk.correlation_filling" if alike.is_filling else "risk.correlation_note",
            days=formats.number(alike.days),
            source=alike.source,
        )
        self.failure = self.failure_id = ""
        self.loaded = True


def _tiles(risk: RiskRead) -> list[KpiTile]:
    parts = risk.equal_parts
    factor = risk.lowest_health_factor
    return [
        _tile("hhi", _plain(risk.hhi), t("risk.equal_parts", count=_plain(parts)) if parts is not None else ""),
        _tile("largest", formats.percent(risk.largest_share_pct, signed=False), _largest(risk)),
        _tile("stable", formats.percent(risk.stable_share_pct, signed=False)),
        _tile("debt", formats.percent(risk.debt_share_pct, signed=False)),
        _tile(
            "health",
            formats.UNKNOWN if factor is None else f"{factor:.2f}",
            t("risk.no_debt") if factor is None else t("risk.liquidated_below"),
        ),
        _tile("unknown", formats.number(risk.unknown), t("risk.unknown_note") if risk.unknown else ""),
    ]


def _tile(key: str, value: str, note: str = "") -> KpiTile:
    return KpiTile(key=f"risk-{key}", label=t(f"risk.{key}"), value=value, note=note, source=t(f"risk.{key}_means"))


def _largest(risk: RiskRead) -> str:
    first = next((each for each in risk.exposures if each.net_usd > 0), None)
    return _symbol(first) if first else ""


def _exposure(each: ExposureRead) -> ExposureRow:
    share = max(Decimal(0), min(Decimal(100), each.share_pct or Decimal(0)))
    return ExposureRow(
        key=f"{each.chain_id}:{each.token}",
        symbol=_symbol(each),
        chain=each.chain,
        in_wallets=_known(each.in_wallets_usd),
        in_positions=_known(each.in_positions_usd),
        owed=_known(each.owed_usd),
        net=formats.usd(each.net_usd),
        share=formats.percent(each.share_pct, signed=False),
        bar=f"{share}%",
    )


def _exposures_note(risk: RiskRead) -> str:
    shown, total = min(MOST_EXPOSURES, len(risk.exposures)), len(risk.exposures)
    return t("risk.exposures_note", shown=formats.number(shown), total=formats.number(total))


def _rows(alike: CorrelationRead) -> list[CorrelationRow]:
    return [
        CorrelationRow(
            label,
            [
                _cell(f"{label}-{other}", value, t("risk.pair", one=label, other=other))
                for other, value in zip(alike.labels, row, strict=True)
            ],
        )
        for label, row in zip(alike.labels, alike.rows, strict=True)
    ]


def _cell(key: str, value: float | None, pair: str) -> CorrelationCell:
    if value is None:
        return CorrelationCell(key, formats.UNKNOWN, "0", f"{pair}: {t('risk.too_few')}")
    shade = 3 - next((place for place, step in enumerate(_STEPS) if abs(value) >= step), 3)
    text = f"{value:+.2f}".replace("-", formats.MINUS)
    return CorrelationCell(key, text, str(shade), pair)


def _symbol(each: ExposureRead) -> str:
    return formats.untrusted_text(each.symbol) if each.symbol else formats.address(each.token)


def _known(value: Decimal) -> str:
    """Return a part in dollars; what is not there at all stays blank: it is no reading of zero."""
    return formats.usd(value) if value else ""


def _plain(value: Decimal | None) -> str:
    return formats.UNKNOWN if value is None else f"{value:.2f}"
