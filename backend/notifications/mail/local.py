"""The local mailbox: where mails go when no provider is set (demo, development, tests; never in production)."""

from backend.core.db import Database
from backend.notifications.mail import repository
from backend.notifications.mail.port import OutgoingMail

MOST_KEPT = 200


class LocalMail:
    """Keeps mails in a table, for the page `/dev/mail`."""

    name = "local mailbox"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, mail: OutgoingMail) -> None:
        """Keep the mail, once; the oldest of many go."""
        async with self._database.unit_of_work() as session:
            await repository.keep_locally(session, mail)
            await repository.trim_local(session, MOST_KEPT)

    async def check(self) -> None:
        """The mailbox is always there."""
