"""Compound III: the base asset supplied or owed, with interest up to the block, and collateral, of each market (Comet).

A Comet says no health factor; it is computed from what it says (see health.py) for those who owe something. Source:
compound-finance/comet, Comet.sol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.chain.blocks import Header
from backend.chain.multicall import Read
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import NOT_SAID, BlockReader, Kind, Part, PlacedPlugin, Position, Wallet
from backend.portfolio.protocols.compound_v3.health import Collateral, health_factor

_BASE, _COUNT, _INFO = "c55dae63", "a46fe83b", "c8c7fe6b"
_SUPPLIED, _BORROWED, _COLLATERAL = "70a08231", "374c49b4", "2b92a07d"
_BASE_FEED, _BASE_SCALE, _PRICE = "e7dad6bd", "44c1e5eb", "41976e09"
_INFO_WORDS, _INFO_ASSET, _INFO_FEED, _INFO_SCALE, _INFO_LIQUIDATE = 8, 1, 2, 3, 5


@dataclass(frozen=True, slots=True)
class _Side:
    """What is asked of a wallet: the base asset supplied, the base asset owed, or a collateral."""

    asset: str
    kind: Kind
    collateral: Collateral | None = None


_Amounts = Mapping[tuple[str, str], list[tuple[_Side, int | None]]]  # by (comet, wallet)


class Plugin(PlacedPlugin):
    """Implements ProtocolPlugin."""

    name = "Compound V3"

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return a position for everything that a wallet supplied to a market or owes it."""
        comets = [deployment["comet"] for deployment in self._places.on(reader.chain_id)]
        sides = dict(zip(comets, await _sides(reader, comets), strict=True))
        asked = [(comet, side, wallet.address) for comet in comets for side in sides[comet] or () for wallet in wallets]
        answers = await reader.read([_question(comet, side, wallet) for comet, side, wallet in asked])
        amounts: dict[tuple[str, str], list[tuple[_Side, int | None]]] = {}
        for (comet, side, wallet), answer in zip(asked, answers, strict=True):
            amount = words.uint(answer, 128 if side.collateral else 256)
            amounts.setdefault((comet, wallet), []).append((side, amount))
        health = await _health(reader, amounts)
        found = [
            self._position(reader.chain_id, block, comet, side, wallet, amount, health.get((comet, wallet)))
            for (comet, wallet), said in amounts.items()
            for side, amount in said
            if amount != 0
        ]
        silent = [comet for comet in comets if sides[comet] is None]
        return found + [
            self._position(reader.chain_id, block, comet, None, wallet.address, None, None)
            for comet in silent
            for wallet in wallets
        ]

    def _position(
        self,
        chain_id: int,
        block: Header,
        comet: str,
        side: _Side | None,
        wallet: str,
        amount: int | None,
        health: Decimal | None,
    ) -> Position:
        owed = side is not None and side.kind == "borrow"
        supplied_base = side is not None and side.collateral is None and not owed
        return Position(
            chain_id=chain_id,
            protocol=self.name,
            kind=side.kind if side else "supply",
            wallet=wallet,
            block_number=block.number,
            block_hash=block.hash,
            parts=(Part(side.asset, -amount if owed and amount is not None else amount),) if side else (),
            receipts={comet: amount or 0} if supplied_base else None,
            health_factor=health,
            identifiers={"pool": comet},
            problem=NOT_SAID if amount is None else None,
        )


async def _sides(reader: BlockReader, comets: Sequence[str]) -> list[tuple[_Side, ...] | None]:
    """Return what can be held in each market (nothing before it was deployed), None where it did not say all."""
    heads = await reader.read([words.call(comet, selector) for comet in comets for selector in (_BASE, _COUNT)])
    bases = [words.address(words.uint(answer) or 0) for answer in heads[::2]]
    counts = [words.uint(answer, 8) for answer in heads[1::2]]
    places = [(comet, place) for comet, count in zip(comets, counts, strict=True) for place in range(count or 0)]
    infos = await reader.read([words.call(comet, _INFO, place) for comet, place in places])
    collaterals: dict[str, list[Collateral | None]] = {comet: [] for comet in comets}
    for (comet, _), answer in zip(places, infos, strict=True):
        collaterals[comet].append(collateral_of(answer))
    sides = [
        _of_market(base, count, collaterals[comet]) for comet, base, count in zip(comets, bases, counts, strict=True)
    ]
    return [() if head == b"" else said for head, said in zip(heads[::2], sides, strict=True)]


def _of_market(
    base: str | None, count: int | None, collaterals: Sequence[Collateral | None]
) -> tuple[_Side, ...] | None:
    known = [each for each in collaterals if each is not None]
    if base is None or count is None or len(known) != count:
        return None
    return _Side(base, "supply"), _Side(base, "borrow"), *(_Side(each.asset, "supply", each) for each in known)


def collateral_of(answer: bytes | None) -> Collateral | None:
    """Return the collateral that `getAssetInfo` tells of, None when it is something else."""
    said = words.uints(answer, _INFO_WORDS)
    if said is None:
        return None
    asset, feed = words.address(said[_INFO_ASSET]), words.address(said[_INFO_FEED])
    scale, factor = words.small(said[_INFO_SCALE], 64), words.small(said[_INFO_LIQUIDATE], 64)
    return Collateral(asset, feed, scale, factor) if asset and feed and scale and factor is not None else None


def _question(comet: str, side: _Side, wallet: str) -> Read:
    if side.collateral is not None:
        return words.call(comet, _COLLATERAL, wallet, side.asset)
    return words.call(comet, _BORROWED if side.kind == "borrow" else _SUPPLIED, wallet)


async def _health(reader: BlockReader, amounts: _Amounts) -> dict[tuple[str, str], Decimal]:
    """Return the health factor of the accounts that owe something, where all that it is made of was said."""
    owing = {key: said for key, said in amounts.items() if any(side.kind == "borrow" and owed for side, owed in said)}
    comets = list(dict.fromkeys(comet for comet, _ in owing))
    heads = await reader.read([words.call(comet, each) for comet in comets for each in (_BASE_FEED, _BASE_SCALE)])
    base_feeds = {comet: words.address(words.uint(said) or 0) for comet, said in zip(comets, heads[::2], strict=True)}
    scales = {comet: words.uint(said, 64) for comet, said in zip(comets, heads[1::2], strict=True)}
    feeds = {(comet, feed) for comet, feed in base_feeds.items() if feed}
    feeds |= {
        (comet, side.collateral.feed) for (comet, _), said in owing.items() for side, _ in said if side.collateral
    }
    wanted = sorted(feeds)
    answers = await reader.read([words.call(comet, _PRICE, feed) for comet, feed in wanted])
    prices = {key: words.uint(answer, 128) for key, answer in zip(wanted, answers, strict=True)}
    found: dict[tuple[str, str], Decimal] = {}
    for (comet, wallet), said in owing.items():
        base_price, scale = prices.get((comet, base_feeds[comet] or "")), scales[comet]
        owed = next((amount for side, amount in said if side.kind == "borrow"), None)
        held = [
            (side.collateral, amount, prices.get((comet, side.collateral.feed)) if amount else 0)
            for side, amount in said
            if side.collateral
        ]
        known = [(each, amount, price) for each, amount, price in held if amount is not None and price is not None]
        if owed and base_price and scale and len(known) == len(held):
            factor = health_factor(owed, base_price, scale, known)
            if factor is not None:
                found[comet, wallet] = factor
    return found
