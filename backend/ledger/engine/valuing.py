"""What the legs of an event were worth when it happened, in US dollars. Pure.

A leg is worth its amount times its own price. Movements of one asset within an event count together, so that change
that came back is not taken for something that was bought; of a transfer, those with one other account do. Where one
thing was given for another, a side whose worth is unknown takes the worth of the other side (IRS Publication 544: what
is received is worth what was given for it), and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from backend.ledger.engine.lots import COST_QUANTUM, LEDGER, cost_share
from backend.ledger.events import Event, Kind, Leg, LegRole

Basis = Literal["price", "other side"]


class Asset(NamedTuple):
    """A token on a chain; `token_id` is None but for ERC-721 and ERC-1155."""

    chain_id: int
    token: str
    token_id: int | None = None


# What goes in is worth what comes out, but for what was earned.
_EXCHANGES = frozenset(
    {
        Kind.SWAP,
        Kind.WRAP,
        Kind.LP_ADD,
        Kind.LP_REMOVE,
        Kind.SUPPLY,
        Kind.WITHDRAW,
        Kind.STAKE,
        Kind.UNSTAKE,
    }
)
Decimals = Mapping[Asset, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What came (positive) or went (negative) of one asset in an event, all movements together.

    `value_usd` is the worth of the amount without its sign, None when nobody knows it; `basis` says by what it is
    known.
    """

    asset: Asset
    amount_raw: int
    role: LegRole
    counterparty: str | None
    value_usd: Decimal | None
    basis: Basis | None

    @property
    def signed_usd(self) -> Decimal | None:
        """The worth with the sign of the amount."""
        return self.value_usd if self.value_usd is None or self.amount_raw > 0 else -self.value_usd


@dataclass(frozen=True, slots=True)
class ValuedEvent:
    """An event, its movements by asset, and the worth of its fee (None: unknown; zero when there is none)."""

    event: Event
    flows: tuple[Flow, ...]
    fee_usd: Decimal | None

    @property
    def came(self) -> tuple[Flow, ...]:
        """What came in."""
        return tuple(flow for flow in self.flows if flow.amount_raw > 0)

    @property
    def went(self) -> tuple[Flow, ...]:
        """What went out."""
        return tuple(flow for flow in self.flows if flow.amount_raw < 0)


def asset_of(event: Event, leg: Leg) -> Asset:
    """Return the asset of a leg."""
    return Asset(event.chain_id, leg.token, leg.token_id)


def valued_event(event: Event, decimals: Decimals, native: str) -> ValuedEvent:
    """Return an event with its movements valued; `native` is how legs name the chain's own currency (18 decimals)."""
    flows = _together(event, decimals)
    if event.kind in _EXCHANGES:
        flows = _fair(flows)
    return ValuedEvent(event, tuple(flows), _fee_usd(event, decimals.get(Asset(event.chain_id, native), 18)))


def total_usd(flows: Sequence[Flow]) -> Decimal | None:
    """Return what movements were worth together, None when one is unknown or there are none."""
    if not flows:
        return None
    total = Decimal(0)
    for flow in flows:
        if flow.value_usd is None:
            return None
        total = LEDGER.add(total, flow.value_usd)
    return total


def traded_usd(event: ValuedEvent) -> Decimal | None:
    """Return what a trade was worth: what came, where that is unknown what went; None when neither is known.

    One figure for both sides, so that what was sold made no gain that the purchase does not cost.
    """
    came = total_usd(event.came)
    return total_usd(event.went) if came is None else came


def shares_usd(whole: Decimal | None, flows: Sequence[Flow]) -> list[Decimal | None]:
    """Return a sum shared over movements by their worth, the last taking what rounding leaves; None: unknown."""
    if len(flows) == 1:
        return [whole]
    own = total_usd(flows)
    if whole is None or own is None or own <= 0:
        return [None] * len(flows)
    shares: list[Decimal | None] = []
    rest = whole
    for flow in flows[:-1]:
        share = LEDGER.quantize(LEDGER.divide(LEDGER.multiply(whole, flow.value_usd or Decimal(0)), own), COST_QUANTUM)
        shares.append(share)
        rest = LEDGER.subtract(rest, share)
    return [*shares, rest]


def part_usd(value_usd: Decimal | None, amount_raw: int, whole_raw: int) -> Decimal | None:
    """Return the worth of a part of an amount."""
    return None if value_usd is None else cost_share(value_usd, amount_raw, whole_raw)


def _together(event: Event, decimals: Decimals) -> list[Flow]:
    """Return one movement an asset and role (and other account), as the legs come; what nets to nothing is left out."""
    groups: dict[tuple[Asset, LegRole, str | None], list[Leg]] = {}
    for leg in event.legs:
        other = leg.counterparty if event.kind is Kind.TRANSFER else None
        groups.setdefault((asset_of(event, leg), leg.role, other), []).append(leg)
    flows = []
    for (asset, role, _), legs in groups.items():
        amount = sum(leg.amount_raw for leg in legs)
        if amount == 0:
            continue
        others = {leg.counterparty for leg in legs}
        value = _value_usd(abs(amount), decimals.get(asset), _price(legs))
        flows.append(
            Flow(
                asset=asset,
                amount_raw=amount,
                role=role,
                counterparty=others.pop() if len(others) == 1 else None,
                value_usd=value,
                basis=None if value is None else "price",
            )
        )
    return flows


def _price(legs: Sequence[Leg]) -> Decimal | None:
    return next((leg.price_usd for leg in legs if leg.price_usd is not None), None)


def _fair(flows: list[Flow]) -> list[Flow]:
    """Give the one movement of unknown worth on a side the worth of the other side, less what else is on its own."""
    given = [flow for flow in flows if flow.role != "reward"]
    sides = [flow for flow in given if flow.amount_raw > 0], [flow for flow in given if flow.amount_raw < 0]
    found: dict[int, Flow] = {}
    for side, other in (sides, sides[::-1]):
        unknown = [flow for flow in side if flow.value_usd is None]
        whole = total_usd(other)
        if len(unknown) != 1 or whole is None:
            continue
        known = sum((flow.value_usd for flow in side if flow.value_usd is not None), Decimal(0))
        value = LEDGER.subtract(whole, known)
        if value < 0:
            continue
        flow = unknown[0]
        found[id(flow)] = Flow(
            asset=flow.asset,
            amount_raw=flow.amount_raw,
            role=flow.role,
            counterparty=flow.counterparty,
            value_usd=value,
            basis="other side",
        )
    return [found.get(id(flow), flow) for flow in flows]


def _fee_usd(event: Event, decimals: int | None) -> Decimal | None:
    if event.fee_wei == 0:
        return Decimal(0)
    return None if event.fee_wei is None else _value_usd(event.fee_wei, decimals, event.fee_price_usd)


def _value_usd(amount_raw: int, decimals: int | None, price_usd: Decimal | None) -> Decimal | None:
    if decimals is None or price_usd is None:
        return None
    worth = LEDGER.multiply(LEDGER.scaleb(Decimal(amount_raw), -decimals), price_usd)
    return LEDGER.quantize(worth, COST_QUANTUM)
