"""The leaderboard: joined by choice, under a chosen name, ranked once a day from complete data, left at any time."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, find_user, linked, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError
from backend.core.ids import new_id
from backend.core.logging import get_logger
from backend.core.money import plain
from backend.portfolio.leaderboard import repository
from backend.portfolio.leaderboard.rules import LEAST_USD, PERIODS, TOP, Period, Standing, ranking, standing
from backend.portfolio.leaderboard.schemas import LeaderboardJoin, LeaderboardRead, LeaderboardRow, MyStanding
from backend.portfolio.snapshots.home import SnapshotHome
from backend.portfolio.snapshots.service import days_of

__all__ = ["LEAST_USD", "PERIODS", "TOP", "Period", "join", "leave", "rank_all", "read_board"]
MEMBERS_AT_ONCE = 200
LEAST_TELLING = 4  # fewer letters of an e-mail address stand in many names
TAKEN = "Somebody has this name. Choose another."
OWN_MAIL = "This is the name of your e-mail address: the board is anonymous."
log = get_logger(__name__)


@requires(Feature.PORTFOLIO)
async def read_board(session: AsyncSession, user: CurrentUser, period: Period) -> LeaderboardRead:
    """Return the best of a period, and how the user stands."""
    mine = await repository.mine(session, user.id)
    rows = await repository.board(session, period, TOP)
    name = None if mine is None else mine.pseudonym
    return LeaderboardRead(
        period=period,
        ranked_at=rows[0].ranked_at if rows else None,
        items=[
            LeaderboardRow(
                place=row.place, pseudonym=row.pseudonym, return_pct=row.return_pct, is_me=row.pseudonym == name
            )
            for row in rows
        ],
        me=None if mine is None else _mine(mine, period),
    )


@requires(Feature.PORTFOLIO)
async def join(session: AsyncSession, user: CurrentUser, wanted: LeaderboardJoin) -> None:
    """Join under a name. Raises ConflictError when the user has joined, InvalidInputError when the name cannot be had.

    Places come with the next daily ranking.
    """
    if await repository.mine(session, user.id) is not None:
        raise ConflictError("You are on the leaderboard already. Leave it to join under another name.")
    name = wanted.pseudonym
    own = _plain(user.email.partition("@")[0])
    if len(own) >= LEAST_TELLING and own in _plain(name):
        raise InvalidInputError(OWN_MAIL, {"pseudonym": OWN_MAIL})
    if not await repository.join(session, new_id(), user.id, name):
        raise InvalidInputError(TAKEN, {"pseudonym": TAKEN})
    await audit(session, user.id, "leaderboard.joined", name)


@requires(Feature.PORTFOLIO)
async def leave(session: AsyncSession, user: CurrentUser) -> None:
    """Leave: the user's places and name are gone with the transaction. Raises NotFoundError."""
    name = await repository.leave(session, user.id)
    if name is None:
        raise NotFoundError("You are not on the leaderboard.")
    await audit(session, user.id, "leaderboard.left", name)


async def rank_all(database: Database, home: SnapshotHome) -> int:
    """Rank every member anew, as the worker; return how many have a place somewhere."""
    found: dict[Period, list[tuple[UUID, str, Decimal]]] = {period: [] for period in PERIODS}
    standings: dict[UUID, dict[Period, Standing]] = {}
    after: UUID | None = None
    while True:
        async with database.unit_of_work() as session:
            members = await repository.members(session, after, MEMBERS_AT_ONCE)
            users = [member.user_id for member in members]
            held = await repository.wallets_of(session, users)
            proven = await linked.addresses_of(session, users)
        if not members:
            break
        for member in members:
            standings[member.id] = await _standings(database, home, member.user_id, held, proven)
            for period, each in standings[member.id].items():
                if each.return_pct is not None:
                    found[period].append((member.id, member.pseudonym, each.return_pct))
        after = members[-1].id
    await _publish(database, found, standings)
    placed = {member_id for each in found.values() for member_id, _, _ in each}
    log.info("leaderboard ranked", members=len(standings), placed=len(placed))
    return len(placed)


async def _standings(
    database: Database,
    home: SnapshotHome,
    user_id: UUID,
    held: Mapping[UUID, Sequence[str]],
    proven: Mapping[UUID, set[str]],
) -> dict[Period, Standing]:
    wallets = [address.lower() for address in held.get(user_id, ())]
    unproven = sum(address not in proven.get(user_id, set()) for address in wallets)
    user = await find_user(database, user_id)
    if user is None:
        return {}
    async with home.open() as store:
        points = await days_of(store, user, "1y")
    now = utc_now()
    return {period: standing(period, points, now, unproven=unproven, wallets=len(wallets)) for period in PERIODS}


async def _publish(
    database: Database,
    found: Mapping[Period, Sequence[tuple[UUID, str, Decimal]]],
    standings: Mapping[UUID, Mapping[Period, Standing]],
) -> None:
    now = utc_now()
    places: dict[UUID, dict[Period, int]] = {}
    async with database.unit_of_work() as session:
        for period, members in found.items():
            ranked = ranking(members)
            for each in ranked:
                places.setdefault(each.member_id, {})[period] = each.place
            top = [
                {"member_id": each.member_id, "place": each.place, "return_pct": plain(each.return_pct)}
                for each in ranked[:TOP]
            ]
            await repository.publish(session, period, top, now)
        rows = [
            {"member_id": member_id, "standing": _noted(each, places.get(member_id, {}))}
            for member_id, each in standings.items()
        ]
        await repository.note_standings(session, rows, now)


def _noted(standings: Mapping[Period, Standing], places: Mapping[Period, int]) -> dict[str, Any]:
    return {
        period: {
            "place": places.get(period),
            "returnPct": None if each.return_pct is None else plain(each.return_pct),
            "reason": each.reason,
        }
        for period, each in standings.items()
    }


def _mine(row: Any, period: Period) -> MyStanding:
    noted = row.standing.get(period, {})
    pct = noted.get("returnPct")
    return MyStanding(
        pseudonym=row.pseudonym,
        joined_at=row.joined_at,
        place=noted.get("place"),
        return_pct=None if pct is None else Decimal(pct),
        reason=noted.get("reason") if row.checked_at else "waiting",
        checked_at=row.checked_at,
    )


def _plain(name: str) -> str:
    """Return a name without what hides that it is the same."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
