"""The folder of a bus's keys: the operator's, who signs accounts, and one for each kind of user, which signs these.

It is all that a credential is issued with, and more than a server needs: it is kept apart from them. The accounts
themselves have no secret key at all: it would sign users with whatever permissions it likes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import msgspec

from projections.bilingual import Bilingual
from services.bus_accounts import BusAccount
from services.bus_credentials import files
from services.bus_credentials.files import KeysError
from services.bus_credentials.signing import ACCOUNT, OPERATOR, Key, KeyDamagedError

_IDENTITIES: Final = "identities.json"
_OPERATOR: Final = "nats-operator"
"""Its seed beside those of the users, one of whom is called `operator`."""


class Signing(msgspec.Struct, frozen=True):
    """The key that signs a kind of user, and the account in which these are."""

    account: str
    public: str


class Identities(msgspec.Struct, frozen=True):
    """What is known of the keys to everybody: the operator's, the accounts' by name, and those that sign users."""

    operator: str
    accounts: dict[str, str]
    signing: dict[str, Signing]
    """By the kind of user: `unit` for all units, and each of the service's own."""

    @property
    def public(self) -> dict[str, str]:
        """Give the public keys that sign users, by their kind."""
        return {user: key.public for user, key in self.signing.items()}


class Keys:
    """A folder of keys. Making it and reading it raises KeysError."""

    def __init__(self, folder: Path, identities: Identities) -> None:
        self.folder = folder
        self.identities = identities

    @classmethod
    def made(cls, folder: Path, accounts: Iterable[BusAccount], known: Identities | None = None) -> Self:
        """Make what is missing of the keys of these accounts, and give them; what is there stays.

        `known` are keys of others that a new folder begins with: their seeds are not here. Killed in between, the next
        time goes on with what was made.
        """
        files.folder_for_the_owner(folder)
        with held(folder):
            before = _read(folder) or known or Identities("", {}, {})
            listed = list(accounts)
            identities = Identities(
                before.operator or _made(folder, _OPERATOR, OPERATOR),
                {one.name: Key.make(ACCOUNT).public for one in listed} | before.accounts,
                before.signing
                | {
                    user.name: Signing(one.name, _made(folder, user.name, ACCOUNT))
                    for one in listed
                    for user in one.users
                    if user.name not in before.signing
                },
            )
            if identities != before:
                files.write(folder / _IDENTITIES, msgspec.json.format(msgspec.json.encode(identities)).decode())
        return cls(folder, identities)

    @classmethod
    def found(cls, folder: Path) -> Self:
        """Give the keys of a folder that has them."""
        identities = _read(folder)
        if identities is None:
            raise KeysError(
                Bilingual(
                    "chưa có khóa ở đây: `tonghop up --access required` tạo khóa cho một máy, `tonghop credential init "
                    "--keys DIR` cho các máy chủ NATS khác",
                    "there are no keys here: `tonghop up --access required` makes those of one machine, `tonghop "
                    "credential init --keys DIR` those of other servers of NATS",
                    before=f"{folder}: ",
                )
            )
        return cls(folder, identities)

    @property
    def operator(self) -> Key:
        """The operator's key."""
        return self._key(_OPERATOR, self.identities.operator)

    def of_user(self, name: str) -> Key:
        """Give the key that signs a kind of user; KeysError where there is none, or its seed isn't here."""
        if name not in self.identities.signing:
            known = ", ".join(sorted(self.identities.signing))
            raise KeysError(
                Bilingual(
                    f"bus không có người dùng này, chỉ có: {known}",
                    f"the bus has no such user, but these: {known}",
                    before=f"{name}: ",
                )
            )
        return self._key(name, self.identities.signing[name].public)

    def _key(self, name: str, public: str) -> Key:
        file = _seed(self.folder, name)
        try:
            key = Key.of(files.read(file).strip())
        except KeyDamagedError as error:
            raise files.unusable(file, error) from error
        if key.public != public:
            raise KeysError(
                Bilingual(
                    f"khóa này không phải khóa mà {_IDENTITIES} ghi, hãy đưa đúng tệp về",
                    f"this key is not the one that {_IDENTITIES} names, put the right file back",
                    before=f"{file}: ",
                )
            )
        return key


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the only one who changes what is in the folder; another one waits."""
    try:
        descriptor = os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, files.PRIVATE)
    except OSError as error:
        raise files.unusable(folder, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _seed(folder: Path, name: str) -> Path:
    return folder / f"{name}.seed"


def _made(folder: Path, name: str, kind: int) -> str:
    """Make a seed where there is none, and give its public key."""
    file = _seed(folder, name)
    if file.exists():
        return Key.of(files.read(file).strip()).public
    key = Key.make(kind)
    files.write(file, f"{key.seed}\n")
    return key.public


def _read(folder: Path) -> Identities | None:
    file = folder / _IDENTITIES
    return files.read_json(file, Identities) if file.exists() else None
