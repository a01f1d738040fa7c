"""The review of the tax book: what is open by kind, settled with a press, and everything can be taken back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import reflex as rx
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError
from backend.tax.review import service
from backend.tax.review.schemas import Accept, Bulk, IssueList, IssueRead, ReviewStamp
from backend.tax.review.service import Filter, IssueKind
from components.i18n import t
from state import tax_review_rows as rows
from state.arguments import id_of
from state.following import Run, follows
from state.guard import signed_in
from state.shell_state import ShellState
from state.tax_review_rows import AnswerRow, DecisionRow, GroupRow, RuleRow
from state.tax_words import shown_name
from state.view_models import Chip, Option

ADDRESS = "/tax/review/"
SHOWS = ("open", "dismissed", "decided", "rules")
HEADS = 5
PAGE = 50
FILTERS = ("kind", "asset", "wallet")
BUSY_SECONDS, CALM_SECONDS = 1.0, 5.0


class TaxReviewState(rx.State):
    """What the page of the review shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    show: str = "open"
    chips: list[Chip] = []
    kinds: list[Chip] = []
    groups: list[GroupRow] = []
    decisions: list[DecisionRow] = []
    rules: list[RuleRow] = []
    summary: str = ""
    stake: str = ""
    currency: str = "USD"
    is_empty: bool = True
    is_new: bool = True
    is_filtered: bool = False
    is_reviewing: bool = False
    step: str = ""
    problem: str = ""
    reviewed_at: str = ""
    next_cursor: str = ""
    asset_options: list[Option] = []
    wallet_options: list[Option] = []
    filter_asset: str = ""
    filter_wallet: str = ""
    last_id: str = ""
    last_text: str = ""
    many_kind: str = ""
    many_title: str = ""
    many_answers: list[AnswerRow] = []
    many_error: str = ""
    deleting_id: str = ""
    deleting_name: str = ""
    _stamp: str = ""
    _run: str = ""
    _issues: list[IssueRead] = []

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what the address names, with every drawer closed."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = self.many_kind = self.deleting_id = self.last_id = ""
        self._issues = []
        await self._read(user)
        self.failure = self.failure_id = ""
        self.loaded = True

    @signed_in
    async def refresh(self, user: CurrentUser) -> Any:
        """Show what changed since."""
        if self.loaded and self.router.url.path.strip("/") == ADDRESS.strip("/"):
            await self._read(user)

    @signed_in
    async def more(self, user: CurrentUser) -> Any:
        """Show the next issues or decisions below those that are there."""
        if not self.next_cursor:
            return
        async with resources().database.unit_of_work(user.id) as session:
            if self.show == "decided":
                listed = await service.decisions_of(session, user, self.next_cursor, PAGE)
                self.decisions = [*self.decisions, *(rows.decision_row(each) for each in listed.items)]
                self.next_cursor = listed.next_cursor or ""
                return
            found = await service.issues_of(session, user, self._filter(), self.next_cursor, PAGE)
        self._issues = [*self._issues, *found.items]
        self._show_issues(found)

    @signed_in
    async def accept(self, user: CurrentUser, issue_id: str, key: str) -> Any:
        """Follow a proposal."""
        async with resources().database.unit_of_work(user.id) as session:
            done = await service.accept(session, user, id_of(issue_id), Accept(proposal=str(key)[:80]))
        issue = next((each for each in self._issues if str(each.id) == issue_id), None)
        label = next((each.label for each in issue.proposals if each.key == key), "") if issue else ""
        self._settled(str(done.decision_id), t("tax_review.settled", what=label))
        await self._read(user)

    @signed_in
    async def dismiss(self, user: CurrentUser, issue_id: str) -> Any:
        """Put an issue aside."""
        async with resources().database.unit_of_work(user.id) as session:
            done = await service.dismiss(session, user, id_of(issue_id))
        self._settled(str(done.decision_id), t("tax_review.dismissed_one"))
        await self._read(user)

    @signed_in
    async def restore(self, user: CurrentUser, issue_id: str) -> Any:
        """Put a dismissed issue back."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.restore(session, user, id_of(issue_id))
        await self._read(user)
        return rx.toast.success(t("tax_review.restored"))

    @signed_in
    async def undo(self, user: CurrentUser, decision_id: str) -> Any:
        """Take a decision back."""
        async with resources().database.unit_of_work(user.id) as session:
            done = await service.undo(session, user, id_of(decision_id))
        self.last_id = ""
        await self._read(user)
        kept = t("tax_review.kept", count=formats.number(done.kept)) if done.kept else ""
        return rx.toast.success(t("tax_review.undone"), description=kept)

    @signed_in
    async def forget_last(self, user: CurrentUser) -> Any:
        """Put the line about the last decision away."""
        self.last_id = ""

    @signed_in
    async def ask_many(self, user: CurrentUser, kind: str) -> Any:
        """Ask how all issues of a kind are to be settled."""
        wanted = self._filter(str(kind))
        async with resources().database.unit_of_work(user.id) as session:
            answers = await service.answers_of(session, user, wanted)
            total = (await service.issues_of(session, user, wanted, None, 1)).total
        self.many_answers = rows.answer_rows(answers, total)
        self.many_kind, self.many_title = wanted.kind or "", t("tax_review.many_title", count=formats.number(total))
        self.many_error = ""

    @signed_in
    async def settle_many(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Settle all issues of the kind by the chosen answer."""
        chosen = str(form_data.get("many_answer") or "")[:80]
        if not chosen or not self.many_kind:
            self.many_error = t("tax_review.choose_answer")
            return
        place = self._filter(self.many_kind)
        is_dismissal = chosen == "dismiss"
        body = Bulk(
            action="dismiss" if is_dismissal else "accept",
            proposal="" if is_dismissal else chosen,
            kind=IssueKind(self.many_kind),
            asset=place.asset,
            wallet=place.wallet,
            reason=str(form_data.get("many_reason") or "")[:300],
        )
        async with resources().database.unit_of_work(user.id) as session:
            done = await service.settle_many(session, user, body)
        self.many_kind = ""
        skipped = t("tax_review.skipped", count=formats.number(done.skipped)) if done.skipped else ""
        key = "tax_review.settled_one" if done.issues == 1 else "tax_review.settled_many"
        self._settled(str(done.decision_id), f"{t(key, count=formats.number(done.issues))} {skipped}".strip())
        await self._read(user)

    @signed_in
    async def close_many(self, user: CurrentUser) -> Any:
        """Settle nothing."""
        self.many_kind = ""

    @signed_in
    async def review_now(self, user: CurrentUser) -> Any:
        """Have the book reviewed now."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.stamp_of(session, user)
            await service.review_soon(session, user.id)
        self.is_reviewing, self.step, self.problem = True, t("tax_review.step_waiting"), ""

    @signed_in
    async def ask_delete(self, user: CurrentUser, rule_id: str) -> Any:
        """Ask before a rule is deleted."""
        found = next((each for each in self.rules if each.id == rule_id), None)
        if found is not None:
            self.deleting_id, self.deleting_name = found.id, found.name

    @signed_in
    async def delete_rule(self, user: CurrentUser) -> Any:
        """Delete the rule that was asked about."""
        wanted, self.deleting_id = id_of(self.deleting_id), ""
        async with resources().database.unit_of_work(user.id) as session:
            done = await service.delete_rule(session, user, wanted)
        await self._read(user)
        return rx.toast.success(t("tax_review.rule_deleted", count=formats.number(done.transactions)))

    @signed_in
    async def close_delete(self, user: CurrentUser) -> Any:
        """Delete nothing."""
        self.deleting_id = ""

    @signed_in
    async def change_filter(self, user: CurrentUser, name: str, value: str) -> Any:
        """Go to the address with one filter changed."""
        if name not in FILTERS:
            raise InvalidInputError(t("form.invalid"))
        return rx.redirect(address({**self._query(), name: str(value)}))

    @follows("tax review", ADDRESS)
    async def follow(self, run: Run) -> AsyncIterator[Any]:
        """Show what a review finds while the page is open."""
        while await run.is_open():
            async with self:
                if not await run.goes_on():
                    return
                seen, is_calm = self._stamp, not self.is_reviewing
            async with resources().database.unit_of_work(run.user.id) as session:
                stamp = await service.stamp_of(session, run.user)
            if seen and _text_of(stamp) != seen:
                yield TaxReviewState.refresh
            await asyncio.sleep(CALM_SECONDS if is_calm and stamp.is_current else BUSY_SECONDS)

    async def _read(self, user: CurrentUser) -> None:
        self.show = self._query().get("show", "open")
        async with resources().database.unit_of_work(user.id) as session:
            found = await self._issues_of(session, user)
            if self.show == "decided":
                listed = await service.decisions_of(session, user, None, PAGE)
                self.decisions = [rows.decision_row(each) for each in listed.items]
            elif self.show == "rules":
                self.rules = [rows.rule_row(each) for each in (await service.list_rules(session, user)).items]
            choices = await service.choices_of(session, user)
        self._issues = found.items
        self._show_issues(found)
        if self.show == "decided":
            self.next_cursor = listed.next_cursor or ""
        self._show_stamp(found.review)
        self._show_filters(found)
        self.asset_options = [Option(each, shown_name(each)) for each in choices.assets]
        self.wallet_options = [Option(each, shown_name(each)) for each in choices.wallets]

    async def _issues_of(self, session: AsyncSession, user: CurrentUser) -> IssueList:
        wanted = self._filter()
        if wanted.kind is None and not wanted.is_dismissed:
            return await service.heads_of(session, user, wanted, HEADS)
        # What was opened with "more" stays open when the list is read anew.
        return await service.issues_of(session, user, wanted, None, max(PAGE, len(self._issues)))

    def _show_issues(self, found: IssueList) -> None:
        query = self._query()
        more_to = {each.kind.value: address({**query, "kind": each.kind.value}) for each in found.by_kind}
        self.groups = rows.group_rows(found.by_kind, self._issues, found.currency, more_to)
        self.next_cursor, self.currency = found.next_cursor or "", found.currency
        unknown = sum(each.unknown for each in found.by_kind if query.get("kind") in (None, each.kind.value))
        what = "put_aside" if query.get("show") == "dismissed" else "open"
        key = f"tax_review.{what}_one" if found.total == 1 else f"tax_review.{what}_many"
        self.summary = t(key, count=formats.number(found.total))
        self.stake = rows.stake_words(found.at_stake, unknown, found.total, found.currency) if found.total else ""

    def _show_stamp(self, stamp: ReviewStamp) -> None:
        self._stamp = _text_of(stamp)
        self.is_new, self.is_empty = stamp.version == 0, stamp.open == 0
        self.is_reviewing = not stamp.is_current and not stamp.problem
        self.step = t(f"tax_review.step_{stamp.step or 'waiting'}")
        self.problem = stamp.problem or ""
        self.reviewed_at = formats.iso(stamp.reviewed_at)
        counts = {"open": formats.number(stamp.open), "dismissed": formats.number(stamp.dismissed)}
        self.chips = [
            Chip(t(f"tax_review.show_{show}", count=counts.get(show, "")), address({"show": show}), show == self.show)
            for show in SHOWS
        ]

    def _show_filters(self, found: IssueList) -> None:
        query = self._query()
        self.filter_asset, self.filter_wallet = query.get("asset", ""), query.get("wallet", "")
        self.is_filtered = any(name in query for name in FILTERS)
        self.kinds = [
            Chip(
                f"{t(f'tax_review.{each.kind.value}')} {formats.number(each.count)}",
                address({**query, "kind": "" if query.get("kind") == each.kind.value else each.kind.value}),
                query.get("kind") == each.kind.value,
            )
            for each in found.by_kind
        ]

    def _settled(self, decision_id: str, text: str) -> None:
        self.last_id, self.last_text = decision_id, text

    def _query(self) -> dict[str, str]:
        query = dict(self.router.url.query_parameters)
        found = {name: query[name][:140] for name in FILTERS if query.get(name)}
        if found.get("kind") not in {kind.value for kind in IssueKind}:
            found.pop("kind", None)
        return found | ({"show": query["show"]} if query.get("show") in SHOWS[1:] else {})

    def _filter(self, kind: str = "") -> Filter:
        query = self._query()
        if kind and kind not in {each.value for each in IssueKind}:
            raise InvalidInputError(t("form.invalid"))
        return Filter(
            kind or query.get("kind"), query.get("asset"), query.get("wallet"), query.get("show") == "dismissed"
        )


def address(query: dict[str, str]) -> str:
    """Return the page's address with these filters."""
    given = urlencode({name: value for name, value in query.items() if value and (name, value) != ("show", "open")})
    return f"{ADDRESS}?{given}" if given else ADDRESS


def _text_of(stamp: ReviewStamp) -> str:
    return stamp.model_dump_json()
