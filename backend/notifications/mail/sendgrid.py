"""The way out over SendGrid's API, version 3 (`POST /v3/mail/send`)."""

import base64

import orjson
from pydantic import SecretStr

from backend.core.errors import RemoteError
from backend.core.http import Answer, NoAnswerError, OutgoingHttp
from backend.notifications.mail.message import message_id, sender_address
from backend.notifications.mail.port import MailRefusedError, MailUnavailableError, OutgoingMail

_OFF = {"enable": False}


class SendGridMail:
    """Sends mails by HTTP; links and openings are not followed."""

    name = "SendGrid"

    def __init__(self, http: OutgoingHttp, api_url: str, api_key: SecretStr, mail_from: str) -> None:
        self._http = http
        self._url = f"{api_url.rstrip('/')}/v3/mail/send"
        self._api_key = api_key
        self._sender = sender_address(mail_from)

    async def send(self, mail: OutgoingMail) -> None:
        """Hand the mail over. Raises a MailProblem when it was not taken."""
        _judge(await self._post(self._body(mail)))

    async def check(self) -> None:
        """Ask with an empty mail, which SendGrid refuses after it looked at the key. Raises a MailProblem."""
        answer = await self._post({})
        if answer.status not in (400, 413):
            _judge(answer)

    async def _post(self, body: dict[str, object]) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._api_key.get_secret_value()}",
            "Content-Type": "application/json",
        }
        try:
            return await self._http.post(self._url, orjson.dumps(body), headers)
        except RemoteError as error:
            maybe = isinstance(error, NoAnswerError) and error.maybe_sent
            raise MailUnavailableError(f"SendGrid: {error.message}", maybe_sent=maybe) from error

    def _body(self, mail: OutgoingMail) -> dict[str, object]:
        sender = {"email": self._sender.addr_spec}
        if self._sender.display_name:
            sender["name"] = self._sender.display_name
        files = [
            {
                "content": base64.b64encode(picture.png).decode(),
                "type": "image/png",
                "filename": picture.name,
                "disposition": "inline",
                "content_id": picture.content_id,
            }
            for picture in mail.pictures
        ]
        files += [
            {
                "content": base64.b64encode(file.content).decode(),
                "type": file.media_type,
                "filename": file.name,
                "disposition": "attachment",
            }
            for file in mail.attachments
        ]
        attached: dict[str, object] = {"attachments": files} if files else {}
        return attached | {
            "personalizations": [{"to": [{"email": mail.recipient}]}],
            "from": sender,
            "subject": mail.subject,
            "content": [{"type": "text/plain", "value": mail.text}, {"type": "text/html", "value": mail.html}],
            "headers": {"Message-ID": message_id(mail, self._sender), "Auto-Submitted": "auto-generated"},
            "custom_args": {"mail_id": str(mail.id)},
            "tracking_settings": {
                "click_tracking": {**_OFF, "enable_text": False},
                "open_tracking": _OFF,
                "subscription_tracking": _OFF,
            },
        }


def _judge(answer: Answer) -> None:
    """Raise what an answer means, unless it is 2xx."""
    if 200 <= answer.status < 300:
        return
    said = f"SendGrid answered {answer.status}."
    if answer.status in (400, 413):
        raise MailRefusedError(said)
    if answer.status in (401, 403):
        raise MailUnavailableError(f"{said} SENDGRID_API_KEY or MAIL_FROM is not accepted.")
    raise MailUnavailableError(said, answer.retry_after_seconds)
