"""What `premium run` says when it cannot start: which part, what to do, and no traceback."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from backend.core.settings import ROOT, Settings
from backend.embedded import preflight
from backend.embedded.checks import check_external_database, check_external_redis
from backend.embedded.errors import StartError
from backend.embedded.ports import free_port
from backend.embedded.postgres import DatabaseUrls, RunningPostgres

Make = Callable[..., Settings]


def embedded(make: Make, **changes: object) -> Settings:
    """Settings of a product whose parts are all embedded, on free ports."""
    ports = ("port", "embedded_postgres_port", "embedded_redis_port", "demo_chain_port", "test_payments_port")
    nothing = dict.fromkeys(("database_url", "worker_database_url", "admin_database_url", "redis_url"), "")
    return make(**{**nothing, **{name: free_port() for name in ports}, **changes})


@pytest.mark.parametrize(
    ("field", "variable"),
    [
        ("port", "PORT="),
        ("embedded_postgres_port", "EMBEDDED_POSTGRES_PORT="),
        ("embedded_redis_port", "EMBEDDED_REDIS_PORT="),
        ("demo_chain_port", "DEMO_CHAIN_PORT="),
        ("test_payments_port", "TEST_PAYMENTS_PORT="),
    ],
)
def test_port_in_use_names_the_variable(make_settings: Make, field: str, variable: str):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = embedded(make_settings, **{field: taken.getsockname()[1]})
        with pytest.raises(StartError, match="in use by another program") as caught:
            preflight.check_before_start(settings, worker_ports=[])
    assert variable in caught.value.remedy


def test_parts_of_your_own_need_no_port(make_settings: Make):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = make_settings(
            port=free_port(),
            chains={1: ["http://127.0.0.1:1"]},
            embedded_postgres_port=port,
            embedded_redis_port=port,
            stripe_secret_key="sk_test_yours",
            test_payments_port=port,
        )
        preflight.check_before_start(settings, worker_ports=[])


def test_too_little_disk_space_is_said(make_settings: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(preflight, "NEEDED_FREE_BYTES", 1 << 60)
    with pytest.raises(StartError, match="MB of disk space are free"):
        preflight.check_before_start(embedded(make_settings), worker_ports=[])


def test_directory_that_cannot_be_written_is_said(make_settings: Make, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="cannot be written"):
        preflight.check_before_start(embedded(make_settings, var_dir=tmp_path / "file" / "var"), worker_ports=[])


def test_half_configured_database_is_said(make_settings: Make):
    with pytest.raises(StartError, match="WORKER_DATABASE_URL is not"):
        preflight.check_before_start(make_settings(port=free_port(), worker_database_url=""), worker_ports=[])


def test_unreachable_database_is_said_without_its_password(make_settings: Make):
    url = f"postgresql://premium_app:hunter2@127.0.0.1:{free_port()}/premium"
    with pytest.raises(StartError, match=r"DATABASE_URL cannot be reached .*premium_app:\*\*\*@") as caught:
        check_external_database(make_settings(database_url=url))
    assert "hunter2" not in caught.value.problem + caught.value.remedy


def test_role_that_row_security_does_not_bind_is_refused(
    make_settings: Make, postgres: RunningPostgres, database_urls: DatabaseUrls
):
    check_external_database(make_settings())
    with postgres.server.superuser_connection("postgres") as connection:
        connection.execute("create role too_mighty login bypassrls password 'x'")
    url = database_urls.app.replace("premium_app:throwaway", "too_mighty:x")
    try:
        with psycopg.connect(database_urls.admin, autocommit=True) as connection:
            database = connection.info.dbname
        with postgres.server.superuser_connection("postgres") as connection:
            connection.execute(f'grant connect on database "{database}" to too_mighty')
        with pytest.raises(StartError, match="too_mighty, which row-level security does not bind"):
            check_external_database(make_settings(database_url=url))
    finally:
        with postgres.server.superuser_connection("postgres") as connection:
            connection.execute(f'revoke connect on database "{database}" from too_mighty')
            connection.execute("drop role too_mighty")


def test_redis_is_asked_for_its_version(redis_url: str):
    assert check_external_redis(redis_url).startswith("6.2")
    with pytest.raises(StartError, match=r"Redis of REDIS_URL cannot be reached \(redis://:\*\*\*@"):
        check_external_redis(f"redis://:hunter2@127.0.0.1:{free_port()}/0")


def premium(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "backend.cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_run_on_a_port_in_use_exits_with_one_sentence(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = premium("run", VAR_DIR=str(tmp_path / "var"), PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "Cannot start: port" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_wrong_settings_are_explained(tmp_path: Path):
    done = premium("doctor", VAR_DIR=str(tmp_path / "var"), PORT="eighty")
    assert done.returncode == 1
    assert "PORT: Input should be a valid integer" in done.stderr
    assert "Traceback" not in done.stderr


def test_production_refuses_default_secrets(tmp_path: Path):
    done = premium("run", VAR_DIR=str(tmp_path / "var"), ENVIRONMENT="production")
    assert done.returncode == 1
    assert "SECRET_KEY must be set" in done.stderr


def test_doctor_tells_real_servers_and_never_a_password(database_urls: DatabaseUrls, redis_url: str, tmp_path: Path):
    found = premium("doctor", VAR_DIR=str(tmp_path / "var"), REDIS_URL=redis_url, **database_urls.environment())
    assert "role premium_app" in found.stdout
    assert "role premium_worker" in found.stdout
    assert "throwaway" not in found.stdout + found.stderr
    lost = premium(
        "doctor",
        VAR_DIR=str(tmp_path / "var"),
        **{**database_urls.environment(), "DATABASE_URL": f"postgresql://u:hunter2@127.0.0.1:{free_port()}/x"},
    )
    assert lost.returncode == 1
    assert "PostgreSQL (web)" in lost.stdout
    assert "hunter2" not in lost.stdout + lost.stderr


@pytest.mark.long
def test_migrate_and_seed_work_on_a_database_of_ones_own(postgres: RunningPostgres, tmp_path: Path):
    postgres.server.ensure_roles("premium_own")
    urls = postgres.server.urls("premium_own")
    try:
        assert premium("migrate", VAR_DIR=str(tmp_path / "var")).returncode == 1
        for verb in ("migrate", "migrate", "seed", "seed"):
            done = premium(verb, VAR_DIR=str(tmp_path / "var"), **urls.environment())
            assert done.returncode == 0, done.stderr
        with psycopg.connect(urls.admin) as connection:
            assert connection.execute("select email from premium_users").fetchall() == [("demo@example.com",)]
    finally:
        postgres.server.drop("premium_own")
