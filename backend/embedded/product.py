"""One run of the whole product: the embedded parts, the schema, the front end, the web server and the workers."""

import asyncio
import os
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from backend.core.errors import PremiumError
from backend.core.logging import mask_text
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.embedded import parts
from backend.embedded.checks import check_external_database, check_external_redis
from backend.embedded.claim import RunClaim
from backend.embedded.errors import StartError
from backend.embedded.launch import Launch
from backend.embedded.postgres import ROLES, EmbeddedPostgres
from backend.embedded.preflight import check_before_start
from backend.embedded.redis import is_redis_ready, redis_launch
from backend.embedded.schema import SchemaNote, upgrade_schema
from backend.embedded.secrets_file import stored_secrets
from backend.embedded.supervisor import Supervisor
from backend.embedded.test_payments import TestPayments, wants_test_payments
from backend.worker.registry import metrics_port, wanted_workers

Work = Callable[[], Awaitable[str | None]]
STAGE_STORES, STAGE_CHAIN, STAGE_WEB, STAGE_WORKERS = 1, 2, 3, 4


class Product:
    """Starts everything that `settings` ask for; `say` writes one line of progress."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.settings = parts.with_own_secret(settings) if settings.environment != "production" else settings
        self.embedded: list[str] = []
        self._say = say
        self._claim = RunClaim(settings.var_dir, settings.app_url)
        self._supervisor = Supervisor(self._claim, say)
        self._is_own_database = not settings.database_url

    async def start(self) -> None:
        """Start every part and return when all of them answer. Raises StartError; call `stop` in any case."""
        names = wanted_workers(self.settings)
        ports = {name: metrics_port(self.settings, name) for name in names}
        await asyncio.to_thread(self._clear_the_ground, [port for port in ports.values() if port])
        async with asyncio.TaskGroup() as tasks:
            frontend = tasks.create_task(self._timed("front end", self._build_frontend))
            data = tasks.create_task(self._data())
            chain = tasks.create_task(self._timed("local chain", self._start_chain))
            payments = tasks.create_task(self._timed("test payments", self._start_test_payments))
            tasks.create_task(self._timed("web server", self._start_web, after=[data, frontend, payments]))
            for name, port in ports.items():
                start = partial(self._start_worker, name, port)
                tasks.create_task(self._timed(name, start, after=[data, chain, payments]))

    async def stop(self) -> None:
        """Stop every child; none is left when this returns."""
        if not self._supervisor.has_children:
            return
        self._say("stopping …")
        await self._supervisor.stop()
        self._say("stopped")

    def kill(self) -> None:
        """Kill every child at once."""
        self._supervisor.kill()

    def _clear_the_ground(self, worker_ports: list[int]) -> None:
        """Find out what would go wrong, before anything is started; stop what a killed run left behind."""
        self._claim.take()
        orphans = self._claim.stop_orphans()
        if orphans:
            self._say(f"stopped {len(orphans)} processes of an earlier run that was killed")
        check_before_start(self.settings, worker_ports=worker_ports)
        if not self._is_own_database:
            check_external_database(self.settings)
        if self.settings.redis_url:
            check_external_redis(self.settings.redis_url)

    async def _timed(self, what: str, work: Work, after: Sequence[asyncio.Task[None]] = ()) -> None:
        """Do `work` when the tasks in `after` are done, and say how long it took and what came of it."""
        for task in after:
            await asyncio.shield(task)
        started = time.monotonic()
        note = await work()
        if note is not None:
            self._say(f"{what:<24}{time.monotonic() - started:6.1f} s   {note}".rstrip())

    async def _data(self) -> None:
        if not self.settings.redis_url:
            await self._timed("Redis", self._start_redis)
        if self._is_own_database:
            await self._timed("PostgreSQL", self._start_postgres)
        await self._timed("schema and demo account", self._prepare_schema)

    async def _start_postgres(self) -> str:
        settings = self.settings
        passwords = stored_secrets(settings.var_dir / "secrets" / "postgres.json", ROLES)
        server = await asyncio.to_thread(
            EmbeddedPostgres,
            settings.var_dir / "postgres",
            settings.embedded_postgres_port,
            passwords,
            settings.log_dir / "postgres.log",
        )
        await asyncio.to_thread(server.prepare)
        child = await self._supervisor.start(server.launch(), STAGE_STORES, before_start=server.prepare)
        await self._supervisor.wait_ready(child, server.is_ready, 60)
        await asyncio.to_thread(server.ensure_roles)
        urls = server.urls()
        self.settings = self.settings.model_copy(
            update={"database_url": urls.app, "worker_database_url": urls.worker, "admin_database_url": urls.admin}
        )
        where = f"PostgreSQL 18 on 127.0.0.1:{server.port}"
        self.embedded.append(where)
        return f"{where} ({server.home.note or f'data in {server.data_dir}'})"

    async def _start_redis(self) -> str:
        settings = self.settings
        port = settings.embedded_redis_port
        launch = redis_launch(settings.var_dir / "redis", port, settings.log_dir / "redis.log")
        child = await self._supervisor.start(launch, STAGE_STORES)
        await self._supervisor.wait_ready(child, partial(is_redis_ready, port), 60)
        self.settings = self.settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{port}/0"})
        self.embedded.append(f"Redis on 127.0.0.1:{port}")
        return self.embedded[-1]

    async def _start_chain(self) -> str | None:
        if not self.settings.is_demo_chain:
            return None
        from backend.demo.anvil import anvil_command, prepare_state
        from backend.demo.deploy import deploy_market
        from backend.demo.history import found_market

        settings = self.settings
        state_file = settings.var_dir / "demo" / "chain-state.json"
        prepare = partial(prepare_state, state_file)
        url = f"http://127.0.0.1:{settings.demo_chain_port}"
        try:
            await asyncio.to_thread(prepare)
            if not state_file.exists():
                file, seed = settings.demo_addresses_file, settings.demo_seed
                await found_market(settings.demo_chain_port, state_file, file, seed)
                await asyncio.to_thread(prepare)
            command = anvil_command(settings.demo_chain_port, state_file, settings.demo_block_seconds, DEMO_CHAIN_ID)
            launch = Launch("anvil", command, settings.log_dir / "anvil.log", stop_seconds=20)
            child = await self._supervisor.start(launch, STAGE_CHAIN, before_start=prepare)
            await self._supervisor.wait_ready(child, partial(_answers_rpc, url), 60)
            await deploy_market(url, settings.demo_addresses_file)
        except PremiumError as error:
            raise StartError(f"the local chain: {error.message}", "run: make setup") from error
        self.embedded.append(f"local EVM chain {DEMO_CHAIN_ID} on {url} (demo market)")
        return self.embedded[-1]

    async def _start_test_payments(self) -> str | None:
        if not wants_test_payments(self.settings):
            return None
        payments = TestPayments(self.settings)
        await asyncio.to_thread(payments.prepare)
        child = await self._supervisor.start(payments.launch(), STAGE_CHAIN)
        await self._supervisor.wait_ready(child, partial(_answers, f"{payments.api_url}/_health"), 60)
        self.settings = self.settings.model_copy(update=payments.settings_update())
        self.embedded.append(f"test payments on {payments.base_url} (no real money)")
        return self.embedded[-1]

    async def _prepare_schema(self) -> str:
        settings = self.settings
        if not settings.admin_database_url:
            return "left as it is (ADMIN_DATABASE_URL is not set; run premium migrate after each update)"
        note = SchemaNote(settings)
        if await asyncio.to_thread(note.is_current):
            return f"revision {note.revision}, unchanged"
        revision = await asyncio.to_thread(upgrade_schema, settings.admin_database_url)
        if settings.environment != "production":
            from backend.cli.seed import seed_database

            await seed_database(settings)
        note.write(revision)
        return f"revision {revision}"

    async def _build_frontend(self) -> str:
        # Runs of one checkout on other ports share its build: whoever comes second waits and finds it made.
        async with parts.build_turn():
            key = await asyncio.to_thread(parts.build_key, self.settings)
            if await asyncio.to_thread(parts.is_build_fresh, self.settings):
                return "unchanged"
            self._say(f"front end: building (once for each change; {self.settings.log_dir / 'build.log'})")
            await self._supervisor.run_once(parts.build_launch(self.settings))
            parts.stamp_build(key)
            return "built"

    async def _start_web(self) -> str:
        web = await self._supervisor.start(parts.web_launch(self.settings), STAGE_WEB)
        await self._supervisor.wait_ready(web, partial(_answers, _health_url(self.settings)), 90)
        return f"{self.settings.host}:{self.settings.port}"

    async def _start_worker(self, name: str, port: int) -> str:
        worker = await self._supervisor.start(parts.worker_launch(name, self.settings), STAGE_WORKERS)
        if not port:
            return "started"
        await self._supervisor.wait_ready(worker, partial(_answers, f"http://127.0.0.1:{port}/metrics"), 90)
        return f"metrics on 127.0.0.1:{port}"


def _health_url(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104 - compared, not bound
    return f"http://{host}:{settings.port}/_health"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310 - our own address
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _answers_rpc(url: str) -> bool:
    request = urllib.request.Request(  # noqa: S310 - our own address
        url,
        data=b'{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}',
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=3) as answer:  # noqa: S310 - our own address
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def summary(product: Product, seconds: float) -> str:
    """Return what to print when everything runs: the address, the demo account, what is embedded, where logs are."""
    settings = product.settings
    lines = ["", f"  Premium is ready: {settings.app_url}   (after {seconds:.1f} s)"]
    if settings.environment != "production":
        lines.append(f"  Demo account:     {settings.demo_email} / {settings.demo_password.get_secret_value()}")
    external = [
        mask_text(url)
        for url, is_set in (
            (settings.database_url, not any("PostgreSQL" in part for part in product.embedded)),
            (settings.redis_url, not any("Redis" in part for part in product.embedded)),
        )
        if is_set
    ]
    lines += [f"  Embedded:         {part}" for part in product.embedded]
    lines += [f"  Yours:            {part}" for part in external]
    if not settings.is_demo_chain:
        lines.append(f"  Chains:           {', '.join(str(chain_id) for chain_id in settings.chains)}")
    lines += [f"  Logs:             {_short(settings.log_dir)}", "  Ctrl-C stops everything; the data stay.", ""]
    return "\n".join(lines)


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)
