"""A transaction into the events of one wallet.

The law of it: the legs of all events of a transaction sum, for each asset, to what the wallet's balance of it changed
by according to the transaction's movements (`movements.movements_of`), exactly. What the wallet paid for the
transaction is no leg; it stands in `fee_wei` of the first event, where the wallet sent it.
"""

from collections.abc import Sequence

from backend.core.ids import derived_id
from backend.ledger.decoding.base import Case, Finding, Trade
from backend.ledger.decoding.registry import concerned
from backend.ledger.decoding.rest import approvals, transfers
from backend.ledger.decoding.swaps import find_swaps
from backend.ledger.events import Approval, Event, Kind, Leg
from backend.ledger.transactions import Facts, Transaction


def decode(tx: Transaction, wallet: str, facts: Facts) -> list[Event]:
    """Return what a transaction did to a wallet (lower-case address), in the order of its logs.

    Nothing when it did nothing to it: the wallet neither sent it, nor moved, nor gave an allowance. The source of the
    events is `chain`; whoever read the transaction elsewhere says so by `dataclasses.replace`. No log can make this
    fail.
    """
    case = Case(tx, wallet, facts)
    findings = sorted(_findings(case), key=lambda each: each.log_index)
    given = approvals(case) if tx.succeeded else ()
    if not findings and given:
        spenders = {each.spender for each in given}
        findings = [_bare(Kind.APPROVE, spenders.pop() if len(spenders) == 1 else None)]
    if not findings and tx.sender == wallet:
        findings = [_bare(Kind.CALL, tx.recipient)]
    return [_event(case, number, finding, given if number == 0 else ()) for number, finding in enumerate(findings)]


def _findings(case: Case) -> list[Finding]:
    if case.purse.is_empty and not case.acts:
        return []
    decoders = concerned(case.topics)
    found = [finding for decoder in decoders for finding in decoder.find(case)]
    trades: list[Trade] = [trade for decoder in decoders for trade in decoder.trades(case)]
    return [*found, *find_swaps(case, trades), *transfers(case)]


def _bare(kind: Kind, counterparty: str | None) -> Finding:
    return Finding(kind=kind, legs=(), log_index=0, counterparty=counterparty)


def _event(case: Case, number: int, finding: Finding, given: Sequence[Approval]) -> Event:
    tx = case.tx
    pays = tx.sender == case.wallet and number == 0
    legs: tuple[Leg, ...] = finding.legs
    return Event(
        id=derived_id("ledger", tx.chain_id, tx.hash, case.wallet, number),
        wallet=case.wallet,
        chain_id=tx.chain_id,
        kind=finding.kind,
        happened_at=tx.happened_at,
        block_number=tx.block_number,
        block_hash=tx.block_hash,
        tx_hash=tx.hash,
        tx_index=tx.index,
        number=number,
        source="chain",
        legs=legs,
        approvals=tuple(given),
        protocol=finding.protocol or (case.protocol(tx.recipient) if finding.kind is Kind.CALL else None),
        counterparty=finding.counterparty,
        identifiers=finding.identifiers,
        method=tx.method,
        fee_wei=tx.fee_wei if pays else 0,
        succeeded=tx.succeeded,
        problem=finding.problem,
    )
