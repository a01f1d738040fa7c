"""What a rule does and when, beside its conditions: the options of the builder."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, get_args

from backend.alerts.schemas import RULE_ACTIONS, AlertAction, RuleCreate, RuleRead
from backend.core.errors import InvalidInputError
from backend.core.formats import duration
from backend.core.money import plain
from components.i18n import catalogue, t
from state.view_models import Option

FIELDS = (
    "name",
    "trigger",
    "frequency",
    "cooldown_seconds",
    "hysteresis_pct",
    "active_hours",
    "expires_at",
    "actions",
    "destination",
    "acts",
    "guard",
    "form",
)
# Ways to tell that need no target of their own, as far as the API takes them.
TOLD: tuple[str, ...] = tuple(
    each
    for each in get_args(AlertAction.model_fields["type"].annotation)
    if each != "webhook" and each not in RULE_ACTIONS
)
TRIGGERS = ("edge", "level")
FREQUENCIES = ("recurring", "once")
COOLDOWNS = ("0", "60", "300", "900", "3600", "21600", "86400")
DAYS = ("1", "2", "3", "4", "5", "6", "7")
HOURS = ("always", "only")


@dataclass(frozen=True, slots=True)
class RuleAct:
    """An action on another rule: in which branch, which action, which rule."""

    id: str
    branch: str
    type: str
    rule: str


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """The options as the form holds them: choices as keys, blanks as what was written."""

    name: str = ""
    trigger: str = "edge"
    frequency: str = "recurring"
    cooldown: str = "300"
    hysteresis: str = ""
    hours: str = "always"
    days: str = "1234567"
    hours_from: str = "08:00"
    hours_to: str = "22:00"
    time_zone: str = "UTC"
    expires: str = ""
    told: list[str] = field(default_factory=lambda: ["in_app"])
    webhook: bool = False
    destination: str = ""
    else_told: list[str] = field(default_factory=list)
    acts: list[RuleAct] = field(default_factory=list)
    # What the form has no place for stays as it is.
    kept: list[dict[str, Any]] = field(default_factory=list)
    else_kept: list[dict[str, Any]] = field(default_factory=list)

    def chosen(self, name: str, value: str) -> "RuleOptions":
        """Return the options with one choice taken; a day is switched. Raises InvalidInputError."""
        if name == "day" and value in DAYS:
            days = set(self.days) ^ {value}
            return replace(self, days="".join(sorted(days)))
        if name == "webhook":
            return replace(self, webhook=value == "true")
        if name in TOLD:
            return replace(self, told=[each for each in self.told if each != name] + [name] * (value == "true"))
        if name.startswith("else.") and name[5:] in TOLD:
            told = [each for each in self.else_told if each != name[5:]]
            return replace(self, else_told=told + [name[5:]] * (value == "true"))
        offered = {
            "trigger": TRIGGERS,
            "frequency": FREQUENCIES,
            "hours": HOURS,
            "cooldown": (*COOLDOWNS, self.cooldown),
        }
        if value not in offered.get(name, ()):
            raise InvalidInputError(t("form.invalid"))
        return replace(self, **{name: value})

    def without_else(self) -> "RuleOptions":
        """Return the options of a rule that checks nothing, so that nothing is done otherwise."""
        return replace(self, else_told=[], else_kept=[], acts=[each for each in self.acts if each.branch != "else"])

    def timing(self) -> dict[str, Any]:
        """Return when and how often, as the API takes it."""
        hours = None
        if self.hours == "only":
            hours = {
                "days": [int(day) for day in self.days],
                "from": self.hours_from,
                "to": self.hours_to,
                "timeZone": self.time_zone,
            }
        return {
            "trigger": self.trigger,
            "frequency": self.frequency,
            "cooldown_seconds": int(self.cooldown) if self.frequency == "recurring" else 0,
            "hysteresis_pct": self.hysteresis.removesuffix("%").strip() or None,
            "active_hours": hours,
            "expires_at": f"{self.expires}:00Z" if self.expires else None,
        }

    def typed(self, form: dict[str, str]) -> "RuleOptions":
        """Return the options with what was written into the form."""
        names = ("name", "hysteresis", "hours_from", "hours_to", "time_zone", "expires", "destination")
        return replace(self, **{name: form[name].strip() for name in names if name in form})


def values_of(options: RuleOptions) -> dict[str, Any]:
    """Return the options as the API takes them. Raises InvalidInputError."""
    actions: list[dict[str, Any]] = [{"type": each} for each in TOLD if each in options.told]
    if options.webhook:
        if not options.destination:
            raise InvalidInputError(t("form.invalid"), {"destination": t("form.destination_missing")})
        actions.append({"type": "webhook", "destination": options.destination})
    actions += [*_acts(options, "then"), *options.kept]
    if not actions:
        raise InvalidInputError(t("form.invalid"), {"actions": t("form.actions_missing")})
    return {
        "name": options.name,
        **options.timing(),
        "actions": actions,
        "else_actions": [
            *({"type": each} for each in TOLD if each in options.else_told),
            *_acts(options, "else"),
            *options.else_kept,
        ],
    }


def options_of_kind(kind: str) -> RuleOptions:
    """Return the options that a new rule of a kind begins with: each transfer is told, a price rests five minutes."""
    return RuleOptions(cooldown="0") if kind == "whale" else RuleOptions()


def cooldown_options(current: str) -> list[Option]:
    """Return the pauses that are offered, and the rule's own where it is none of them."""
    return [
        Option(each, t("cooldown.every", time=duration(int(each))) if int(each) else t("cooldown.none"))
        for each in (*COOLDOWNS, *({current} - {*COOLDOWNS}))
    ]


def options_of_rule(rule: RuleRead | RuleCreate) -> RuleOptions:
    """Return the options that a rule has; a name that is its sentence is written anew when it is saved."""
    hooks = [action for action in rule.actions if action.type == "webhook"]
    is_sentence = isinstance(rule, RuleRead) and rule.name == rule.description[:255]
    made = RuleOptions(
        name="" if is_sentence else rule.name,
        trigger=rule.trigger,
        frequency=rule.frequency,
        cooldown=str(rule.cooldown_seconds),
        hysteresis=plain(rule.hysteresis_pct) if rule.hysteresis_pct is not None else "",
        expires=_local(rule.expires_at),
        told=[action.type for action in rule.actions if action.type in TOLD],
        webhook=bool(hooks),
        destination=hooks[0].destination or "" if hooks else "",
        else_told=[action.type for action in rule.else_actions if action.type in TOLD],
        acts=[
            RuleAct(f"{branch}{place}", branch, action.type, str(action.rule_id))
            for branch, actions in (("then", rule.actions), ("else", rule.else_actions))
            for place, action in enumerate(actions)
            if action.type in RULE_ACTIONS
        ],
        kept=_kept([action for action in rule.actions if action not in hooks[:1]]),
        else_kept=_kept(rule.else_actions),
    )
    if rule.active_hours is None:
        return made
    stored = rule.active_hours.stored()
    return replace(
        made,
        hours="only",
        days="".join(str(day) for day in stored["days"]),
        hours_from=stored["from"],
        hours_to=stored["to"],
        time_zone=stored["timeZone"],
    )


def _acts(options: RuleOptions, branch: str) -> list[dict[str, Any]]:
    acts = [act for act in options.acts if act.branch == branch]
    if any(not act.rule for act in acts):
        raise InvalidInputError(t("form.invalid"), {"acts": t("builder.act_missing")})
    return [{"type": act.type, "rule_id": act.rule} for act in acts]


def _kept(actions: Sequence[AlertAction]) -> list[dict[str, Any]]:
    """Return the actions that the form has no place for."""
    placed = (*TOLD, *RULE_ACTIONS)
    return [action.model_dump(mode="json", exclude_none=True) for action in actions if action.type not in placed]


def tell_label(kind: str) -> str:
    """Return a way to tell in words: `in the app`."""
    words = catalogue()
    return (
        words.get(f"builder.tell_{kind}")
        or words.get(f"form.{kind}")
        or words.get(f"channel.{kind}")
        or kind.replace("_", " ")
    )


def _local(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}"
