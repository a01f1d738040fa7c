"""What the bots take and answer."""

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, Field

from backend.core.schemas import ApiModel, Instant

Bot = Literal["telegram", "discord"]
BOTS: tuple[Bot, ...] = ("telegram", "discord")

COMMANDS: dict[str, str] = {
    "alerts": "Your newest alerts",
    "list": "Your rules, with their codes",
    "create": "Make a rule: /create WETH above 4000",
    "pause": "Pause a rule: /pause CODE",
    "resume": "Let a paused rule watch again: /resume CODE",
    "delete": "Delete a rule: /delete CODE",
    "unlink": "End the link between this chat and your account",
    "help": "What can be said here",
}


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wrote: the command's name in lower case, and what follows it."""

    name: str
    words: tuple[str, ...] = ()

    @property
    def rest(self) -> str:
        """Everything after the name."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Person:
    """Who writes to a bot. `id` is what the chat's operator says it is; `target` is where to write back to later."""

    bot: Bot
    id: str
    target: str
    label: str


class BotCodeCreate(ApiModel):
    """Which bot the code is for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"bot": "telegram"}]})

    bot: Bot


class BotCode(ApiModel):
    """A code that is good once, until `expires_at`, and what to send to the bot."""

    bot: Bot
    code: str
    send: str = Field(description="What to send to the bot")
    link: str | None = Field(
        description="Opens the chat with the bot, with the code in it; null: there is no such link"
    )
    expires_at: Instant
