"""Compound III: the base asset supplied or owed, with interest up to the block, and collateral, of each market (Comet).

A Comet has no health factor; it is unknown here rather than made up. Source: compound-finance/comet, Comet.sol.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.chain.blocks import Header
from backend.chain.multicall import Read
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import NOT_SAID, BlockReader, Kind, Part, PlacedPlugin, Position, Wallet

_BASE, _COUNT, _INFO = "c55dae63", "a46fe83b", "c8c7fe6b"
_SUPPLIED, _BORROWED, _COLLATERAL = "70a08231", "374c49b4", "2b92a07d"
_INFO_WORDS, _INFO_ASSET = 8, 1


@dataclass(frozen=True, slots=True)
class _Side:
    """What is asked of a wallet: the base asset supplied, the base asset owed, or a collateral."""

    asset: str
    kind: Kind
    is_base: bool


class Plugin(PlacedPlugin):
    """Implements ProtocolPlugin."""

    name = "Compound V3"

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return a position for everything that a wallet supplied to a market or owes it."""
        comets = [deployment["comet"] for deployment in self._places.on(reader.chain_id)]
        sides = dict(zip(comets, await _sides(reader, comets), strict=True))
        asked = [(comet, side, wallet.address) for comet in comets for side in sides[comet] or () for wallet in wallets]
        answers = await reader.read([_question(comet, side, wallet) for comet, side, wallet in asked])
        found = [
            self._position(reader.chain_id, block, comet, side, wallet, amount)
            for (comet, side, wallet), answer in zip(asked, answers, strict=True)
            if (amount := words.uint(answer, 256 if side.is_base else 128)) != 0
        ]
        silent = [comet for comet in comets if sides[comet] is None]
        return found + [
            self._position(reader.chain_id, block, comet, None, wallet.address, None)
            for comet in silent
            for wallet in wallets
        ]

    def _position(
        self, chain_id: int, block: Header, comet: str, side: _Side | None, wallet: str, amount: int | None
    ) -> Position:
        owed = side is not None and side.kind == "borrow"
        supplied_base = side is not None and side.is_base and not owed
        return Position(
            chain_id=chain_id,
            protocol=self.name,
            kind=side.kind if side else "supply",
            wallet=wallet,
            block_number=block.number,
            block_hash=block.hash,
            parts=(Part(side.asset, -amount if owed and amount is not None else amount),) if side else (),
            receipts={comet: amount or 0} if supplied_base else None,
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
    collaterals: dict[str, list[str | None]] = {comet: [] for comet in comets}
    for (comet, _), answer in zip(places, infos, strict=True):
        collaterals[comet].append(collateral_of(answer))
    sides = [
        _of_market(base, count, collaterals[comet]) for comet, base, count in zip(comets, bases, counts, strict=True)
    ]
    return [() if head == b"" else said for head, said in zip(heads[::2], sides, strict=True)]


def _of_market(base: str | None, count: int | None, collaterals: Sequence[str | None]) -> tuple[_Side, ...] | None:
    known = [asset for asset in collaterals if asset is not None]
    if base is None or count is None or len(known) != count:
        return None
    own = (_Side(base, "supply", True), _Side(base, "borrow", True))
    return own + tuple(_Side(asset, "supply", False) for asset in known)


def collateral_of(answer: bytes | None) -> str | None:
    """Return the asset that `getAssetInfo` tells of, None when it is something else."""
    said = words.uints(answer, _INFO_WORDS)
    return None if said is None else words.address(said[_INFO_ASSET])


def _question(comet: str, side: _Side, wallet: str) -> Read:
    if not side.is_base:
        return words.call(comet, _COLLATERAL, wallet, side.asset)
    return words.call(comet, _BORROWED if side.kind == "borrow" else _SUPPLIED, wallet)
