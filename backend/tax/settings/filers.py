"""Who files, by place: the name and tax number that forms of that place say. The number is sealed, shown masked."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from backend.core.ids import new_id
from backend.core.sealing import seal, unseal
from backend.tax.engine.registry import all_jurisdictions
from backend.tax.forms.records import Holder
from backend.tax.settings import repository
from backend.tax.settings.schemas import FilerRead, FilerWrite
from backend.tax.settings.tax_numbers import hint_of, tax_id_problem, tax_number_of


async def holder_of(session: AsyncSession, user_id: UUID, jurisdiction: str) -> Holder:
    """Return who files in a place, for its forms; what was not given is blank. Raises UnavailableError."""
    row = await repository.find_filer(session, user_id, jurisdiction)
    if row is None:
        return Holder()
    return Holder(row.name, "" if row.sealed_tax_id is None else unseal(row.sealed_tax_id))


@requires(Feature.TAX)
async def read_filer(session: AsyncSession, user: CurrentUser, jurisdiction: str) -> FilerRead:
    """Return who files in a place, the number masked. Raises InvalidInputError for a place without rules."""
    _check_place(jurisdiction)
    return _read(jurisdiction, await repository.find_filer(session, user.id, jurisdiction))


@requires(Feature.TAX)
async def change_filer(session: AsyncSession, user: CurrentUser, jurisdiction: str, wanted: FilerWrite) -> FilerRead:
    """Say who files in a place and return that. A number that is left out stays, null takes it away.

    Raises InvalidInputError by field. Neither name nor number is kept anywhere else: the trail says only what changed.
    """
    _check_place(jurisdiction)
    before = await repository.find_filer(session, user.id, jurisdiction)
    sealed, hint = (None, "") if before is None else (before.sealed_tax_id, before.tax_id_hint)
    name = "" if before is None else before.name
    if "name" in wanted.model_fields_set:
        name = wanted.name or ""
    if "tax_id" in wanted.model_fields_set:
        sealed, hint = None, ""
        if wanted.tax_id is not None:
            text = wanted.tax_id.get_secret_value().strip()
            problem = tax_id_problem(jurisdiction, text)
            if problem:
                raise InvalidInputError("The tax number cannot be right.", {"taxId": problem})
            sealed, hint = seal(text), hint_of(text)
    values = {
        **{"id": new_id(), "user_id": user.id, "jurisdiction": jurisdiction, "name": name},
        **{"sealed_tax_id": sealed, "tax_id_hint": hint, "changed_at": utc_now()},
    }
    if name or sealed is not None:
        await repository.save_filer(session, values)
    else:
        await repository.remove_filer(session, user.id, jurisdiction)
    changed = sorted(wanted.model_fields_set)
    await audit(session, user.id, "tax_filer.changed", jurisdiction, {"changed": changed})
    return _read(jurisdiction, await repository.find_filer(session, user.id, jurisdiction))


def _check_place(jurisdiction: str) -> None:
    if jurisdiction not in all_jurisdictions():
        names = ", ".join(all_jurisdictions())
        raise InvalidInputError("There are no rules for this place.", {"jurisdiction": f"Choose one of: {names}."})


def _read(jurisdiction: str, row: Any) -> FilerRead:
    return FilerRead(
        jurisdiction=jurisdiction,
        tax_id_title=tax_number_of(jurisdiction).title,
        name="" if row is None else row.name,
        tax_id_hint="" if row is None else row.tax_id_hint,
        changed_at=None if row is None else row.changed_at,
    )
