"""The way out over SMTP. TLS is required, except to this machine or with `?tls=off`; a password never goes in clear."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPReadTimeoutError,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from backend.notifications.mail.message import sender_address, to_message
from backend.notifications.mail.port import MailDeferredError, MailRefusedError, MailUnavailableError, OutgoingMail

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """What SMTP_URL says."""

    host: str
    port: int
    user: str
    password: str
    tls_from_the_start: bool
    tls_required: bool


def parse_smtp_url(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`. Raises ValueError, without the password."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("SMTP_URL must read smtp://user:password@host:587 or smtps://user:password@host:465")
    wants_none = parse_qs(parts.query).get("tls") == ["off"]
    is_here = parts.hostname in _HERE
    user = unquote(parts.username or "")
    if user and wants_none and not is_here:
        raise ValueError("SMTP_URL has a password and tls=off: it would be sent for everybody to read")
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or (465 if parts.scheme == "smtps" else 587),
        user=user,
        password=unquote(parts.password or ""),
        tls_from_the_start=parts.scheme == "smtps",
        tls_required=not (wants_none or is_here),
    )


class SmtpMail:
    """Sends each mail over a connection of its own: few mails, and none waits behind a stuck one."""

    name = "SMTP"

    def __init__(
        self, url: str, mail_from: str, timeout_seconds: float = 30.0, tls_context: ssl.SSLContext | None = None
    ) -> None:
        self._server = parse_smtp_url(url)
        self._sender = sender_address(mail_from)
        self._timeout_seconds = timeout_seconds
        self._tls_context = tls_context

    async def send(self, mail: OutgoingMail) -> None:
        """Hand the mail over. Raises a MailProblem when it was not taken."""
        message = to_message(mail, self._sender)
        async with self._connected() as client:
            try:
                await client.send_message(message, sender=self._sender.addr_spec, recipients=[mail.recipient])
            except (SMTPServerDisconnected, SMTPReadTimeoutError, TimeoutError) as error:
                # Whether all of it had arrived is not known: its end may have been read.
                raise MailUnavailableError(_reason(error, self._timeout_seconds), maybe_sent=True) from error

    async def check(self) -> None:
        """Connect and sign in. Raises a MailProblem that says why that fails."""
        async with self._connected():
            pass

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.tls_from_the_start,
            start_tls=False if server.tls_from_the_start else (True if server.tls_required else None),
            tls_context=self._tls_context,
            timeout=self._timeout_seconds,
        )
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await client.connect()
                yield client
        except SMTPRecipientsRefused as error:
            raise _of_this_mail(error.recipients[0]) from error
        except (SMTPRecipientRefused, SMTPDataError) as error:
            raise _of_this_mail(error) from error
        except (SMTPException, OSError) as error:  # TimeoutError and ssl.SSLError are OSErrors
            raise MailUnavailableError(_reason(error, self._timeout_seconds)) from error
        finally:
            # Outside the timeout: what goes wrong in saying goodbye must not have a mail sent twice.
            with suppress(SMTPException, OSError):
                if client.is_connected:
                    await client.quit(timeout=1.0)
            client.close()


def _of_this_mail(error: SMTPResponseException) -> MailRefusedError | MailDeferredError | MailUnavailableError:
    """Return what an answer to the recipient or the content means (RFC 5321, 4.2.1; 421: the server closes)."""
    said = f"The mail server answered {error.code}."
    if error.code == 421:
        return MailUnavailableError(said)
    return MailRefusedError(said) if 500 <= error.code < 600 else MailDeferredError(said)


def _reason(error: Exception, timeout_seconds: float) -> str:
    if isinstance(error, SMTPAuthenticationError):
        return f"The mail server did not accept the user and password of SMTP_URL ({error.code})."
    if isinstance(error, SMTPResponseException):
        return f"The mail server answered {error.code}."
    if isinstance(error, SMTPNotSupported) or type(error) is SMTPException:
        return "The mail server offers no TLS or no way to sign in that we know."
    if isinstance(error, SMTPTimeoutError | TimeoutError):
        return f"The mail server did not answer within {timeout_seconds:g} s."
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "The mail server's TLS certificate is not valid for its name."
    return "The mail server cannot be reached."
