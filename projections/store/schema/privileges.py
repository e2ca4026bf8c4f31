"""Who may do what in the database: roles.sql, and the part of it that is due whenever tables of accounts were made.

The roles are of the whole server, and so may be there before the tables, or after them, or not at all.
"""

from __future__ import annotations

from pathlib import Path


def roles() -> str:
    """Return the statements of roles.sql, without the lines that are for psql; an administrator runs them."""
    lines = Path(__file__).with_name("roles.sql").read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("\\"))


def of_accounts() -> str:
    """Return one statement, for the owner of the tables; where the roles are not there it does nothing."""
    return roles().partition("-- accounts {\n")[2].partition("-- } accounts\n")[0]
