"""Impermanent loss over all positions: of the wallets by what the ledger knows, of those added by hand by formula."""

from collections.abc import Sequence
from decimal import Decimal, localcontext

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core import formats
from backend.portfolio.engine.exact import EXACT
from backend.portfolio.liquidity.schemas import LiquidityRead, LossDashboard, LossRead
from backend.portfolio.liquidity.service import list_added
from backend.portfolio.position_history import position_history
from backend.portfolio.position_list import position_list
from backend.portfolio.schemas import PositionHistoryRead, PositionRead
from backend.portfolio.snapshots.service import latest
from backend.portfolio.snapshots.store import SnapshotStore

MOST_POSITIONS = 100
_VERSIONS = {"v2": "Uniswap V2", "v3": "Uniswap V3"}
_PCT = Decimal("0.0001")
NO_AMOUNT = "What was put in was not said, so the loss in dollars is not known."


@requires(Feature.PORTFOLIO)
async def dashboard(store: SnapshotStore, session: AsyncSession, user: CurrentUser) -> LossDashboard:
    """Return the loss of every liquidity position, the worst in percent first."""
    positions = [each for each in position_list(await latest(store, user)).items if each.kind == "lp"]
    items = [of_wallet(each, await position_history(session, user, each)) for each in positions[:MOST_POSITIONS]]
    items += [of_added(each) for each in await list_added(session, user)]
    return together(items)


def together(items: Sequence[LossRead]) -> LossDashboard:
    """Return losses in order with their sums over those that are known in dollars."""
    ordered = sorted(items, key=lambda item: (item.il_pct is None, item.il_pct or 0, item.name, item.key))
    known = [item for item in items if item.il_usd is not None and item.hold_usd is not None]
    with localcontext(EXACT):
        lost = sum((item.il_usd or Decimal(0) for item in known), Decimal(0))
        hold = sum((item.hold_usd or Decimal(0) for item in known), Decimal(0))
        return LossDashboard(
            items=list(ordered),
            il_usd=lost if known else None,
            hold_usd=hold if known else None,
            il_pct=(lost / hold * 100).quantize(_PCT) if hold > 0 else None,
            known=len(known),
            unknown=len(items) - len(known),
        )


def of_wallet(position: PositionRead, history: PositionHistoryRead) -> LossRead:
    """Return the loss of a position that was read from a wallet."""
    inside = position.price_range.is_in_range if position.price_range else None
    return LossRead(
        origin="wallet",
        key=str(position.id),
        name=pair_name([part.symbol or formats.address(part.token) for part in position.parts]),
        protocol=position.protocol,
        chain_id=position.chain_id,
        chain=position.chain,
        wallet=position.wallet,
        value_usd=position.value_usd,
        hold_usd=history.hold_usd,
        il_pct=history.il_pct,
        il_usd=history.il_usd,
        fees_usd=history.fees_usd,
        net_usd=history.net_usd,
        is_in_range=inside,
        entered_at=history.entered_at,
        as_of=position.taken_at,
        block_number=position.block_number,
        problem=position.problem or history.problem,
    )


def of_added(added: LiquidityRead) -> LossRead:
    """Return the loss of liquidity that was added by hand."""
    pair = [token.symbol or formats.address(token.address) for token in (added.token0, added.token1)]
    has_amount = added.amount0 is not None
    return LossRead(
        origin="added",
        key=str(added.id),
        name=added.label or pair_name(pair),
        protocol=_VERSIONS[added.version] if added.is_known_factory else f"{added.version.upper()} pool",
        chain_id=added.chain_id,
        chain=added.chain,
        wallet=None,
        value_usd=added.position_usd,
        hold_usd=added.hold_usd,
        il_pct=added.il_pct,
        il_usd=added.il_usd,
        fees_usd=None,
        net_usd=None,
        is_in_range=added.is_in_range,
        entered_at=added.entry_at,
        as_of=added.read_at,
        block_number=added.block_number,
        problem=added.problem or (None if has_amount else NO_AMOUNT),
    )


def pair_name(symbols: Sequence[str]) -> str:
    """Return what a pair is called, each token once, as text fit to show."""
    return " / ".join(dict.fromkeys(formats.untrusted_text(symbol) for symbol in symbols)) or "?"
