"""The builder: a rule of any kind, or of several conditions, written as a sentence; it says what it would mean."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from backend.accounts.service import CurrentUser, safe_path
from backend.alerts import service as alerts_service
from backend.alerts.kinds.registry import kind_names
from backend.alerts.preview import service as previews
from backend.alerts.schemas import RULE_ACTIONS, RuleCreate, RuleRead, RuleUpdate
from backend.api.resources import resources
from backend.core.errors import InvalidInputError, PremiumError, TierLimitError
from backend.core.ids import new_id
from components.i18n import t
from state import rule_tree
from state.background import signed_in_background
from state.guard import signed_in, tell_limit
from state.rule_builder_form import (
    FIELDS,
    RuleAct,
    RuleOptions,
    cooldown_options,
    options_of_kind,
    options_of_rule,
    values_of,
)
from state.rule_builder_offers import read_offered, read_prices
from state.rule_builder_rows import (
    ADDRESS,
    WITHIN,
    KindCard,
    NodeView,
    Offered,
    address_of,
    fields_of,
    kind_cards,
    kind_options,
    node_views,
    with_first,
)
from state.rule_preview import PreviewView, failed_preview, preview_view
from state.rule_template_cards import TemplateCard, rule_of_template, template_cards, without_blanks
from state.rule_tree import Part, Value
from state.shell_state import ShellState
from state.view_models import Option

MAX_TEXT = 20_000
MAX_NAME = 255
MOST_ACTS = 10
PAUSE_SECONDS = 0.5  # who is still writing is not answered at every key
# Stands before the ids of the second tree: what must also hold when the rule fires.
CHECK = "g"


class RuleBuilderState(rx.State):
    """One rule being written."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    is_gallery: bool = True
    form_key: str = ""
    rule_id: str = ""
    back_to: str = ADDRESS
    refused: int = 0
    cards: list[KindCard] = []
    templates: list[TemplateCard] = []
    kinds: list[Option] = []
    nodes: list[NodeView] = []
    checks: list[NodeView] = []
    can_add: bool = False
    sentence: str = ""
    options: RuleOptions = RuleOptions()
    preview: PreviewView = PreviewView()
    errors: dict[str, str] = dict.fromkeys(FIELDS, "")
    rules: list[Option] = []
    cooldowns: list[Option] = []
    _parts: list[Part] = []
    _checks: list[Part] = []
    _offered: Offered = Offered()
    _version: int = 0
    _back: str = ""
    _saved_as: str = ""
    _touched: bool = False
    _ticket: str = ""
    _marked: dict[str, str] = {}

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Offer the kinds, or open the builder as the address says (`kind=gas`, `edit=id`, `copy=id`).

        `back` is where its user came from, and goes when the rule is saved or given up.
        """
        await ShellState._show(self, user)
        query = dict(self.router.url.query_parameters)
        self.failure = self.failure_id = self.limit_message = self.upgrade_to = ""
        self._back = safe_path(query["back"]) if query.get("back") else ""
        self.cards, self.kinds = kind_cards(self._back), kind_options()
        self.can_add = "multi" in kind_names()
        stored_id = query.get("edit") or query.get("copy")
        kind = query.get("kind", "")
        template = query.get("template", "")
        self.templates = template_cards(self._back)
        known = kind in {option.value for option in self.kinds} or template in {each.key for each in self.templates}
        self.is_gallery = not stored_id and not known
        if not self.is_gallery:
            await self._open(user, query, stored_id)
            return await self._show(user)
        self.loaded = True
        return None

    @signed_in
    async def choose_kind(self, user: CurrentUser, part: str, kind: str) -> Any:
        """Make a condition one of another kind, with that kind's blanks."""
        if kind not in {option.value for option in self.kinds}:
            raise InvalidInputError(t("form.invalid"))
        values = rule_tree.new_tree(kind, fields_of(kind))[1].values
        self._edit(part, rule_tree.change, kind=kind, values=values)
        return await self._show(user)

    @signed_in
    async def write(self, user: CurrentUser, part: str, field: str, text: str) -> Any:
        """Take what was written into a blank."""
        self._write(part, field, str(text))
        return await self._show(user)

    @signed_in
    async def operate(self, user: CurrentUser, part: str, field: str, operator: str) -> Any:
        """Take another way to compare."""
        spec = self._spec(part, field)
        if operator not in spec.operators:
            raise InvalidInputError(t("form.invalid"))
        held = self._value(part, field)
        self._edit(part, rule_tree.write, replace(held, operator=operator), field)
        return await self._show(user)

    @signed_in
    async def ask_more(self, user: CurrentUser, part: str, field: str) -> Any:
        """Ask for one more thing in a condition."""
        self._edit(part, rule_tree.ask, field, fields_of(self._part(part).kind))
        return await self._show(user)

    @signed_in
    async def leave_out(self, user: CurrentUser, part: str, field: str) -> Any:
        """Leave a field out."""
        self._edit(part, rule_tree.leave_out, field, fields_of(self._part(part).kind))
        return await self._show(user)

    @signed_in
    async def add_condition(self, user: CurrentUser, group: str) -> Any:
        """Put one more condition into a group."""
        kind = self._last_kind(group)
        self._edit(group, rule_tree.add_condition, kind, fields_of(kind))
        return await self._show(user)

    @signed_in
    async def add_group(self, user: CurrentUser, group: str) -> Any:
        """Put a group of conditions into a group."""
        kind = self._last_kind(group)
        self._edit(group, rule_tree.add_group, kind, fields_of(kind))
        return await self._show(user)

    @signed_in
    async def remove_part(self, user: CurrentUser, part: str) -> Any:
        """Take a condition or a group away."""
        if str(part).startswith(CHECK) and len(self._checks) <= 2:
            self._checks = []  # the last check takes the "only if" with it, and what was to be done otherwise
            self._touched, self.options = True, self.options.without_else()
        else:
            self._edit(part, rule_tree.remove)
        return await self._show(user)

    @signed_in
    async def join(self, user: CurrentUser, group: str, joint: str) -> Any:
        """Say whether all conditions of a group must hold, or any."""
        if joint not in ("all", "any"):
            raise InvalidInputError(t("form.invalid"))
        self._edit(group, rule_tree.change, joint=joint)
        return await self._show(user)

    @signed_in
    async def negate(self, user: CurrentUser, part: str) -> Any:
        """Turn a condition or a group into its opposite, or back."""
        self._edit(part, rule_tree.change, negated=not self._part(part).negated)
        return await self._show(user)

    @signed_in
    async def refresh_within(self, user: CurrentUser, part: str, seconds: str) -> Any:
        """Say how fresh a condition's reading must be."""
        if seconds not in (*WITHIN, self._part(part).within):
            raise InvalidInputError(t("form.invalid"))
        self._edit(part, rule_tree.change, within=seconds)
        return await self._show(user)

    @signed_in
    async def start_check(self, user: CurrentUser) -> Any:
        """Ask for what must also hold when the rule fires."""
        self._checks = with_first(rule_tree.new_tree("price", fields_of("price")), self._offered)
        return await self._show(user)

    @signed_in
    async def add_act(self, user: CurrentUser, branch: str) -> Any:
        """Let the rule act on another rule."""
        if branch not in ("then", "else") or len(self.options.acts) >= MOST_ACTS:
            raise InvalidInputError(t("form.invalid"))
        act = RuleAct(new_id().hex, branch, RULE_ACTIONS[0], "")
        self._touched, self.options = True, replace(self.options, acts=[*self.options.acts, act])

    @signed_in
    async def drop_act(self, user: CurrentUser, act: str) -> Any:
        """Leave the other rule alone."""
        self._touched, self.options = (
            True,
            replace(self.options, acts=[each for each in self.options.acts if each.id != act]),
        )

    @signed_in
    async def change_act(self, user: CurrentUser, act: str, name: str, value: str) -> Any:
        """Choose what is done, or to which rule."""
        offered = {"type": set(RULE_ACTIONS), "rule": {"", *(rule.value for rule in self.rules)}}
        if value not in offered.get(name, ()):
            raise InvalidInputError(t("form.invalid"))
        changed = [replace(each, **{name: value}) if each.id == act else each for each in self.options.acts]
        self.errors = {**self.errors, "acts": ""}
        self._touched, self.options = True, replace(self.options, acts=changed)

    @signed_in_background
    async def try_rule(self, user: CurrentUser) -> Any:
        """Say what the rule would have told in the last seven days, once the writer pauses."""
        async with self:
            ticket = self._ticket
            try:
                kind, conditions = self._conditions()
                wanted = {**self.options.timing(), "conditions": conditions, "type": kind, "guard": self._guard()}
                data = RuleCreate.model_validate({**wanted, "name": t("builder.unnamed")})
            except (PremiumError, ValidationError):
                self.preview = PreviewView()  # it is not complete; what is missing is said when it is saved
                return
        await asyncio.sleep(PAUSE_SECONDS)
        async with self:
            if self._ticket != ticket:
                return
        try:
            async with resources().database.unit_of_work(user.id) as session:
                view = preview_view(await previews.preview_rule(session, user, data, resources().redis))
        except PremiumError as error:
            view = failed_preview(error.message)
        async with self:
            if self._ticket == ticket:
                self.preview = view

    @signed_in
    async def choose_option(self, user: CurrentUser, name: str, value: str) -> Any:
        """Take a choice among the options; anything that is not offered is refused."""
        self._touched, self.options = True, self.options.chosen(name, str(value))
        self.errors = {**self.errors, "actions": ""}

    @signed_in
    async def save(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Create or change the rule; what cannot be accepted is said beside its field, and nothing typed is lost."""
        if self._saved_as:  # the button was pressed twice
            return rx.redirect(self._saved_as)
        typed = {str(name): str(value)[:MAX_TEXT] for name, value in form_data.items() if isinstance(value, str)}
        for mark, tree in (("", list(self._parts)), (CHECK, list(self._checks))):
            for part in tree:
                for value in part.values:
                    if (key := f"{mark}{part.id}.{value.field}") in typed:
                        self._write(mark + part.id, value.field, typed[key])
        self.options = self.options.typed(typed)
        self.limit_message = self.upgrade_to = ""
        try:
            rule_id = await self._store(user)
        except TierLimitError as error:
            self.refused += 1
            return tell_limit(self, error)
        except PremiumError as error:
            self.refused += 1
            self._blame(error)
            await self._show(user, keep=True)
            return None
        said = t("form.saved") if self.rule_id else t("form.created")
        self._saved_as = self._back or f"/alerts/rules/{rule_id}/"
        self.loaded = False  # the next rule does not begin with a glimpse of this one
        return [rx.redirect(self._saved_as), rx.toast.success(said)]

    async def _store(self, user: CurrentUser) -> UUID:
        kind, conditions = self._conditions()
        values = {**values_of(self.options), "conditions": conditions, "type": kind, "guard": self._guard()}
        if not values["name"]:  # what it means as it is now: the sentence on the page may be a key behind
            async with resources().database.unit_of_work(user.id) as session:
                values["name"] = (await alerts_service.say_rule(session, user, kind, conditions))[:MAX_NAME]
        try:
            made = RuleUpdate.model_validate({**values, "version": self._version}) if self.rule_id else None
            data = made or RuleCreate.model_validate(values)
        except ValidationError as error:
            raise InvalidInputError(t("form.invalid"), _by_field(error)) from None
        async with resources().database.unit_of_work(user.id) as session:
            if isinstance(data, RuleUpdate):
                rule = await alerts_service.update_rule(session, user, UUID(self.rule_id), data)
            else:
                rule = await alerts_service.create_rule(session, user, data)
        return rule.id

    def _conditions(self) -> tuple[str, Any]:
        """Return the kind and the conditions that stand in the builder. Raises InvalidInputError by part and field."""
        problems: dict[str, str] = {}
        lone = rule_tree.single(self._parts)
        if lone is not None:
            kind, conditions = lone.kind, rule_tree.conditions_of(lone, fields_of(lone.kind), problems)
        else:
            kind, conditions = "multi", rule_tree.tree_of(self._parts, fields_of, problems)  # type: ignore[assignment]
        if problems:
            raise InvalidInputError(t("form.invalid"), problems)
        return kind, conditions

    def _guard(self) -> dict[str, Any] | None:
        """Return what must also hold. Raises InvalidInputError by part and field."""
        if not self._checks:
            return None
        problems: dict[str, str] = {}
        tree = rule_tree.tree_of(self._checks, fields_of, problems)
        if problems:
            raise InvalidInputError(t("form.invalid"), {CHECK + key: said for key, said in problems.items()})
        return tree

    async def _show(self, user: CurrentUser, keep: bool = False) -> Any:
        """Show the tree, and the sentence that it means as far as it is complete; return the event that tries it."""
        if not keep:
            self._marked, self.errors = {}, dict.fromkeys(FIELDS, "")
        try:
            kind, conditions = self._conditions()
            async with resources().database.unit_of_work(user.id) as session:
                self.sentence = await alerts_service.say_rule(session, user, kind, conditions)
        except PremiumError:
            self.sentence = ""  # it is not complete yet; what is missing is said when it is saved
        self._offered = replace(self._offered, prices=await read_prices([*self._parts, *self._checks], self._offered))
        self.nodes = node_views(self._parts, self._marked, self._offered)
        self.checks = node_views(self._checks, self._marked, self._offered, CHECK) if self._checks else []
        self._ticket = new_id().hex
        if not self.sentence:
            self.preview = PreviewView()
            return None
        self.preview = replace(self.preview, state="waiting")
        return RuleBuilderState.try_rule

    def _blame(self, error: PremiumError) -> None:
        """Put an error's messages beside their fields; a field that is not there yet is added to say what it is for."""
        lone = rule_tree.single(self._parts)
        self.errors, self._marked = dict.fromkeys(FIELDS, ""), {}
        for name, message in error.details.items():
            if name in self.errors:
                self.errors[name] = str(message)
            elif name.partition(".")[0] in self._ids():
                self._marked[name] = str(message)
            elif self._checks and name.startswith("guard.") and (place := rule_tree.blamed(self._checks, name)):
                self._marked[CHECK + place] = str(message)
            elif lone is None and (place := rule_tree.blamed(self._parts, name)):
                self._marked[place] = str(message)
            elif lone is not None and name in {each.name for each in fields_of(lone.kind)}:
                if all(value.field != name for value in lone.values):
                    self._edit(lone.id, rule_tree.ask, name, fields_of(lone.kind))
                self._marked[f"{lone.id}.{name}"] = str(message)
            else:
                self.errors["form"] = " ".join(part for part in (self.errors["form"], str(message)) if part)
        if not self._marked and not any(self.errors.values()):
            self.errors["form"] = error.message

    async def _open(self, user: CurrentUser, query: dict[str, str], stored_id: str | None) -> None:
        """Open what the address names; a form that nobody wrote into yet is not begun anew under the writer's hands."""
        self._offered = await read_offered(user)
        self.rules = self._offered.rules
        before, self.rule_id, self._version = self.form_key.partition(" "), "", 0
        if stored_id:
            name = await self._open_stored(user, stored_id, is_edit="edit" in query)
        elif query.get("template"):
            name = self._open_template(query["template"])
        else:
            name = self._open_new(query["kind"])
        is_same = before[0] == name and not self._touched
        self.form_key = f"{name} {before[2] if is_same else new_id().hex}"
        self.back_to = self._back or (f"/alerts/rules/{self.rule_id}/" if self.rule_id else address_of(""))
        self.cooldowns = cooldown_options(self.options.cooldown)
        self._saved_as, self._touched, self.loaded = "", False, True

    def _open_new(self, kind: str) -> str:
        self._parts = with_first(rule_tree.new_tree(kind, fields_of(kind)), self._offered)
        self._checks, self.options = [], options_of_kind(kind)
        return f"new-{kind}"

    def _open_template(self, template: str) -> str:
        """Open a rule that is written already; what it leaves blank is blank here."""
        rule = rule_of_template(template)
        parts = rule_tree.of_form(rule_tree.parts_of(rule.type, rule.conditions), fields_of)
        empty = [
            replace(part, values=tuple(replace(each, text=without_blanks(each.text)) for each in part.values))
            for part in parts
        ]
        self._parts = with_first(empty, self._offered)
        self._checks, self.options = [], options_of_rule(rule)
        return f"template-{template}"

    async def _open_stored(self, user: CurrentUser, stored_id: str, *, is_edit: bool) -> str:
        try:
            wanted = UUID(stored_id)
        except ValueError:
            raise InvalidInputError(t("form.invalid")) from None
        async with resources().database.unit_of_work(user.id) as session:
            rule: RuleRead = await alerts_service.get_rule(session, user, wanted)
        self._parts = rule_tree.of_form(rule_tree.parts_of(rule.type, rule.conditions), fields_of)
        self._checks = rule_tree.of_form(rule_tree.parts_of("multi", rule.guard), fields_of) if rule.guard else []
        self.options = options_of_rule(rule)
        if is_edit:
            self.rule_id, self._version = str(rule.id), rule.version
        return f"{rule.id}-{rule.version}-{is_edit}"

    def _last_kind(self, place: str) -> str:
        return next(part.kind for part in reversed(self._tree(place)) if part.kind)

    def _ids(self) -> set[str]:
        return {part.id for part in self._parts} | {CHECK + part.id for part in self._checks}

    def _tree(self, place: str) -> list[Part]:
        """Return the tree that a part of the page belongs to."""
        return self._checks if str(place).startswith(CHECK) else self._parts

    def _part(self, place: str) -> Part:
        return rule_tree.find(self._tree(place), str(place).removeprefix(CHECK))

    def _edit(self, place: str, edit: Callable[..., list[Part]], *values: Any, **named: Any) -> None:
        """Change the tree that a part of the page belongs to."""
        made = edit(self._tree(place), str(place).removeprefix(CHECK), *values, **named)
        if edit is not rule_tree.write:
            made = with_first(made, self._offered)
        self._touched = True
        if str(place).startswith(CHECK):
            self._checks = made
        else:
            self._parts = made

    def _spec(self, place: str, field: str) -> Any:
        fields = {each.name: each for each in fields_of(self._part(place).kind)}
        if field not in fields:
            raise InvalidInputError(t("form.invalid"))
        return fields[field]

    def _value(self, place: str, field: str) -> Value:
        for value in self._part(place).values:
            if value.field == field:
                return value
        raise InvalidInputError(t("form.invalid"))

    def _write(self, place: str, field: str, text: str) -> None:
        self._edit(place, rule_tree.write, replace(self._value(place, field), text=text[:MAX_TEXT]), field)


def _by_field(error: ValidationError) -> dict[str, str]:
    """Return the messages of what the schema refused, by the option's name."""
    found: dict[str, str] = {}
    for each in error.errors():
        place = str(each["loc"][0]) if each["loc"] else "form"
        message = each["msg"].removeprefix("Value error, ")
        found.setdefault(place if place in FIELDS else "form", message)
    return found
