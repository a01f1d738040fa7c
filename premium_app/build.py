"""Builds the front end: `python -m premium_app.build` (all of it) or `--packages` (only the npm packages).

The same steps as `reflex run --env prod`, without starting a server. The npm packages come from the committed lock in
`reflex.lock/`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def use_own_node() -> None:
    """Put the Node of this Python environment first on PATH, and name the registry that npm is configured for.

    Reflex would otherwise time public registries over the network to choose one.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["REFLEX_USE_NPM"] = "1"
    os.environ.setdefault("NODE_USE_SYSTEM_CA", "1")
    if "NPM_CONFIG_REGISTRY" not in os.environ:
        asked = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, check=True)  # noqa: S607
        os.environ["NPM_CONFIG_REGISTRY"] = asked.stdout.strip()


@contextmanager
def committed_lock_untouched() -> Iterator[None]:
    """Put files of `reflex.lock/` back where Reflex changed only the order of keys: a build leaves git clean."""
    before = {path: path.read_bytes() for path in (ROOT / "reflex.lock").glob("*.json")}
    try:
        yield
    finally:
        for path, content in before.items():
            now = path.read_bytes() if path.exists() else b"null"
            if now != content and json.loads(now) == json.loads(content):
                path.write_bytes(content)


def install_packages() -> None:
    """Make `.web` and install exactly the packages of the committed lock. Raises CalledProcessError."""
    from reflex.utils import frontend_skeleton, path_ops, prerequisites

    prerequisites.initialize_reflex_user_directory()
    frontend_skeleton.initialize_web_directory()
    npm = path_ops.get_npm_path()
    if npm is None:
        raise SystemExit("npm is not on PATH; run: make setup")
    subprocess.run(  # noqa: S603 - npm of our own environment
        [npm, "ci", "--legacy-peer-deps", "--ignore-scripts"], cwd=prerequisites.get_web_dir(), check=True
    )


def build() -> None:
    """Compile the pages and build the bundle into `.web/build`. Exits with 1 when either fails."""
    from reflex.utils import build as reflex_build
    from reflex.utils import path_ops, prerequisites
    from reflex_base import constants
    from reflex_base.environment import environment

    environment.REFLEX_ENV_MODE.set(constants.Env.PROD)
    if prerequisites.needs_reinit():
        install_packages()
    with path_ops.file_lock(prerequisites.get_web_dir()):
        if not prerequisites.compile_or_validate_app(compile=True, prerender_routes=True, trigger="initial"):
            raise SystemExit(1)
        reflex_build.setup_frontend_prod(ROOT)


if __name__ == "__main__":
    use_own_node()
    with committed_lock_untouched():
        if "--packages" in sys.argv[1:]:
            install_packages()
        else:
            build()
