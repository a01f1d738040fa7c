"""What is borrowed, paid back and seized, as the engine's events. Pure.

What is borrowed costs its worth then. Paying it back disposes of what was paid, up to what is owed; beyond that it is
interest, a fee. Of a liquidation the debt that is gone is what was received for the security, where the chain says how
much that was.
"""

from collections.abc import Callable, Sequence

from backend.tax.assembling.gaps import Coverage
from backend.tax.assembling.items import Amount, Item, part_of
from backend.tax.assembling.kinds import NOTHING, earned, swap
from backend.tax.assembling.worths import netted, total
from backend.tax.assembling.writing import Writer
from backend.tax.engine.events import Fee, IncomeKind, Kind
from backend.tax.transactions import TransactionKind

_Sides = tuple[Sequence[Amount], Sequence[Amount]]
_Debt = tuple[str, str, str]


class Debts:
    """What is owed, by wallet, protocol and asset."""

    def __init__(self, writer: Writer, known: Coverage) -> None:
        self._writer = writer
        self._known = known
        self._owed: dict[_Debt, int] = {}
        self._tokens: dict[str, str] = {}  # that stand for a debt, and of which asset

    def handler(self, kind: TransactionKind) -> Callable[[Item], _Sides] | None:
        """Return what takes a kind in, None where it is another's."""
        return {
            TransactionKind.BORROW: self.borrow,
            TransactionKind.REPAY: self.repay,
            TransactionKind.LIQUIDATION: self.liquidated,
        }.get(kind)

    def borrow(self, item: Item) -> _Sides:
        """Borrowed; the tokens that stand for the debt are no asset."""
        self._rewards(item)
        came = [amount for amount in item.came if amount.role == "principal"]
        for token in item.came:
            if token.role == "receipt" and len(came) == 1:
                self._tokens[token.asset] = came[0].asset
        for amount in came:
            key = self._key(item, amount.asset)
            self._owed[key] = self._owed.get(key, 0) + amount.raw
        if came:
            self._writer.emit(item, Kind.BORROW, (), came)
        return [amount for amount in item.went if amount.role == "principal"], ()

    def repay(self, item: Item) -> _Sides:
        """Paid back, with interest where more is paid than was borrowed."""
        self._rewards(item)
        went, came = netted(
            [each for each in item.went if each.asset not in self._tokens and each.role != "reward"],
            [each for each in item.came if each.role == "principal"],
        )
        paid, interest = [], []
        for amount in went:
            key = self._key(item, amount.asset)
            owed = self._owed.get(key)
            back = amount.raw if owed is None or not self._known.is_whole(item, amount.asset) else min(owed, amount.raw)
            if owed is not None:
                self._owed[key] = max(0, owed - back)
            if back:
                paid.append(part_of(amount, back))
            if back < amount.raw:
                interest.append(part_of(amount, amount.raw - back))
        if paid:
            self._writer.emit(item, Kind.REPAY, paid)
        if interest:
            self._interest(item, interest)
        return (), came

    def liquidated(self, item: Item) -> _Sides:
        """The security is gone, for the debt that went with it."""
        self._rewards(item)
        debts = [each for each in item.went if each.asset in self._tokens]
        went, came = netted(
            [each for each in item.went if each.asset not in self._tokens],
            [each for each in item.came if each.role == "principal"],
        )
        for debt in debts:
            key = self._key(item, self._tokens[debt.asset])
            self._owed[key] = max(0, self._owed.get(key, 0) - debt.raw)
        forgiven = total(debts)
        if went and came:
            swap(item, self._writer, went, came)
            return NOTHING
        if went:
            if forgiven is not None and len(went) == 1 and not went[0].is_told:
                went[0].value = forgiven
            self._writer.emit(item, Kind.SELL, went)
        return (), came

    def _rewards(self, item: Item) -> None:
        rewards = [amount for amount in item.came if amount.role == "reward"]
        earned(item, self._writer, rewards, item.transaction.income or IncomeKind.INTEREST)

    def _interest(self, item: Item, amounts: Sequence[Amount]) -> None:
        """A fee of its own: the fees of the transaction stand with what was paid back."""
        fees = tuple(Fee(amount.value, amount.asset, amount.raw) for amount in amounts)
        self._writer.emit(item, Kind.FEE, fees=fees if item.events else (*item.fees, *fees))
        for amount in amounts:
            if amount.value is None:
                self._writer.missing_leg(item, amount)

    def _key(self, item: Item, asset: str) -> _Debt:
        return item.wallet, item.transaction.protocol or "", asset
