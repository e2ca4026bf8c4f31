"""The users of the database on one machine: those of every deployment, so that no part can do more than its work."""

from __future__ import annotations

from typing import Final

from projections.store.connecting import connect
from projections.store.schema.privileges import roles

OF_PARTS: Final = {"projector": "tonghop_projector", "api": "tonghop_api"}
"""The user of each part; what else is done with the database is done by its owner."""

# Here the owner is the server's own, and makes schemas and tables as tonghop_migrate does elsewhere.
_WHAT_THE_OWNER_MAKES: Final = """
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO tonghop_projector, tonghop_api;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO tonghop_projector, tonghop_api;
ALTER DEFAULT PRIVILEGES GRANT INSERT, UPDATE, DELETE ON TABLES TO tonghop_projector;
"""


async def make_users(database_url: str) -> None:
    """Make the users, and give them what is theirs of what is there; harmless again. Raises what asyncpg raises."""
    connection = await connect(database_url)
    try:
        await connection.execute(roles())
        await connection.execute(_WHAT_THE_OWNER_MAKES)
    finally:
        await connection.close()
