"""What the review of a tax book shows: issues with their evidence, answers, decisions and rules, ready to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal

from backend.core import formats
from backend.core.money import plain
from backend.tax.review.schemas import (
    DecisionRead,
    EvidenceRead,
    IssueRead,
    KindCount,
    LegRead,
    MatchesBody,
    RuleRead,
    SetsBody,
)
from backend.tax.review.service import Answer, IssueKind, TransactionKind
from components.i18n import catalogue, t
from state.tax_words import shown_name

SHOWN_PROPOSALS = 2
TRANSACTIONS = "/tax/transactions/"


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A transaction that an issue is about; `source` says where it is from, `address` where all of it is shown."""

    id: str
    address: str
    at: str
    kind: str
    moved: str
    worth: str
    wallet: str
    source: str
    tx: str
    tx_short: str
    tx_url: str


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A way to settle an issue."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class IssueRow:
    """One issue. `rest` are the proposals that stand behind "more"; `has_rule` where all like it can be settled."""

    id: str
    message: str
    at: str
    stake: str
    stake_note: str
    is_dismissed: bool
    lacks_worth: bool
    has_rule: bool
    asset: str
    evidence: list[EvidenceRow] = field(default_factory=list)
    first: list[ProposalRow] = field(default_factory=list)
    rest: list[ProposalRow] = field(default_factory=list)
    import_to: str = ""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """The issues of a kind: how many, what rests on them, and the first of them."""

    kind: str
    title: str
    about: str
    count: str
    stake: str
    is_many: bool
    more_to: str
    more: str
    issues: list[IssueRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer for many issues, and for how many of them."""

    sort: str
    label: str
    note: str


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What was decided."""

    id: str
    at: str
    what: str
    tone: str
    title: str
    reason: str
    about: str
    is_undone: bool


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in words."""

    id: str
    name: str
    matches: str
    sets: str
    at: str
    transactions: str


def group_rows(
    counts: Sequence[KindCount], items: Sequence[IssueRead], currency: str, more_to: Mapping[str, str]
) -> list[GroupRow]:
    """Return the groups of issues by kind, with those of them that are shown."""
    groups = []
    for each in counts:
        mine = [item for item in items if item.kind is each.kind]
        if not mine:
            continue
        hidden = each.count - len(mine)
        groups.append(
            GroupRow(
                kind=each.kind.value,
                title=t(f"tax_review.{each.kind.value}"),
                about=t(f"tax_review.{each.kind.value}_about"),
                count=formats.number(each.count),
                stake=stake_words(each.at_stake, each.unknown, each.count, currency),
                is_many=each.count > 1,
                more_to=more_to.get(each.kind.value, "") if hidden > 0 else "",
                more=t("tax_review.show_all", count=formats.number(each.count)),
                issues=[issue_row(item, currency) for item in mine],
            )
        )
    return groups


def stake_words(at_stake: Decimal, unknown: int, count: int, currency: str) -> str:
    """Return what rests on issues in words: what nobody knows is said, not counted as nothing."""
    if unknown == count:
        return t("tax_review.stake_unknown")
    known = t("tax_review.stake", amount=formats.money(at_stake, currency))
    return known + t("tax_review.stake_more", count=formats.number(unknown)) if unknown else known


def issue_row(issue: IssueRead, currency: str) -> IssueRow:
    """Return an issue as the list shows it."""
    proposals = [ProposalRow(each.key, each.label) for each in issue.proposals]
    return IssueRow(
        id=str(issue.id),
        message=issue.message,
        at=formats.iso(issue.happened_at),
        stake=formats.UNKNOWN if issue.at_stake is None else formats.money(issue.at_stake, currency),
        stake_note=t("tax_review.rests_unknown") if issue.at_stake is None else t("tax_review.rests"),
        is_dismissed=issue.dismissed_at is not None,
        lacks_worth=issue.lacks_worth,
        has_rule=any(each.rule_matches is not None for each in issue.proposals),
        asset=issue.asset or "",
        evidence=[evidence_row(each) for each in issue.evidence],
        first=proposals[:SHOWN_PROPOSALS],
        rest=proposals[SHOWN_PROPOSALS:],
        import_to="/tax/import/" if issue.kind in _FROM_ELSEWHERE else "",
    )


_FROM_ELSEWHERE = (IssueKind.NEGATIVE_BALANCE, IssueKind.INCOMPLETE_HISTORY)


def evidence_row(seen: EvidenceRead) -> EvidenceRow:
    """Return a transaction as evidence."""
    worths = [(leg.worth, leg.currency) for leg in seen.legs if leg.worth is not None and leg.currency is not None]
    most = max(worths, key=lambda each: abs(each[0]), default=None)
    return EvidenceRow(
        id=str(seen.id),
        address=f"{TRANSACTIONS}?id={seen.id}",
        at=f"{seen.happened_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",  # on which day counts here, not how long ago
        kind=kind_label(seen.kind),
        moved=", ".join(_moved(leg) for leg in seen.legs) or t("tax_review.nothing_moved"),
        worth=t("tax_review.no_worth") if most is None else formats.money(most[0].copy_abs(), most[1]),
        wallet=_wallets(seen),
        source=t(f"tax_review.source_{seen.source}", line=seen.line if seen.line is not None else ""),
        tx=seen.tx_hash or "",
        tx_short=formats.address(seen.tx_hash) if seen.tx_hash else "",
        tx_url=seen.tx_url or "",
    )


def answer_rows(answers: Sequence[Answer], total: int) -> list[AnswerRow]:
    """Return the answers by which many issues can be settled at once."""
    return [
        AnswerRow(
            each.sort,
            _sort_label(each),
            t("tax_review.for_of", count=formats.number(each.issues), total=formats.number(total)),
        )
        for each in answers
    ]


def decision_row(decision: DecisionRead) -> DecisionRow:
    """Return a decision as the list shows it."""
    tones = {"accepted": "gain", "priced": "accent", "dismissed": "neutral"}
    parts = [t("tax_review.issues_one" if decision.issues == 1 else "tax_review.issues", count=decision.issues)]
    if decision.transactions:
        key = "tax_review.edited_one" if decision.transactions == 1 else "tax_review.edited"
        parts.append(t(key, count=formats.number(decision.transactions)))
    return DecisionRow(
        id=str(decision.id),
        at=formats.iso(decision.made_at),
        what=t(f"tax_review.what_{decision.what}"),
        tone=tones[decision.what],
        title=decision.title,
        reason=decision.reason,
        about=" · ".join(parts),
        is_undone=decision.undone_at is not None,
    )


def rule_row(rule: RuleRead) -> RuleRow:
    """Return a rule in words."""
    key = "tax_review.decides_one" if rule.transactions == 1 else "tax_review.decides"
    return RuleRow(
        id=str(rule.id),
        name=rule.name,
        matches=matches_words(rule.matches),
        sets=sets_words(rule.sets),
        at=formats.iso(rule.created_at),
        transactions=t(key, count=formats.number(rule.transactions)),
    )


def matches_words(matches: MatchesBody) -> str:
    """Return which transactions a rule is about, in words."""
    words = [kind_label(matches.kind) if matches.kind is not None else t("tax_review.any_kind")]
    for name in ("counterparty", "asset", "wallet", "protocol"):
        value = getattr(matches, name)
        if value is not None:
            words.append(t(f"tax_review.of_{name}", value=shown_name(value)))
    if matches.amount_below is not None:
        words.append(t("tax_review.of_amount", value=plain(matches.amount_below)))
    return ", ".join(words)


def sets_words(sets: SetsBody) -> str:
    """Return what a rule says, in words."""
    words = [answer_label(answer_of(sets))] if sets.kind is not None else []
    if sets.is_unmatched:
        words.append(t("tax_review.says_unmatched"))
    if sets.to_wallet is not None:
        words.append(t("tax_review.says_wallet", value=shown_name(sets.to_wallet)))
    return ", ".join(words) or formats.UNKNOWN


def answer_of(sets: SetsBody) -> str:
    """Return what is said as one word: `income.airdrop`, `gift_in`."""
    return ".".join(each.value for each in (sets.kind, sets.income) if each is not None)


def answer_label(answer: str) -> str:
    """Return an answer in words."""
    kind, _, income = answer.partition(".")
    key = f"tax_review.say_{answer.replace('.', '_')}"
    if key in catalogue():
        return t(key)
    return kind_label(TransactionKind(kind)) + (f": {income}" if income else "")


def kind_label(kind: TransactionKind) -> str:
    """Return a kind of transaction in words."""
    return t(f"tax_review.kind_{kind.value}")


def _sort_label(answer: Answer) -> str:
    key = f"tax_review.say_{answer.sort.replace('.', '_')}"
    return t(key) if key in catalogue() else answer.label


def _moved(leg: LegRead) -> str:
    sign = "+" if leg.amount > 0 else ""
    symbol = leg.symbol if not leg.asset.startswith("fiat:") else leg.asset.removeprefix("fiat:")
    return f"{sign}{formats.amount(leg.amount, symbol)}"


def _wallets(seen: EvidenceRead) -> str:
    own = shown_name(seen.wallet)
    return own if not seen.to_wallet else f"{own} → {shown_name(seen.to_wallet)}"
