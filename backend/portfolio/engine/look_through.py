"""Look-through: what is really held behind LP tokens, vault shares and wrappers, in units of the assets inside.

amount_i = floor(held x inside_i / total supply), in smallest units, again and again until nothing more is inside: what
one would get by redeeming at this block. Rounded down at each step, as the contracts pay. Source: Uniswap v2
whitepaper §3.4 (burn); ERC-4626, convertToAssets.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.portfolio.holdings import AssetKey


@dataclass(frozen=True, slots=True)
class Composition:
    """How many units of which assets the whole supply of a token stands for. `inside` None: it could not be read."""

    total_supply_raw: int
    inside: tuple[tuple[AssetKey, int], ...] | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """Units of an asset, and through which tokens they are held (empty: directly)."""

    asset: AssetKey
    amount_raw: int
    through: tuple[AssetKey, ...]


@dataclass(frozen=True, slots=True)
class Unseen:
    """A token whose inside is unknown, and why."""

    asset: AssetKey
    through: tuple[AssetKey, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class LookThrough:
    """What is held in the end, one entry a way in, and what could not be looked into."""

    exposures: tuple[Exposure, ...]
    unseen: tuple[Unseen, ...]

    def amounts_raw(self) -> dict[AssetKey, int]:
        """Return the units of each asset over all ways."""
        sums: dict[AssetKey, int] = {}
        for each in self.exposures:
            sums[each.asset] = sums.get(each.asset, 0) + each.amount_raw
        return sums


def look_through(held_raw: Mapping[AssetKey, int | None], compositions: Mapping[AssetKey, Composition]) -> LookThrough:
    """Return what holdings consist of. What has no composition is itself; an unknown amount is unseen."""
    exposures: list[Exposure] = []
    unseen: list[Unseen] = []
    waiting: list[tuple[AssetKey, int | None, tuple[AssetKey, ...]]] = [
        (asset, amount_raw, ()) for asset, amount_raw in reversed(list(held_raw.items()))
    ]
    while waiting:
        asset, amount_raw, through = waiting.pop()
        composition = compositions.get(asset)
        if amount_raw is None:
            unseen.append(Unseen(asset, through, "the amount is unknown"))
        elif composition is None:
            exposures.append(Exposure(asset, amount_raw, through))
        elif asset in through:
            unseen.append(Unseen(asset, through, "it holds itself"))
        elif composition.inside is None or composition.total_supply_raw <= 0:
            unseen.append(Unseen(asset, through, "what is inside is unknown"))
        else:
            for inner, inside_raw in reversed(composition.inside):
                share = _toward_zero(amount_raw * inside_raw, composition.total_supply_raw)
                waiting.append((inner, share, (*through, asset)))
    return LookThrough(tuple(exposures), tuple(unseen))


def _toward_zero(numerator: int, denominator: int) -> int:
    """Round toward zero, so that a debt is looked through like a holding."""
    return numerator // denominator if numerator >= 0 else -(-numerator // denominator)
