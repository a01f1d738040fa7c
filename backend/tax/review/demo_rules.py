"""What the demo account says of the demo market from the beginning, as rules that it sees, and can delete.

Nobody bought what the treasury and the traders give its wallets, so without a word all of it would have an unknown
cost, and a newcomer would see no figure. The rules say what a user would answer in the review, with the demo market's
name on it: it counts as bought, for what the pools of that moment paid. No price is made up.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.core.clock import utc_now
from backend.core.ids import derived_id
from backend.tax import repository as books
from backend.tax.records import edit_json
from backend.tax.review import rules_repository as repository
from backend.tax.review.matching import Matches, Rule, matches_json
from backend.tax.transactions import Edit, TransactionKind

GIVEN = "Demo market: what comes to {} counts as bought at the pools' price"
OWN = "Demo market: what comes from {} stays an own transfer"
NOTE = "Demo market: given to this wallet, counted as bought at the pools' price of that moment."


def demo_rules(user_id: UUID, wallets: Sequence[tuple[str, str]]) -> list[Rule]:
    """Return the rules of wallets (address, label); those about transfers between them are later, and so decide."""
    now = utc_now()
    given = [
        Rule(
            id=derived_id("demo tax rule", user_id, "given", address),
            name=GIVEN.format(label),
            matches=Matches(kind=TransactionKind.DEPOSIT, wallet=address.lower()),
            sets=Edit(kind=TransactionKind.BUY, note=NOTE),
            created_at=now,
        )
        for address, label in wallets
    ]
    own = [
        Rule(
            id=derived_id("demo tax rule", user_id, "own", address),
            name=OWN.format(label),
            matches=Matches(kind=TransactionKind.DEPOSIT, counterparty=address.lower()),
            sets=Edit(kind=TransactionKind.DEPOSIT),
            created_at=now,
        )
        for address, label in wallets
    ]
    return [replace(rule, created_at=now + timedelta(milliseconds=at)) for at, rule in enumerate([*given, *own])]


async def seed_demo_rules(session: AsyncSession, user_id: UUID, wallets: Sequence[tuple[str, str]]) -> None:
    """Give the demo account its rules, as the schema's owner, while its book is empty; later it changes nothing."""
    if await books.version(session, user_id) or await repository.rules(session, user_id):
        return
    for rule in demo_rules(user_id, wallets):
        values = {"id": rule.id, "user_id": user_id, "name": rule.name, "created_at": rule.created_at}
        said = {"matches": matches_json(rule.matches), "sets": edit_json(rule.sets)}
        await repository.insert_rule(session, values | said)
