"""Liquidity, lending and staking as the engine's events, by what the user chose. Pure.

With a token that stands for the claim: a swap where it is a disposal, else the token carries basis and dates. What
comes back of lending and staking beyond what was put in is income when it comes.

Without one. Lending and staking: what is put in lies at a place of its own, `wallet@position`, with its basis; what
comes out beyond it is income (as a disposal: a claim is received for it, one for one). Liquidity: a position is an
asset of its own (`Position`), counted in what was put in was worth.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from backend.tax.assembling.gaps import Coverage
from backend.tax.assembling.items import Amount, Item, part_of
from backend.tax.assembling.kinds import NOTHING, earned, swap
from backend.tax.assembling.worths import balance, netted, total
from backend.tax.assembling.writing import Position, Writer
from backend.tax.engine.events import IncomeKind, Kind
from backend.tax.engine.money import scaled
from backend.tax.transactions import TransactionKind

_NAMES = ("request_id", "token_id", "vault", "pool", "market", "gauge", "contract")
_ONE = 10**18
_OWN = frozenset({
    TransactionKind.LP_ADD, TransactionKind.LP_REMOVE, TransactionKind.SUPPLY, TransactionKind.STAKE,
    TransactionKind.WITHDRAW, TransactionKind.UNSTAKE,
})  # fmt: skip


@dataclass(slots=True)
class Claim:
    """What was put in for the tokens that stand for it. `put_in` None: some of them came another way."""

    put_in: int | None = 0
    shares: int = 0


@dataclass(slots=True)
class Sides:
    """The legs of a transaction with a protocol, by what they are."""

    went: list[Amount] = field(default_factory=list)
    came: list[Amount] = field(default_factory=list)
    given: list[Amount] = field(default_factory=list)  # divisible tokens that stand for a claim
    received: list[Amount] = field(default_factory=list)
    rewards: list[Amount] = field(default_factory=list)
    piece: Amount | None = None  # the token of one position
    is_burned: bool = False


class Positions:
    """What lies in protocols. Growth is told from missing history by what of the history is `known`."""

    def __init__(self, writer: Writer, known: Coverage) -> None:
        self._writer = writer
        self._known = known
        self._claims: dict[tuple[str, str], Claim] = {}
        self.tokens: set[str] = set()
        self._inside: dict[str, dict[str, int]] = {}

    def handler(self, kind: TransactionKind) -> Callable[[Item], tuple[Sequence[Amount], Sequence[Amount]]] | None:
        """Return what takes a kind in, None where it is another's."""
        return {
            TransactionKind.LP_ADD: self.liquidity,
            TransactionKind.LP_REMOVE: self.liquidity,
            TransactionKind.SUPPLY: self.supply,
            TransactionKind.STAKE: self.supply,
            TransactionKind.WITHDRAW: self.withdraw,
            TransactionKind.UNSTAKE: self.withdraw,
            TransactionKind.WRAP: self.wrap,
        }.get(kind)

    @staticmethod
    def takes(kind: TransactionKind) -> bool:
        """Return whether a kind is a protocol's, and minds its tokens itself."""
        return kind in _OWN

    def seen(self, item: Item) -> None:
        """Tokens that stand for a claim came or went in another way: what was put in for them is not all of it."""
        for amount in item.came:
            if amount.asset in self.tokens:
                claim = self._claims.setdefault((item.wallet, amount.asset), Claim())
                claim.put_in, claim.shares = None, claim.shares + amount.raw
        for amount in item.went:
            claim = self._claims.get((item.wallet, amount.asset))
            if claim is not None and claim.shares:
                left = max(0, claim.shares - amount.raw)
                claim.put_in = None if claim.put_in is None else claim.put_in * left // claim.shares
                claim.shares = left

    def wrap(self, item: Item) -> tuple[Sequence[Amount], Sequence[Amount]]:
        """The same thing under another name."""
        went, came = netted(item.went, item.came)
        if went and came:
            self._writer.emit(item, Kind.WRAP, went, came)
            return NOTHING
        return went, came

    def liquidity(self, item: Item) -> tuple[Sequence[Amount], Sequence[Amount]]:
        """Put into a pool, or taken out of it."""
        sides = self._sides(item, IncomeKind.REWARD)
        went, came = netted(sides.went + sides.given, sides.came + sides.received)
        if went and came:
            self._exchange(item, went, came)
        elif went:
            self._into_position(item, sides, went)
        elif came or sides.is_burned:
            self._out_of_position(item, sides, came)
        return NOTHING

    def supply(self, item: Item) -> tuple[Sequence[Amount], Sequence[Amount]]:
        """Lent, put into a vault or staked."""
        sides = self._sides(item, _income(item))
        went, came = netted(sides.went + sides.given, sides.came + sides.received)
        if went and came:
            self._for_claim(item, went, came)
        elif went:
            for amount in went:
                self._put_inside(item, amount)
        else:
            self._release(item, came)
        return NOTHING

    def withdraw(self, item: Item) -> tuple[Sequence[Amount], Sequence[Amount]]:
        """Taken back, with what it grew by."""
        sides = self._sides(item, _income(item))
        went, came = netted(sides.given + sides.went, sides.came + sides.received)
        if went and came:
            self._of_claim(item, went, came)
        elif went:  # asked for: it comes later
            for amount in went:
                self._put_inside(item, amount)
        else:
            self._release(item, came)
        return NOTHING

    def _sides(self, item: Item, income: IncomeKind) -> Sides:
        sides = Sides()
        for amount in item.came:
            if amount.role == "reward":
                sides.rewards.append(amount)
            elif amount.role == "receipt":
                if _is_piece(amount.asset):
                    sides.piece = amount
                else:
                    sides.received.append(amount)
            else:
                sides.came.append(amount)
        for amount in item.went:
            if amount.role == "receipt" and _is_piece(amount.asset):
                sides.piece, sides.is_burned = amount, True
            else:
                (sides.given if amount.role == "receipt" else sides.went).append(amount)
        earned(item, self._writer, sides.rewards, item.transaction.income or income)
        for amount in sides.rewards:
            claim = self._claims.get((item.wallet, amount.asset))
            if claim is not None and claim.shares:
                claim.put_in = (
                    None if claim.put_in is None else claim.put_in + claim.put_in * amount.raw // claim.shares
                )
                claim.shares += amount.raw
        return sides

    def _exchange(self, item: Item, went: Sequence[Amount], came: Sequence[Amount]) -> None:
        """Assets for assets: a swap where it is a disposal, else basis and dates go along."""
        if self._is_disposal(item):
            swap(item, self._writer, went, came)
        else:
            balance(went, came)
            self._writer.emit(item, Kind.WRAP, went, came)

    def _is_disposal(self, item: Item) -> bool:
        settings = self._writer.settings
        if item.kind in (TransactionKind.LP_ADD, TransactionKind.LP_REMOVE):
            return settings.liquidity_is_disposal
        if item.kind in (TransactionKind.SUPPLY, TransactionKind.WITHDRAW):
            return settings.lending_is_disposal
        return False

    def _is_whole(self, item: Item, asset: str) -> bool:
        return self._known.is_whole(item, asset)

    # Tokens that stand for a claim.

    def _for_claim(self, item: Item, went: list[Amount], came: list[Amount]) -> None:
        self._exchange(item, went, came)
        for token in came:
            self.tokens.add(token.asset)
            claim = self._claims.setdefault((item.wallet, token.asset), Claim())
            if len(went) == len(came) == 1 and claim.put_in is not None:
                claim.put_in += went[0].raw
            else:
                claim.put_in = None
            claim.shares += token.raw

    def _of_claim(self, item: Item, went: list[Amount], came: list[Amount]) -> None:
        """Tokens beyond those that are known grew by themselves; what comes beyond what was put in was earned."""
        claim = self._claims.get((item.wallet, went[0].asset)) if len(went) == len(came) == 1 else None
        if claim is None or not claim.shares or not self._is_whole(item, came[0].asset):
            self._exchange(item, went, came)
            return
        given, got, shares = went[0], came[0], claim.shares
        known = min(given.raw, shares)
        put_in = None if claim.put_in is None else claim.put_in * known // shares
        claim.shares = shares - known
        claim.put_in = None if claim.put_in is None or put_in is None else claim.put_in - put_in
        if self._is_disposal(item):
            if given.raw > known:
                balance(went, came)
                earned(item, self._writer, [part_of(given, given.raw - known)], _income(item))
            self._exchange(item, went, came)
            return
        if put_in is None and given.raw > known:
            put_in = got.raw * known // given.raw
        back = min(put_in, got.raw) if put_in else got.raw
        if back < got.raw:
            balance(went, came)
            earned(item, self._writer, [part_of(got, got.raw - back)], _income(item))
        self._exchange(item, [part_of(given, known)], [part_of(got, back)])

    # Lending and staking that no token stands for.

    def _put_inside(self, item: Item, amount: Amount) -> None:
        place = _place(item)
        inside = self._inside.setdefault(place, {})
        inside[amount.asset] = inside.get(amount.asset, 0) + amount.raw
        if self._is_disposal(item):
            swap(item, self._writer, [amount], [self._right(item, amount)])
        else:
            self._writer.emit(item, Kind.TRANSFER, (amount,), (amount,), to_wallet=place)

    def _right(self, item: Item, amount: Amount) -> Amount:
        """The claim to so much of an asset, one for one."""
        asset = f"claim:{_place(item)}:{amount.asset}"
        self._writer.symbols.setdefault(asset, f"{self._writer.symbols.get(amount.asset, amount.asset)} (lent)")
        self._writer.places.setdefault(asset, self._writer.places.get(amount.asset, 18))
        return Amount(asset, amount.raw, amount.value, amount.place)

    def _release(self, item: Item, came: Sequence[Amount]) -> None:
        place = _place(item)
        inside = self._inside.get(place)
        for amount in came:
            held = inside.get(amount.asset, 0) if inside else 0
            back = min(held, amount.raw)
            if inside is not None and amount.asset in inside:
                inside[amount.asset] -= back
            if back < amount.raw and inside and self._made_of_another(item, place, inside, amount, back):
                continue
            if back < amount.raw and (inside is None or not self._is_whole(item, amount.asset)):
                back = amount.raw  # it began before the history: nobody knows the basis of the rest
            if back:
                self._come_back(item, place, part_of(amount, back))
            if back < amount.raw:
                earned(item, self._writer, [part_of(amount, amount.raw - back)], _income(item))

    def _come_back(self, item: Item, place: str, amount: Amount) -> None:
        if self._is_disposal(item):
            swap(item, self._writer, [self._right(item, amount)], [amount])
        else:
            self._writer.emit(item, Kind.TRANSFER, (amount,), (amount,), wallet=place, to_wallet=item.wallet)

    def _made_of_another(self, item: Item, place: str, inside: dict[str, int], amount: Amount, back: int) -> bool:
        """What was put in as one token comes as another (a queue of withdrawals): it has that one's basis."""
        others = [(asset, raw) for asset, raw in inside.items() if raw and asset != amount.asset]
        if not others or self._is_disposal(item):
            return False
        made = [Amount(asset, raw, None, amount.place) for asset, raw in others]
        rest = part_of(amount, amount.raw - back)
        self._writer.emit(item, Kind.WRAP, made, (rest,), wallet=place)
        for asset, _ in others:
            inside[asset] = 0
        self._come_back(item, place, amount)
        return True

    # Liquidity that no divisible token stands for.

    def _position(self, item: Item, piece: Amount | None) -> Position:
        name = f"position:{_name(item) or 'liquidity'}"
        position = self._writer.positions.get(name)
        if position is None:
            position = self._writer.positions[name] = Position(name)
            self._writer.symbols[name], self._writer.places[name] = _shown(item), 18
        if piece is not None:
            self._writer.pieces[piece.asset] = position
        return position

    def _into_position(self, item: Item, sides: Sides, went: list[Amount]) -> None:
        position, worth = self._position(item, sides.piece), total(went)
        _count_liquidity(position, item, is_made=sides.piece is not None)
        units = scaled(worth) if worth else _ONE
        position.units[item.wallet] = position.units.get(item.wallet, 0) + units
        place = (sides.piece or went[0]).place
        self._exchange(item, went, [Amount(position.asset, units, worth, place)])

    def _out_of_position(self, item: Item, sides: Sides, came: list[Amount]) -> None:
        """So much of it as what came is worth; all of it with its token, or when the last of its liquidity comes out.

        What was nothing more has no cost.
        """
        position, worth = self._position(item, sides.piece), total(came)
        _count_liquidity(position, item)
        is_over = sides.is_burned or position.liquidity == 0
        place = (sides.piece or came[0]).place
        held = position.units.get(item.wallet, 0)
        if not came:
            if held:
                position.units[item.wallet] = 0
                self._writer.emit(item, Kind.SELL, [Amount(position.asset, held, Decimal(0), place)])
            return
        units = held if is_over or not worth else min(scaled(worth), held)
        if not units and item.wallet in position.units:
            self._writer.emit(item, Kind.BUY, (), [Amount(position.asset, 1, Decimal(0), place)])
            units = held = 1
        elif not units:
            units = held = scaled(worth) if worth else _ONE  # it began before the history
        position.units[item.wallet] = held - units
        self._exchange(item, [Amount(position.asset, units, worth, place)], came)


def _count_liquidity(position: Position, item: Item, *, is_made: bool = False) -> None:
    """Note how much liquidity a position has, from when its token was made on; what does not add up is not known."""
    said = (item.transaction.identifiers or {}).get("liquidity_delta", "")
    before = 0 if is_made else position.liquidity
    if before is None or not said.lstrip("-").isdigit():
        position.liquidity = None
    else:
        after = before + int(said)
        position.liquidity = after if after >= 0 else None


def _income(item: Item) -> IncomeKind:
    is_staking = item.kind in (TransactionKind.STAKE, TransactionKind.UNSTAKE)
    return IncomeKind.STAKING if is_staking else IncomeKind.INTEREST


def _is_piece(asset: str) -> bool:
    """Return whether an asset is one token of a collection: `chain:address:token_id`."""
    return asset.count(":") > 1


def _name(item: Item) -> str:
    """Return what tells a position from others of its wallet: as its source names it, else by its identifiers."""
    said = item.transaction
    if said.position:
        return said.position
    known = said.identifiers or {}
    found = next((f"{name}:{known[name]}".lower() for name in _NAMES if name in known), "")
    parts = (str(said.chain_id or ""), said.protocol or "", found)
    return ":".join(part for part in parts if part)


def _shown(item: Item) -> str:
    said = item.transaction
    number = (said.identifiers or {}).get("token_id")
    return f"{said.protocol or 'Liquidity'} position{f' #{number}' if number else ''}"[:60]


def _place(item: Item) -> str:
    default = "staking" if _income(item) is IncomeKind.STAKING else "lending"
    return f"{item.wallet}@{_name(item) or default}"
