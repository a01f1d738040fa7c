"""`premium doctor`: a table of what is configured, reached and missing. Never prints a secret."""

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from backend.cli.findings import Finding
from backend.core.logging import mask_text
from backend.core.settings import ROOT, Settings
from backend.embedded.errors import StartError

NEEDED_NODE = (22, 22)


def doctor(settings: Settings) -> int:
    """Print the table; return 1 when something required is missing or wrong, else 0."""
    findings = [*_machine(settings), *_stores(settings), _payments(settings), *asyncio.run(_remote(settings))]
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        print(f"  {finding.what:<{width}}  {finding.state:<8} {finding.note}")
    problems = sum(finding.is_problem for finding in findings)
    print(f"\n{problems} problems" if problems else "\nNothing required is missing.")
    return 1 if problems else 0


def _machine(settings: Settings) -> list[Finding]:
    from backend.demo.anvil import anvil_binary
    from backend.embedded.parts import is_build_fresh
    from backend.embedded.programs import find_chromium

    findings = [
        Finding("environment", "ok", f"{settings.environment}; {settings.app_url}; data in {settings.var_dir}"),
        Finding("Python", "ok", f"{sys.version.split()[0]} ({sys.executable})"),
        _node(),
        _present(
            "front-end packages", ROOT / ".web" / "node_modules" / ".package-lock.json", "installed", "run: make setup"
        ),
    ]
    if settings.is_demo_chain:
        findings.append(_attempt("local chain program", lambda: str(anvil_binary())))
    fresh = is_build_fresh(settings)
    findings.append(
        Finding("front-end build", "ok" if fresh else "off", "fresh" if fresh else "premium run builds it at its start")
    )
    chromium = find_chromium()
    findings.append(
        Finding("Chromium", "ok", str(chromium))
        if chromium
        else Finding("Chromium", "off", "only the browser tests need it; make test installs it on Debian as root")
    )
    existing = next(path for path in (settings.var_dir, *settings.var_dir.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    enough = free > 500 * 1024**2
    findings.append(Finding("disk space", "ok" if enough else "bad", f"{free / 1024**3:.1f} GB free in {existing}"))
    return findings


def _node() -> Finding:
    node = Path(sys.executable).parent / "node"
    if not node.exists():
        return Finding("Node", "missing", "run: make setup")
    asked = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    version = asked.stdout.strip().lstrip("v")
    enough = bool(version) and tuple(int(part) for part in version.split(".")[:2]) >= NEEDED_NODE
    return Finding("Node", "ok" if enough else "bad", f"{version or 'does not run'} ({node})")


def _present(what: str, path: Path, note: str, remedy: str) -> Finding:
    return Finding(what, "ok", note) if path.exists() else Finding(what, "missing", remedy)


def _attempt(what: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", ask())
    except Exception as error:
        message = getattr(error, "message", None) or str(error).strip().splitlines()[-1]
        return Finding(what, "missing", mask_text(message))


def _stores(settings: Settings) -> list[Finding]:
    from backend.embedded.checks import check_external_redis
    from backend.embedded.redis import is_redis_ready, redis_binary

    findings = _databases(settings)
    if settings.redis_url:
        started = time.monotonic()
        try:
            version = check_external_redis(settings.redis_url)
        except StartError as error:
            return [*findings, Finding("Redis", "bad", error.problem)]
        took_ms = (time.monotonic() - started) * 1000
        return [*findings, Finding("Redis", "ok", f"{version}, {took_ms:.0f} ms ({mask_text(settings.redis_url)})")]
    port = settings.embedded_redis_port
    if is_redis_ready(port):
        return [*findings, Finding("Redis", "ok", f"embedded, running on 127.0.0.1:{port}")]
    state = "off" if redis_binary().exists() else "missing"
    return [*findings, Finding("Redis", state, f"embedded, not running (port {port}); premium run starts it")]


def _payments(settings: Settings) -> Finding:
    from backend.embedded.ports import is_port_free
    from backend.embedded.test_payments import wants_test_payments

    if not wants_test_payments(settings):
        secret = settings.stripe_webhook_secret.get_secret_value()
        if not secret:
            return Finding("payments", "bad", "STRIPE_SECRET_KEY is set but STRIPE_WEBHOOK_SECRET is not")
        return Finding("payments", "ok", f"Stripe at {mask_text(settings.stripe_api_url)}")
    port = settings.test_payments_port
    if is_port_free(port):
        return Finding("payments", "off", f"test payments, not running (port {port}); premium run starts them")
    return Finding("payments", "ok", f"test payments on 127.0.0.1:{port}, no real money")


def _databases(settings: Settings) -> list[Finding]:
    urls = {
        "PostgreSQL (web)": settings.database_url,
        "PostgreSQL (workers)": settings.worker_database_url,
        "PostgreSQL (owner)": settings.admin_database_url,
    }
    source = "yours"
    if not settings.database_url:
        running = _embedded_urls(settings)
        if running is None:
            note = f"embedded, not running (port {settings.embedded_postgres_port}); premium run starts it"
            return [Finding("PostgreSQL", "off", note)]
        urls = dict(zip(urls, running, strict=True))
        source = "embedded"
    findings = [_database(what, url, source) for what, url in urls.items() if url]
    if settings.timeseries_url:
        findings.append(_database("PostgreSQL (price history)", settings.timeseries_url, "yours"))
    if settings.worker_timeseries_url:
        findings.append(_database("PostgreSQL (portfolio snapshots)", settings.worker_timeseries_url, "yours"))
    return findings


def _embedded_urls(settings: Settings) -> tuple[str, str, str] | None:
    """Return the addresses of the embedded server by role, or None when it is not running."""
    from urllib.parse import quote

    from backend.embedded.ports import is_port_free
    from backend.embedded.postgres import APP, DATABASE, OWNER, WORKER
    from backend.embedded.secrets_file import stored_secrets

    file = settings.var_dir / "secrets" / "postgres.json"
    port = settings.embedded_postgres_port
    if not file.exists() or is_port_free(port):
        return None
    passwords = stored_secrets(file, (APP, WORKER, OWNER))
    app, worker, owner = (
        f"postgresql://{role}:{quote(passwords[role])}@127.0.0.1:{port}/{DATABASE}" for role in (APP, WORKER, OWNER)
    )
    return app, worker, owner


def _database(what: str, url: str, source: str) -> Finding:
    import psycopg

    from backend.embedded.checks import ask_database

    started = time.monotonic()
    try:
        facts = ask_database(url)
    except psycopg.OperationalError as error:
        return Finding(what, "bad", f"{mask_text(url)}: {mask_text(str(error).strip().splitlines()[0])}")
    took_ms = (time.monotonic() - started) * 1000
    note = f"{source}, {facts.version}, {took_ms:.0f} ms, role {facts.role}"
    if facts.revision:
        note += f", schema {facts.revision}"
    if "owner" not in what and (facts.is_superuser or facts.bypasses_row_security):
        return Finding(what, "bad", f"{note}: row-level security does not bind this role; use another")
    return Finding(what, "ok", note)


async def _remote(settings: Settings) -> list[Finding]:
    from backend.cli.doctor_prices import price_findings

    return [await _mail(settings), *await _chains(settings), *await price_findings(settings)]


async def _mail(settings: Settings) -> Finding:
    """Say how mails leave, and whether the provider would take one; none is sent."""
    from backend.core.db import Database
    from backend.notifications.mail.adapters import mail_port, uses_local_mailbox
    from backend.notifications.mail.port import MailProblem

    if uses_local_mailbox(settings):
        return Finding("mail", "off", "no SMTP_URL or SENDGRID_API_KEY; mails stay in the local mailbox (/dev/mail)")
    started = time.monotonic()
    try:
        async with mail_port(settings, Database(settings.worker_database_url or "postgresql://")) as port:
            await port.check()
    except MailProblem as problem:
        return Finding("mail", "bad", problem.message)
    except ValueError as error:
        return Finding("mail", "bad", str(error))
    took_ms = (time.monotonic() - started) * 1000
    return Finding("mail", "ok", f"{port.name}, {took_ms:.0f} ms, as {settings.mail_from}")


async def _chains(settings: Settings) -> list[Finding]:
    asked = [_chain(chain_id, url, settings) for chain_id, urls in settings.chain_urls.items() for url in urls]
    return list(await asyncio.gather(*asked))


async def _chain(chain_id: int, url: str, settings: Settings) -> Finding:
    """Ask one RPC for its chain id and head."""
    import aiohttp

    what = f"chain {chain_id}"
    shown = mask_text(url)
    if url.startswith("ws"):
        return Finding(what, "ok", f"{shown}: configured for new heads (not asked)")
    body = [
        {"jsonrpc": "2.0", "id": n, "method": m, "params": []} for n, m in enumerate(("eth_chainId", "eth_blockNumber"))
    ]
    started = time.monotonic()
    try:
        timeout = aiohttp.ClientTimeout(total=settings.rpc_timeout_seconds)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url, json=body) as answer:
            results = {item["id"]: int(item["result"], 16) for item in await answer.json(content_type=None)}
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        if settings.is_demo_chain:
            return Finding(what, "off", f"local chain, not running ({shown}); premium run starts it")
        return Finding(what, "bad", f"{shown}: no answer ({type(error).__name__})")
    took_ms = (time.monotonic() - started) * 1000
    if results[0] != chain_id:
        return Finding(what, "bad", f"{shown} serves chain {results[0]}")
    return Finding(what, "ok", f"head {results[1]:,}, {took_ms:.0f} ms ({shown})")
