"""Taking a credential back: it is noted, and stands in the account that the servers are then handed."""

from __future__ import annotations

import time

from projections.bilingual import Bilingual
from services.bus_credentials import register
from services.bus_credentials.files import KeysError
from services.bus_credentials.keys import Keys, held


def revoke(keys: Keys, user: str, name: str, *, by: str) -> int:
    """Note that all credentials of a kind that this one has are taken back, and say how many these are.

    None: they were taken back before. Raises KeysError where it never had one. The accounts have to be signed anew
    (`accounts.sign`) and handed to the servers.
    """
    now = int(time.time())
    with held(keys.folder):
        its = [one for one in register.read(keys.folder) if (one.user, one.name) == (user, name)]
        if not its:
            raise KeysError(
                Bilingual("chưa được cấp thẻ .creds nào ở đây", "it was issued no credential here", before=f"{name}: ")
            )
        standing = [one for one in its if one.stands(now)]
        register.revoked(keys.folder, (one.key for one in standing), now, by)
    return len(standing)
