"""Exports of the portfolio: a file now, and files by the clock."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import reflex as rx

from backend.accounts.service import Cap, CurrentUser, next_tier_with_more
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError
from backend.notifications import channel_service as channels
from backend.portfolio.scheduled_exports import service
from backend.portfolio.scheduled_exports.schemas import LAST_DAY, SchedulePatch, ScheduleRead, ScheduleWrite
from components.i18n import t
from state.arguments import id_of
from state.field_errors import checked
from state.guard import signed_in
from state.shell_state import ShellState

WHATS, FORMATS = ("report", "assets", "history", "activity"), ("pdf", "csv", "json")
SPANS = ("24h", "7d", "30d", "90d", "1y", "all")
_FIELDS = ("name", "what", "format", "range", "every", "weekday", "month_day", "at", "time_zone", "channel")


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One scheduled export as the list shows it."""

    id: str
    name: str
    summary: str
    goes_to: str
    next_at: str
    is_paused: bool
    is_over_plan: bool
    last: str
    last_tone: str
    last_at: str
    problem: str


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """The schedule in the drawer: what its fields begin with."""

    name: str = ""
    what: str = "report"
    format: str = "pdf"
    span: str = "30d"
    every: str = "weekly"
    weekday: str = "1"
    month_day: str = "1"
    at: str = "08:00"
    time_zone: str = "UTC"
    channel: str = "email"
    destination: str = ""


class PortfolioExportsState(rx.State):
    """What the page of exports shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    what: str = "report"
    format: str = "pdf"
    span: str = "30d"
    href: str = ""
    schedules: list[ScheduleRow] = []
    note: str = ""
    email: str = ""
    is_open: bool = False
    editing_id: str = ""
    draft: ScheduleDraft = ScheduleDraft()
    every: str = "weekly"
    channel: str = "email"
    problems: dict[str, str] = {}
    deleting_id: str = ""
    deleting_name: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the form and the schedules, with every dialog closed."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = self.deleting_id = ""
        self.is_open, self.problems = False, {}
        self._point()
        await self._read(user)
        self.failure = self.failure_id = ""
        self.loaded = True

    @signed_in
    async def refresh(self, user: CurrentUser) -> Any:
        """Read anew how the schedules went."""
        await self._read(user)

    @signed_in
    async def choose(self, user: CurrentUser, field: str, value: str) -> Any:
        """Choose what to download."""
        allowed = {"what": WHATS, "format": FORMATS, "span": SPANS}.get(field, ())
        if value not in allowed:
            raise InvalidInputError(t("form.invalid"))
        setattr(self, field, value)
        self._point()

    @signed_in
    async def begin(self, user: CurrentUser) -> Any:
        """Open the drawer for a new schedule."""
        async with resources().database.unit_of_work(user.id) as session:
            settings = await channels.read_settings(session, user.id)
        self._open("", ScheduleDraft(time_zone=settings.time_zone, channel="email" if user.email else "webhook"))

    @signed_in
    async def edit(self, user: CurrentUser, schedule_id: str) -> Any:
        """Open the drawer for a schedule that is saved."""
        async with resources().database.unit_of_work(user.id) as session:
            found = await service.list_schedules(session, user)
        one = next((each for each in found if str(each.id) == schedule_id), None)
        if one is not None:
            self._open(schedule_id, _draft(one))

    @signed_in
    async def set_every(self, user: CurrentUser, every: str) -> Any:
        """Show the fields that a rhythm has."""
        self.every = every if every in ("daily", "weekly", "monthly") else "weekly"

    @signed_in
    async def set_channel(self, user: CurrentUser, channel: str) -> Any:
        """Show the fields that a way has."""
        self.channel = "webhook" if channel == "webhook" else "email"

    @signed_in
    async def save(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Save the schedule; what is wrong is said beside its field."""
        self.problems = {}
        values: dict[str, Any] = {name: str(form_data.get(f"schedule_{name}") or "").strip() for name in _FIELDS}
        values["destination"] = str(form_data.get("schedule_destination") or "").strip()
        values["weekday"] = int(values["weekday"]) if values["weekday"].isdigit() else None
        values["month_day"] = int(values["month_day"]) if values["month_day"].isdigit() else None
        if values["channel"] == "webhook" and not values["destination"]:
            self.problems = {"destination": t("exports.destination_missing")}
            return None
        wanted, errors = checked(ScheduleWrite, values)
        if wanted is None:
            self.problems = {name: said.removeprefix("Value error, ") for name, said in errors.items()}
            return None
        try:
            async with resources().database.unit_of_work(user.id) as session:
                if self.editing_id:
                    change = SchedulePatch.model_validate(wanted.model_dump(exclude={"is_paused"}))
                    await service.change_schedule(session, user, id_of(self.editing_id), change)
                else:
                    await service.create_schedule(session, user, wanted)
        except InvalidInputError as error:
            self.problems = {name: str(said) for name, said in error.details.items()} or {"form": error.message}
            return None
        self.is_open = False
        await self._read(user)
        return rx.toast.success(t("exports.saved"))

    @signed_in
    async def try_now(self, user: CurrentUser, schedule_id: str) -> Any:
        """Have it made and sent now."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.try_now(session, user, id_of(schedule_id))
        await self._read(user)
        return rx.toast.success(t("exports.tried"), description=t("exports.tried_more"))

    @signed_in
    async def pause(self, user: CurrentUser, schedule_id: str, is_paused: bool) -> Any:
        """Pause a schedule, or let it go on."""
        change = SchedulePatch(is_paused=bool(is_paused))
        async with resources().database.unit_of_work(user.id) as session:
            await service.change_schedule(session, user, id_of(schedule_id), change)
        await self._read(user)

    @signed_in
    async def ask_delete(self, user: CurrentUser, schedule_id: str) -> Any:
        """Ask before a schedule is deleted."""
        row = next((each for each in self.schedules if each.id == schedule_id), None)
        if row is not None:
            self.deleting_id, self.deleting_name = row.id, row.name

    @signed_in
    async def delete(self, user: CurrentUser) -> Any:
        """Delete the schedule that was asked about."""
        wanted, self.deleting_id = id_of(self.deleting_id), ""
        async with resources().database.unit_of_work(user.id) as session:
            await service.delete_schedule(session, user, wanted)
        self.limit_message = self.upgrade_to = ""
        await self._read(user)
        return rx.toast.success(t("exports.deleted"))

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialogs."""
        self.is_open, self.deleting_id = False, ""

    def _point(self) -> None:
        query = {"what": self.what, "format": self.format, "range": self.span}
        self.href = f"/v1/portfolio/export?{urlencode(query)}"

    def _open(self, schedule_id: str, draft: ScheduleDraft) -> None:
        self.editing_id, self.draft, self.problems = schedule_id, draft, {}
        self.every, self.channel, self.is_open = draft.every, draft.channel, True

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            found = await service.list_schedules(session, user)
        self.email = user.email
        self.schedules = [_row(each, user.email) for each in found]
        most, count = service.most_schedules(user), formats.number(len(found))
        self.note = (
            t("exports.schedules_any", count=count)
            if most is None
            else t("exports.schedules_of", count=count, most=formats.number(most))
        )
        if most is not None and len(found) >= most:
            more = next_tier_with_more(user.tier, Cap.SCHEDULED_EXPORTS)
            self.limit_message = t("exports.schedules_full", most=formats.number(most)) if more else ""
            self.upgrade_to = more or ""


def _draft(read: ScheduleRead) -> ScheduleDraft:
    return ScheduleDraft(
        name=read.name,
        what=read.what,
        format=read.format,
        span=read.range,
        every=read.every,
        weekday=str(read.weekday or 1),
        month_day=str(read.month_day or 1),
        at=read.at,
        time_zone=read.time_zone,
        channel=read.channel,
        destination=read.destination,
    )


def _row(read: ScheduleRead, email: str) -> ScheduleRow:
    run = read.last_run
    what = t("exports.what_as", what=t(f"exports.what_{read.what}"), form=read.format.upper())
    when = t(f"exports.every_{read.every}_at", at=read.at, zone=read.time_zone, day=_day(read))
    host = urlsplit(read.destination).hostname or ""
    goes_to = t("exports.to_mail", email=email) if read.channel == "email" else t("exports.to_webhook", host=host)
    tones = {"waiting": "neutral", "sent": "gain", "failed": "loss"}
    return ScheduleRow(
        id=str(read.id),
        name=read.name,
        summary=f"{what}. {when}",
        goes_to=goes_to,
        next_at=formats.iso(read.next_due_at),
        is_paused=read.is_paused,
        is_over_plan=read.is_over_plan,
        last="" if run is None else t(f"exports.run_{'test_' if run.is_test else ''}{run.status}"),
        last_tone="neutral" if run is None else tones[run.status],
        last_at="" if run is None else formats.iso(run.finished_at or run.due_at),
        problem=(run.problem or "") if run is not None else "",
    )


def _day(read: ScheduleRead) -> str:
    if read.every == "weekly":
        return t(f"exports.weekday_{read.weekday}")
    if read.every == "monthly":
        return t("exports.last_day") if read.month_day == LAST_DAY else t("exports.day", day=read.month_day)
    return ""
