"""`premium web`: serves the front end that is built, with the API, on one port."""

import os
import sys

from backend.core.settings import ROOT, Settings
from backend.embedded.parts import BUILD_STAMP, build_launch, web_launch


def run_web(settings: Settings) -> int:
    """Become the web server (building the front end first when there is none); return only on an error."""
    missing = [name for name in ("database_url", "redis_url") if not getattr(settings, name)]
    if missing:
        named = " and ".join(name.upper() for name in missing)
        print(f"{named} must be set for a web server alone; premium run starts embedded ones.", file=sys.stderr)
        return 1
    os.chdir(ROOT)
    launch = web_launch(settings)
    environment = {**os.environ, **launch.env}
    if not BUILD_STAMP.parent.is_dir():
        build = build_launch(settings)
        if os.spawnve(os.P_WAIT, build.argv[0], build.argv, environment) != 0:  # noqa: S606 - our own command
            return 1
    return os.execve(launch.argv[0], launch.argv, environment)  # noqa: S606 - our own command
