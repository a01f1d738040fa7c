"""Programs of this machine that we use but do not bring along. Standard library only: setup runs it first."""

import os
import shutil
from pathlib import Path

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_CHROMIUM_MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_chromium() -> Path | None:
    """Return the browser for the browser tests: the CHROMIUM variable, PATH, or macOS's applications; else None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return Path(named) if Path(named).is_file() else None
    for name in _CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return next((Path(path) for path in _CHROMIUM_MACOS if Path(path).is_file()), None)


def find_headless_shell() -> Path | None:
    """Return Chromium without the window around its pages, from PATH; None where it is not or CHROMIUM names another.

    It draws the same pages with a third of the work. It has no notifications, no push and no PDF viewer.
    """
    found = None if os.environ.get("CHROMIUM") else shutil.which("chromium-headless-shell")
    return Path(found) if found else None
