"""The accounts of a bus as its operator has signed them, and the part of a server's configuration that knows them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from projections.bilingual import Bilingual
from services import bus_accounts
from services.bus_accounts import ANYBODY, BusAccount
from services.bus_credentials import below, claims, files, hub, register
from services.bus_credentials.files import KeysError
from services.bus_credentials.keys import Keys, held
from services.bus_credentials.signing import KeyDamagedError, claims_of

_FILE: Final = "accounts.json"


class Signed(msgspec.Struct, frozen=True):
    """JWTs: the operator's, and the accounts' by name."""

    operator: str
    accounts: dict[str, str]


def table(folder: Path, *, anybody: bool) -> list[BusAccount]:
    """List the accounts of a bus that is signed by a folder of keys.

    With `anybody` there is a user that speaks as any unit: that is for one machine, whose owner has all keys anyway.
    """
    if hub.known(folder):
        return [claims.system(), *bus_accounts.of_a_leaf()]
    users = [bus_accounts.every_unit(), *([bus_accounts.anybody()] if anybody else [])]
    leaves = [bus_accounts.below(one.unit, one.units) for one in below.read(folder)]
    return [claims.system(), *bus_accounts.accounts(users, operator=True), *leaves]


def make(folder: Path, *, anybody: bool) -> Keys:
    """Make what is missing of the keys of a bus in a folder, and give them. Raises KeysError."""
    return Keys.made(folder, table(folder, anybody=anybody))


def make_leaf(folder: Path, of: hub.Hub) -> Keys:
    """Make what is missing of the keys of a leaf in a folder, and note what the hub says now. Raises KeysError.

    The units' account and the key that signs them are the hub's; all else is the leaf's own, and of no use there.
    """
    files.folder_for_the_owner(folder)
    if not hub.known(folder) and (folder / "identities.json").exists():
        raise KeysError(
            Bilingual(
                "thư mục này có khóa của một bus khác, hãy dùng thư mục mới",
                "this folder has the keys of a bus, use a new one",
                before=f"{folder}: ",
            )
        )
    hub.keep(folder, of)
    return Keys.made(folder, table(folder, anybody=False), of.identities)


def sign(keys: Keys, shut_out: Sequence[str]) -> Signed:
    """Sign what is new or has changed: the table of this version, credentials taken back, units that are shut out.

    What has not changed stays as it is and needs no operator's seed. What is signed again is always newer than what it
    replaces, whatever the clock says: servers keep the newer one. Raises KeysError.
    """
    now, public = int(time.time()), keys.identities.accounts
    of_the_hub = hub.standing(keys.folder)
    shut = sorted({*shut_out, *of_the_hub.shut_out})
    with held(keys.folder):
        before = _read(keys.folder / _FILE)
        taken_back = [one for one in register.read(keys.folder) if one.revoked_at is not None]
        signed = Signed(
            _signed(keys, before.operator, keys.identities.operator, "tonghop", claims.operator(public[claims.SYSTEM])),
            dict(before.accounts),
        )
        for one in table(keys.folder, anybody=ANYBODY in keys.identities.signing):
            if one.name not in public:  # a leaf whose list was written, and its keys not: it is made again
                continue
            revoked = dict(of_the_hub.revoked) if one.name == bus_accounts.UNITS else {}
            revoked |= {
                each.key: max(each.revoked_at or 0, each.at)
                for each in taken_back
                if keys.identities.signing[each.user].account == one.name
                and (each.void_from is None or now < each.void_from)
            }
            described = claims.account(one, public, keys.identities.public, claims.Standing(revoked, shut))
            signed.accounts[one.name] = _signed(
                keys, before.accounts.get(one.name, ""), public[one.name], one.name, described
            )
        if signed != before:
            files.write(keys.folder / _FILE, msgspec.json.format(msgspec.json.encode(signed)).decode())
    return signed


def configuration(keys: Keys, signed: Signed, store: str) -> str:
    """Write what a server has to know: whom to believe, the accounts, and where it keeps those that it is handed.

    `store` is a folder of the server's own, as its configuration writes it. Nothing of this is secret.
    """
    preload = "\n".join(f"  {keys.identities.accounts[name]}: {jwt}" for name, jwt in signed.accounts.items())
    return f"""\
operator: {signed.operator}
system_account: {keys.identities.accounts[claims.SYSTEM]}
resolver {{
  type: full
  dir: {store}
  allow_delete: false
  interval: "10s"
  timeout: "500ms"
}}
resolver_preload {{
{preload}
}}
"""


def _signed(keys: Keys, before: str, subject: str, name: str, described: dict[str, Any]) -> str:
    at = int(time.time())
    if before:
        said = _claims(before)
        same = said["nats"] == described | {"version": said["nats"].get("version")}
        if same and (said["sub"], said["iss"]) == (subject, keys.identities.operator):
            return before
        at = max(at, int(said["iat"]) + 1)
    return keys.operator.sign(subject, name, described, at=at)


def _claims(jwt: str) -> dict[str, Any]:
    try:
        return claims_of(jwt)
    except KeyDamagedError as error:
        raise KeysError(str(error)) from error


def _read(file: Path) -> Signed:
    return files.read_json(file, Signed) if file.exists() else Signed("", {})
