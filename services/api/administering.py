"""Who may make, invite and disable accounts, and whose doings he sees: keepers, in their part (contract, section 7).

Whoever invites an account anew can sign in as it. So it takes more than to be some keeper: he must be one who could
grant every role that the account holds; and of one that holds none, who made it, or the root's keeper.
"""

from __future__ import annotations

from typing import NamedTuple

from fastapi import Request

from events.vocabulary import OPERATOR
from projections.answers.access.keeping import RoleWanted, speaks_as
from projections.answers.access.needs import KEEPER, READER
from projections.answers.access.readable import AccessQuestion, may
from projections.answers.access.sight import Sight
from projections.bilingual import Bilingual
from projections.store.reading.access import held, root_of
from projections.store.reading.kept import accounts_below, roles_of, units_below
from projections.store.reading.snapshot import Snapshot
from services.access import accounts
from services.access.asker import OWN, Asker
from services.access.refusals import NotAllowedError
from services.api.access import access_of
from services.api.answering import reader_of
from services.api.parameters import today
from services.api.sights import limits_of, sees_everything

SIGNER = "signer"


class KeptPart(NamedTuple):
    """What somebody administers: these units, and the accounts with roles there; None is everything."""

    units: list[str]
    accounts: list[str]


async def require_keeper(request: Request, asker: Asker, *, of_all: bool = False) -> None:
    """Raise NotAllowedError for who keeps nothing, or with ``of_all`` not everything."""
    await _part(request, asker, whole=False, of_all=of_all)


async def part_kept(request: Request, asker: Asker) -> KeptPart | None:
    """Return what the asker keeps. Raises NotAllowedError where that is nothing."""
    return await _part(request, asker, whole=True)


async def part_audited(request: Request, asker: Asker) -> KeptPart | None:
    """Return whose doings the asker may see: an operator everybody's. Raises NotAllowedError where nobody's."""

    async def is_operator(snapshot: Snapshot, _: Sight) -> bool:
        return await _holds(snapshot, asker, OPERATOR, await root_of(snapshot))

    if sees_everything(asker) or await reader_of(request).ask(request, None, is_operator):
        return None
    return await _part(request, asker, whole=True)


async def require_administrator(request: Request, asker: Asker, account: str) -> None:
    """Raise NotAllowedError where the asker may not do as he likes with an account; NotThereError without one."""
    if sees_everything(asker):
        return
    found = await accounts.find(access_of(request).reading, account)

    async def allowed(snapshot: Snapshot, _: Sight) -> bool:
        root, day = await root_of(snapshot), today()
        if found.account in OWN:
            return False
        roles = await roles_of(snapshot, found.account, day)
        if not roles:
            kept = await _kept(snapshot, asker)
            return root in kept or (found.made_by == asker.account and bool(kept))
        for unit, role in roles:
            known = await held(snapshot, asker.account, unit)
            wanted = RoleWanted(READER if role == SIGNER else role, root, day)
            grants = None if known is None or asker.holds_everything else known.grants
            if known is None or speaks_as(known.lineage, grants, limits_of(asker), wanted) is None:
                return False
        return True

    if not await reader_of(request).ask(request, None, allowed):
        raise _refused()


async def _part(request: Request, asker: Asker, *, whole: bool, of_all: bool = False) -> KeptPart | None:
    if sees_everything(asker):
        return None

    async def found(snapshot: Snapshot, _: Sight) -> KeptPart | None:
        units = await _kept(snapshot, asker)
        if await root_of(snapshot) in units:
            return None
        if not units or of_all:
            raise _refused()
        if not whole:
            return KeptPart(units, [])
        return KeptPart(await units_below(snapshot, units), await accounts_below(snapshot, units, today()))

    return await reader_of(request).ask(request, None, found)


async def _kept(snapshot: Snapshot, asker: Asker) -> list[str]:
    """Return the units of which the asker is the keeper by a grant, as far as his token is for that."""
    only = limits_of(asker)
    if asker.holds_everything:
        units = {await root_of(snapshot)}
    else:
        units = {unit for unit, role in await roles_of(snapshot, asker.account, today()) if role == KEEPER}
    if only is None:
        return sorted(units)
    units |= {each.unit for each in only if each.role == KEEPER}
    return sorted([unit for unit in units if await _holds(snapshot, asker, KEEPER, unit)])


async def _holds(snapshot: Snapshot, asker: Asker, role: str, unit: str) -> bool:
    known = await held(snapshot, asker.account, unit)
    if known is None:
        return False
    grants = None if asker.holds_everything else known.grants
    return may(known.lineage, grants, limits_of(asker), AccessQuestion({role}, None, today()))


def _refused() -> NotAllowedError:
    return NotAllowedError(
        Bilingual(
            "Việc này cần vai trò keeper đối với tài khoản đó", "This takes the role of a keeper over that account"
        )
    )
