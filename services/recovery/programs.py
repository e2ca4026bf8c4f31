"""Where PostgreSQL's own programs are: in the package for one machine, else wherever this machine has its client."""

from __future__ import annotations

import shutil
from pathlib import Path

from projections.bilingual import Bilingual
from services.recovery.errors import RestoreError


def program(name: str) -> Path:
    """Say where `pg_dump` or `pg_restore` lies; raises RestoreError where this machine has none."""
    try:
        from services.embedded.postgres import program as packaged  # noqa: PLC0415 - of the extra `one-machine`
    except ModuleNotFoundError:
        if (found := shutil.which(name)) is not None:
            return Path(found)
        raise RestoreError(
            Bilingual(
                "máy này không có. Hãy cài phần máy khách của PostgreSQL, không cũ hơn máy chủ (Debian: "
                "postgresql-client-18), hoặc chạy: pip install 'tonghop[one-machine]'",
                "is not there. Install PostgreSQL's client, no older than the server (Debian: postgresql-client-18), "
                "or run: pip install 'tonghop[one-machine]'",
                before=f"{name}: ",
            )
        ) from None
    return packaged(name)
