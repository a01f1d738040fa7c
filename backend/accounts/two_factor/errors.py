"""What can be wrong with a second factor."""

from backend.core.errors import InvalidInputError, UnauthorizedError


class TotpRequiredError(UnauthorizedError):
    """The password is right; the account wants a code too."""

    code = "TOTP_REQUIRED"

    def __init__(self) -> None:
        super().__init__(
            "Two-step sign-in is on. Send the code of your authenticator app as well.",
            {"totp": "Six digits of your authenticator app, or a recovery code."},
        )


class WrongCodeError(InvalidInputError):
    """The code is wrong, too old, or was used already."""

    def __init__(self) -> None:
        super().__init__(
            "The code is not right.", {"code": "This code is not right. Take the newest one; each works once."}
        )
