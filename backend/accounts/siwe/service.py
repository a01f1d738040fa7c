"""Proving a wallet: a message for it to sign, and whether what came back was signed by it, here, now and once."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from eth_utils.address import is_address, to_checksum_address
from redis.asyncio import Redis

from backend.accounts.linked.schemas import WalletProof
from backend.accounts.siwe.contract import contract_signed
from backend.accounts.siwe.message import SiweMessage, parse_message, parse_time
from backend.accounts.siwe.nonces import LIFETIME_SECONDS, give_nonce, take_nonce
from backend.accounts.siwe.signature import message_hash, signature_bytes, signer_of
from backend.chain.registry import chain_name, find_chain
from backend.core.browser import browser_mark
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, UnauthorizedError
from backend.core.settings import DEMO_CHAIN_ID, Settings

LEEWAY = timedelta(seconds=30)  # clocks differ a little
_SIGN_IN = "Sign in to Premium. This costs nothing and moves nothing."
_ADD = "Add this wallet to your Premium account. This costs nothing and moves nothing."
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True)
class Challenge:
    """A nonce and, when the wallet was named, the message that it shall sign."""

    nonce: str
    message: str | None
    expires_at: datetime


async def challenge(
    redis: Redis,
    settings: Settings,
    *,
    browser: str,
    address: str | None,
    chain_id: int | None,
    user_id: UUID | None = None,
) -> Challenge:
    """Return a nonce for this browser and the message with it. `user_id`: who wants to add the wallet, None to sign in.

    Raises InvalidInputError when the address or chain is none of those we take.
    """
    wallet = None
    if address is not None:
        if not is_address(address):
            raise InvalidInputError("This is not an Ethereum address.", {"address": "is not an Ethereum address"})
        wallet = to_checksum_address(address)
    if chain_id is not None:
        _check_chain(settings, chain_id)
    now = utc_now()
    expires_at = now + timedelta(seconds=LIFETIME_SECONDS)
    nonce = await give_nonce(redis, browser, user_id)
    message = None
    if wallet is not None and chain_id is not None:
        message = SiweMessage(
            domain=urlsplit(settings.app_url).netloc,
            address=wallet,
            statement=_ADD if user_id else _SIGN_IN,
            uri=settings.app_url,
            chain_id=chain_id,
            nonce=nonce,
            issued_at=_written(now),
            expiration_time=_written(expires_at),
        ).text()
    return Challenge(nonce, message, expires_at)


async def prove_wallet(
    redis: Redis,
    settings: Settings,
    *,
    browser: str | None,
    message: str,
    signature: str,
    user_id: UUID | None = None,
) -> WalletProof:
    """Return the wallet that signed the message, which must have been asked for by this browser.

    The nonce is spent before anything else is looked at, so that nothing can be tried twice. Raises InvalidInputError
    (MessageError) when the message breaks a rule, UnauthorizedError when it proves nothing, UnavailableError when a
    contract wallet's network does not answer.
    """
    asked = parse_message(message)
    nonce = await take_nonce(redis, asked.nonce)
    if nonce is None:
        raise UnauthorizedError("This sign-in was used already or took too long. Start again.")
    if browser is None or not hmac.compare_digest(nonce.browser, browser_mark(browser)) or nonce.user_id != user_id:
        raise UnauthorizedError("This sign-in was begun somewhere else. Start again here.")
    _check_place(settings, asked)
    _check_chain(settings, asked.chain_id)
    _check_times(asked)
    return await _signed_by(settings, asked, message, signature)


async def _signed_by(settings: Settings, asked: SiweMessage, message: str, signature: str) -> WalletProof:
    raw = signature_bytes(signature)
    if raw is None:
        raise UnauthorizedError("The wallet's answer is not a signature. Try again.")
    if signer_of(message, raw) == asked.address:
        return WalletProof(asked.address, asked.chain_id, "key")
    if asked.chain_id not in settings.chain_urls:
        raise UnauthorizedError(
            "The signature is not that of the address. (Contract wallets can be used here on: "
            + ", ".join(chain_name(chain_id) for chain_id in settings.chain_urls)
            + ".)"
        )
    if await contract_signed(settings, asked.chain_id, asked.address, message_hash(message), raw):
        return WalletProof(asked.address, asked.chain_id, "contract")
    raise UnauthorizedError("The signature is not that of the address. Try again.")


def _check_place(settings: Settings, asked: SiweMessage) -> None:
    """The message must name this site. What the request's Host says counts for nothing: a proxy could forge it."""
    ours = _places(settings)
    uri = urlsplit(asked.uri)
    if asked.domain not in {place.netloc for place in ours}:
        raise UnauthorizedError("The message was made for another site.", {"domain": "is not this site"})
    if asked.scheme is not None and asked.scheme not in {place.scheme for place in ours}:
        raise UnauthorizedError("The message was made for another site.", {"scheme": "is not this site's"})
    if (uri.scheme, uri.netloc) not in {(place.scheme, place.netloc) for place in ours}:
        raise UnauthorizedError("The message was made for another site.", {"uri": "is not on this site"})


def _places(settings: Settings) -> list:
    """Return where users open this product; on one's own machine under both of its names."""
    own = urlsplit(settings.app_url)
    if settings.environment == "production" or own.hostname not in _LOOPBACK:
        return [own]
    port = f":{own.port}" if own.port else ""
    return [own._replace(netloc=host + port) for host in sorted(_LOOPBACK)]


def _check_chain(settings: Settings, chain_id: int) -> None:
    if find_chain(chain_id) is None or (chain_id == DEMO_CHAIN_ID and not settings.is_demo_chain):
        raise InvalidInputError(
            f"Your wallet is on a network that we do not know (chain {chain_id}). Switch it to Ethereum or another"
            " main network and try again.",
            {"chainId": "is not a network we know"},
        )


def _check_times(asked: SiweMessage) -> None:
    now = utc_now()
    issued_at = parse_time(asked.issued_at)
    if issued_at > now + LEEWAY or (asked.not_before and parse_time(asked.not_before) > now + LEEWAY):
        raise UnauthorizedError("The message is not valid yet. Check the clock of this device and try again.")
    too_old = now - issued_at > timedelta(seconds=LIFETIME_SECONDS) + LEEWAY
    if too_old or (asked.expiration_time and parse_time(asked.expiration_time) < now - LEEWAY):
        raise UnauthorizedError("The message has expired. Start again.")


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
