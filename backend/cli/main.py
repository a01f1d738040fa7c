"""The `premium` command. Each verb's work is in a file of its own, imported when the verb is used."""

import sys
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from backend.core.errors import PremiumError
from backend.core.settings import Settings, get_settings
from backend.worker.registry import WORKER_NAMES

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="The premium DeFi dashboard."
)


def _do(work: Callable[[Settings], int]) -> None:
    raise typer.Exit(work(get_settings()))


@app.command("run")
def run_command() -> None:
    """Start everything: embedded parts, web, workers. Ctrl-C stops it."""
    from backend.cli.run import run

    _do(run)


@app.command("web")
def web_command() -> None:
    """Start only the web server (DATABASE_URL and REDIS_URL must be set)."""
    from backend.cli.web import run_web

    _do(run_web)


@app.command("worker")
def worker_command(name: Annotated[str, typer.Argument(help=f"one of: {', '.join(WORKER_NAMES)}")]) -> None:
    """Start one worker process."""
    if name not in WORKER_NAMES:
        print(f"There is no worker called {name}; there are: {', '.join(WORKER_NAMES)}", file=sys.stderr)
        raise typer.Exit(2)
    from backend.cli.worker import run_worker

    _do(lambda settings: run_worker(name, settings))


@app.command("migrate")
def migrate_command() -> None:
    """Bring the schema to the newest revision (ADMIN_DATABASE_URL must be set)."""
    from backend.cli.migrate import migrate

    _do(migrate)


@app.command("seed")
def seed_command() -> None:
    """Make the demo account (ADMIN_DATABASE_URL must be set)."""
    from backend.cli.seed import seed

    _do(seed)


@app.command("jobs")
def jobs_command(revive: Annotated[int | None, typer.Option(help="put this dead job in line again")] = None) -> None:
    """Show the job queue and its dead jobs (WORKER_DATABASE_URL must be set)."""
    from backend.cli.jobs import show_jobs

    _do(lambda settings: show_jobs(settings, revive))


@app.command("mails")
def mails_command(resend: Annotated[UUID | None, typer.Option(help="send this given-up mail again")] = None) -> None:
    """Show the mail outbox and what was given up (WORKER_DATABASE_URL must be set)."""
    from backend.cli.mails import show_mails

    _do(lambda settings: show_mails(settings, resend))


billing = typer.Typer(no_args_is_help=True, help="Payments by hand (WORKER_DATABASE_URL must be set).")
app.add_typer(billing, name="billing")


@billing.command("reconcile")
def billing_reconcile_command() -> None:
    """Compare every subscription with Stripe and repair what differs."""
    from backend.cli.billing import reconcile_all

    _do(reconcile_all)


@billing.command("replay")
def billing_replay_command(days: Annotated[int, typer.Option(min=1, max=30, help="how far back")] = 7) -> None:
    """Handle the events of the last days that never reached us."""
    from backend.cli.billing import replay_events

    _do(lambda settings: replay_events(settings, days))


@billing.command("sync")
def billing_sync_command(email: Annotated[str, typer.Argument(help="the account's e-mail address")]) -> None:
    """Fetch one customer now."""
    from backend.cli.billing import sync_one

    _do(lambda settings: sync_one(settings, email))


@billing.command("requests")
def billing_requests_command() -> None:
    """Show the newest requests to talk about Enterprise."""
    from backend.cli.billing import show_requests

    _do(show_requests)


@app.command("reseal")
def reseal_command() -> None:
    """Seal every stored secret under the newest of ENCRYPTION_KEYS (WORKER_DATABASE_URL must be set)."""
    from backend.cli.reseal import reseal_secrets

    _do(reseal_secrets)


@app.command("push-key")
def push_key_command() -> None:
    """Print a new VAPID_PRIVATE_KEY, the key by which push services know an installation."""
    from backend.notifications.push.vapid import new_private_key

    typer.echo(f"VAPID_PRIVATE_KEY={new_private_key()}")


@app.command("doctor")
def doctor_command() -> None:
    """Say what is configured, reached and missing."""
    from backend.cli.doctor import doctor

    _do(doctor)


def main() -> None:
    """Run the command line; settings that are wrong are explained, not shown as a traceback."""
    try:
        app()
    except ValidationError as error:
        print("The settings are not right (environment or .env):", file=sys.stderr)
        for problem in error.errors():
            field = ".".join(str(part) for part in problem["loc"]).upper()
            print(f"  {field + ': ' if field else ''}{problem['msg']}", file=sys.stderr)
        sys.exit(1)
    except PremiumError as error:
        print(error.message, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
