"""What signing up, confirming and resetting take and answer."""

from pydantic import ConfigDict, Field, SecretStr

from backend.accounts.schemas import MAX_PASSWORD_LENGTH
from backend.core.schemas import ApiModel

_EMAIL = Field(max_length=254)
_TOKEN = Field(min_length=1, max_length=200, description="What stands after the # of the mailed link")


class SignUpRequest(ApiModel):
    """A new account: an address, and a password of at least twelve characters. Nothing else can be asked for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "ann@example.com", "password": "correct horse battery staple"}]}
    )

    email: str = _EMAIL
    password: SecretStr = Field(max_length=MAX_PASSWORD_LENGTH)


class AddressRequest(ApiModel):
    """An address that a link shall be sent to."""

    email: str = _EMAIL


class LinkRequest(ApiModel):
    """A mailed link that is followed."""

    token: SecretStr = _TOKEN
    password: SecretStr | None = Field(
        default=None,
        max_length=MAX_PASSWORD_LENGTH,
        description="The account's, when the browser neither signed up nor is signed in",
    )


class ResetRequest(ApiModel):
    """A mailed link that is followed, and the new password."""

    token: SecretStr = _TOKEN
    password: SecretStr = Field(max_length=MAX_PASSWORD_LENGTH)


class MailSent(ApiModel):
    """The same answer whoever the address belongs to: a mail is on its way, if there is a reason for one."""

    email: str


class LinkFollowed(ApiModel):
    """What was done, and where a browser goes next."""

    location: str
