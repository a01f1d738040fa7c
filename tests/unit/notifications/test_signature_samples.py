"""The code that pages and documents show for checking a webhook does check what the product signs."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from backend.core.clock import now_seconds
from backend.core.settings import ROOT
from backend.notifications.webhook import webhook_headers
from components.ui.signature_help import NODE, PYTHON

BODY = '{"id":"1","data":{"name":"Größe 🐳"}}'.encode()
SECRET, OTHER = "whsec_right", "whsec_other"
Check = Callable[[str, dict[str, str], bytes], bool]


def in_python(folder: Path) -> Check:
    place: dict[str, Any] = {}
    exec(PYTHON, place)
    return place["is_ours"]


def in_node(folder: Path) -> Check:
    (folder / "sample.mjs").write_text(NODE)
    (folder / "run.mjs").write_text(
        'import { isOurs } from "./sample.mjs";\n'
        "const [secret, headers, body] = JSON.parse(process.argv[2]);\n"
        'console.log(isOurs(secret, headers, Buffer.from(body, "hex")));\n'
    )

    def check(secret: str, headers: dict[str, str], body: bytes) -> bool:
        given = json.dumps([secret, {name.lower(): value for name, value in headers.items()}, body.hex()])
        command = [str(ROOT / ".venv" / "bin" / "node"), str(folder / "run.mjs"), given]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout)

    return check


@pytest.mark.parametrize("make", [in_python, in_node])
def test_what_we_sign_is_taken_and_nothing_else(make: Callable[[Path], Check], tmp_path: Path) -> None:
    is_ours, now = make(tmp_path), int(now_seconds())

    def headers(*secrets: str, at: int = now) -> dict[str, str]:
        return webhook_headers(UUID(int=1), secrets, at, BODY)

    assert is_ours(SECRET, headers(SECRET), BODY)
    assert is_ours(SECRET, headers(OTHER, SECRET), BODY)  # while an old secret's grace lasts
    assert not is_ours(SECRET, headers(OTHER), BODY)
    assert not is_ours(SECRET, headers(SECRET), BODY + b" ")
    assert not is_ours(SECRET, headers(SECRET, at=now - 600), BODY)
    assert not is_ours(SECRET, headers(SECRET, at=now + 600), BODY)
    assert not is_ours(SECRET, headers(SECRET) | {"X-Webhook-Timestamp": str(now - 1)}, BODY)


def test_documents_show_the_same_code() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    assert f"```python\n{PYTHON}```" in text
    assert f"```js\n{NODE}```" in text
