"""Wallets and accounts elsewhere: whose they are, and keeping the last way into an account."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import repository as accounts_repository
from backend.accounts.account_repository import find_account
from backend.accounts.linked import repository
from backend.accounts.linked.schemas import IdentityRead, ProvenIdentity, WalletProof, WalletRead
from backend.accounts.notices import tell_security
from backend.accounts.oauth.errors import OAuthFailedError
from backend.accounts.schemas import CurrentUser
from backend.core import formats
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import ConflictError, ForbiddenError, NotFoundError, UnavailableError
from backend.core.ids import new_id

MAX_WALLETS = 20
PROVIDER_NAMES = {"google": "Google", "github": "GitHub"}


async def account_of_wallet(session: AsyncSession, proof: WalletProof) -> CurrentUser:
    """Return whose wallet this is; a wallet that nobody has gets a new free account without an e-mail address.

    Raises ForbiddenError when the address was added as another kind of wallet or from another network: a contract's
    address is worth something on its own chain only, since somebody else may hold what is there on another chain.
    """
    await repository.take_turn(session, f"wallet:{proof.address}")
    row = await repository.find_wallet(session, proof.address)
    if row is None:
        user = await _new_account(session, None, "wallet")
        await add_wallet(session, user.id, proof)
        return user
    if row.kind != proof.kind or (row.kind == "contract" and row.chain_id != proof.chain_id):
        raise ForbiddenError(
            "This address belongs to an account, but it was added there in another way or from another network. Use"
            " the wallet and the network that you added it with."
        )
    return CurrentUser(id=row.user_id, email=row.email or "", tier=row.tier)


async def addresses_of(session: AsyncSession, users: Sequence[UUID]) -> dict[UUID, set[str]]:
    """Return, as the worker, the addresses (lower case) that users have proven to be theirs by signing in."""
    found: dict[UUID, set[str]] = {}
    for row in await repository.addresses_of(session, users):
        found.setdefault(row.user_id, set()).add(row.address)
    return found


async def account_of_identity(session: AsyncSession, proven: ProvenIdentity) -> CurrentUser:
    """Return whose account elsewhere this is.

    One that nobody linked is linked to the account with its e-mail address, if that address is confirmed there; if
    there is no such account, a new free one is made. Raises OAuthFailedError (`account_unverified`) when an account
    has the address without having confirmed it: whoever made it may not be who the provider speaks of (ADR 8).
    """
    await repository.take_turn(session, f"identity:{proven.provider}:{proven.subject}")
    row = await repository.find_identity(session, proven.provider, proven.subject)
    if row is not None:
        return CurrentUser(id=row.user_id, email=row.email or "", tier=row.tier)
    known = await repository.find_account(session, proven.email)
    if known is None:
        user = await _new_account(session, proven.email, proven.provider)
    elif known.is_confirmed:
        user = CurrentUser(id=known.user_id, email=known.email, tier=known.tier)
        await accounts_repository.act_as(session, user.id)
    else:
        raise OAuthFailedError("account_unverified", "the account with this address has not confirmed it")
    await _link(session, user.id, proven)
    if known is not None:
        await _tell_of_link(session, user.id, proven)
    return user


async def _new_account(session: AsyncSession, email: str | None, by: str) -> CurrentUser:
    """Make a free account; the rest of the transaction acts as its user. `email` is confirmed by who proved it."""
    user = CurrentUser(id=new_id(), email=email or "", tier="free")
    await accounts_repository.act_as(session, user.id)
    if not await accounts_repository.insert_account(session, user.id, email, None, utc_now() if email else None):
        raise UnavailableError("An account with this address was made this very moment. Try again.")
    await audit(session, user.id, "account.created", "", {"email": email, "by": by})
    return user


async def check_may_add(session: AsyncSession, user_id: UUID) -> None:
    """Raise ForbiddenError while the unit of work's user has an e-mail address that is not confirmed.

    Somebody else may have signed up with it. Until its owner proves it is theirs, the password is the only way in: a
    reset by mail then leaves nobody else inside (ADR 8).
    """
    if await repository.has_unconfirmed_email(session, user_id):
        raise ForbiddenError("Confirm your e-mail address first: follow the link in the mail that we sent you.")


async def has_confirmed_email(session: AsyncSession, user: CurrentUser) -> bool:
    """Return whether the unit of work's user has an e-mail address and proved that it is theirs."""
    return bool(user.email) and not await repository.has_unconfirmed_email(session, user.id)


async def add_wallet(session: AsyncSession, user_id: UUID, proof: WalletProof) -> WalletRead:
    """Add a proven wallet to the unit of work's user and return it.

    Raises ConflictError when it is somebody's already, or when there are MAX_WALLETS; ForbiddenError as check_may_add.
    """
    await check_may_add(session, user_id)
    ways = await repository.lock_ways_in(session, user_id)
    if ways.wallets >= MAX_WALLETS:
        raise ConflictError(f"You have {MAX_WALLETS} wallets. Remove one before you add another.")
    row = await repository.insert_wallet(
        session,
        {
            "id": new_id(),
            "user_id": user_id,
            "address": proof.address,
            "chain_id": proof.chain_id,
            "kind": proof.kind,
            "label": "",
        },
    )
    if row is None:
        mine = {wallet.address for wallet in await repository.list_wallets(session)}
        if proof.address in mine:
            raise ConflictError("This wallet is in your account already.")
        raise ConflictError("This wallet belongs to another account. Remove it there first.")
    await repository.set_first_wallet(session, user_id)
    details = {"address": proof.address, "chainId": proof.chain_id, "kind": proof.kind}
    await audit(session, user_id, "wallet.added", proof.address, details)
    await _tell(session, user_id, f"the wallet {formats.address(proof.address)} now signs you in")
    return WalletRead.model_validate(row, from_attributes=True)


async def list_wallets(session: AsyncSession) -> list[WalletRead]:
    """Return the wallets of the unit of work's user, the oldest first."""
    return [WalletRead.model_validate(row, from_attributes=True) for row in await repository.list_wallets(session)]


async def rename_wallet(session: AsyncSession, user_id: UUID, wallet_id: UUID, label: str) -> WalletRead:
    """Call a wallet of the unit of work's user something and return it. Raises NotFoundError."""
    row = await repository.set_label(session, wallet_id, label)
    if row is None:
        raise NotFoundError("There is no such wallet.")
    await audit(session, user_id, "wallet.renamed", row.address, {"label": label})
    return WalletRead.model_validate(row, from_attributes=True)


async def remove_wallet(session: AsyncSession, user_id: UUID, wallet_id: UUID) -> None:
    """Remove a wallet of the unit of work's user. Raises NotFoundError, ConflictError for the last way in."""
    ways = await repository.lock_ways_in(session, user_id)
    address = await repository.delete_wallet(session, wallet_id)
    if address is None:
        raise NotFoundError("There is no such wallet.")
    _keep_one(ways)
    await repository.set_first_wallet(session, user_id)
    await audit(session, user_id, "wallet.removed", address)
    await _tell(session, user_id, f"the wallet {formats.address(address)} no longer signs you in")


async def add_identity(session: AsyncSession, user_id: UUID, proven: ProvenIdentity) -> None:
    """Link a proven account elsewhere to the unit of work's user.

    Raises ConflictError when it is somebody's already, ForbiddenError as check_may_add.
    """
    await check_may_add(session, user_id)
    await _link(session, user_id, proven)
    await _tell_of_link(session, user_id, proven)


async def _link(session: AsyncSession, user_id: UUID, proven: ProvenIdentity) -> None:
    name = PROVIDER_NAMES[proven.provider]
    values = {
        "id": new_id(),
        "user_id": user_id,
        "provider": proven.provider,
        "subject": proven.subject,
        "email": proven.email,
    }
    if await repository.insert_identity(session, values) is None:
        mine = {(row.provider, row.subject) for row in await repository.list_identities(session)}
        if (proven.provider, proven.subject) in mine:
            raise ConflictError(f"This {name} account is linked to your account already.")
        raise ConflictError(f"This {name} account is linked to another account here.")
    await audit(session, user_id, "identity.linked", proven.provider, {"email": proven.email})


async def list_identities(session: AsyncSession) -> list[IdentityRead]:
    """Return the linked accounts of the unit of work's user, the oldest first."""
    rows = await repository.list_identities(session)
    return [IdentityRead.model_validate(row, from_attributes=True) for row in rows]


async def remove_identity(session: AsyncSession, user_id: UUID, identity_id: UUID) -> None:
    """Unlink an account of the unit of work's user. Raises NotFoundError, ConflictError for the last way in."""
    ways = await repository.lock_ways_in(session, user_id)
    row = await repository.delete_identity(session, identity_id)
    if row is None:
        raise NotFoundError("There is no such linked account.")
    _keep_one(ways)
    await audit(session, user_id, "identity.unlinked", row.provider, {"email": row.email})
    await _tell(session, user_id, f"the {PROVIDER_NAMES[row.provider]} account {row.email} no longer signs you in")


async def _tell_of_link(session: AsyncSession, user_id: UUID, proven: ProvenIdentity) -> None:
    await _tell(session, user_id, f"the {PROVIDER_NAMES[proven.provider]} account {proven.email} now signs you in")


async def _tell(session: AsyncSession, user_id: UUID, what: str) -> None:
    """Have the owner told by mail, if the account has a confirmed address: whoever changed it may not be the owner."""
    account = await find_account(session, user_id)
    if account is not None and account.email and account.email_verified_at is not None:
        await tell_security(session, user_id, account.email, what)


def _keep_one(ways: repository.WaysIn) -> None:
    if ways.total <= 1:
        raise ConflictError(
            "This is the only way into your account. Set a password, add a wallet or link an account first."
        )
