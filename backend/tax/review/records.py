"""Issues as rows of the store and back. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from backend.core.money import plain
from backend.tax.books import Issue, IssueKind, Proposal
from backend.tax.records import edit_json, edit_of
from backend.tax.review.edits import sort_of

MOST_MESSAGE = 500
COLUMNS = (
    *("id", "kind", "transaction_id", "asset", "wallet", "happened_at", "message", "amount", "at_stake", "proposals"),
    "dismissed_at",
)


@dataclass(frozen=True, slots=True)
class Open:
    """An issue as it stands in the store; `dismissed_at` is when it was put aside."""

    issue: Issue
    dismissed_at: datetime | None

    def proposal(self, sort: str) -> Proposal | None:
        """Return the one proposal of a sort; None when there is none, or several that one must choose from."""
        found = [each for each in self.issue.proposals if sort_of(each) == sort]
        return found[0] if len(found) == 1 else None


def issue_row(issue: Issue) -> dict[str, Any]:
    """Return the row of an issue, without its user and whether it was dismissed."""
    return {
        "id": str(issue.id),
        "kind": issue.kind.value,
        "transaction_id": None if issue.transaction_id is None else str(issue.transaction_id),
        "asset": issue.asset,
        "wallet": issue.wallet,
        "happened_at": None if issue.happened_at is None else issue.happened_at.isoformat(),
        "message": issue.message[:MOST_MESSAGE],
        "amount": None if issue.amount is None else plain(issue.amount),
        "at_stake": None if issue.at_stake is None else plain(issue.at_stake),
        "proposals": [proposal_json(each) for each in issue.proposals],
    }


def proposal_key(proposal: Proposal) -> str:
    """Return the name of a proposal: the same as long as it says the same."""
    said = {str(id_): edit_json(edit) for id_, edit in proposal.edits.items()}
    digest = blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
    return f"{sort_of(proposal)}:{digest}"[:80]


def proposal_json(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal as the store has it, with its sort to count by."""
    edits = {str(id_): edit_json(edit) for id_, edit in proposal.edits.items()}
    return {"sort": sort_of(proposal), "label": proposal.label, "edits": edits}


def proposal_of(data: Mapping[str, Any]) -> Proposal:
    """Return the proposal that `proposal_json` made this of."""
    return Proposal(data["label"], {UUID(id_): edit_of(edit) for id_, edit in data["edits"].items()})


def opens_of(rows: Sequence[Any]) -> list[Open]:
    """Return the issues of rows of COLUMNS; proposals are JSON text."""
    return [_open(row) for row in rows]


def row_json(found: Open) -> dict[str, Any]:
    """Return an issue as a decision keeps it, to bring it back when the decision is taken back."""
    at = found.dismissed_at
    return issue_row(found.issue) | {"dismissed_at": None if at is None else at.isoformat()}


def _open(row: Any) -> Open:
    issue = Issue(
        id=row.id,
        kind=IssueKind(row.kind),
        message=row.message,
        happened_at=row.happened_at,
        transaction_id=row.transaction_id,
        asset=row.asset,
        wallet=row.wallet,
        amount=_decimal(row.amount),
        at_stake=_decimal(row.at_stake),
        proposals=tuple(proposal_of(each) for each in orjson.loads(row.proposals)),
    )
    return Open(issue, row.dismissed_at)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
