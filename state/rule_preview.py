"""What a rule would have told in the last seven days, as the builder shows it."""

from dataclasses import dataclass, field

from backend.alerts.preview.schemas import RulePreview
from backend.core import formats
from components.i18n import t

MOST_HITS = 12


@dataclass(frozen=True, slots=True)
class HitRow:
    """One alert that there would have been."""

    key: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class PreviewView:
    """The preview in words; `state` is none, waiting, done or failed."""

    state: str = "none"
    headline: str = ""
    hits: list[HitRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def preview_view(found: RulePreview) -> PreviewView:
    """Return a preview in words: how often, when, and what it was read from."""
    if not found.can_preview:
        return PreviewView("done", t("preview.impossible"), notes=found.notes)
    headline = t(
        {0: "preview.count_none", 1: "preview.count_one"}.get(found.count, "preview.count"),
        count=formats.number(found.count),
    )
    if found.per_day is not None and found.count:
        headline += " · " + t("preview.per_day", rate=f"{found.per_day:,.1f}")
    if found.held_back:
        headline += " · " + t("preview.held_back", count=formats.number(found.held_back))
    hits = [
        HitRow(f"{place}", formats.iso(hit.at), hit.message.partition(" · tx 0x")[0])
        for place, hit in enumerate(found.hits[:MOST_HITS])
    ]
    sources = []
    for source in found.sources:
        said = t("preview.source", name=source.name, count=formats.number(source.events))
        sources.append(f"{said} · {source.note}" if source.note else said)
    return PreviewView("done", headline, hits, [*sources, *found.notes])


def failed_preview(message: str) -> PreviewView:
    """Return what is shown when a preview was not possible."""
    return PreviewView("failed", message)
