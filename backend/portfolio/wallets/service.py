"""The wallets of a portfolio: what is added is checked, counted against the plan, and looked for on every chain."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eth_utils.address import to_checksum_address
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import Cap, CurrentUser, Feature, cap, linked, require_room, requires
from backend.chain.registry import chain_name
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, InvalidInputError, NotFoundError
from backend.core.ids import new_id
from backend.core.jobs import defer
from backend.core.settings import Settings
from backend.ledger import service as ledger
from backend.portfolio.chains import shared_pools
from backend.portfolio.wallets import ens, repository
from backend.portfolio.wallets.addresses import looks_like_name, parse_address
from backend.portfolio.wallets.schemas import PortfolioWallet, WalletAdd, WalletChain, WalletChange
from backend.tax.sync.service import defer_syncs

DISCOVER_TASK = "portfolio.discover"
SEEDED_AFTER = timedelta(minutes=1)


async def resolve(settings: Settings, wanted: WalletAdd) -> tuple[str, str | None]:
    """Return the address (lower case) and the ENS name of what a user wants to add by address or name.

    Call it outside a transaction: a name is looked up on Ethereum. Raises InvalidInputError, UnavailableError.
    """
    text = wanted.address or ""
    if not looks_like_name(text):
        try:
            return parse_address(text), None
        except ValueError as error:
            raise InvalidInputError(str(error), {"address": str(error)}) from None
    pools = shared_pools(settings)
    if ens.ENS_CHAIN_ID not in pools:
        words = "Names are looked up on Ethereum, which this installation does not read. Enter the address instead."
        raise InvalidInputError(words, {"address": words})
    name = ens.normalised(text)
    return await ens.address_of(pools[ens.ENS_CHAIN_ID], name), name


def reads_names(settings: Settings) -> bool:
    """Return whether ENS names can be looked up here."""
    return ens.ENS_CHAIN_ID in settings.chain_urls


@requires(Feature.PORTFOLIO)
async def add_wallet(
    session: AsyncSession, user: CurrentUser, wanted: WalletAdd, resolved: tuple[str, str | None] | None
) -> PortfolioWallet:
    """Add a wallet to the user's portfolio, have its chains and tokens looked for, and return it.

    `resolved` comes from `resolve`, None for a wallet that signs in. Raises ConflictError when it is there already,
    TierLimitError when the plan allows no more, NotFoundError for a sign-in wallet that is not the user's.
    """
    await repository.lock_wallets(session, user.id)
    proven = await _proven(session)
    if resolved is None:
        address = next((each for each, wallet_id in proven.items() if wallet_id == wanted.wallet_id), None)
        if address is None:
            raise NotFoundError("There is no such wallet among those that sign you in.")
        name, added_by = None, "connected"
    else:
        address, name = resolved
        added_by = "ens" if name else "address"
    require_room(user, Cap.PORTFOLIO_WALLETS, len(await repository.list_wallets(session)))
    row = await repository.insert_wallet(
        session,
        {
            "id": new_id(),
            "user_id": user.id,
            "address": address,
            "label": wanted.label,
            "group_name": wanted.group,
            "ens_name": name,
            "added_by": added_by,
        },
    )
    if row is None:
        raise ConflictError("This wallet is in your portfolio already.")
    await audit(session, user.id, "portfolio_wallet.added", address, {"by": added_by, "name": name})
    await defer_discovery(session, user.id)
    return _read(row, proven, [])


@requires(Feature.PORTFOLIO)
async def list_wallets(session: AsyncSession, user: CurrentUser) -> list[PortfolioWallet]:
    """Return the user's wallets, the oldest first, with what was found of them on each chain."""
    proven = await _proven(session)
    chains: dict[UUID, list[Any]] = defaultdict(list)
    for row in await repository.chains_of_wallets(session):
        chains[row.wallet_id].append(row)
    return [_read(row, proven, chains[row.id]) for row in await repository.list_wallets(session)]


def most_wallets(user: CurrentUser) -> int | None:
    """Return how many wallets the user's plan allows, None without a limit."""
    return cap(user.tier, Cap.PORTFOLIO_WALLETS)


@requires(Feature.PORTFOLIO)
async def change_wallet(
    session: AsyncSession, user: CurrentUser, wallet_id: UUID, change: WalletChange
) -> PortfolioWallet:
    """Call a wallet something, put it in a group, and return it. Raises NotFoundError."""
    row = await repository.update_wallet(session, wallet_id, change.label, change.group)
    if row is None:
        raise NotFoundError("There is no such wallet.")
    await audit(session, user.id, "portfolio_wallet.renamed", row.address, change.model_dump())
    chains = [each for each in await repository.chains_of_wallets(session) if each.wallet_id == wallet_id]
    return _read(row, await _proven(session), chains)


@requires(Feature.PORTFOLIO)
async def remove_wallet(session: AsyncSession, user: CurrentUser, wallet_id: UUID) -> None:
    """Take a wallet out of the portfolio; one that the plan had left out takes its place. Raises NotFoundError."""
    await repository.lock_wallets(session, user.id)
    address = await repository.delete_wallet(session, wallet_id)
    if address is None:
        raise NotFoundError("There is no such wallet.")
    await ledger.forget_wallet(session, user.id, address)
    await defer_syncs(session, [user.id])
    await audit(session, user.id, "portfolio_wallet.removed", address)
    await fit_to_plan(session, user.id, user.tier)


async def fit_to_plan(session: AsyncSession, user_id: UUID, tier: str) -> None:
    """Leave out the wallets above the plan's cap, the newest first, and take back those that now fit."""
    await repository.lock_wallets(session, user_id)
    most = cap(tier, Cap.PORTFOLIO_WALLETS)
    rows = await repository.wallets_of(session, user_id)
    paused = {row.id: most is not None and place >= most for place, row in enumerate(rows)}
    changed = {row.id: paused[row.id] for row in rows if row.paused_by_plan != paused[row.id]}
    await repository.set_paused(session, user_id, changed)
    if changed:
        await defer_syncs(session, [user_id])


async def seed_wallets(session: AsyncSession, user_id: UUID, wallets: dict[str, str]) -> None:
    """Give a user who has no wallets these (address: label), as the schema's owner; again, it changes nothing."""
    await repository.lock_wallets(session, user_id)
    if await repository.wallets_of(session, user_id):
        return
    for address, label in wallets.items():
        values = {"id": new_id(), "user_id": user_id, "address": address.lower(), "label": label}
        await repository.insert_wallet(session, {**values, "group_name": "", "ens_name": None, "added_by": "address"})
    # The market may be on its way still.
    await defer_discovery(session, user_id, run_at=utc_now() + SEEDED_AFTER)


async def defer_discovery(session: AsyncSession, user_id: UUID, run_at: datetime | None = None) -> None:
    """Have the chains and tokens of a user's wallets looked for, once however often it is asked for meanwhile."""
    lock = f"{DISCOVER_TASK}:{user_id}"
    await defer(session, DISCOVER_TASK, run_at=run_at, queueing_lock=lock, user_id=str(user_id))


async def _proven(session: AsyncSession) -> dict[str, UUID]:
    """Return the wallets that sign the user in, by their address in lower case."""
    return {wallet.address.lower(): wallet.id for wallet in await linked.list_wallets(session)}


def _read(row: Any, proven: dict[str, UUID], chains: list[Any]) -> PortfolioWallet:
    return PortfolioWallet(
        id=row.id,
        address=to_checksum_address(row.address),
        label=row.label,
        group=row.group_name,
        ens_name=row.ens_name,
        added_by=row.added_by,
        is_watch_only=row.address not in proven,
        is_paused_by_plan=row.paused_by_plan,
        added_at=row.added_at,
        discovered_at=row.discovered_at,
        chains=[
            WalletChain(
                chain_id=each.chain_id,
                name=chain_name(each.chain_id),
                is_active=each.is_active,
                nonce=each.nonce,
                balance_raw=None if each.balance_raw is None else str(int(each.balance_raw)),
                block_number=each.block_number,
                checked_at=each.checked_at,
                problem=each.problem,
            )
            for each in chains
        ],
    )
