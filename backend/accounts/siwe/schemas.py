"""What the API takes and answers of Sign-In with Ethereum."""

from pydantic import ConfigDict, Field, SecretStr

from backend.accounts.siwe.message import MAX_LENGTH
from backend.accounts.siwe.signature import MAX_SIGNATURE_BYTES
from backend.core.schemas import ApiModel, Instant


class ChallengeRequest(ApiModel):
    """Which wallet shall sign, on which chain; without both, the answer has a nonce for a message of your own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"address": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "chainId": 1}]}
    )

    address: str | None = Field(default=None, max_length=42)
    chain_id: int | None = Field(default=None, ge=1, le=2**53)


class ChallengeRead(ApiModel):
    """A nonce for one use in this browser, and the message (EIP-4361) to be signed with `personal_sign`."""

    nonce: str
    message: str | None
    expires_at: Instant


class SignedMessage(ApiModel):
    """A message of EIP-4361 and the wallet's signature of it, as hex with `0x`."""

    message: str = Field(min_length=1, max_length=MAX_LENGTH)
    signature: str = Field(min_length=4, max_length=2 + 2 * MAX_SIGNATURE_BYTES)


class WalletSignIn(SignedMessage):
    """What signs in. `tokens`: the answer is an access token for a program, as of POST /v1/auth/token."""

    next: str = Field(
        default="",
        max_length=500,
        description="Where a browser goes afterwards: a path of this site; empty for the `next` of the page that asks",
    )
    tokens: bool = Field(default=False, description="Answer with an access token and open no session")
    totp: SecretStr | None = Field(
        default=None, max_length=40, description="With `tokens`: the code, where two-step sign-in is on"
    )


class SignedInRead(ApiModel):
    """Where the browser, which has its cookie now, goes: the second step of signing in, where that is on."""

    location: str
    needs_second_factor: bool
