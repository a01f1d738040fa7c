"""`/v1/notifications/bots`: codes that link a chat to an account, and the commands that people use in Discord."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from backend.api.auth import SignedIn, client_ip, public, take_from_limit
from backend.api.envelope import SIGNED_IN_ERRORS, Envelope, errors, ok
from backend.api.limits import ANONYMOUS_PER_MINUTE
from backend.api.resources import resources
from backend.bots import service
from backend.bots.interactions import (
    COMMAND,
    EPHEMERAL,
    MESSAGE,
    PING,
    PONG,
    Interaction,
    interaction_of,
    is_of_discord,
)
from backend.bots.schemas import BotCode, BotCodeCreate
from backend.core.clock import now_seconds
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError, UnauthorizedError
from backend.notifications.service import Said, discord_markdown

router = APIRouter(prefix="/v1/notifications/bots", tags=["Notifications"])


@router.post("/codes", status_code=201, responses={**SIGNED_IN_ERRORS, **errors(404)})
async def make_code(user: SignedIn, body: BotCodeCreate) -> Envelope[BotCode]:
    """Get a code that links a chat to your account: send it to the bot within a quarter of an hour."""
    held = resources()
    return ok(await service.offer_code(held.settings, held.redis, body.bot, user.id))


@router.post("/discord/interactions", responses=errors(400, 401, 404, 409, 422, 429, 503))
@public("Discord signs what it sends")
async def take_interaction(request: Request) -> JSONResponse:
    """Take what Discord sends when somebody uses a command; the signature is over the timestamp and the raw body."""
    held = resources()
    key = held.settings.discord_public_key
    if not held.settings.has_discord_bot:
        raise NotFoundError("There is no Discord bot here.")
    body = await request.body()
    signature, timestamp = (
        request.headers.get("x-signature-ed25519", ""),
        request.headers.get("x-signature-timestamp", ""),
    )
    if not is_of_discord(key, signature, timestamp, body, now_seconds()):
        await take_from_limit(request, ANONYMOUS_PER_MINUTE, "bad-interaction", client_ip(request, held.settings))
        raise UnauthorizedError("The signature is not Discord's.")
    try:
        raw = orjson.loads(body)
        kind = raw.get("type")
    except (orjson.JSONDecodeError, AttributeError):
        raise InvalidInputError("This is no interaction.") from None
    if kind == PING:
        return JSONResponse({"type": PONG})
    if kind != COMMAND or str(raw.get("application_id")) != held.settings.discord_application_id:
        raise InvalidInputError("This is no interaction that we know.")
    try:
        asked = interaction_of(raw)
    except ValueError as error:
        raise InvalidInputError(f"This is {error}.") from None
    if not await service.is_first(held.redis, "discord", asked.id):
        raise ConflictError("This interaction was answered already.")
    return _message(await _answer(asked))


async def _answer(asked: Interaction) -> Said:
    if asked.wants_here and not asked.may_use_here:
        return Said("You may not send alerts to this channel", ("Ask somebody who may manage channels here.",))
    held = resources()
    return await service.answer(
        service.BotContext(held.settings, held.database, held.redis), asked.person, asked.command
    )


def _message(said: Said) -> JSONResponse:
    """Return the answer that only the person who asked can see, and that calls nobody."""
    data: dict[str, Any] = {"content": discord_markdown(said), "flags": EPHEMERAL, "allowed_mentions": {"parse": []}}
    return JSONResponse({"type": MESSAGE, "data": data})
