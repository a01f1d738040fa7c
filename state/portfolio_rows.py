"""What the portfolio pages show of a snapshot: strings, ready to read. Unknown is said to be unknown, never zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import chain_name, find_chain
from backend.core import formats
from backend.core.money import plain, token_amount
from backend.portfolio.profit.schemas import ProfitRead
from backend.portfolio.schemas import ChainRead
from backend.portfolio.service import (
    OTHER,
    REST,
    AssetPart,
    AverageCosts,
    ChainPart,
    History,
    Part,
    Range,
    Snapshot,
    Way,
    allocation,
    asset_key,
    chain_reads,
    cost_of,
    portfolio_read,
    share_pct,
    unknown_of,
)
from components.i18n import catalogue, t
from state.view_models import ChartView, CountRow, KpiTile

MOST_PARTS = 7
ASSET_ADDRESS, NATIVE = "/portfolio/asset/", "native"
_TONES = {"fresh": "gain", "stale": "warn", "unknown": "loss"}


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One holding of one wallet; `why` says why something is unknown, `token` is empty for a chain's own currency.

    `protocol` says where it is held and as what, empty for what is in the wallet itself: only that can be hidden.
    """

    key: str
    symbol: str
    category: str
    protocol: str
    health: str
    can_hide: bool
    amount: str
    exact: str
    price: str
    price_source: str
    price_detail: str
    price_at: str
    value: str
    share: str
    cost: str
    gain: str
    gain_pct: str
    gain_tone: str
    gain_why: str
    page_to: str
    why: str
    chain: str
    chain_id: int
    block: str
    read_at: str
    token: str
    token_url: str
    wallet: str
    wallet_name: str
    wallet_short: str


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One chain of a snapshot: what it is worth, as of which block, and what is wrong with it."""

    key: str
    name: str
    value: str
    share: str
    state: str
    tone: str
    block: str
    at: str
    problem: str


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that the total does not know, in words; `at` is when it was last known, or empty."""

    key: str
    text: str
    at: str
    problem: str


def tiles_of(snapshot: Snapshot, before: Snapshot | None, profit: ProfitRead | None = None) -> list[KpiTile]:
    """Return the figures on top: worth, its change in a day, what it made, chains and holdings."""
    read = portfolio_read(snapshot, before, snapshot.taken_at)
    change, as_of = read.day_change, formats.iso(snapshot.taken_at)
    fresh = sum(part.state == "fresh" for part in snapshot.chains)
    unknown = unknown_of(snapshot.holdings)
    wallets = len({part.wallet.lower() for part in snapshot.holdings})
    return [
        KpiTile(
            key="portfolio-total",
            label=t("portfolio.total"),
            value=formats.usd(snapshot.total_value_usd),
            note=t("portfolio.total_note" if snapshot.is_complete else "portfolio.total_partly"),
            source=t("portfolio.total_source"),
            as_of=as_of,
        ),
        KpiTile(
            key="portfolio-day",
            label=t("portfolio.day"),
            value=formats.UNKNOWN if change is None else _signed(change.change_usd),
            change="" if change is None or change.change_pct is None else formats.percent(change.change_pct),
            direction="unknown" if change is None else _direction(change.change_usd),
            note=t("portfolio.day_unknown") if change is None else "",
            source=t("portfolio.day_source"),
            as_of="" if change is None else formats.iso(change.since),
        ),
        *profit_tiles(profit),
        KpiTile(
            key="portfolio-chains",
            label=t("portfolio.chains"),
            value=formats.number(len(snapshot.chains)),
            note=t("portfolio.chains_note", fresh=fresh),
            source=t("portfolio.chains_source"),
            as_of=as_of,
        ),
        KpiTile(
            key="portfolio-holdings",
            label=t("portfolio.holdings"),
            value=formats.number(len(snapshot.holdings)),
            note=t("portfolio.holdings_unknown", count=formats.number(unknown))
            if unknown
            else t("portfolio.holdings_note", wallets=formats.number(wallets)),
            source=t("portfolio.holdings_source"),
            as_of=as_of,
        ),
    ]


def profit_tiles(profit: ProfitRead | None) -> list[KpiTile]:
    """Return what holdings made: not taken yet, and taken."""
    if profit is None:
        return [
            KpiTile(
                key=f"portfolio-{name}",
                label=t(f"portfolio.{name}"),
                value=formats.UNKNOWN,
                note=t("portfolio.profit_uncounted"),
                source=t(f"portfolio.{name}_source"),
            )
            for name in ("unrealised", "realised")
        ]
    notes = {
        "unrealised": t(
            "portfolio.unrealised_note",
            percent=formats.percent(profit.unrealised_pct),
            cost=formats.usd_short(profit.cost.usd),
        ),
        "realised": t(
            "portfolio.realised_note",
            income=formats.usd_short(profit.income.usd),
            fees=formats.usd_short(profit.fees.usd),
        ),
    }
    tiles = []
    for name, found in (("unrealised", profit.unrealised), ("realised", profit.realised)):
        value = found.usd if found.known or not found.unknown else None
        unknown = t("portfolio.profit_unknown", count=formats.number(found.unknown)) if found.unknown else ""
        tiles.append(
            KpiTile(
                key=f"portfolio-{name}",
                label=t(f"portfolio.{name}"),
                value=formats.UNKNOWN if value is None else _signed(value),
                direction="unknown" if value is None else _direction(value),
                note=unknown or notes[name],
                source=t(f"portfolio.{name}_source"),
                as_of=formats.iso(profit.taken_at),
            )
        )
    return tiles


def chain_rows(snapshot: Snapshot) -> list[ChainRow]:
    """Return the chains of a snapshot, unknown ones last."""
    return [
        ChainRow(
            key=str(each.chain_id),
            name=each.chain,
            value=formats.usd(each.value_usd),
            share=formats.percent(each.share_pct, signed=False),
            state=t(f"portfolio.state_{each.state}"),
            tone=_TONES[each.state],
            block=_block(each.block_number),
            at=formats.iso(each.taken_at),
            problem=each.problem or "",
        )
        for each in chain_reads(snapshot)
    ]


def gaps_of(snapshot: Snapshot) -> list[Gap]:
    """Return what the total does not know or knows only of earlier, in words."""
    found = [_chain_gap(each) for each in chain_reads(snapshot) if each.state != "fresh"]
    unknown = unknown_of(snapshot.holdings)
    if unknown:
        words = "portfolio.gap_asset" if unknown == 1 else "portfolio.gap_assets"
        found.append(Gap("assets", t(words, count=formats.number(unknown)), "", ""))
    return found


def _chain_gap(chain: ChainRead) -> Gap:
    if chain.state == "unknown":
        return Gap(str(chain.chain_id), t("portfolio.gap_unknown", chain=chain.chain), "", chain.problem or "")
    text = t("portfolio.gap_stale", chain=chain.chain, block=formats.number(chain.block_number))
    return Gap(str(chain.chain_id), text, formats.iso(chain.taken_at), chain.problem or "")


def part_rows(snapshot: Snapshot, way: Way, names: Mapping[str, str]) -> list[CountRow]:
    """Return the parts of a snapshot as bars; `names` are those of wallets by lower-case address."""
    labels = _labels(snapshot, way, names)
    return [
        CountRow(
            key=part.key,
            name=_part_name(part, labels),
            count=formats.percent(part.share_pct, signed=False),
            share=f"{max(Decimal(0), part.share_pct or Decimal(0))}%",
            note=formats.usd(part.value_usd),
        )
        # There are few categories, and a debt put together with something else would say nothing.
        for part in allocation(snapshot, way, None if way == "category" else MOST_PARTS)
    ]


def _labels(snapshot: Snapshot, way: Way, names: Mapping[str, str]) -> dict[str, str]:
    if way == "asset":
        many = len(snapshot.chains) > 1
        return {
            asset_key(part): symbol_of(part) + (f" · {chain_name(part.chain_id)}" if many else "")
            for part in snapshot.assets
        }
    if way == "chain":
        return {str(part.chain_id): chain_name(part.chain_id) for part in snapshot.chains}
    if way == "protocol":
        named = {part.protocol: formats.untrusted_text(part.protocol) for part in snapshot.assets if part.protocol}
        return {**named, "": t("portfolio.in_wallets")}
    if way == "wallet":
        return {part.wallet.lower(): wallet_name(part.wallet, names) for part in snapshot.assets}
    return {part.category or OTHER: category_name(part.category) for part in snapshot.assets}


def _part_name(part: Part, labels: Mapping[str, str]) -> str:
    return t("portfolio.rest", count=formats.number(part.count)) if part.key == REST else labels.get(part.key, part.key)


def asset_rows(
    snapshot: Snapshot,
    parts: Sequence[AssetPart],
    names: Mapping[str, str],
    average_costs: AverageCosts | None = None,
) -> list[AssetRow]:
    """Return holdings as rows of the table; costs are those of a whole unit on average."""
    chains = {part.chain_id: part for part in snapshot.chains}
    return [_asset_row(snapshot, part, chains[part.chain_id], names, average_costs or {}) for part in parts]


def _asset_row(
    snapshot: Snapshot, part: AssetPart, chain: ChainPart, names: Mapping[str, str], average_costs: AverageCosts
) -> AssetRow:
    paid = cost_of(part, average_costs)
    gain = paid.unrealised_usd or Decimal(0)
    known = part.amount_raw is not None and part.decimals is not None
    amount = token_amount(part.amount_raw or 0, part.decimals or 0) if known else None
    is_native, about = part.token == NATIVE_TOKEN, find_chain(part.chain_id)
    symbol = symbol_of(part)
    return AssetRow(
        key=f"{asset_key(part)}:{part.wallet.lower()}:{part.protocol or ''}{'' if part.nft is None else ':nft'}",
        protocol=protocol_of(part),
        health=health_of(part),
        can_hide=not is_native and part.position is None and part.nft is None,
        symbol=symbol,
        category=category_name(part.category),
        amount=formats.amount(amount),
        exact=formats.UNKNOWN if amount is None else f"{plain(amount)} {symbol}",
        price=formats.usd(part.price_usd),
        price_source=formats.untrusted_text(part.price_source) if part.price_source else "",
        price_detail=formats.untrusted_text(part.price_detail, 160) if part.price_detail else "",
        price_at=formats.iso(part.price_taken_at),
        value=formats.usd(part.value_usd),
        share=formats.percent(share_pct(part.value_usd, snapshot), signed=False),
        cost=formats.usd(paid.cost_usd),
        gain=formats.UNKNOWN if paid.unrealised_usd is None else _signed(paid.unrealised_usd),
        gain_pct="" if paid.unrealised_pct is None else formats.percent(paid.unrealised_pct),
        gain_tone="gain" if gain > 0 else "loss" if gain < 0 else "",
        gain_why=_cost_why(part) if paid.cost_usd is None else "",
        page_to=page_of(part.chain_id, part.token),
        why=_why(part),
        chain=chain_name(part.chain_id),
        chain_id=part.chain_id,
        block=_block(chain.block_number),
        read_at=formats.iso(chain.taken_at),
        token="" if is_native else part.token,
        token_url="" if is_native or about is None else about.address_url(part.token) or "",
        wallet=part.wallet,
        wallet_name=wallet_name(part.wallet, names),
        wallet_short=formats.address(part.wallet),
    )


def protocol_of(part: AssetPart) -> str:
    """Return in which protocol a holding is, and as what; empty for what is in the wallet itself."""
    if part.protocol is None:
        return ""
    name = formats.untrusted_text(part.protocol)
    role = part.position.role if part.position is not None else ""
    words = catalogue().get(f"portfolio.role_{role}")
    return f"{name} \u00b7 {words}" if words else name


def health_of(part: AssetPart) -> str:
    """Return the health factor of the account that a holding is in, empty where there is none."""
    factor = part.position.health_factor if part.position is not None else None
    return "" if factor is None else f"{factor:.2f}"


def page_of(chain_id: int, token: str, span: str = "") -> str:
    """Return the address of an asset's page, showing the price of a time."""
    named = {"chain": str(chain_id), "token": NATIVE if token == NATIVE_TOKEN else token, "range": span}
    return f"{ASSET_ADDRESS}?{urlencode({name: value for name, value in named.items() if value})}"


def _cost_why(part: AssetPart) -> str:
    return t("portfolio.cost_unknown" if part.position is None else "portfolio.cost_inside")


def _why(part: AssetPart) -> str:
    if part.position is not None and part.position.problem:
        return part.position.problem
    if part.nft is not None and part.nft.problem:
        return part.nft.problem
    if part.value_usd is not None:
        return ""
    if part.amount_raw is None:
        return t("portfolio.why_amount")
    return t("portfolio.why_decimals") if part.decimals is None else t("portfolio.why_price")


def chart_of(name: Range, found: History) -> ChartView:
    """Return the value in time; a step without a snapshot is a gap."""
    points: list[list[float | None]] = [
        [(point.taken_at or point.starts_at).timestamp(), None if point.value_usd is None else float(point.value_usd)]
        for point in found.points
    ]
    known = [value for _, value in points if value is not None]
    title = t("portfolio.chart", span=t(f"portfolio.range_{name}"))
    gaps = len(points) - len(known)
    source = t(f"portfolio.chart_{found.step}")
    return ChartView(
        points=points if known else [],
        unit="$",
        title=title,
        summary=t(
            "chart.summary",
            title=title,
            count=len(known),
            low=f"${min(known):,.2f}",
            high=f"${max(known):,.2f}",
            last=f"${known[-1]:,.2f}",
        )
        if known
        else title,
        source=source + (" " + t("portfolio.chart_gaps", count=formats.number(gaps)) if gaps else ""),
    )


def symbol_of(part: AssetPart) -> str:
    """Return what a holding is called: untrusted text made fit to show, else the chain's currency or the contract."""
    if part.symbol:
        return formats.untrusted_text(part.symbol)
    chain = find_chain(part.chain_id)
    if part.token == NATIVE_TOKEN and chain is not None:
        return chain.currency.symbol
    return formats.address(part.token)


def category_name(category: str | None) -> str:
    """Return what a category is called."""
    key = category or OTHER
    return catalogue().get(f"portfolio.category_{key}") or key.replace("_", " ").capitalize()


def wallet_name(address: str, names: Mapping[str, str]) -> str:
    """Return what the user calls a wallet, else its short address."""
    return names.get(address.lower()) or formats.address(address)


def _block(number: int | None) -> str:
    return "" if number is None else t("portfolio.block", block=formats.number(number))


def _signed(value: Decimal) -> str:
    return f"+{formats.usd(value)}" if value > 0 else formats.usd(value)


def _direction(value: Decimal) -> str:
    return "up" if value > 0 else "down" if value < 0 else "flat"
