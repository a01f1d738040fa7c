"""What alerts hear of a portfolio's return and of impermanent loss, pure: docs/readings.md."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.alerts.service import PORTFOLIO_IMPERMANENT_LOSS_PCT, PORTFOLIO_ROI_PCT
from backend.chain.events import Reading
from backend.core.formats import iso
from backend.core.money import engine_decimal, plain
from backend.ledger.engine.accounting import telling_identifier
from backend.portfolio.engine.roi import return_on_investment
from backend.portfolio.position_history import history_read
from backend.portfolio.position_list import position_list
from backend.portfolio.profit.past import Past
from backend.portfolio.snapshots.records import Snapshot
from backend.portfolio.snapshots.store import Row

Heard = Mapping[str, Mapping[str, str]]


def roi_pct(hours: Sequence[Row]) -> Decimal | None:
    """Return the return on investment from the earliest complete snapshot since which all flows are known.

    `hours` are those of the store, in order; None when that is the newest one itself, or nothing was invested.
    """
    complete = [hour for hour in hours if hour["is_complete"]]
    if not complete:
        return None
    flows: list[Decimal] = []
    first = len(complete) - 1
    while first > 0 and complete[first]["net_flow_usd"] is not None:
        flows.append(complete[first]["net_flow_usd"])
        first -= 1
    if not flows:
        return None
    found = return_on_investment(complete[first]["total_value_usd"], complete[-1]["total_value_usd"], flows)
    return None if found is None else found.pct


def losses_pct(snapshot: Snapshot, past: Past) -> dict[str, Decimal]:
    """Return the impermanent loss in percent of holding of each liquidity position that has a known one, by its id."""
    decimals = {(chain_id, token): fact.decimals for (chain_id, token), fact in past.facts.items()}
    found: dict[str, Decimal] = {}
    for position in position_list(snapshot).items:
        name = telling_identifier(position.identifiers)
        if position.kind != "lp" or name is None:
            continue
        wallet = position.wallet.lower()
        events = [
            event
            for event in past.events
            if event.wallet == wallet
            and event.chain_id == position.chain_id
            and ((event.identifiers or {}).get(name[0]) == name[1] or any(leg.token == name[1] for leg in event.legs))
        ]
        covered = (each for each in past.coverage if (each.wallet, each.chain_id) == (wallet, position.chain_id))
        places = {token: number for (chain_id, token), number in decimals.items() if chain_id == position.chain_id}
        loss = history_read(position, events, next(covered, None), places).il_pct
        if loss is not None:
            found[str(position.id)] = loss
    return found


def readings_of(
    user_id: UUID, snapshot: Snapshot, roi: Decimal | None, losses: Mapping[str, Decimal], before: Heard
) -> tuple[list[Reading], dict[str, dict[str, str]]]:
    """Return the readings of a snapshot, and what is heard with it; nothing of one that was heard already."""
    values = {} if roi is None else {"": roi}
    values |= {part: loss for part, loss in losses.items() if part}
    made: list[Reading] = []
    heard: dict[str, dict[str, str]] = {name: dict(each) for name, each in before.items() if name in values}
    for part, exact in values.items():
        then = before.get(part)
        if then is not None and datetime.fromisoformat(then["at"]) >= snapshot.taken_at:
            continue
        value = Decimal(plain(engine_decimal(exact)))
        made.append(_reading(user_id, snapshot, part, value, then))
        heard[part] = {"value": plain(value), "at": iso(snapshot.taken_at)}
    return made, heard


def _reading(user_id: UUID, snapshot: Snapshot, part: str, value: Decimal, then: Any) -> Reading:
    metric = PORTFOLIO_IMPERMANENT_LOSS_PCT if part else PORTFOLIO_ROI_PCT
    at = int(snapshot.taken_at.timestamp())
    return Reading(
        id=f"portfolio:{user_id}:{at}:{metric}:{part}",
        chain_id=0,
        block_number=0,
        block_hash="",
        taken_at=at,
        metric=metric,
        subject=f"{user_id}/{part}" if part else str(user_id),
        value=value,
        previous_value=None if then is None else Decimal(then["value"]),
        previous_taken_at=None if then is None else int(datetime.fromisoformat(then["at"]).timestamp()),
        source="snapshots and the event ledger",
    )
