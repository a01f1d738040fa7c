"""From a user's transactions to the events of the engine, and what about them is not settled. Pure.

The order of `entries` makes no difference: items stand by time, sequence and id before anything is decided.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from backend.core.garbage import no_search_for_cycles
from backend.tax.assembling import issues, twice
from backend.tax.assembling.balances import shortages
from backend.tax.assembling.debts import Debts
from backend.tax.assembling.doubles import Doubles, find_doubles, without_doubles
from backend.tax.assembling.gaps import Coverage, Gap
from backend.tax.assembling.issues import Prices, Words
from backend.tax.assembling.items import Amount, Item, Rates, Reader
from backend.tax.assembling.kinds import HANDLERS
from backend.tax.assembling.matching import Matched, is_movement, match_transfers
from backend.tax.assembling.positions import Positions
from backend.tax.assembling.transfers import Transfers
from backend.tax.assembling.writing import Writer
from backend.tax.books import Issue, OwnTransfer, TaxSettings, ToldTwice
from backend.tax.engine.calculate import Settings
from backend.tax.engine.events import TaxEvent
from backend.tax.engine.methods import LOT_METHODS
from backend.tax.engine.money import EXACT
from backend.tax.engine.registry import jurisdiction
from backend.tax.transactions import Edit, TaxTransaction, TransactionKind

__all__ = ["Assembled", "Gap", "Rates", "assemble"]
_Sides = tuple[Sequence[Amount], Sequence[Amount]]


@dataclass(frozen=True, slots=True)
class Assembled:
    """Events and settings for `calculate`; what is not settled; decimals and symbols of assets; transfers found; what
    another source told already.
    """

    events: Sequence[TaxEvent]
    issues: Sequence[Issue]
    places: Mapping[str, int]
    symbols: Mapping[str, str]
    engine: Settings
    transfers: Sequence[OwnTransfer] = ()
    told_twice: Sequence[ToldTwice] = ()


def assemble(
    entries: Sequence[tuple[TaxTransaction, Edit | None]],
    settings: TaxSettings,
    rates: Rates,
    gaps: Sequence[Gap] = (),
) -> Assembled:
    """Return the events that transactions with their edits come to, in the order of time.

    Raises UnknownJurisdictionError.
    """
    with no_search_for_cycles():
        return _Assembly(settings, rates, gaps).run(entries)


def engine_settings(settings: TaxSettings) -> Settings:
    """Return what of a user's choices the engine asks for."""
    return Settings(
        jurisdiction=settings.jurisdiction,
        methods=dict(settings.methods),
        per_wallet=settings.per_wallet,
        timezone=settings.timezone,
        wash_sales=settings.wash_sales,
        separate_years=settings.separate_years,
    )


class _Assembly:
    def __init__(self, settings: TaxSettings, rates: Rates, gaps: Sequence[Gap]) -> None:
        self._settings = settings
        self._gaps = [gap for gap in gaps if gap.wallet not in settings.excluded_wallets]
        self._engine = engine_settings(settings)
        self._reader = Reader(settings.currency, rates)
        rules = jurisdiction(settings.jurisdiction)
        self._writer = Writer(settings, self._engine, rules, self._reader)
        self._unfit: dict[str, tuple[Item, str]] = {}
        self._unfit_lots: list[Item] = []

    def run(self, entries: Sequence[tuple[TaxTransaction, Edit | None]]) -> Assembled:
        doubles = find_doubles(entries, self._settings.excluded_wallets)
        if doubles.certain:
            entries = without_doubles(entries, doubles)
        items = self._reader.read(entries, self._settings.excluded_wallets)
        matched = match_transfers(items, self._settings.currency)
        transfers = Transfers(self._writer, matched, frozenset(item.wallet for item in items))
        self._write(items, transfers)
        events = self._writer.events
        events.sort(key=lambda event: (event.at, event.sequence, event.id))
        found = self._issues(items, matched, transfers, doubles)
        return Assembled(
            events,
            found,
            self._reader.places,
            self._reader.symbols,
            self._engine,
            [
                OwnTransfer(each.out.item.transaction.id, each.into.item.transaction.id, each.why)
                for each in matched.matches
            ],
            [ToldTwice(each.transaction.id, each.of.id) for each in doubles.certain.values()],
        )

    def _write(self, items: Sequence[Item], transfers: Transfers) -> None:
        writer = self._writer
        known = Coverage(self._gaps)
        positions, debts = Positions(writer, known), Debts(writer, known)
        handlers: dict[TransactionKind, Callable[[Item], _Sides]] = {}
        for kind in TransactionKind:
            own = positions.handler(kind) or debts.handler(kind)
            if own is not None:
                handlers[kind] = own
            elif kind in HANDLERS:
                handlers[kind] = lambda item, handle=HANDLERS[kind]: handle(item, writer)
        for item in items:
            kind = item.transaction.kind
            if kind in handlers:
                went, came = handlers[kind](item)
                if went or came:
                    self._loose(item, went, came, transfers)
            elif is_movement(item):
                transfers.movement(item)
            else:
                transfers.both_ends(item)
            if positions.tokens and not positions.takes(kind):
                positions.seen(item)
            if item.fees and not item.events:
                writer.fees_only(item)
        for item in writer.finish():
            self._unfit_lots.append(item)

    def _loose(self, item: Item, went: Sequence[Amount], came: Sequence[Amount], transfers: Transfers) -> None:
        """What a kind does not explain moves like anything that nobody explains, and is said once."""
        for amount in went:
            transfers.left(item, amount)
        for amount in came:
            transfers.arrived(item, amount)
        name = item.transaction.kind.value.replace("_", " ")
        self._unfit[item.id] = (item, f"What moved does not fit a transaction that is called {name}.")

    def _issues(self, items: Sequence[Item], matched: Matched, transfers: Transfers, doubles: Doubles) -> list[Issue]:
        methods = self._engine.methods or {0: self._writer.rules.methods[0]}
        is_averaged = not LOT_METHODS.issuperset(methods.values())
        words = Words(self._reader.places, self._reader.symbols, self._settings.currency, is_averaged=is_averaged)
        open_outs: dict[str, list[tuple[Item, Amount]]] = {}
        found = [issues.incomplete(gap) for gap in self._gaps]
        for item, amount, is_out in transfers.open_:
            if is_out:
                open_outs.setdefault(amount.asset, []).append((item, amount))
            if item.id not in self._unfit:
                others = matched.candidates.get(id(amount), ())
                told = twice.as_told(doubles.of(item.transaction.id))
                found.append(issues.open_movement(words, item, amount, is_out=is_out, candidates=others, told=told))
        found += [issues.unknown_kind(words, item, why) for item, why in self._unfit.values()]
        found += [issues.unfit_lots(words, item) for item in self._unfit_lots if item.id not in self._unfit]
        prices = Prices(items)
        for each in self._writer.unpriced.values():
            if each.legs or each.fees:
                found.append(issues.unpriced(words, each, prices))
            if each.basis is not None:
                found.append(issues.no_basis(words, each.item, each.basis))
        found += [issues.short_of(words, each, open_outs) for each in shortages(self._writer.events)]
        found += [issues.told_problem(words, item) for item in items if item.transaction.problem and item.edit is None]
        found += self._unvouched(words, items)
        found += twice.questions(words, items, doubles.likely)
        latest = datetime.max.replace(tzinfo=UTC)
        found.sort(key=lambda each: (each.happened_at or latest, each.kind, each.id))
        return found

    def _unvouched(self, words: Words, items: Sequence[Item]) -> list[Issue]:
        """Tokens that nobody vouches for and that were priced or sold; no claims, and no pieces of collections."""
        suspect = {asset for asset in self._reader.symbols if asset.count(":") == 1 and asset[0].isdigit()}
        if not suspect:
            return []
        seen: dict[str, list[Item]] = {}
        counted: set[str] = set()
        worth: dict[str, Decimal | None] = {}
        for item in items:
            for amount in (*item.came, *item.went):
                asset = amount.asset
                if asset not in suspect:
                    continue
                if amount.role == "receipt":
                    suspect.discard(asset)
                    continue
                mine = seen.setdefault(asset, [])
                if not mine or mine[-1] is not item:
                    mine.append(item)
                if amount.value is not None:
                    worth[asset] = EXACT.add(worth.get(asset) or Decimal(0), amount.value)
                if amount.value is not None or item.transaction.kind in (TransactionKind.SELL, TransactionKind.SWAP):
                    counted.add(asset)
        return [
            issues.unvouched(words, asset, seen[asset], worth.get(asset))
            for asset in sorted(counted & suspect)
        ]  # fmt: skip
