"""Files that come with a mail: sealed with it, and in the form that each way out takes."""

import base64
from datetime import UTC, datetime
from email.headerregistry import Address
from uuid import UUID

from pydantic import SecretStr

from backend.notifications.mail.local import _with_pictures
from backend.notifications.mail.message import to_message
from backend.notifications.mail.outbox import opened_attachments, opened_content, sealed_content
from backend.notifications.mail.port import Attachment, InlinePicture, OutgoingMail
from backend.notifications.mail.sendgrid import SendGridMail
from backend.notifications.mail.templates import Rendered

SAID = Rendered("Report", '<html><body><img src="cid:p">hello</body></html>', "hello")
FILE = Attachment('re"port<1>.pdf', "application/pdf", b"%PDF-1.4\x00\xff")
MAIL = OutgoingMail(
    UUID(int=5), "me@example.com", SAID.subject, SAID.html, SAID.text, datetime(2026, 11, 20, tzinfo=UTC),
    pictures=(InlinePicture("p", b"png", "p.png"),), attachments=(FILE,),
)  # fmt: skip


def test_what_is_sealed_is_opened_again() -> None:
    sealed = sealed_content(SAID, [FILE])
    assert b"PDF" not in sealed and b"JVBERi" not in sealed
    assert (opened_content(sealed), opened_attachments(sealed)) == (SAID, (FILE,))
    assert opened_attachments(sealed_content(SAID)) == ()


def test_a_message_has_its_file_beside_text_html_and_picture() -> None:
    parsed = to_message(MAIL, Address("Premium", "no-reply", "example.com"))
    (attached,) = parsed.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("application/pdf", FILE.name)
    assert attached.get_content() == FILE.content
    assert "hello" in parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "cid:p" in parsed.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_sendgrid_gets_pictures_inline_and_files_attached() -> None:
    body = SendGridMail(None, "https://example.com", SecretStr("k"), "no-reply@example.com")._body(MAIL)  # type: ignore[arg-type]
    inline, attached = body["attachments"]  # type: ignore[misc]
    assert (inline["disposition"], attached["disposition"]) == ("inline", "attachment")
    assert base64.b64decode(attached["content"]) == FILE.content and attached["type"] == "application/pdf"


def test_the_local_mailbox_shows_a_file_as_a_link_and_its_name_as_text() -> None:
    shown = _with_pictures(MAIL)
    assert 'download="re&quot;port&lt;1&gt;.pdf"' in shown
    assert f"data:application/pdf;base64,{base64.b64encode(FILE.content).decode()}" in shown
    assert shown.endswith("</body></html>")
