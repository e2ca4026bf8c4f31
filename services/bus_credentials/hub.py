"""What a leaf knows of the hub: whom it trusts, whose credentials are taken back there, and who is shut out.

It is a copy of what the hub's operator has signed, of which nothing is secret. With it the leaf takes the credentials
that the hub has given to units, and can make none itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from events.subjects import PREFIX
from projections.bilingual import Bilingual
from services.bus_accounts import UNIT, UNITS
from services.bus_credentials import files
from services.bus_credentials.claims import Standing
from services.bus_credentials.files import KeysError
from services.bus_credentials.keys import Identities, Signing
from services.bus_credentials.signing import KeyDamagedError, claims_of, signature_holds

_FILE: Final = "hub.json"
_operator: Final = re.compile(r"^operator: (\S+)$", re.MULTILINE).search
_preloaded: Final = re.compile(r"^  (A[A-Z2-7]{55}): (\S+)$", re.MULTILINE).findall
_all_of_a_unit: Final = re.compile(rf"{re.escape(PREFIX)}\.([a-z0-9_-]+)\.>").fullmatch
_LONGEST: Final = 64 << 20


class Hub(msgspec.Struct, frozen=True):
    """The hub's operator, and the accounts in which units speak, as it has signed them: the JWTs by their keys."""

    operator: str
    accounts: dict[str, str]

    @property
    def units(self) -> dict[str, Any]:
        """What the account of the units says."""
        return next(said for said in self.said.values() if said["name"] == UNITS)

    @property
    def said(self) -> dict[str, dict[str, Any]]:
        """What each account says, by its key."""
        return {key: claims_of(jwt) for key, jwt in self.accounts.items()}

    @property
    def identities(self) -> Identities:
        """What a leaf's keys begin with: the units' account and the key that signs credentials of units."""
        said = self.units
        key = next(one["key"] for one in said["nats"]["signing_keys"] if one.get("role") == UNIT)
        return Identities("", {UNITS: said["sub"]}, {UNIT: Signing(UNITS, key)})


def read(file: Path) -> Hub:
    """Read the hub's `signed.conf`, as `tonghop credential init` and each later change write it. Raises KeysError."""
    try:
        if file.stat().st_size > _LONGEST:
            raise _no_hub(file)
        text = files.read(file)
    except OSError as error:
        raise files.unusable(file, error) from error
    found = _operator(text)
    try:
        operator = claims_of(found[1])["sub"] if found and signature_holds(found[1]) else None
        accounts = {}
        for key, jwt in _preloaded(text):
            said = claims_of(jwt)
            if (said["sub"], said["iss"]) == (key, operator) and signature_holds(jwt) and _of_units(said["name"]):
                accounts[key] = jwt
        hub = Hub(str(operator), accounts)
        if operator is not None and hub.identities:
            return hub
    except (KeyDamagedError, KeyError, TypeError, StopIteration):
        pass
    raise _no_hub(file)


def known(folder: Path) -> bool:
    """Tell whether a folder of keys is that of a leaf."""
    return (folder / _FILE).exists()


def kept(folder: Path) -> Hub:
    """Give what a leaf was told of the hub last. Raises KeysError."""
    return files.read_json(folder / _FILE, Hub)


def keep(folder: Path, hub: Hub) -> None:
    """Keep what the hub says now. Raises KeysError where it is another hub, or older than what is known of it."""
    if known(folder):
        before = kept(folder)
        if (before.operator, before.units["sub"]) != (hub.operator, hub.units["sub"]):
            raise KeysError(
                Bilingual(
                    "trạm này thuộc một bus trung tâm khác, hãy dùng thư mục khóa khác",
                    "this leaf belongs to another hub, use another folder of keys",
                    before=f"{folder}: ",
                )
            )
        if hub.units["iat"] < before.units["iat"]:
            raise KeysError(
                Bilingual(
                    "bản này cũ hơn bản đã có: thẻ đã thu hồi sẽ dùng lại được. Hãy lấy signed.conf mới",
                    "this is older than what is known: credentials that were taken back would be taken again. "
                    "Get the hub's signed.conf of now",
                )
            )
    files.write(folder / _FILE, msgspec.json.format(msgspec.json.encode(hub)).decode() + "\n")


def standing(folder: Path) -> Standing:
    """Say whose credentials the hub has taken back, and who is shut out there; nobody where this is no leaf."""
    if not known(folder):
        return Standing({})
    said = kept(folder).units["nats"]
    return Standing(said.get("revocations", {}), units_in(said.get("mappings", {})))


def units_in(subjects: Iterable[str]) -> list[str]:
    """Name the units for all of whose events one of the subjects stands: those allowed, or shut out by a mapping."""
    return [found[1] for subject in subjects if (found := _all_of_a_unit(subject))]


def _of_units(name: str) -> bool:
    return name == UNITS or name.startswith("BELOW-")


def _no_hub(file: Path) -> KeysError:
    return KeysError(
        Bilingual(
            "không phải signed.conf của bus trung tâm, hoặc đã bị sửa: hãy lấy lại tệp do `tonghop credential init` "
            "ghi",
            "this is no signed.conf of a hub, or was altered: get the file that `tonghop credential init` has written",
            before=f"{file}: ",
        )
    )
