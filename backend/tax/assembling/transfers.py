"""Movements without an explanation, and transfers between places of the user, as the engine's events. Pure.

A transfer counts when it left; what does not arrive paid for it. Where what arrived is another token (a bridge), it is
wrapped there. A withdrawal without another side moves to ELSEWHERE with its basis: no gain, no loss, and an issue. A
deposit without another side is acquired for an unknown cost, which is never zero, unless the user says what it cost.
"""

from backend.tax.assembling.items import Amount, Item, part_of
from backend.tax.assembling.matching import Match, Matched
from backend.tax.assembling.writing import ELSEWHERE, Writer
from backend.tax.engine.events import Kind
from backend.tax.transactions import TransactionKind


class Transfers:
    """Writes movements. `open_` are those that nobody explains, with the item that they are of."""

    def __init__(self, writer: Writer, matched: Matched, wallets: frozenset[str]) -> None:
        self._writer = writer
        self._matched = matched
        self._wallets = wallets
        self.open_: list[tuple[Item, Amount, bool]] = []

    def movement(self, item: Item) -> None:
        """Take in what came and went of a deposit, withdrawal or one side of a bridge."""
        matched = self._matched
        for amount in item.went:
            match = matched.by_out.get(id(amount))
            if match is not None:
                self._matched_transfer(match)
            else:
                self.left(item, amount)
        paying = {fee.asset for fee in item.fees}  # what pays the fee comes first
        for amount in sorted(item.came, key=lambda each: each.asset not in paying) if paying else item.came:
            if id(amount) not in matched.by_into:
                self.arrived(item, amount)

    def both_ends(self, item: Item) -> None:
        """Take in a transfer or bridge of which one transaction tells both ends."""
        to = item.transaction.to_wallet or item.wallet
        came, rest = list(item.came), []
        for sent in item.went:
            received = next((amount for amount in came if amount.asset == sent.asset), None)
            if received is None:
                rest.append(sent)
            else:
                came.remove(received)
                self.move(item, sent, received, item.wallet, to)
        if len(rest) == len(came) == 1:
            self._change(item, rest[0], came[0], to)
            return
        for sent in rest:
            self.left(item, sent)
        for received in came:
            self.arrived(item, received)

    def left(self, item: Item, amount: Amount) -> None:
        """Take in what went nobody knows where to; to a wallet of the user where the chain names it."""
        other = self._named(item, amount)
        if other is not None:
            self.move(item, amount, amount, item.wallet, other)
            return
        self.open_.append((item, amount, True))
        self.move(item, amount, amount, item.wallet, ELSEWHERE)

    def arrived(self, item: Item, amount: Amount) -> None:
        """Take in what came nobody knows where from, at an unknown cost unless the user says what it was."""
        said, other = item.transaction, self._named(item, amount)
        if said.basis is not None or said.acquired_at is not None:
            cost = self._writer.worth(said.basis, item.at)
            bought = Amount(amount.asset, amount.raw, cost, amount.place)
            self._writer.emit(item, Kind.BUY, (), (bought,), at=said.acquired_at, is_known=False)
            if cost is None:
                self._writer.missing_basis(item, amount)
            return
        if other is not None:
            self.move(item, amount, amount, other, item.wallet)
            return
        self.open_.append((item, amount, False))
        unknown = Amount(amount.asset, amount.raw, None, amount.place)
        self._writer.emit(item, Kind.BUY, (), (unknown,), is_known=False)

    def _named(self, item: Item, amount: Amount) -> str | None:
        """The place that the transaction, or the chain, names as the other side."""
        if item.kind is TransactionKind.TRANSFER and item.transaction.to_wallet:
            return item.transaction.to_wallet
        other = amount.counterparty
        if (
            other is None
            or other == item.wallet
            or other not in self._wallets
            or id(amount) in self._matched.candidates
        ):
            return None
        return None if item.edit is not None and item.edit.is_unmatched else other

    def move(self, item: Item, sent: Amount, received: Amount, wallet: str, to: str) -> None:
        """Take in a transfer of one asset. What arrives beyond what was sent has an unknown cost."""
        arrived = part_of(received, min(sent.raw, received.raw))
        self._writer.emit(item, Kind.TRANSFER, (sent,), (arrived,), wallet=wallet, to_wallet=to)
        if received.raw > sent.raw:
            more = Amount(received.asset, received.raw - sent.raw, None, received.place)
            self.open_.append((item, more, False))
            self._writer.emit(item, Kind.BUY, (), (more,), wallet=to, is_known=False)

    def _matched_transfer(self, match: Match) -> None:
        out, into = match.out, match.into
        item, sent, received = out.item, out.amount, into.amount
        to = into.item.wallet
        if sent.asset == received.asset:
            self.move(item, sent, received, item.wallet, to)
            return
        self._change(item, sent, received, to)

    def _change(self, item: Item, sent: Amount, received: Amount, to: str) -> None:
        """What left arrived as another token: the same basis and dates."""
        if to != item.wallet:
            self.move(item, sent, sent, item.wallet, to)
        self._writer.emit(item, Kind.WRAP, (sent,), (received,), wallet=to)
