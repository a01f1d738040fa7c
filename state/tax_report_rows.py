"""Tax reports, their figures and disposals as rows of strings."""

from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import quote, urlencode

from backend.core import formats
from backend.tax.reports.schemas import (
    ChangesRead,
    DisposalRead,
    FigureRead,
    FiguresRead,
    FileRead,
    LotRead,
    ReportRead,
)
from backend.tax.settings.service import METHOD_TITLES, Method
from components.i18n import catalogue, t
from state.tax_words import place_name, signed, tone_of

PDF = "application/pdf"
INCOME = "income"
TILES = ("net_gain", "gains", "losses", INCOME)
TONES = {"queued": "neutral", "running": "accent", "done": "gain", "failed": "loss", "cancelled": "warn"}


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One version of a report as the list shows it."""

    id: str
    name: str
    version: str
    summary: str
    state: str
    state_label: str
    tone: str
    is_under_way: bool
    pct: int
    progress: str
    gain: str
    gain_tone: str
    open_items: str
    is_outdated: bool
    message: str
    at: str
    page_to: str


@dataclass(frozen=True, slots=True)
class ReportYear:
    """The reports of one tax year of a place."""

    key: str
    title: str
    reports: list[ReportRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure of a year; `before` and `difference` where a version before had another one."""

    key: str
    title: str
    amount: str
    before: str = ""
    difference: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class RestRow:
    """What is not settled, and how much rests on it."""

    key: str
    title: str
    count: str
    stake: str


@dataclass(frozen=True, slots=True)
class IncomeRow:
    """Income of one kind."""

    key: str
    kind: str
    count: str
    amount: str
    unknown: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file to download."""

    name: str
    title: str
    size: str
    href: str
    is_pdf: bool


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A disposal that is another one than in the version before."""

    key: str
    what: str
    tone: str
    day: str
    symbol: str
    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class DisposalLot:
    """A part of a disposal."""

    key: str
    amount: str
    exact: str
    acquired: str
    cost: str
    proceeds: str
    gain: str
    tone: str
    rule: str
    term: str


@dataclass(frozen=True, slots=True)
class DisposalRow:
    """A disposal as the list and its drawer show it; `steps` are its computation in words."""

    id: str
    number: str
    day: str
    kind: str
    amount: str
    exact: str
    symbol: str
    proceeds: str
    cost: str
    gain: str
    tone: str
    term: str
    wallet: str
    wallet_short: str
    is_taxable: bool
    taxed: str
    disallowed: str
    transaction: str
    lots: list[DisposalLot] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


def report_row(report: ReportRead) -> ReportRow:
    """Return a report as the list shows it."""
    is_under_way = report.state in ("queued", "running")
    step = t(f"tax_reports.step_{report.step}") if f"tax_reports.step_{report.step}" in catalogue() else ""
    return ReportRow(
        id=str(report.id),
        name=name_of(report),
        version=t("tax_reports.version", number=report.number),
        summary=summary_of(report),
        state=report.state,
        state_label=t(f"tax_reports.state_{report.state}"),
        tone=TONES[report.state],
        is_under_way=is_under_way,
        pct=report.progress_pct,
        progress=t("tax_reports.progress", step=step, pct=report.progress_pct) if is_under_way else "",
        gain=formats.money(report.total_gain, report.currency) if report.state == "done" else "",
        gain_tone=tone_of(report.total_gain),
        open_items=_open(report.open_issues),
        is_outdated=report.is_outdated,
        message=report.message or "",
        at=formats.iso(report.finished_at or report.requested_at),
        page_to=f"/tax/report/?id={report.id}",
    )


def name_of(report: ReportRead) -> str:
    """Return what a report is called: `United States 2024`."""
    return f"{report.jurisdiction_name} {report.label}"


def summary_of(report: ReportRead) -> str:
    """Return how a report counts, in a line."""
    key = {None: "usual", True: "yes", False: "no"}[report.per_wallet]
    line = t(
        "tax_reports.summary",
        method=method_title(report.method),
        currency=report.currency,
        wallets=t(f"tax_reports.wallets_{key}"),
    )
    return f"{line} \u00b7 {t('tax_reports.wash_on')}" if report.wash_sale else line


def method_title(method: str) -> str:
    """Return what a method is called."""
    return METHOD_TITLES.get(Method(method), method)


def _open(count: int | None) -> str:
    if not count:
        return ""
    return t("tax_reports.open_one") if count == 1 else t("tax_reports.open_many", count=formats.number(count))


def by_year(reports: list[ReportRead]) -> list[ReportYear]:
    """Return reports under their year and place, as they come."""
    years: dict[str, ReportYear] = {}
    for report in reports:
        key = f"{report.year} {report.jurisdiction}"
        years.setdefault(key, ReportYear(key, name_of(report))).reports.append(report_row(report))
    return list(years.values())


def figure_rows(figures: FiguresRead, currency: str) -> list[FigureRow]:
    """Return the figures of a year, then the losses that later years may use."""
    is_known = knows_income(figures)
    rows = [
        FigureRow(
            each.name,
            each.title,
            figure_text(each, currency) if is_known or each.name != INCOME else formats.UNKNOWN,
        )
        for each in figures.figures
    ]
    rows += [
        FigureRow(
            f"carried-{name}",
            t("tax_report.carried_of", name=name.replace("_", " ")),
            formats.money(amount, currency),
        )
        for name, amount in figures.carried.items()
    ]
    return rows


def knows_income(figures: FiguresRead) -> bool:
    """Return whether the worth of any income is known, or there was none: else its sum is no zero but unknown."""
    return not figures.incomes or any(each.unknown < each.count for each in figures.incomes)


def knows_gains(figures: FiguresRead) -> bool:
    """Return whether the gain of any disposal is known, or there was none."""
    return not figures.disposals or figures.unknown - sum(each.unknown for each in figures.incomes) < figures.disposals


def tile_texts(figures: FiguresRead, currency: str) -> list[tuple[str, str, str]]:
    """Return name, title and text of the figures that matter most; a dash where all that is in it is unknown."""
    found = []
    for name in TILES:
        figure = figures.figure(name)
        if figure is not None:
            is_known = knows_income(figures) if name == INCOME else knows_gains(figures)
            found.append((name, figure.title, figure_text(figure, currency) if is_known else formats.UNKNOWN))
    return found


def figure_text(figure: FigureRead, currency: str) -> str:
    """Return a figure as it reads."""
    return _value(figure.amount, figure.is_count, currency)


def _value(value: Decimal | None, is_count: bool, currency: str) -> str:
    return formats.number(int(value)) if is_count and value is not None else formats.money(value, currency)


def rest_rows(figures: FiguresRead, currency: str) -> list[RestRow]:
    """Return what is not settled, with how much rests on it."""
    rows = []
    for each in figures.issues:
        amount = formats.money(each.at_stake, currency)
        if each.unknown_stake == 0:
            stake = t("tax_report.rests_stake", amount=amount)
        elif each.unknown_stake == each.count:
            stake = t("tax_report.rests_stake_none")
        else:
            stake = t("tax_report.rests_stake_some", amount=amount, count=formats.number(each.unknown_stake))
        rows.append(RestRow(each.kind, t(f"tax_report.issue_{each.kind}"), formats.number(each.count), stake))
    return rows


def unknown_text(figures: FiguresRead, currency: str) -> str:
    """Return what is in no figure, in a sentence; nothing when all is known."""
    if not figures.unknown:
        return ""
    one = "_one" if figures.unknown == 1 else ""
    text = t(f"tax_report.rests_unknown{one}", count=formats.number(figures.unknown))
    if not figures.unknown_proceeds:  # of income nothing is received but itself, whose worth nobody knows
        return text
    return f"{text} {t(f'tax_report.rests_received{one}', amount=formats.money(figures.unknown_proceeds, currency))}"


def income_rows(figures: FiguresRead, currency: str) -> list[IncomeRow]:
    """Return income by kind."""
    return [
        IncomeRow(
            each.kind,
            t(f"tax_report.income_{each.kind}"),
            formats.number(each.count),
            formats.money(each.amount if each.unknown < each.count else None, currency),
            f"{formats.number(each.unknown)} {t('tax_report.income_unknown')}" if each.unknown else "",
        )
        for each in figures.incomes
    ]


def file_rows(report_id: object, files: list[FileRead]) -> list[FileRow]:
    """Return the files of a report: what is read first, forms before what is attached, then all in one, then data."""
    order = (PDF, "application/zip")

    def place(file: FileRead) -> tuple[int, bool]:
        sort = order.index(file.media_type) if file.media_type in order else len(order)
        return sort, file.name.endswith("-statement.pdf")

    files = sorted(files, key=place)
    return [
        FileRow(
            each.name,
            each.title,
            formats.byte_size(each.size_bytes),
            f"/v1/tax/reports/{report_id}/files/{quote(each.name)}",
            each.media_type == PDF,
        )
        for each in files
    ]


def changed_figure_rows(changes: ChangesRead, figures: FiguresRead, currency: str) -> list[FigureRow]:
    """Return the figures that are other ones than before."""
    counts = {each.name for each in figures.figures if each.is_count}
    rows = []
    for each in changes.figures:
        is_count = each.name in counts
        texts = [_value(value, is_count, currency) for value in (each.before, each.after)]
        known = each.before is not None and each.after is not None
        difference = (each.after or Decimal(0)) - (each.before or Decimal(0)) if known else None
        said = "" if difference is None else f"{difference:+,.0f}" if is_count else signed(difference, currency)
        rows.append(FigureRow(each.name, each.title, texts[1], texts[0], said, tone_of(difference)))
    return rows


def change_rows(changes: ChangesRead, currency: str) -> list[ChangeRow]:
    """Return the disposals that are other ones than before."""
    tones = {"added": "accent", "removed": "warn", "changed": "neutral"}
    return [
        ChangeRow(
            key=str(place),
            what=t(f"tax_report.change_{each.what}"),
            tone=tones[each.what],
            day=each.disposed_on.isoformat(),
            symbol=formats.untrusted_text(each.symbol),
            before="" if each.what == "added" else formats.money(each.gain_before, currency),
            after="" if each.what == "removed" else formats.money(each.gain_after, currency),
            why=each.why,
        )
        for place, each in enumerate(changes.disposals)
    ]


def disposal_row(disposal: DisposalRead, steps: list[str], currency: str) -> DisposalRow:
    """Return a disposal as the list and its drawer show it."""
    symbol = formats.untrusted_text(disposal.symbol)
    wallet = formats.untrusted_text(disposal.wallet, 120) if disposal.wallet else ""
    return DisposalRow(
        id=str(disposal.number),
        number=formats.number(disposal.number),
        day=disposal.disposed_on.isoformat(),
        kind=t(f"tax_report.kind_{disposal.kind}"),
        amount=formats.amount(disposal.amount, symbol),
        exact=f"{disposal.amount:f} {symbol}",
        symbol=symbol,
        proceeds=formats.money(disposal.proceeds, currency),
        cost=formats.money(disposal.cost_basis, currency),
        gain=signed(disposal.gain, currency),
        tone=tone_of(disposal.gain),
        term=t(f"tax_report.term_{disposal.term}") if disposal.term else "",
        wallet=wallet,
        wallet_short=place_name(wallet),
        is_taxable=disposal.is_taxable,
        taxed="" if disposal.is_taxable else t("tax_report.not_taxed"),
        disallowed=formats.money(disposal.disallowed, currency) if disposal.disallowed else "",
        transaction=str(disposal.transaction_id or ""),
        lots=[_lot(lot, place, symbol, currency) for place, lot in enumerate(disposal.lots)],
        steps=steps,
    )


def _lot(lot: LotRead, place: int, symbol: str, currency: str) -> DisposalLot:
    if lot.lot_amount is None:
        acquired = t("tax_report.lot_unknown")
    elif lot.rule in ("pool", "portfolio"):
        acquired = t(f"tax_report.rule_{lot.rule}")
    else:
        acquired = t("tax_report.lot_acquired", day=lot.acquired_on.isoformat() if lot.acquired_on else "")
    return DisposalLot(
        key=str(place),
        amount=formats.amount(lot.amount, symbol),
        exact=f"{lot.amount:f} {symbol}",
        acquired=acquired,
        cost=formats.money(lot.cost, currency),
        proceeds=formats.money(lot.proceeds, currency),
        gain=signed(lot.gain, currency),
        tone=tone_of(lot.gain),
        rule=t(f"tax_report.rule_{lot.rule}"),
        term=t(f"tax_report.term_{lot.term}") if lot.term else "",
    )


def page_of(report_id: str, symbol: str = "", open_only: bool = False) -> str:
    """Return the address of a report's page with the filters of its disposals."""
    query = {"id": report_id, "asset": symbol, "open": "1" if open_only else ""}
    return f"/tax/report/?{urlencode({name: value for name, value in query.items() if value})}"
