"""What a snapshot says of risk, pure: where the value really is once positions are looked through, and how spread.

A position is in a snapshot as the tokens that it stands for, so an asset's exposure is what lies in wallets, what is
inside positions, less what is owed. Stablecoins count as such wherever they are held.
"""

from collections.abc import Collection, Iterable
from decimal import Decimal, localcontext

from backend.chain.registry import chain_name
from backend.portfolio.engine.concentration import concentration
from backend.portfolio.engine.exact import EXACT, percent
from backend.portfolio.engine.stable_share import STABLECOIN, stable_share_pct
from backend.portfolio.engine.valuation import Holding, Valued
from backend.portfolio.figures.schemas import ExposureRead, RiskRead
from backend.portfolio.holdings import AssetKey
from backend.portfolio.snapshots.records import AssetPart, Snapshot, sum_by

_SHOWN = Decimal("0.0001")


def risk_of(snapshot: Snapshot | None, stablecoins: Collection[AssetKey] = ()) -> RiskRead:
    """Return the risk of a snapshot; `stablecoins` are counted so inside positions too, where they have no category."""
    if snapshot is None:
        return RiskRead(
            taken_at=None,
            hhi=None,
            equal_parts=None,
            largest_share_pct=None,
            stable_share_pct=None,
            debt_share_pct=None,
            lowest_health_factor=None,
            unknown=0,
            exposures=[],
        )
    exposures = exposures_of(snapshot)
    positive = {_key(each): each.net_usd for each in exposures if each.net_usd > 0}
    spread = concentration(positive.values())
    whole = sum_by(("", value) for value in positive.values()).get("", Decimal(0))
    owed = sum_by(("", each.owed_usd) for each in exposures).get("", Decimal(0))
    held = sum_by(("", part.value_usd) for part in snapshot.assets if (part.value_usd or 0) > 0).get("", Decimal(0))
    stable = _stable_keys(snapshot.assets) | set(stablecoins)
    factors = [
        part.position.health_factor
        for part in snapshot.assets
        if part.position is not None and part.position.health_factor is not None
    ]
    return RiskRead(
        taken_at=snapshot.taken_at,
        hhi=None if spread is None else _places(spread.hhi),
        equal_parts=None if spread is None else spread.effective_parts.quantize(Decimal("0.01")),
        largest_share_pct=_places(percent(max(positive.values()), whole)) if positive else None,
        stable_share_pct=_places(stable_share_pct(_valued(key, value, stable) for key, value in positive.items())),
        debt_share_pct=_places(percent(-owed, held)),
        lowest_health_factor=min(factors, default=None),
        unknown=sum(part.value_usd is None for part in snapshot.holdings),
        exposures=exposures,
    )


def exposures_of(snapshot: Snapshot) -> list[ExposureRead]:
    """Return the exposure to each asset, the largest first, of what has a known value."""
    symbols = {(part.chain_id, part.token): part.symbol for part in snapshot.assets}
    known = [part for part in snapshot.assets if part.value_usd is not None]
    sums = sum_by(((part.chain_id, part.token, _place(part)), part.value_usd) for part in known)
    items = []
    for chain_id, token in dict.fromkeys((part.chain_id, part.token) for part in known):
        parts = {place: sums.get((chain_id, token, place), Decimal(0)) for place in ("wallet", "position", "owed")}
        with localcontext(EXACT):
            net = sum(parts.values(), Decimal(0))
        items.append(
            ExposureRead(
                chain_id=chain_id,
                chain=chain_name(chain_id),
                token=token,
                symbol=symbols[chain_id, token],
                in_wallets_usd=parts["wallet"],
                in_positions_usd=parts["position"],
                owed_usd=parts["owed"],
                net_usd=net,
                share_pct=_places(percent(net, snapshot.total_value_usd)),
            )
        )
    return sorted(items, key=lambda each: (-abs(each.net_usd), each.chain_id, each.token))


def _place(part: AssetPart) -> str:
    if part.position is None:
        return "wallet"
    return "owed" if (part.value_usd or 0) < 0 else "position"


def _stable_keys(parts: Iterable[AssetPart]) -> set[AssetKey]:
    return {AssetKey(part.chain_id, part.token) for part in parts if part.category == STABLECOIN}


def _valued(key: AssetKey, value: Decimal, stable: Collection[AssetKey]) -> Valued:
    return Valued(Holding("", key, None, None, None, STABLECOIN if key in stable else None), value)


def _key(each: ExposureRead) -> AssetKey:
    return AssetKey(each.chain_id, each.token)


def _places(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(_SHOWN)
