"""Settings → Channels: where one is told, what goes where, and when. Codes, hooks and subscriptions never come here."""

from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.bots import service as bots
from backend.core.errors import InvalidInputError
from backend.notifications import channel_service as channels
from components.i18n import t
from state.arguments import id_of
from state.channel_rows import ChannelRow, KindRow, TestResult, channel_row, kind_rows, test_result
from state.field_errors import checked
from state.guard import signed_in
from state.shell_state import ShellState

_TIMES = ("quiet_from", "quiet_to")


class ChannelsState(rx.State):
    """What the page of channels shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    rows: list[ChannelRow] = []
    known: list[str] = []
    typed: list[str] = []
    bots: list[str] = []
    has_push: bool = False
    columns: list[str] = []
    kinds: list[KindRow] = []
    time_zone: str = "UTC"
    quiet_from: str = ""
    quiet_to: str = ""
    digest: str = "off"
    digest_at: str = "08:00"
    group_seconds: str = "0"
    problems: dict[str, str] = {}
    adding: str = ""
    renaming_id: str = ""
    renaming_label: str = ""
    rename_problem: str = ""
    removing_id: str = ""
    removing_name: str = ""
    testing_id: str = ""
    result: TestResult = TestResult()
    has_result: bool = False
    times_read: int = 0

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show everything, with every dialog closed."""
        await ShellState._show(self, user)
        self.adding = self.renaming_id = self.removing_id = self.testing_id = ""
        self.has_result = False
        await self._read(user)
        await self._read_settings(user)
        self.failure = self.failure_id = ""

    @signed_in
    async def refresh(self, user: CurrentUser) -> Any:
        """Read the channels again; nothing else changes."""
        await self._read(user)

    @signed_in
    async def open_add(self, user: CurrentUser, channel: str) -> Any:
        """Open the form for a channel whose address is typed."""
        self.adding = channel if channel in self.typed else ""

    @signed_in
    async def added(self, user: CurrentUser) -> Any:
        """Show the channel that was just added."""
        self.adding = ""
        await self._read(user)
        return rx.toast.success(t("channels.added"))

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close every dialog."""
        self.adding = self.renaming_id = self.removing_id = ""
        self.has_result = False

    @signed_in
    async def ask_rename(self, user: CurrentUser, channel_id: str) -> Any:
        """Ask for another name."""
        self.adding = ""
        if row := self._row(channel_id):
            self.renaming_id, self.renaming_label, self.rename_problem = row.id, row.label, ""

    @signed_in
    async def rename(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Give the channel its name."""
        label = " ".join(str(form_data.get("label") or "").split())
        try:
            async with resources().database.unit_of_work(user.id) as session:
                await channels.rename_channel(session, user.id, id_of(self.renaming_id), label)
        except InvalidInputError as error:
            self.rename_problem = str(error.details.get("label", error.message))
            return None
        self.renaming_id = ""
        await self._read(user)
        return None

    @signed_in
    async def ask_remove(self, user: CurrentUser, channel_id: str) -> Any:
        """Ask before a channel is removed."""
        if row := self._row(channel_id):
            self.removing_id, self.removing_name = row.id, f"{row.name}: {row.label}"

    @signed_in
    async def remove(self, user: CurrentUser) -> Any:
        """Remove the channel that was asked about."""
        wanted = id_of(self.removing_id)
        self.removing_id = ""
        async with resources().database.unit_of_work(user.id) as session:
            await channels.remove_channel(session, user.id, wanted)
        await self._read(user)
        return rx.toast.success(t("channels.removed"))

    @signed_in
    async def test(self, user: CurrentUser, channel_id: str) -> Any:
        """Send a test message; what comes of it is shown when it is known."""
        row = self._row(channel_id)
        if row is None or self.testing_id:
            return None
        async with resources().database.unit_of_work(user.id) as session:
            delivery_id = await channels.start_test(session, user, id_of(channel_id))
        self.testing_id = row.id
        return ChannelsState.finish_test(str(delivery_id))

    @signed_in
    async def finish_test(self, user: CurrentUser, delivery_id: str) -> Any:
        """Wait for what came of a test of the user's, and show what was asked and answered."""
        row = self._row(self.testing_id)
        try:
            delivery = await channels.await_delivery(resources().database, user.id, id_of(delivery_id))
        finally:
            self.testing_id = ""
        self.result = test_result(delivery, f"{row.name}: {row.label}" if row else "")
        self.has_result = True
        await self._read(user)

    @signed_in
    async def choose(self, user: CurrentUser, kind: str, channel: str) -> Any:
        """Switch whether alerts of a kind go to a channel."""
        cell = next((c for row in self.kinds for c in row.cells if (c.kind, c.channel) == (kind, channel)), None)
        if cell is None:
            raise InvalidInputError(t("form.invalid"))
        async with resources().database.unit_of_work(user.id) as session:
            choices = await channels.choose_alerts(session, user.id, {kind: {channel: not cell.is_on}})
            settings = await channels.read_settings(session, user.id)
        self.kinds = kind_rows(choices, self.columns, settings.critical_kinds)

    @signed_in
    async def choose_critical(self, user: CurrentUser, kind: str) -> Any:
        """Switch whether alerts of a kind come at once, whatever the hour."""
        async with resources().database.unit_of_work(user.id) as session:
            settings = await channels.read_settings(session, user.id)
            chosen = set(settings.critical_kinds) ^ {kind}
            if not chosen <= {row.kind for row in self.kinds}:
                raise InvalidInputError(t("form.invalid"))
            wanted = settings.model_copy(update={"critical_kinds": sorted(chosen)})
            await channels.change_settings(session, user.id, wanted)
            choices = await channels.alert_choices(session, user.id)
        self.kinds = kind_rows(choices, self.columns, wanted.critical_kinds)

    @signed_in
    async def save_hours(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Keep quiet hours, digest and grouping."""
        form = {name: value for name, value in form_data.items() if not (name in _TIMES and not value)}
        async with resources().database.unit_of_work(user.id) as session:
            present = await channels.read_settings(session, user.id)
            form["critical_kinds"] = list(present.critical_kinds)
            wanted, problems = checked(channels.NotificationSettingsRead, form)
            self.problems = {
                _SNAKE.get(name, name): text.removeprefix("Value error, ") for name, text in problems.items()
            }
            if wanted is None:
                return None
            await channels.change_settings(session, user.id, wanted)
        await self._read_settings(user)
        return rx.toast.success(t("channels.saved"))

    def _row(self, channel_id: str) -> ChannelRow | None:
        return next((row for row in self.rows if row.id == channel_id), None)

    async def _read(self, user: CurrentUser) -> None:
        held = resources()
        async with held.database.unit_of_work(user.id) as session:
            found = await channels.list_channels(session, user, held.settings)
        names = [each.name for each in found.available]
        self.rows = [channel_row(each) for each in found.items]
        self.known = [row.id for row in self.rows]
        self.typed = [each.name for each in found.available if each.can_be_typed]
        self.bots = list(bots.offered_bots(held.settings))
        self.has_push = "push" in names
        self.columns = names
        self.loaded = True

    async def _read_settings(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            settings = await channels.read_settings(session, user.id)
            choices = await channels.alert_choices(session, user.id)
        self.kinds = kind_rows(choices, self.columns, settings.critical_kinds)
        self.time_zone, self.digest = settings.time_zone, settings.digest
        self.quiet_from = f"{settings.quiet_from:%H:%M}" if settings.quiet_from else ""
        self.quiet_to = f"{settings.quiet_to:%H:%M}" if settings.quiet_to else ""
        self.digest_at = f"{settings.digest_at:%H:%M}"
        self.group_seconds = str(settings.group_seconds)
        self.problems = {}
        self.times_read += 1


_SNAKE = {
    "timeZone": "time_zone",
    "quietFrom": "quiet_from",
    "quietTo": "quiet_to",
    "digestAt": "digest_at",
    "groupSeconds": "group_seconds",
}


def _words(problem: str) -> str:
    text = problem.removeprefix("Value error, ")
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
