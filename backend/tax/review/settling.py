"""Settling issues: a proposal is followed, a worth is given, an issue is put aside; each of it can be taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Context
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError
from backend.core.ids import new_id
from backend.core.money import plain
from backend.tax import repository as books
from backend.tax.books import Proposal
from backend.tax.records import edit_json, edit_of
from backend.tax.review import repository, rules_repository
from backend.tax.review.edits import lacking_worth, said_after, with_worth
from backend.tax.review.evidence import Seen, seen_of
from backend.tax.review.records import Open, opens_of, proposal_key, row_json
from backend.tax.review.repository import Filter
from backend.tax.review.schemas import MOST_AT_ONCE, Accept, Bulk, Decided, GiveWorth, Undone
from backend.tax.review.soon import review_soon
from backend.tax.store import edit_transactions
from backend.tax.transactions import Edit, Worth

BY_USER = "you"
_EXACT = Context(prec=96)
_GONE = "This issue is not open any more. Reload the list: the book changed meanwhile."


@requires(Feature.TAX)
async def accept(session: AsyncSession, user: CurrentUser, issue_id: UUID, wanted: Accept) -> Decided:
    """Follow a proposal: write its edits with the reason.

    Raises NotFoundError, ConflictError when the proposal is another one by now.
    """
    await books.lock(session, user.id)
    found = await _open(session, user.id, issue_id)
    proposal = next((each for each in found.issue.proposals if proposal_key(each) == wanted.proposal), None)
    if proposal is None:
        raise ConflictError("This proposal is not there any more. Reload the list and choose again.")
    said = await _said(session, user.id, proposal.edits, wanted.reason or proposal.label)
    return await _decide(session, user.id, "accepted", proposal.label, wanted.reason, [found], said)


@requires(Feature.TAX)
async def give_worth(session: AsyncSession, user: CurrentUser, issue_id: UUID, wanted: GiveWorth) -> Decided:
    """Say what the units of an issue were worth where nobody knew, with the reason. Raises NotFoundError,
    InvalidInputError when nothing of the transaction lacks a worth.
    """
    await books.lock(session, user.id)
    found = await _open(session, user.id, issue_id)
    if found.issue.transaction_id is None:
        raise InvalidInputError("This issue is about no single transaction: a worth cannot be given here.")
    seen = (await _transactions(session, user.id, [found.issue.transaction_id]))[found.issue.transaction_id]
    lacking = lacking_worth(seen.transaction, seen.own)
    asset = wanted.asset or (found.issue.asset if found.issue.asset in lacking else None)
    units = next(iter(lacking.values()), None) if asset is None else lacking.get(asset)
    amount = wanted.amount
    if wanted.is_unit_price and units is not None:
        amount = _EXACT.multiply(amount, units)
    worth = Worth(amount, wanted.currency, BY_USER, utc_now())
    try:
        edit = with_worth(seen.transaction, seen.own, asset, worth, wanted.reason)
    except ValueError as error:
        raise InvalidInputError(str(error), {"asset": str(error)}) from None
    said = {seen.transaction.id: (seen.own, edit)}
    title = f"Worth {plain(amount)} {wanted.currency}: {found.issue.message}"
    return await _decide(session, user.id, "priced", title, wanted.reason, [found], said)


@requires(Feature.TAX)
async def dismiss(session: AsyncSession, user: CurrentUser, issue_id: UUID, reason: str = "") -> Decided:
    """Put an issue aside: it stays as it is and is listed no more among the open ones. Raises NotFoundError."""
    found = await _open(session, user.id, issue_id)
    return await _dismiss(session, user.id, [found], found.issue.message, reason, 0)


@requires(Feature.TAX)
async def restore(session: AsyncSession, user: CurrentUser, issue_id: UUID) -> None:
    """Put an issue that was dismissed back among the open ones. Raises NotFoundError."""
    found = opens_of(await repository.some_issues(session, user.id, [issue_id]))
    if not found or found[0].dismissed_at is None:
        raise NotFoundError("There is no such dismissed issue. It may be settled or restored already.")
    await repository.set_dismissed(session, user.id, [issue_id], None)


@requires(Feature.TAX)
async def settle_many(session: AsyncSession, user: CurrentUser, wanted: Bulk) -> Decided:
    """Follow the same sort of proposal for many issues, or put them aside, as one decision.

    An issue without such a proposal, with several of that sort, or about a transaction that another one of them is
    about already is left as it is, and counted. At most MOST_AT_ONCE at once, what most rests on first. Raises
    NotFoundError when none is left to settle.
    """
    await books.lock(session, user.id)
    found = await _wanted(session, user.id, wanted)
    if wanted.action == "dismiss":
        if not found:
            raise NotFoundError("There is nothing like it to dismiss any more.")
        return await _dismiss(session, user.id, found, f"{len(found):,} issues", wanted.reason, 0)
    taken: list[tuple[Open, Proposal]] = []
    edits: dict[UUID, Edit] = {}
    for each in found:
        proposal = each.proposal(wanted.proposal)
        if proposal is not None and not proposal.edits.keys() & edits.keys():
            taken.append((each, proposal))
            edits |= {
                id_: replace(edit, reason=wanted.reason or proposal.label) for id_, edit in proposal.edits.items()
            }
    there = await _there(session, user.id, list(edits))
    taken = [each for each in taken if each[1].edits.keys() <= there.keys()]
    if not taken:
        raise NotFoundError("There is nothing left that this could be accepted for. Reload the list.")
    said = {
        id_: (there[id_].own, said_after(there[id_].own, edits[id_])) for _, proposal in taken for id_ in proposal.edits
    }
    title = taken[0][1].label if len(taken) == 1 else f"{len(taken):,} issues: {taken[0][1].label}, and the like"
    settled = [each for each, _ in taken]
    skipped = len(found) - len(taken)
    return await _decide(session, user.id, "accepted", title, wanted.reason, settled, said, skipped)


@requires(Feature.TAX)
async def undo(session: AsyncSession, user: CurrentUser, decision_id: UUID) -> Undone:
    """Take a decision back: transactions are again what they were before, and the issues are open again.

    What was edited again since stays. Raises NotFoundError, ConflictError when it was taken back already.
    """
    await books.lock(session, user.id)
    row = await repository.decision(session, user.id, decision_id)
    if row is None:
        raise NotFoundError("There is no such decision.")
    if row.undone_at is not None:
        raise ConflictError("This was taken back already.")
    changes: dict[str, Any] = orjson.loads(row.changes)
    issues: list[dict[str, Any]] = orjson.loads(row.issues)
    there = await _there(session, user.id, [UUID(id_) for id_ in changes])
    back: dict[UUID, Edit | None] = {}
    for id_, change in changes.items():
        seen = there.get(UUID(id_))
        if seen is not None and seen.own is not None and edit_json(seen.own) == change["after"]:
            back[UUID(id_)] = None if change["before"] is None else edit_of(change["before"])
    await edit_transactions(session, user.id, back)
    if row.what == "dismissed":
        await repository.set_dismissed(session, user.id, [UUID(each["id"]) for each in issues], None)
    elif back:
        await repository.bring_back(session, user.id, issues)
        await review_soon(session, user.id)
    await repository.set_undone(session, user.id, decision_id, utc_now())
    await audit(session, user.id, "tax_review.undone", row.title, {"transactions": len(back)})
    return Undone(decision_id=decision_id, transactions=len(back), kept=len(changes) - len(back))


async def _open(session: AsyncSession, user_id: UUID, issue_id: UUID) -> Open:
    found = opens_of(await repository.some_issues(session, user_id, [issue_id]))
    if not found or found[0].dismissed_at is not None:
        raise NotFoundError(_GONE)
    return found[0]


async def _wanted(session: AsyncSession, user_id: UUID, wanted: Bulk) -> list[Open]:
    if wanted.ids is not None:
        rows = await repository.some_issues(session, user_id, wanted.ids)
    else:
        kind = None if wanted.kind is None else wanted.kind.value
        place = Filter(kind=kind, asset=wanted.asset, wallet=wanted.wallet)
        rows = await repository.issues(session, user_id, place, None, MOST_AT_ONCE)
    return [
        each
        for each in opens_of(rows)
        if each.dismissed_at is None
        and (wanted.kind is None or each.issue.kind is wanted.kind)
        and (wanted.asset is None or each.issue.asset == wanted.asset)
        and (wanted.wallet is None or each.issue.wallet == wanted.wallet)
    ]


async def _there(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Seen]:
    rows = await rules_repository.some_transactions(session, user_id, ids)
    return {each.transaction.id: each for each in seen_of(rows)}


async def _transactions(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Seen]:
    found = await _there(session, user_id, ids)
    if len(found) < len(set(ids)):
        raise ConflictError("A transaction that this is about is not there any more. Reload the list.")
    return found


async def _said(
    session: AsyncSession, user_id: UUID, edits: Mapping[UUID, Edit], reason: str
) -> dict[UUID, tuple[Edit | None, Edit]]:
    there = await _transactions(session, user_id, list(edits))
    return {
        id_: (there[id_].own, said_after(there[id_].own, replace(edit, reason=reason))) for id_, edit in edits.items()
    }


async def _decide(
    session: AsyncSession,
    user_id: UUID,
    what: str,
    title: str,
    reason: str,
    settled: Sequence[Open],
    said: Mapping[UUID, tuple[Edit | None, Edit]],
    skipped: int = 0,
) -> Decided:
    """Write edits, take the issues off the list until the next review, and keep what was there before."""
    await edit_transactions(session, user_id, {id_: after for id_, (_, after) in said.items()})
    await repository.delete_issues(session, user_id, [each.issue.id for each in settled])
    await review_soon(session, user_id)
    changes = {
        str(id_): {"before": None if before is None else edit_json(before), "after": edit_json(after)}
        for id_, (before, after) in said.items()
    }
    return await _keep(session, user_id, what, title, reason, settled, changes, skipped)


async def _dismiss(
    session: AsyncSession, user_id: UUID, settled: Sequence[Open], title: str, reason: str, skipped: int
) -> Decided:
    await repository.set_dismissed(session, user_id, [each.issue.id for each in settled], utc_now())
    return await _keep(session, user_id, "dismissed", title, reason, settled, {}, skipped)


async def _keep(
    session: AsyncSession,
    user_id: UUID,
    what: str,
    title: str,
    reason: str,
    settled: Sequence[Open],
    changes: Mapping[str, Any],
    skipped: int,
) -> Decided:
    values = {
        "id": new_id(),
        "user_id": user_id,
        "made_at": utc_now(),
        "what": what,
        "title": title[:300],
        "reason": reason,
        "changes": changes,
        "issues": [row_json(each) for each in settled],
    }
    await repository.add_decision(session, values)
    await audit(session, user_id, f"tax_review.{what}", title, {"transactions": len(changes), "issues": len(settled)})
    return Decided(decision_id=values["id"], issues=len(settled), transactions=len(changes), skipped=skipped)
