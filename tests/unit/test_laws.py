"""The laws of the house that a program can check (docs/architecture.md); import-linter holds the rest."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("backend", "state", "components", "premium_app")
DOMAINS = (
    *("accounts", "alerts", "bots", "chain", "ledger", "market", "notifications", "portfolio", "privacy"),
    *("subscriptions", "tax"),
)
# What a domain shares beside its service: the ledger's types and pure engine are the portfolio's and tax's too.
SHARED = {"ledger": ("events", "engine")}
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60

# The environment is read by settings; the others start processes, or ask for a variable that a library defines.
MAY_READ_ENVIRONMENT = (
    "backend/core/settings.py",
    "backend/cli/",
    "backend/embedded/",
    "premium_app/",
    "backend/api/health.py",
)
# SQL: repositories, and the code that makes, migrates and checks whole servers.
MAY_HOLD_SQL = ("backend/core/db.py", "backend/embedded/")
SQL_NAMES = {"select", "insert", "update", "delete", "text"}
SESSION_STATEMENTS = {"execute", "scalar", "scalars", "stream", "stream_scalars"}


def is_door(name: str, doors: tuple[str, ...]) -> bool:
    """Whether an imported name is a door of its domain: its `service`, say, or that of one of the domain's parts."""
    return not {*name.split(".")[2:4]}.isdisjoint(doors)


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the product by its path from the root."""
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    return {
        file.relative_to(ROOT).as_posix(): ast.parse(file.read_text())
        for file in files
        if "node_modules" not in file.parts
    }


def imports(tree: ast.Module) -> Iterator[str]:
    """The modules (and names from modules) that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def statement_calls(tree: ast.Module) -> Iterator[int]:
    """Lines where a statement is made with SQLAlchemy or run on a session."""
    made_here = {
        name.rsplit(".", 1)[1]
        for name in imports(tree)
        if name.startswith(("sqlalchemy.", "sqlmodel.")) and name.rsplit(".", 1)[1] in SQL_NAMES
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if (isinstance(node.func, ast.Name) and node.func.id in made_here) or (
            isinstance(node.func, ast.Attribute)
            and node.func.attr in SESSION_STATEMENTS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("session", "connection")
        ):
            yield node.lineno


def test_the_sources_are_found():
    assert {"backend/core/settings.py", "backend/alerts/repository.py"} <= sources().keys()
    assert len(sources()) > 80


def test_sql_stands_only_in_repositories():
    found = [
        f"{path}:{line}"
        for path, tree in sources().items()
        if not path.endswith("repository.py") and not path.startswith(MAY_HOLD_SQL)
        for line in statement_calls(tree)
    ]
    assert found == []


def test_services_never_commit():
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources().items()
        if path.endswith(("service.py", "repository.py", "api.py"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert found == []


def test_files_are_short():
    long = {path: len((ROOT / path).read_text().splitlines()) for path in sources()}
    assert {path: lines for path, lines in long.items() if lines > MAX_FILE_LINES} == {}


def test_functions_are_short():
    long = {
        f"{path}:{function.name}": function.end_lineno - function.lineno + 1
        for path, tree in sources().items()
        for function in functions(tree)
        if function.end_lineno is not None and function.end_lineno - function.lineno + 1 > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_environment_is_read_by_settings_only():
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources().items()
        if not path.startswith(MAY_READ_ENVIRONMENT)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
    assert found == []


def test_time_comes_from_the_clock():
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources().items()
        if path.startswith("backend/") and path != "backend/core/clock.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("datetime", "date")
    ]
    assert found == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_other_domains_are_reached_through_their_service(domain: str):
    others = tuple(other for other in DOMAINS if other != domain and other not in ("chain", "market"))
    found = [
        f"{path} imports {name}"
        for path, tree in sources().items()
        if path.startswith(f"backend/{domain}/")
        for name in imports(tree)
        for other in others
        if name.startswith(f"backend.{other}.") and not is_door(name, ("service", "schemas", *SHARED.get(other, ())))
    ]
    assert found == []


def test_pages_reach_domains_through_services():
    allowed = ("service", "channel_service", "schemas", "events", "registry")
    found = [
        f"{path} imports {name}"
        for path, tree in sources().items()
        if path.startswith("state/")
        for name in imports(tree)
        if name.startswith(tuple(f"backend.{domain}." for domain in DOMAINS)) and not is_door(name, allowed)
    ]
    assert found == []


def test_only_the_edge_of_a_domain_knows_the_web():
    found = [
        f"{path} imports {name}"
        for path, tree in sources().items()
        if path.startswith(tuple(f"backend/{domain}/" for domain in DOMAINS))
        and not path.endswith(("api.py", "stream.py"))
        for name in imports(tree)
        if name.startswith(("backend.api", "fastapi", "starlette"))
    ]
    assert found == []


def test_public_functions_of_the_backend_are_documented():
    found = [
        f"{path}:{function.name}"
        for path, tree in sources().items()
        if path.startswith("backend/")
        for function in tree.body
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not function.name.startswith("_")
        and ast.get_docstring(function) is None
    ]
    assert found == []


def test_alembic_and_root_are_no_packages():
    """Such a file would shadow the library alembic, and Reflex refuses one in the root."""
    assert not (ROOT / "alembic" / "__init__.py").exists()
    assert not (ROOT / "__init__.py").exists()


def test_no_registry_host_is_committed():
    hosts = [f"https://{host}" for host in ("registry.npmjs.org", "pypi.org", "files.pythonhosted.org")]
    locks = ["requirements.txt", "requirements-dev.txt", "reflex.lock/package-lock.json", "Makefile", ".npmrc"]
    locks.append("backend/demo/contracts/package-lock.json")
    assert [(lock, host) for lock in locks for host in hosts if host in (ROOT / lock).read_text()] == []
