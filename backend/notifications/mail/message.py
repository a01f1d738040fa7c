"""A mail in the form of RFC 5322. Headers are set through `email`, which refuses a line break in any of them."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from backend.notifications.mail.port import OutgoingMail


def sender_address(mail_from: str) -> Address:
    """Return MAIL_FROM (`Name <address>` or an address) in its parts. Raises ValueError when it is neither."""
    name, address = parseaddr(mail_from)
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise ValueError(f"MAIL_FROM is no address: {mail_from!r}")
    return Address(name, local, domain)


def message_id(mail: OutgoingMail, sender: Address) -> str:
    """Return the Message-ID: made from the mail's id, so that a mail sent twice is known to be one."""
    return f"<{mail.id}@{sender.domain}>"


def to_message(mail: OutgoingMail, sender: Address) -> EmailMessage:
    """Return the mail as text with HTML as its better alternative."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.written_at)
    message["Message-ID"] = message_id(mail, sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    html = message.get_body(("html",))
    if html is not None:
        for picture in mail.pictures:
            html.add_related(
                picture.png, "image", "png", cid=f"<{picture.content_id}>", filename=picture.name, disposition="inline"
            )
    for file in mail.attachments:
        kind, _, form = file.media_type.partition("/")
        message.add_attachment(file.content, kind, form, filename=file.name)
    return message
