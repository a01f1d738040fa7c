"""Writes .env.example from the fields, defaults and comments of backend/core/settings.py."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

HEAD = """\
# Every setting of the product with its default, made from backend/core/settings.py by scripts/env_example.py.
# Copy it to .env and change what you need; variables of the environment win over .env.
# Nothing has to be set for `make run`: what has no address is started as an embedded part.
"""
SECTION = re.compile(r"^    # --- (?P<title>.*)$")
FIELD = re.compile(r"^    (?P<name>[a-z][a-z0-9_]*): (?:.*?)(?:  # (?P<comment>(?!noqa).*))?$")


def env_example() -> str:
    """Return the text of .env.example."""
    from backend.core.settings import Settings

    lines = [HEAD]
    for line in (ROOT / "backend" / "core" / "settings.py").read_text().splitlines():
        section, field = SECTION.match(line), FIELD.match(line)
        if section:
            lines.append(f"\n# --- {section['title']}")
        elif field and field["name"] in Settings.model_fields:
            shown = _shown(Settings.model_fields[field["name"]].get_default(call_default_factory=True))
            if field["comment"]:
                lines.append(f"# {field['comment']}")
            lines.append(f"#{field['name'].upper()}={shown}")
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _shown(default: object) -> str:
    """Return a default as one would write it in an environment."""
    from pydantic import SecretStr

    match default:
        case SecretStr():
            return default.get_secret_value()
        case Path():
            return f"./{default.relative_to(ROOT)}" if default.is_relative_to(ROOT) else str(default)
        case bool():
            return str(default).lower()
        case dict():
            return json.dumps(default) if default else ""
        case list():
            return ",".join(default)
        case _:
            return str(default)


if __name__ == "__main__":
    (ROOT / ".env.example").write_text(env_example())
