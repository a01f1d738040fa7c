"""Serves the front end built by `premium_app.build` and the backend on one port: `python -m premium_app.serve`.

Like `reflex run --env prod --single-port` after its build, so that a start costs seconds.
"""

import os

import rxconfig
from backend.core.settings import get_settings


def serve() -> None:
    """Run granian in the foreground until SIGTERM. Exits with 1 when nothing has been built."""
    from reflex.utils import exec as reflex_exec
    from reflex.utils import prerequisites
    from reflex_base import constants
    from reflex_base.environment import environment

    settings = get_settings()
    if not (prerequisites.get_web_dir() / constants.Dirs.STATIC).is_dir():
        raise SystemExit("the front end has not been built; run: premium run (or python -m premium_app.build)")
    environment.REFLEX_ENV_MODE.set(constants.Env.PROD)
    environment.REFLEX_SKIP_COMPILE.set(True)
    os.environ["GRANIAN_WORKERS"] = str(settings.web_workers)
    reflex_exec.run_backend_prod(
        settings.host,
        settings.port,
        rxconfig.config.loglevel.subprocess_level(),
        mount_frontend_compiled_app=True,
    )


if __name__ == "__main__":
    serve()
