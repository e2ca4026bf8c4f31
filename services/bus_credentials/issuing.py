"""Issuing a credential: a line in the register, then the file; with the keys alone, without any server."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from events.identifiers import is_unit_id
from projections.answers.words.vietnamese_format import VIETNAM
from projections.bilingual import Bilingual
from services.bus_accounts import UNIT, below_name
from services.bus_credentials import claims, files, register
from services.bus_credentials.files import KeysError
from services.bus_credentials.keys import Keys, held
from services.bus_credentials.signing import USER, Key, KeyDamagedError, claims_of, credentials


class Credential(NamedTuple):
    """A credential and what its file holds."""

    issued: register.Issued
    text: str


def issue(keys: Keys, user: str, names: Sequence[str], *, until: str | None, by: str) -> list[Credential]:
    """Make credentials of a kind of user, `unit` or one of the service's own, for these names, and note them.

    `until` is the last day on which they are taken. Raises KeysError.
    """
    for name in names:
        if user == UNIT and not is_unit_id(name):  # it becomes a part of what may be published
            raise KeysError(Bilingual("không phải mã đơn vị", "this is no unit's id", f"{name!r}: "))
    now = int(time.time())
    void_from = None if until is None else end_of(until)
    if void_from is not None and void_from <= now:
        raise KeysError(
            Bilingual(
                "ngày này đã qua, thẻ .creds sẽ vô hiệu ngay",
                "this day is over: it would be void at once",
                f"{until}: ",
            )
        )
    signer = keys.of_user(user)
    account = keys.identities.accounts[keys.identities.signing[user].account]
    made = []
    for name in names:
        own = Key.make(USER)
        jwt = signer.sign(own.public, name, claims.credential(account), at=now, until=void_from)
        one = register.Issued(own.public, user, name, now, until, void_from, by)
        made.append(Credential(one, credentials(jwt, own.seed)))
    with held(keys.folder):
        register.issued(keys.folder, (one.issued for one in made))
    return made


def issue_below(keys: Keys, unit: str, *, until: str | None, by: str) -> Credential:
    """Make a credential that speaks as a unit and those below it, as `below.write` has listed them, and note it.

    The account with the list has to be signed and handed to the servers. Raises KeysError.
    """
    (made,) = issue(keys, below_name(unit), [unit], until=until, by=by)
    return made


def ensure(keys: Keys, wanted: Mapping[str, Path], *, by: str) -> None:
    """Give the service's own users their files, where one has none that these keys have signed. Raises KeysError."""
    standing = {one.key for one in register.read(keys.folder) if one.stands(int(time.time()))}
    for user, file in wanted.items():
        if not (file.exists() and _key_of(files.read(file), keys.identities.signing[user].public) in standing):
            (made,) = issue(keys, user, [user], until=None, by=by)
            files.write(file, made.text)


def end_of(day: str) -> int:
    """Give the second with which a day is over, in Vietnam (contract, section 1)."""
    after = dt.date.fromisoformat(day) + dt.timedelta(days=1)
    return int(dt.datetime.combine(after, dt.time(), VIETNAM).timestamp())


def _key_of(text: str, signer: str) -> str | None:
    """Read whose credential it is; None where another one has signed it."""
    try:
        said = claims_of(text.splitlines()[1])
    except (KeyDamagedError, IndexError):
        return None
    return str(said.get("sub")) if said.get("iss") == signer else None
