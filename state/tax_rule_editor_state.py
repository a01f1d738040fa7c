"""The drawers of the review: a rule for many transactions with what it would change, and a worth given by hand."""

from decimal import Decimal
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError
from backend.core.money import parse_decimal, plain
from backend.tax.review import service
from backend.tax.review.schemas import GiveWorth, MatchesBody, RuleCreate, RulePreviewBody, SetsBody
from components.i18n import t
from state import tax_review_rows as rows
from state.arguments import id_of
from state.field_errors import checked
from state.guard import signed_in
from state.tax_review_rows import EvidenceRow
from state.tax_review_state import TaxReviewState

CURRENCIES = ("USD", "GBP", "EUR", "CAD", "AUD", "JPY", "CHF")
ANSWERS = (
    *("income.reward", "income.staking", "income.interest", "income.airdrop", "income.fork", "income.mining"),
    *("income.wages", "income.other", "gift_in", "buy", "sell", "spend", "gift_out", "donation", "loss", "fee"),
    *("transfer", "deposit", "withdrawal", "ignored"),
)
ELSEWHERE = "elsewhere"
_CONDITIONS = ("kind", "counterparty", "asset", "wallet", "protocol", "amount_below")


class TaxRuleEditorState(rx.State):
    """What the drawer of a rule shows; `previewed` once it said what the rule as it stands would change."""

    is_open: bool = False
    form_key: int = 0
    name: str = ""
    answer: str = ""
    kind: str = ""
    counterparty: str = ""
    asset: str = ""
    wallet: str = ""
    protocol: str = ""
    amount_below: str = ""
    previewed: bool = False
    changes: str = ""
    examples: list[EvidenceRow] = []
    name_error: str = ""
    answer_error: str = ""
    matches_error: str = ""
    amount_error: str = ""

    @signed_in
    async def begin(self, user: CurrentUser) -> Any:
        """Open an empty rule."""
        self._open({})

    @signed_in
    async def begin_with(self, user: CurrentUser, issue_id: str) -> Any:
        """Open the rule for all transactions like that of an issue, and say what it would change."""
        review = await self.get_state(TaxReviewState)
        issue = next((each for each in review._issues if str(each.id) == issue_id), None)
        proposal = next((each for each in issue.proposals if each.rule_matches is not None), None) if issue else None
        if issue is None or proposal is None or proposal.rule_matches is None or proposal.rule_sets is None:
            return
        given = {name: getattr(proposal.rule_matches, name) for name in _CONDITIONS}
        said = {name: str(value) for name, value in given.items() if value is not None}
        self._open(said | {"answer": "" if len(issue.proposals) > 1 else rows.answer_of(proposal.rule_sets)})

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close it; nothing is kept."""
        self.is_open = False

    @signed_in
    async def touch(self, user: CurrentUser, _value: str) -> Any:
        """What was previewed is not what stands in the form any more."""
        self.previewed = False

    @signed_in
    async def submit(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Say first what the rule would change; save it when that was seen."""
        body = self._checked(form_data)
        if body is None:
            return None
        async with resources().database.unit_of_work(user.id) as session:
            if self.previewed:
                done = await service.add_rule(session, user, RuleCreate(name=self.name, **dict(body)))
            else:
                found = await service.preview_rule(session, user, body)
        if self.previewed:
            self.is_open = False
            text = t("tax_review.rule_saved", count=formats.number(done.transactions))
            return [TaxReviewState.refresh, rx.toast.success(text)]
        self.previewed = True
        self.changes = t(
            "tax_review.preview",
            changed=formats.number(found.changed),
            count=formats.number(found.transactions),
            edited=formats.number(found.edited),
        )
        self.examples = [rows.evidence_row(each) for each in found.examples]
        return None

    def _open(self, said: dict[str, str]) -> None:
        self.is_open, self.previewed = True, False
        self.form_key += 1
        for name in (*_CONDITIONS, "answer"):
            setattr(self, name, said.get(name, ""))
        self.name, self.changes, self.examples = "", "", []
        self.name_error = self.answer_error = self.matches_error = self.amount_error = ""

    def _checked(self, form: dict[str, Any]) -> RulePreviewBody | None:
        """Return the rule as it was entered; what is wrong is said beside its field."""
        values = {name: str(form.get(f"rule_{name}") or "").strip() for name in (*_CONDITIONS, "answer", "name")}
        for name, value in values.items():
            setattr(self, name, value[:140])
        self.name_error = self.answer_error = self.matches_error = self.amount_error = ""
        asked: dict[str, Any] = {name: values[name] or None for name in _CONDITIONS}
        if values["amount_below"]:
            try:
                asked["amount_below"] = plain(parse_decimal(values["amount_below"]))
            except ValueError as error:
                self.amount_error = f"{error}."
                return None
        matches, wrong = checked(MatchesBody, asked)
        if matches is None:
            self.amount_error = wrong.get("amount_below", "")
            self.matches_error = next((said for name, said in wrong.items() if name != "amount_below"), "")
        sets = sets_of(values["answer"])
        self.answer_error = "" if sets is not None else t("tax_review.choose_answer")
        self.name = values["name"] or (rows.matches_words(matches) if matches else "")
        self.name = self.name[:120]
        return None if matches is None or sets is None else RulePreviewBody(matches=matches, sets=sets)


def sets_of(answer: str) -> SetsBody | None:
    """Return what an answer of the list says, None for one that is not in it."""
    if answer not in ANSWERS:
        return None
    kind, _, income = answer.partition(".")
    to_wallet = ELSEWHERE if answer == service.TransactionKind.TRANSFER.value else None
    return SetsBody.model_validate({"kind": kind, "income": income or None, "to_wallet": to_wallet})


class TaxWorthState(rx.State):
    """What the drawer of a worth shows."""

    is_open: bool = False
    form_key: int = 0
    issue_id: str = ""
    message: str = ""
    is_unit_price: bool = False
    currency: str = "USD"
    amount_error: str = ""
    reason_error: str = ""
    form_error: str = ""

    @signed_in
    async def begin(self, user: CurrentUser, issue_id: str) -> Any:
        """Ask what the units of an issue were worth."""
        review = await self.get_state(TaxReviewState)
        issue = next((each for each in review._issues if str(each.id) == issue_id), None)
        if issue is None:
            return
        self.issue_id, self.message, self.is_open = issue_id, issue.message, True
        self.is_unit_price, self.form_key = False, self.form_key + 1
        self.currency = review.currency
        self.amount_error = self.reason_error = self.form_error = ""

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close it; nothing is kept."""
        self.is_open = False

    @signed_in
    async def count_by(self, user: CurrentUser, how: str) -> Any:
        """Take the number for all of it, or for one whole unit."""
        self.is_unit_price = how == "unit"

    @signed_in
    async def save(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Keep the worth; what is wrong is said beside its field."""
        self.amount_error = self.reason_error = self.form_error = ""
        reason = str(form_data.get("worth_reason") or "").strip()
        try:
            amount: Decimal | None = parse_decimal(str(form_data.get("worth_amount") or ""))
        except ValueError as error:
            amount, self.amount_error = None, t("tax_review.amount_missing") if "''" in str(error) else f"{error}."
        if not reason:
            self.reason_error = t("tax_review.reason_missing")
        if amount is None or not reason:
            return None
        values = {
            "amount": plain(amount),
            "currency": str(form_data.get("worth_currency") or ""),
            "is_unit_price": self.is_unit_price,
            "reason": reason,
        }
        wanted, wrong = checked(GiveWorth, values)
        if wanted is None:
            self.amount_error = wrong.get("amount", "")
            self.reason_error = wrong.get("reason", "")
            self.form_error = wrong.get("currency", "")
            return None
        try:
            async with resources().database.unit_of_work(user.id) as session:
                done = await service.give_worth(session, user, id_of(self.issue_id), wanted)
        except InvalidInputError as error:
            self.form_error = error.message
            return None
        self.is_open = False
        review = await self.get_state(TaxReviewState)
        review._settled(str(done.decision_id), t("tax_review.worth_kept"))
        return TaxReviewState.refresh
