"""Who may make, invite and disable accounts, and see what others did: one place, which the gate's rule fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from projections.bilingual import Bilingual
from services.access.asker import Asker, RoleAt
from services.access.refusals import NotAllowedError

if TYPE_CHECKING:
    from asyncpg import Pool, Record

KEEPER: Final = "keeper"


async def may_administer(pool: Pool[Record], asker: Asker, root: str, account: str | None = None) -> None:
    """Raise NotAllowedError where the asker may not make accounts, or not do this to `account`.

    Whoever invites somebody anew can sign in as him: it takes more than to be the keeper of any unit. Until grants are
    asked (contract, section 7) it takes an account that holds every role, and of a limited token to be the root's
    keeper.
    """
    del pool, account
    if not asker.holds_everything or (asker.only is not None and RoleAt(KEEPER, root) not in asker.only):
        raise NotAllowedError(
            Bilingual(
                "Việc này cần vai trò quản lý tài khoản (keeper)", "This takes the role of a keeper over the account"
            )
        )
