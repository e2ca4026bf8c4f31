"""The first token: of the account `admin`, made by whoever owns the database, when there is nobody yet who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.access import tokens
from services.access.asker import ADMIN, Asker
from services.access.tokens import Token

if TYPE_CHECKING:
    from services.access.database import Connected

OWNER: Final = Asker(ADMIN, "owner")
"""Who works on the database itself, as its owner."""
_OWN: Final = """
INSERT INTO account (id, name, name_key, signs_in) VALUES ($1, $1, $1, 'service') ON CONFLICT DO NOTHING
"""


async def bootstrap(connection: Connected, name: str = "bootstrap") -> tuple[Token, str]:
    """Make a token of `admin` without an end, in a transaction of its own; the account is made where it isn't there.

    Return it with its secret. Those of before go on: `tonghop token revoke` ends them.
    """
    async with connection.transaction():
        await connection.execute(_OWN, ADMIN)
        return await tokens.make(connection, OWNER, ADMIN, name, endless=True, came_from="database")
