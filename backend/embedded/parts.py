"""How each process of one run is started: its command and what it is told by environment."""

import asyncio
import fcntl
import hashlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from pydantic import SecretStr

from backend.core.settings import DEFAULT_SECRET, ROOT, Settings
from backend.embedded.launch import Launch
from backend.embedded.secrets_file import stored_secrets
from backend.notifications.push.vapid import private_key_of

BUILD_STAMP = ROOT / ".web" / "build" / "premium-stamp"
_BUILD_LOCK = ROOT / ".web" / "premium-build.lock"
_BUILD_INPUTS = ("premium_app", "components", "state", "backend", "assets")
_BUILD_FILES = ("rxconfig.py", "requirements.txt", ".npmrc", "reflex.lock/package-lock.json")
_NOT_BUILT_FROM = {"node_modules", "__pycache__", "contracts", "cli", "embedded", "test_payments", "worker"}


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the variables that tell every child where things are (passwords go by environment, never by argument)."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(Path.home()),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "",  # each of them would compile every module again: seconds of every start
        "VAR_DIR": str(settings.var_dir),
        "DATABASE_URL": settings.database_url,
        "WORKER_DATABASE_URL": settings.worker_database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "VAPID_PRIVATE_KEY": settings.vapid_private_key.get_secret_value(),
        "STRIPE_SECRET_KEY": settings.stripe_secret_key.get_secret_value(),
        "STRIPE_WEBHOOK_SECRET": settings.stripe_webhook_secret.get_secret_value(),
        "STRIPE_API_URL": settings.stripe_api_url,
        "STRIPE_PRICE_STARTER_MONTH": settings.stripe_price_starter_month,
        "STRIPE_PRICE_STARTER_YEAR": settings.stripe_price_starter_year,
        "STRIPE_PRICE_PRO_MONTH": settings.stripe_price_pro_month,
        "STRIPE_PRICE_PRO_YEAR": settings.stripe_price_pro_year,
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_USE_GRANIAN": "1",
        "REFLEX_USE_NPM": "1",
        "NODE_USE_SYSTEM_CA": "1",
    }
    # The web and the workers must not be able to act as the owner of the schema.
    return {**environment, "ADMIN_DATABASE_URL": ""}


def with_own_secret(settings: Settings) -> Settings:
    """Return settings whose secret key and push key are this checkout's own, made once, where none were configured."""
    own: dict[str, SecretStr] = {}
    if settings.secret_key.get_secret_value() == DEFAULT_SECRET:
        secrets = stored_secrets(settings.var_dir / "secrets" / "app.json", ("secret_key",))
        own["secret_key"] = SecretStr(secrets["secret_key"])
    if not settings.vapid_private_key.get_secret_value():
        secrets = stored_secrets(settings.var_dir / "secrets" / "push.json", ("vapid_seed",))
        own["vapid_private_key"] = SecretStr(private_key_of(SecretStr(secrets["vapid_seed"])))
    return settings.model_copy(update=own) if own else settings


def python_module(name: str, module: str, settings: Settings, *arguments: str) -> Launch:
    """Return how to run one of our Python modules as a child."""
    return Launch(
        name,
        [sys.executable, "-m", module, *arguments],
        settings.log_dir / f"{name}.log",
        env=child_environment(settings),
        cwd=ROOT,
    )


def web_launch(settings: Settings) -> Launch:
    """Return how to start the web server for the front end that is built."""
    return python_module("web", "premium_app.serve", settings)


def build_launch(settings: Settings) -> Launch:
    """Return how to build the front end."""
    return python_module("build", "premium_app.build", settings)


def worker_launch(name: str, settings: Settings) -> Launch:
    """Return how to start a worker."""
    return python_module(name, "backend.cli.main", settings, "worker", name)


@asynccontextmanager
async def build_turn() -> AsyncIterator[None]:
    """Hold this checkout's build for the length of a block; the lock ends with its process."""
    _BUILD_LOCK.parent.mkdir(exist_ok=True)
    with _BUILD_LOCK.open("a") as lock:
        while not _is_locked(lock):  # noqa: ASYNC110 - nobody tells when a file's lock is free
            await asyncio.sleep(0.2)
        yield


def _is_locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def build_key(settings: Settings) -> str:
    """Return the hash of everything the built front end depends on."""
    digest = hashlib.sha256(f"{settings.public_url}|{settings.environment}|{sys.version_info[:2]}".encode())
    for path in _build_inputs():
        digest.update(f"{path.relative_to(ROOT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_build_fresh(settings: Settings) -> bool:
    """Return True when the built front end is what a new build would make."""
    return BUILD_STAMP.exists() and BUILD_STAMP.read_text() == build_key(settings)


def stamp_build(key: str) -> None:
    """Write down what the front end was built from (the next build removes the note with the build)."""
    BUILD_STAMP.write_text(key)


def _build_inputs() -> list[Path]:
    files = [ROOT / name for name in _BUILD_FILES]
    for name in _BUILD_INPUTS:
        for directory, subdirectories, names in os.walk(ROOT / name):
            subdirectories[:] = sorted(set(subdirectories) - _NOT_BUILT_FROM)
            files += [Path(directory) / name for name in sorted(names) if not name.endswith((".pyc", ".new"))]
    return [path for path in files if path.is_file()]
