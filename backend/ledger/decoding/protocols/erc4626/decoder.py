"""Vaults of ERC-4626 (https://eips.ethereum.org/EIPS/eip-4626): shares are the vault's own token.

Nobody vouches for a vault. It is believed of the wallet's own transactions when what it says moved is what moved,
exactly: the shares that it names, minted or burned by itself, against an amount of something else that it names.
"""

from collections.abc import Sequence

from backend.chain.blocks import Log
from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.movements import NOBODY
from backend.ledger.decoding.shapes import Shape
from backend.ledger.events import Kind

_DEPOSIT = Shape("Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)")
_WITHDRAW = Shape(
    "Withdraw(address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares)"
)
NAME = "ERC-4626"


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({_DEPOSIT.topic, _WITHDRAW.topic})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet put into vaults and took out of them."""
        if not case.acts:
            return ()
        found = [
            _change(case, log, assets, shares, is_in=False)
            for log, (_, owner, assets, shares) in case.logs(_DEPOSIT)
            if owner == case.wallet
        ]
        found += [
            _change(case, log, assets, shares, is_in=True)
            for log, (_, receiver, owner, assets, shares) in case.logs(_WITHDRAW)
            if case.wallet in (owner, receiver)
        ]
        return [finding for finding in found if finding is not None]


def _change(case: Case, log: Log, assets: int, shares: int, *, is_in: bool) -> Finding | None:
    """Return the deposit, or with `is_in` the withdrawal; through a router the assets do not come from the vault."""
    receipt = case.purse.one(not is_in, shares, {log.address}, {NOBODY}) or (
        case.purse.one(not is_in, shares, {log.address}, {case.tx.recipient or ""})
    )
    moved = case.purse.one(is_in, assets, None, {log.address}) or (
        case.purse.one(is_in, assets, None, {case.tx.recipient or ""})
    )
    if receipt is None or moved is None or moved.token == log.address:
        return None
    return Finding(
        kind=Kind.WITHDRAW if is_in else Kind.SUPPLY,
        legs=(case.purse.take(moved), case.purse.take(receipt, "receipt")),
        log_index=log.log_index,
        protocol=case.protocol(log.address) or NAME,
        counterparty=log.address,
        identifiers={"vault": log.address},
    )
