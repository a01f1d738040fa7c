"""Which transactions tell what another source tells already, so that nothing counts twice. Pure.

A file of an exchange or tool often holds what the synced wallets gave, and two files of one account overlap.

Certain (`Doubles.certain`) is what a chain's own number of a transaction proves: the same hash, and every amount that
the file's rows tell of it is there already, as often as they tell it, at the same place (or, where the ledger adds them
up, their sums are). A hash with several transfers is several things: amounts are counted as multisets, once for each
file. Where not all rows of a hash are there already, a row is told twice only if it is all of one transaction. The
wallet's own stays, for its legs are decoded; of two files the one that was imported first.

What only looks the same (`Doubles.likely`, `alike`) is asked, and counts until it is settled. What the user says is two
things (`Edit.is_separate`) is in neither.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from backend.tax.assembling.alike import Likely, agree, is_address, look_alike, same_place
from backend.tax.engine.money import EXACT
from backend.tax.transactions import Edit, TaxLeg, TaxTransaction, TransactionKind, Worth

Entry = tuple[TaxTransaction, Edit | None]
Origins = Mapping[str, Sequence[TaxTransaction]]
SHORTEST_HASH = 32  # what is shorter is a word or a number of the file's own
MOST_PAIRS = 250_000  # amounts of one hash to be compared: no transaction of a chain has so many
WALLETS = ""  # the origin of all that wallets say: before all files
BY_HAND = "~"  # behind all files: what was written by hand is never certain


@dataclass(frozen=True, slots=True)
class Double:
    """A transaction (with its edit) that counts nowhere, since `of` tells the same."""

    transaction: TaxTransaction
    of: TaxTransaction


@dataclass(slots=True)
class Doubles:
    """What is told twice. `worths`: what a file says an amount was worth, for the leg (by its place) that stays."""

    certain: dict[UUID, Double] = field(default_factory=dict)
    likely: list[Likely] = field(default_factory=list)
    worths: dict[UUID, dict[int, Worth]] = field(default_factory=dict)
    _by_kept: dict[UUID, list[Double]] = field(default_factory=dict)

    def add(self, double: Double) -> None:
        """Note what is certain."""
        self.certain[double.transaction.id] = double
        self._by_kept.setdefault(double.of.id, []).append(double)

    def of(self, kept: UUID) -> Sequence[Double]:
        """Return what tells the same as a transaction that counts."""
        return self._by_kept.get(kept, ())


@dataclass(slots=True, eq=False)
class _Said:
    """An amount that a transaction tells, and at which place of the user."""

    transaction: TaxTransaction
    leg: TaxLeg
    place: str
    number: int  # of the leg among legs, or of the fee among fees
    amount: Decimal
    is_fee: bool


def find_doubles(entries: Iterable[Entry], excluded: AbstractSet[str] = frozenset()) -> Doubles:
    """Return what of a user's transactions is told twice. Their order makes no difference."""
    found = Doubles()
    origins = _origins(entries, excluded)
    if len(origins) < 2:
        return found
    _by_hash(origins, found)
    asked = {each.transaction.id for each in found.likely}
    settled = found.certain.keys() | asked
    rest = {name: [each for each in rows if each.id not in settled] for name, rows in origins.items()}
    found.likely += look_alike(rest)
    return found


def without_doubles(entries: Iterable[Entry], found: Doubles) -> list[Entry]:
    """Return the transactions that count: with the worths of files where the source of what stays knows none."""
    left = []
    for transaction, edit in entries:
        if transaction.id in found.certain:
            continue
        hints = found.worths.get(transaction.id)
        left.append((transaction if hints is None else _with_worths(transaction, hints), edit))
    return left


def hash_of(tx_hash: str | None) -> str | None:
    """Return the number that a chain gave a transaction, as it is compared; None for what is none."""
    text = (tx_hash or "").strip().lower().removeprefix("0x")
    return text if len(text) >= SHORTEST_HASH else None


def _with_worths(transaction: TaxTransaction, hints: Mapping[int, Worth]) -> TaxTransaction:
    legs = (
        replace(leg, worth=hints[number]) if number in hints and leg.worth is None else leg
        for number, leg in enumerate(transaction.legs)
    )
    return replace(transaction, legs=tuple(legs))


def _origins(entries: Iterable[Entry], excluded: AbstractSet[str]) -> dict[str, list[TaxTransaction]]:
    """Return what may be told twice by who tells it: wallets, files in the order of their imports, what is by hand.

    What the user left out counts nowhere and stands for nothing; what a wallet's reader took for spam stands for what a
    file says of the same spam.
    """
    found: dict[str, list[TaxTransaction]] = {}
    for transaction, edit in entries:
        source, kind = transaction.source, transaction.kind
        if edit is not None:
            if edit.kind is TransactionKind.IGNORED or (edit.is_separate and source != "wallet"):
                continue
            if source != "wallet":
                transaction = _as_edited(transaction, edit)
                kind = transaction.kind
        if transaction.wallet in excluded:
            continue
        if source == "wallet":
            origin = WALLETS
        elif kind is TransactionKind.IGNORED:
            continue
        else:
            origin = BY_HAND if source == "manual" else str(transaction.import_id)
        found.setdefault(origin, []).append(transaction)
    return dict(sorted(found.items()))


def _as_edited(transaction: TaxTransaction, edit: Edit) -> TaxTransaction:
    """What a user says of a file's row is said of what stays for it: its kind is proposed, its worths are hints."""
    legs = transaction.legs
    if edit.worths:
        legs = tuple(replace(leg, worth=edit.worths.get(number, leg.worth)) for number, leg in enumerate(legs))
    return replace(
        transaction,
        kind=edit.kind or transaction.kind,
        income=edit.income or transaction.income,
        to_wallet=edit.to_wallet or transaction.to_wallet,
        legs=legs,
    )


def _by_hash(origins: Origins, found: Doubles) -> None:
    groups: dict[str, dict[str, list[TaxTransaction]]] = {}
    for origin, transactions in origins.items():
        if origin != WALLETS:
            for each in transactions:
                if each.tx_hash and (key := hash_of(each.tx_hash)) is not None:
                    groups.setdefault(key, {}).setdefault(origin, []).append(each)
    if not groups:
        return
    for each in origins.get(WALLETS, ()):
        if each.tx_hash and (key := hash_of(each.tx_hash)) in groups:
            groups[key].setdefault(WALLETS, []).append(each)
    shared = []
    for key in sorted(groups):
        group = groups[key]
        if len(group) > 1:
            copy = _plain_copy(group)
            if copy is None:
                shared.append(group)
            else:
                _note_copy(*copy, found)
    own_places = _own_places(shared)
    for group in shared:
        _one_hash(group, own_places, found)


def _plain_copy(group: Mapping[str, Sequence[TaxTransaction]]) -> tuple[TaxTransaction, TaxTransaction] | None:
    """Return a row and the wallet's transaction that it tells leg by leg, if that is all there is of a hash.

    Most doubles are so, and need no search: what the search would find is the same. Where only one thing came, it is
    left to the search, for it may have come to another account of the user's.
    """
    if len(group) != 2 or WALLETS not in group:
        return None
    kept, rows = group[WALLETS], next(rows for name, rows in group.items() if name != WALLETS)
    if len(kept) != 1 or len(rows) != 1:
        return None
    one, other = rows[0], kept[0]
    legs, theirs = one.legs, other.legs
    if one.source != "file" or one.kind is TransactionKind.TRANSFER or one.kind is TransactionKind.FEE:
        return None
    if not legs or len(legs) != len(theirs) or (len(legs) == 1 and legs[0].amount > 0):
        return None
    if not same_place(one.wallet, other.wallet, is_wallet=True):
        return None
    for leg, like in zip(legs, theirs, strict=True):
        if leg.amount != like.amount or leg.asset != like.asset:
            return None
    return one, other


def _note_copy(row: TaxTransaction, kept: TaxTransaction, found: Doubles) -> None:
    found.add(Double(row, kept))
    for number, (leg, like) in enumerate(zip(row.legs, kept.legs, strict=True)):
        if leg.worth is not None and like.worth is None:
            found.worths.setdefault(kept.id, {})[number] = leg.worth


def _own_places(groups: Iterable[Mapping[str, Sequence[TaxTransaction]]]) -> set[str]:
    """Return accounts that are no wallet under another name: they tell but the other side of a wallet's transfers."""
    found: set[str] = set()
    for group in groups:
        there = _all_said(group.get(WALLETS, ()))
        for origin, transactions in group.items():
            if origin == WALLETS or not there:
                continue
            mine: dict[str, list[_Said]] = {}
            for said in _all_said(transactions):
                if not said.is_fee and not is_address(said.place):
                    mine.setdefault(said.place.casefold(), []).append(said)
            for place, amounts in mine.items():
                if not any(_fits(said, other) for said in amounts for other in there) and any(
                    _fits(_turned(said), other) for said in amounts for other in there
                ):
                    found.add(place)
    return found


def _one_hash(group: Mapping[str, Sequence[TaxTransaction]], own_places: AbstractSet[str], found: Doubles) -> None:
    """Tell apart what is said of one transaction of a chain: each source adds what those before it did not say."""
    there: list[_Said] = []
    for origin, transactions in sorted(group.items()):
        rows = sorted(transactions, key=lambda each: (each.happened_at, each.sequence, each.id))
        if there:
            is_sure = origin != BY_HAND
            may_be = [row for row in rows if is_sure and not _is_elsewhere(row, own_places)]
            pairs = _told_twice(may_be, there)
            for row in rows:
                if row.id in pairs:
                    _note(row, pairs[row.id], found)
                elif (like := _likest(row, there)) is not None:
                    found.likely.append(Likely(row, like, is_same_hash=True))
            rows = [row for row in rows if row.id not in pairs]
        there += _all_said(rows)


def _is_elsewhere(row: TaxTransaction, own_places: AbstractSet[str]) -> bool:
    """Return whether an account of its own says that something came: the same may have come to a wallet beside it."""
    return len(row.legs) == 1 and row.legs[0].amount > 0 and row.wallet.casefold() in own_places


def _told_twice(rows: Sequence[TaxTransaction], there: Sequence[_Said]) -> dict[UUID, list[tuple[_Said, _Said]]]:
    """Return which rows of a file are there already, each with its amounts and those that they are."""
    told = {row.id: said for row in rows if (said := _told(row, there))}
    everything = [each for said in told.values() for each in said]
    if not everything or len(everything) * len(there) > MOST_PAIRS:
        return {}
    pairs = _assigned(everything, there) or _by_sums(everything, there)
    if pairs is not None:
        found: dict[UUID, list[tuple[_Said, _Said]]] = {id_: [] for id_ in told}
        for said, other in pairs:
            found[said.transaction.id].append((said, other))
        return found
    whole: dict[UUID, list[_Said]] = {}
    for each in there:
        whole.setdefault(each.transaction.id, []).append(each)
    found = {}
    for id_, said in told.items():
        for other, amounts in whole.items():
            same_sort = [each for each in amounts if each.is_fee == said[0].is_fee]
            if len(same_sort) == len(said) and (pairs := _assigned(said, same_sort)) is not None:
                found[id_] = pairs
                del whole[other]
                break
    return found


def _assigned(said: Sequence[_Said], there: Sequence[_Said]) -> list[tuple[_Said, _Said]] | None:
    """Return for each amount another one that it is, each used once; None unless all find one."""
    return _in_turn(said, there, by_kind=True) or _in_turn(said, there, by_kind=False)


def _in_turn(said: Sequence[_Said], there: Sequence[_Said], *, by_kind: bool) -> list[tuple[_Said, _Said]] | None:
    """The same, from the closest to the farthest: equal before rounded, of transactions of the same kind before others
    (where several of a hash have equal amounts), those at an address first: any wallet will do for an account's name.
    """
    free = list(there)
    left = sorted(said, key=lambda one: not is_address(one.place))
    pairs = []
    for is_same_kind, is_equal in ((True, True), (False, True), (False, False))[0 if by_kind else 1 :]:
        rest = []
        for each in left:
            other = next(
                (
                    one
                    for one in free
                    if (one.amount == each.amount or not is_equal)
                    and (one.transaction.kind is each.transaction.kind or not is_same_kind)
                    and _fits(each, one)
                ),
                None,
            )
            if other is None:
                rest.append(each)
            else:
                free.remove(other)
                pairs.append((each, other))
        left = rest
    return None if left else pairs


def _by_sums(said: Sequence[_Said], there: Sequence[_Said]) -> list[tuple[_Said, _Said]] | None:
    """Return the same where sums by asset agree: the ledger adds up what moved of an asset in one event.

    Only of one wallet, and of what moved: two wallets of one transaction could have any sums.
    """
    wallets = {each.place for each in there if each.transaction.source == "wallet"}
    places = {each.place for each in said}
    if len(wallets) != 1 or len(places) != 1 or any(each.is_fee for each in said):
        return None
    mine = [each for each in there if each.transaction.source == "wallet" and not each.is_fee]
    if not mine or not same_place(said[0].place, mine[0].place, is_wallet=True):
        return None
    pairs = []
    for each in said:
        like = [one for one in mine if _same_asset(each.leg, one.leg)]
        if not like or _sum(like) != _sum([one for one in said if _same_asset(one.leg, like[0].leg)]):
            return None
        pairs.append((each, like[0]))
    return pairs


def _sum(amounts: Iterable[_Said]) -> Decimal:
    total = Decimal(0)
    for each in amounts:
        total = EXACT.add(total, each.amount)
    return total


def _note(row: TaxTransaction, pairs: Sequence[tuple[_Said, _Said]], found: Doubles) -> None:
    found.add(Double(row, pairs[0][1].transaction))
    for said, other in pairs:
        is_whole = agree(said.amount, other.amount)
        if said.leg.worth is not None and other.leg.worth is None and not other.is_fee and is_whole:
            found.worths.setdefault(other.transaction.id, {}).setdefault(other.number, said.leg.worth)


def _likest(row: TaxTransaction, there: Sequence[_Said]) -> TaxTransaction | None:
    """Return what tells of the same asset that moved the same way, of the nearest amount, else of as much of another
    asset; None if nothing does.
    """
    said = _told(row, there)
    near = [
        (abs(EXACT.subtract(each.amount, other.amount)), number)
        for each in said
        for number, other in enumerate(there)
        if _is_sort(each, other)
    ] or [
        (Decimal(0), number)  # as much of an asset by another name: ETH and WETH, USDC and USDC.e
        for each in said
        for number, other in enumerate(there)
        if each.amount == other.amount and _is_place(each, other)
    ]
    return there[min(near)[1]].transaction if near else None


def _all_said(transactions: Iterable[TaxTransaction]) -> list[_Said]:
    return [said for each in transactions for said in (*_legs(each), *_fees(each))]


def _told(row: TaxTransaction, there: Sequence[_Said]) -> list[_Said]:
    """What a row must have in common with others to be the same: what moved, or where nothing did what was paid.

    A row of what went alone may be a tool's word for the network fee.
    """
    legs = _legs(row)
    as_fees = [replace(each, is_fee=True) for each in legs]
    if row.kind is TransactionKind.FEE:
        return [*as_fees, *_fees(row)]
    if len(legs) == 1 and legs[0].amount < 0 and not any(_fits(legs[0], other) for other in there):
        return as_fees if any(_fits(as_fees[0], other) for other in there) else legs
    return legs or _fees(row)


def _legs(row: TaxTransaction) -> list[_Said]:
    is_transfer = row.kind is TransactionKind.TRANSFER and row.to_wallet is not None
    return [
        _Said(row, leg, (row.to_wallet or row.wallet) if is_transfer and leg.amount > 0 else row.wallet, number,
              leg.amount, is_fee=False)
        for number, leg in enumerate(row.legs)
        if leg.amount
    ]  # fmt: skip


def _fees(row: TaxTransaction) -> list[_Said]:
    return [
        _Said(row, fee, row.wallet, number, fee.amount.copy_abs().copy_negate(), is_fee=True)
        for number, fee in enumerate(row.fees)
        if fee.amount
    ]


def _turned(said: _Said) -> _Said:
    return replace(said, amount=said.amount.copy_negate())


def _fits(said: _Said, other: _Said) -> bool:
    return _is_sort(said, other) and agree(said.amount, other.amount)


def _is_sort(said: _Said, other: _Said) -> bool:
    is_same_way = said.is_fee == other.is_fee and (said.amount > 0) == (other.amount > 0)
    return is_same_way and _same_asset(said.leg, other.leg) and _is_place(said, other)


def _is_place(said: _Said, other: _Said) -> bool:
    return same_place(said.place, other.place, is_wallet=other.transaction.source == "wallet")


def _same_asset(one: TaxLeg, other: TaxLeg) -> bool:
    """A file names a token that nobody vouches for by its symbol: with the hash and the amount that is enough."""
    if one.asset == other.asset:
        return True
    if ":" in other.asset and ":" not in one.asset and other.asset[0].isdigit():
        return one.asset.casefold() == other.symbol.casefold()
    if ":" in one.asset and ":" not in other.asset and one.asset[0].isdigit():
        return other.asset.casefold() == one.symbol.casefold()
    return False
