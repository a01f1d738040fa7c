"""Rules that are written already but for a few blanks, as the gallery offers them and as the builder opens them."""

from dataclasses import dataclass

from backend.alerts.schemas import RuleCreate
from backend.alerts.templates import service as templates
from backend.alerts.templates.schemas import TemplateUse
from state.alert_rows import kind_label
from state.rule_builder_rows import address_of

# Stands where a template leaves a blank that has no default; the builder shows nothing there.
_BLANK = "\u25a1"


@dataclass(frozen=True, slots=True)
class TemplateCard:
    """A template as the gallery offers it."""

    key: str
    name: str
    purpose: str
    for_whom: str
    kind_label: str
    href: str


def template_cards(back: str) -> list[TemplateCard]:
    """Return every template."""
    return [
        TemplateCard(
            key=each.id,
            name=each.name,
            purpose=each.purpose,
            for_whom=each.for_whom,
            kind_label=kind_label(each.kind),
            href=address_of(back, template=each.id),
        )
        for each in templates.list_templates()
    ]


def rule_of_template(template_id: str) -> RuleCreate:
    """Return the rule of a template with its defaults; blanks without one are marked. Raises NotFoundError."""
    found = next((each for each in templates.list_templates() if each.id == template_id), None)
    blanks = {each.name: _BLANK for each in (found.parameters if found else []) if each.default is None}
    return templates.rule_of_template(template_id, TemplateUse(parameters=blanks))


def without_blanks(text: str) -> str:
    """Return what a field shows: nothing where the template leaves a blank."""
    return "" if _BLANK in text else text
