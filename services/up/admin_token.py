"""The token of the account `admin` that lies in the data folder, for whoever owns the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from projections.store.connecting import connect
from services.access.bootstrapping import bootstrap
from services.access.secret_digests import TOKEN, digest_of
from services.embedded.secrets import write_secret

NAME: Final = "admin.token"
_HOLDS: Final = "SELECT count(*) FROM token WHERE digest = $1 AND revoked_at IS NULL"


async def ensure_admin_token(database_url: str, secrets: Path) -> bool:
    """Make the token at the first start, or where that of the folder holds no more; tell whether it was made.

    A database that came back from the log knows nothing of the one of before. Raises what asyncpg and the disk raise.
    """
    file = secrets / NAME
    connection = await connect(database_url)
    try:
        digest = digest_of(file.read_text(encoding="ascii").strip(), TOKEN) if file.exists() else None
        if digest is not None and await connection.fetchval(_HOLDS, digest):
            return False
        _, secret = await bootstrap(connection, NAME)
    finally:
        await connection.close()
    write_secret(file, secret)
    return True
