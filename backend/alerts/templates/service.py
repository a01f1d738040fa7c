"""The library of templates, and rules made of them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.alerts import service as rules
from backend.alerts.schemas import AlertAction, RuleCreate, RuleRead
from backend.alerts.templates.base import Template, filled
from backend.alerts.templates.library import TEMPLATES
from backend.alerts.templates.schemas import ParameterRead, TemplateRead, TemplateUse
from backend.core.errors import InvalidInputError, NotFoundError
from backend.core.settings import get_settings

__all__ = ["TemplateNotFoundError", "list_templates", "rule_of_template", "use_template"]
_BY_ID = {template.id: template for template in TEMPLATES}
_MOST_CHARACTERS = 200


class TemplateNotFoundError(NotFoundError):
    """There is no such template."""

    code = "TEMPLATE_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such template.")


def list_templates(kind: str | None = None) -> list[TemplateRead]:
    """Return the templates (of a kind). Where only one chain is followed, it is the default."""
    only_chain = _only_chain()
    return [_read(template, only_chain) for template in TEMPLATES if kind in (None, template.kind)]


def rule_of_template(template_id: str, wanted: TemplateUse) -> RuleCreate:
    """Return the rule that a template makes. Raises TemplateNotFoundError, InvalidInputError (by parameter)."""
    template = _BY_ID.get(template_id)
    if template is None:
        raise TemplateNotFoundError
    values = _values(template, wanted.parameters)
    return RuleCreate.model_validate(
        {
            "name": wanted.name or template.name,
            "type": template.kind,
            "conditions": filled(template.conditions, values),
            "actions": [_sent(action) for action in wanted.actions],
            "enabled": wanted.enabled,
            **filled(template.options, values),
        }
    )


async def use_template(session: AsyncSession, user: CurrentUser, template_id: str, wanted: TemplateUse) -> RuleRead:
    """Make a rule of a template. Raises what `rule_of_template` and making a rule raise."""
    return await rules.create_rule(session, user, rule_of_template(template_id, wanted))


def _values(template: Template, given: Mapping[str, Any]) -> dict[str, Any]:
    names = [parameter.name for parameter in template.parameters]
    problems = {
        f"parameters.{name}": f"This template has no such parameter. It has: {', '.join(names)}."
        for name in given
        if name not in names
    }
    values: dict[str, Any] = {}
    for shown, parameter in zip(_read(template, _only_chain()).parameters, template.parameters, strict=True):
        value = given.get(parameter.name)
        values[parameter.name] = shown.default if value in (None, "", []) else value
        if values[parameter.name] is None:
            problems[f"parameters.{parameter.name}"] = f"Say which: {parameter.label}."
        elif isinstance(value, dict) or len(str(value)) > _MOST_CHARACTERS * (50 if isinstance(value, list) else 1):
            problems[f"parameters.{parameter.name}"] = "Give a plain value."
    if problems:
        raise InvalidInputError("The template cannot be filled in so.", problems)
    return values


def _only_chain() -> int | None:
    chains = list(get_settings().chain_urls)
    return chains[0] if len(chains) == 1 else None


def _read(template: Template, only_chain: int | None) -> TemplateRead:
    parameters = []
    for each in template.parameters:
        default = only_chain if each.input == "chain" and each.default is None else each.default
        parameters.append(
            ParameterRead(
                name=each.name,
                label=each.label,
                input=each.input,
                default=default,
                unit=each.unit,
                help=each.help,
                required=default is None,
            )
        )
    return TemplateRead(
        id=template.id,
        kind=template.kind,
        name=template.name,
        purpose=template.purpose,
        for_whom=template.for_whom,
        sentence=template.sentence,
        parameters=parameters,
        options=dict(template.options),
    )


def _sent(action: AlertAction) -> dict[str, Any]:
    return action.model_dump(mode="json", by_alias=True, exclude_none=True)
