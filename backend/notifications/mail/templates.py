"""What mails say: one folder of templates, and a renderer that knows three rules.

`name.json` holds the subject, the values it needs, why one gets it, and whether one may switch it off; `name.html` and
`name.txt` are its two bodies; `layout.html` and `layout.txt` stand around all of them. `{{ value }}` is replaced, and
escaped in HTML; a value that is missing is an error; one called `link` or `..._link` must be an http(s) address.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import orjson

PRODUCT = "Premium"
MOST_CHARACTERS = 2000
_FOLDER = Path(__file__).parent / "templates"
_PLACE = re.compile(r"\{\{ ([a-z_]+) \}\}")
_MORE = "<!-- more -->"  # where lists and pictures stand in the templates that have some
_LINK = re.compile(r"https?://[^\s\"'<>]+")


class TemplateError(ValueError):
    """A mail was asked for that cannot be written: no such template, a value is missing or is no address."""


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of mail. `optional`: the name of the preference that switches it off; None: it is always sent."""

    name: str
    subject: str
    values: tuple[str, ...]
    why: str
    optional: str | None
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail ready to send."""

    subject: str
    html: str
    text: str


@lru_cache(maxsize=1)
def templates() -> dict[str, Template]:
    """Return every template by name. Raises TemplateError when one uses a value that it does not name."""
    found = {}
    for file in sorted(_FOLDER.glob("*.json")):
        facts = orjson.loads(file.read_bytes())
        template = Template(
            name=file.stem,
            subject=facts["subject"],
            values=tuple(facts["values"]),
            why=facts["why"],
            optional=facts.get("optional"),
            html=file.with_suffix(".html").read_text().strip(),
            text=file.with_suffix(".txt").read_text().strip(),
        )
        used = set(_PLACE.findall(template.subject + template.html + template.text))
        if used != set(template.values):
            raise TemplateError(f"{file.stem} names {sorted(template.values)} and uses {sorted(used)}")
        found[template.name] = template
    return found


def find_template(name: str) -> Template:
    """Return a template. Raises TemplateError when there is none of this name."""
    found = templates().get(name)
    if found is None:
        raise TemplateError(f"there is no mail template {name!r}")
    return found


def render(template: Template, values: Mapping[str, str], home: str) -> Rendered:
    """Return the mail that says `values`; `home` is the address of the product. Raises TemplateError."""
    missing = [name for name in template.values if name not in values]
    if missing:
        raise TemplateError(f"the mail {template.name!r} lacks {', '.join(missing)}")
    clean = {name: _clean(template.name, name, values[name]) for name in template.values}
    subject = _fill(template.subject, clean, str)
    around = {"subject": subject, "why": template.why, "product": PRODUCT, "home": home}
    body = {
        "html": _fill(template.html, clean, html.escape),
        "text": _fill(template.text, clean, str),
    }
    return Rendered(
        subject=subject,
        html=_fill(_layout("html"), {**{k: html.escape(v) for k, v in around.items()}, "body": body["html"]}, str),
        text=_fill(_layout("txt"), {**around, "body": body["text"]}, str),
    )


def with_list(mail: Rendered, lines: Sequence[tuple[str, str]], picture: tuple[str, str] | None) -> Rendered:
    """Return a mail with (heading, text) lines and a picture (address, description) where its template says `more`.

    The texts are untrusted: cleaned and escaped as values are.
    """
    clean = [(_clean("list", "heading", heading), _clean("list", "text", said)) for heading, said in lines]
    rows = "".join(
        '<p style="margin: 0 0 12px; overflow-wrap: anywhere;"><strong>'
        f"{html.escape(heading)}</strong><br>{html.escape(said)}</p>"
        for heading, said in clean
    )
    image = ""
    if picture is not None:
        source, described = (html.escape(part, quote=True) for part in picture)
        image = (
            f'<p style="margin: 0 0 16px;"><img src="{source}" alt="{described}" width="504"'
            ' style="max-width: 100%; height: auto; border-radius: 6px;"></p>'
        )
    plain = "".join(f"\n- {heading}: {said}" for heading, said in clean)
    return Rendered(mail.subject, mail.html.replace(_MORE, image + rows), mail.text.replace(_MORE, f"{plain}\n"))


@lru_cache(maxsize=2)
def _layout(ending: str) -> str:
    return (_FOLDER / f"layout.{ending}").read_text()


def _fill(text: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    return _PLACE.sub(lambda found: escape(values[found[1]]), text)


def _clean(template: str, name: str, value: str) -> str:
    """Return the value in one line, without what nobody sees: control characters, direction marks, half characters."""
    seen = "".join(" " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character for character in value)
    seen = "".join(character for character in seen if unicodedata.category(character) not in ("Cf", "Cs", "Co"))
    line = " ".join(seen.split())[:MOST_CHARACTERS]
    if (name == "link" or name.endswith("_link")) and not _LINK.fullmatch(line):
        raise TemplateError(f"{name} of the mail {template!r} is no http(s) address")
    return line
