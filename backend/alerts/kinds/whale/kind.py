"""The kind `whale`."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.alerts.engine.conditions import WhaleConditions
from backend.alerts.kinds.base import Choice, FieldSpec, Kind, ParseContext, RawConditions, Stored, Symbols
from backend.alerts.lookup import conditions_of_input
from backend.alerts.messages import alert_message
from backend.alerts.parsing import parse_conditions
from backend.alerts.rules import conditions_of, stored_conditions
from backend.alerts.sentences import describe
from backend.chain.events import Event


class WhaleKind(Kind):
    """A transfer that is large, or that touches a watched wallet."""

    name = "whale"
    title = "Whale transfers"
    label = "Transfer"
    icon = "arrow-left-right"
    summary = "A transfer that is large, or that touches a wallet you watch."
    order = 20
    event_speaks = True
    fields = (
        FieldSpec("value_usd", "Worth at least", "number", "USD", operators=("gte",), help="$1,000 to $1 billion"),
        FieldSpec(
            "amount",
            "At least",
            "number",
            "tokens",
            operators=("gte",),
            help="Needs exactly one token",
            instead_of=("value_usd",),
            needs=("token",),
        ),
        FieldSpec("chain", "Chain", "chain", operators=("eq", "in"), help="Any chain when left out"),
        FieldSpec("token", "Token", "token", operators=("eq", "in"), help="Any token when left out"),
        FieldSpec("wallet", "Watched wallets", "wallets", operators=("in", "eq")),
        FieldSpec(
            "wallet_usd",
            "Thresholds of single wallets",
            "wallet_amounts",
            "USD",
            operators=("gte",),
            help="Wallets that are watched with least values of their own",
        ),
        FieldSpec(
            "ignore_own",
            "Leave out transfers between the watched wallets",
            "flag",
            help="Needs at least two watched wallets",
            needs=("wallet",),
            default="true",
        ),
        FieldSpec(
            "direction",
            "Direction",
            "choice",
            choices=(
                Choice("either", "in or out"),
                Choice("in", "into them"),
                Choice("out", "out of them"),
            ),
            help="Seen from the watched wallets",
            needs=("wallet",),
            default="either",
        ),
    )

    async def parse(self, raw: RawConditions, context: ParseContext) -> WhaleConditions:
        """Return the conditions, with symbols looked up."""
        return await conditions_of_input(context.session, parse_conditions(self.name, raw))  # type: ignore[return-value]

    def stored(self, conditions: WhaleConditions) -> Stored:
        """Return the stored list."""
        return stored_conditions(conditions)

    def of_stored(self, stored: Sequence[Mapping[str, Any]]) -> WhaleConditions:
        """Return the typed conditions."""
        return conditions_of(stored)  # type: ignore[return-value]

    def message(self, conditions: WhaleConditions | None, event: Event) -> str:
        """Return amount, token, value, from, to, chain, transaction: the same for every rule."""
        return alert_message(conditions, event)

    def sentence(self, conditions: WhaleConditions, symbols: Symbols) -> str:
        """Return `A transfer of USDC worth at least $100,000 on Ethereum`."""
        return describe(conditions, symbols)

    def tokens(self, conditions: WhaleConditions) -> frozenset[str]:
        """Return the tokens named."""
        return conditions.tokens

    def wallets(self, conditions: WhaleConditions) -> frozenset[str]:
        """Return the watched wallets."""
        return conditions.wallets
