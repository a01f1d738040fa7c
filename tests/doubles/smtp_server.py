"""An SMTP server on a real socket (aiosmtpd): keeps what it takes, and answers as it is told to."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "premium", "p4ss:w@rd/#"


@dataclass
class SmtpServer:
    """What came in. `rcpt` and `data` are the answers to the next commands; `stall` holds DATA up."""

    port: int = 0
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    stall: bool = False
    received: list[EmailMessage] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    users: list[bytes | None] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT."""
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail and answer."""
        self.began.set()
        if self.stall:
            await asyncio.sleep(3600)
        if self.data:
            answer = self.data.pop(0)
            if not answer.startswith("250"):
                return answer
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        assert envelope.rcpt_tos == [message["To"].addresses[0].addr_spec]
        self.received.append(message)
        self.over_tls.append(server.transport.get_extra_info("ssl_object") is not None)
        login = session.auth_data
        self.users.append(login.login if isinstance(login, LoginPassword) else None)
        return "250 taken"

    @staticmethod
    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Accept the one user."""
        good = data.login == USER.encode() and data.password == PASSWORD.encode()
        return (
            AuthResult(success=good, handled=True, auth_data=data) if good else AuthResult(success=False, handled=False)
        )


def make_tls(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a server with a certificate of its own for 127.0.0.1, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail double")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "mail.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())


@asynccontextmanager
async def smtp_server(
    tls: ssl.SSLContext | None = None, *, sign_in: bool = False, from_the_start: bool = False, port: int = 0
) -> AsyncIterator[SmtpServer]:
    """A running server. `tls`: it offers STARTTLS, or is spoken to in TLS from the start; `sign_in`: it asks for it."""
    state = SmtpServer()

    def protocol() -> SMTP:
        return SMTP(
            state,
            hostname="double.example",
            tls_context=None if from_the_start else tls,
            require_starttls=tls is not None and not from_the_start,
            auth_required=sign_in,
            auth_require_tls=sign_in and not from_the_start,
            authenticator=state.authenticate,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", port, ssl=tls if from_the_start else None
    )
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
