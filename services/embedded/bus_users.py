"""Who may sign in to an embedded NATS server: anybody, users with passwords, or those who have a signed credential."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from services import bus_accounts, shutting_out
from services.bus_credentials import accounts, files, issuing
from services.bus_credentials.files import KeysError
from services.bus_credentials.keys import Keys
from services.embedded.owner import close_to_others
from services.embedded.process import ServerError
from services.embedded.secrets import passwords
from services.settings import Address, Settings

SERVICES: Final = ("migrate", "projector", "api", bus_accounts.GATEWAY, "reader", "backup", bus_accounts.OPERATOR)
"""The service's own users."""
KEYS: Final = "keys"
"""The folder of the bus's keys, in the one with the secrets."""


class BusUsers(Protocol):
    """Who may sign in, as a server has to be told, and as a client signs in."""

    @property
    def account(self) -> str:
        """The account of the stream, which names its folder."""

    def configured(self, data_dir: Path, /) -> str:
        """Make what is missing, and give the server's configuration of it; ServerError."""

    @property
    def environ(self) -> Mapping[str, str]:
        """What the server finds in its environment; after `configured`."""

    def url(self, user: str, listen: Address, /) -> str:
        """Give the address for a user, with its password where that is how it signs in."""

    def signed_in(self, settings: Settings, user: str, listen: Address, /) -> Settings:
        """Give settings with which a client signs in as one of the service's own users."""


class Anybody:
    """Whoever comes may do anything: for tests."""

    account = "$G"
    """The server's own account of whoever connects, where it is told of no other."""
    environ: Mapping[str, str] = {}

    def configured(self, _data_dir: Path) -> str:
        """Say nothing of it."""
        return ""

    def url(self, _user: str, listen: Address) -> str:
        """Give the one address for all."""
        return f"nats://{listen}"

    def signed_in(self, settings: Settings, user: str, listen: Address) -> Settings:
        """Sign in as nobody."""
        return _plain(settings, self.url(user, listen))


class WithPasswords:
    """The service's own users have passwords, made at the first start; who has none may only speak as any unit."""

    account = bus_accounts.LOG

    def __init__(self, secrets: Path, *units: bus_accounts.User) -> None:
        self._secrets = secrets
        self._table = bus_accounts.accounts([bus_accounts.anybody(), *units], operator=True)
        self._passwords: dict[str, str] = {}

    def configured(self, data_dir: Path) -> str:
        """Make the passwords, and write the table."""
        shutting_out.make(data_dir / shutting_out.FILE)
        self._passwords = passwords(self._secrets, bus_accounts.passwords(self._table))
        return f"no_auth_user: {bus_accounts.ANYBODY}\n{bus_accounts.written(self._table)}"

    @property
    def environ(self) -> Mapping[str, str]:
        """The passwords: the configuration names variables."""
        variables = bus_accounts.passwords(self._table)
        return {variables[user]: password for user, password in self._passwords.items()}

    def url(self, user: str, listen: Address) -> str:
        """Give the address with the user's password."""
        found = self._passwords.get(user)
        return f"nats://{user}:{found}@{listen}" if found else f"nats://{listen}"

    def signed_in(self, settings: Settings, user: str, listen: Address) -> Settings:
        """Sign in with the password."""
        return _plain(settings, self.url(user, listen))


class WithCredentials:
    """Nobody signs in without a credential that the folder's own keys have signed (docs/decisions/0038)."""

    def __init__(self, secrets: Path) -> None:
        self._secrets = secrets
        self._keys: Keys | None = None

    @property
    def account(self) -> str:
        """The public key of the log's account."""
        return self._made().identities.accounts[bus_accounts.LOG]

    environ: Mapping[str, str] = {}

    def configured(self, data_dir: Path) -> str:
        """Make keys and the credentials of the service's own users, sign the accounts, and write them."""
        store, file = data_dir / "accounts", data_dir / shutting_out.FILE
        keys = self._made()
        try:
            shutting_out.make(file)
            signed = accounts.sign(keys, [one.publisher for one in shutting_out.read(file)])
            wanted = {user: credentials_file(self._secrets, user) for user in (*SERVICES, bus_accounts.ANYBODY)}
            issuing.ensure(keys, wanted, by="tonghop up")
            files.folder_for_the_owner(store)
            for stale in store.glob("*.jwt"):  # all of them are handed over anew, by the configuration
                stale.unlink()
        except (KeysError, shutting_out.ShutOutError, OSError) as error:
            raise _unusable(error) from error
        return accounts.configuration(keys, signed, _quoted(store))

    def url(self, _user: str, listen: Address) -> str:
        """Give the address: a credential is a file."""
        return f"nats://{listen}"

    def signed_in(self, settings: Settings, user: str, listen: Address) -> Settings:
        """Sign in with the user's file."""
        return replace(_plain(settings, self.url(user, listen)), nats_credentials=credentials_file(self._secrets, user))

    def _made(self) -> Keys:
        if self._keys is None:
            close_to_others(self._secrets)
            try:
                self._keys = accounts.make(self._secrets / KEYS, anybody=True)
            except KeysError as error:
                raise _unusable(error) from error
        return self._keys


def credentials_file(secrets: Path, user: str) -> Path:
    """Say where the credential of one of the service's own users lies."""
    return secrets / f"bus-{user}.creds"


def _plain(settings: Settings, url: str) -> Settings:
    return replace(settings, nats_url=url, nats_credentials=None, nats_password_file=None)


def _quoted(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)


def _unusable(error: Exception) -> ServerError:
    return ServerError(error.args[0] if isinstance(error, KeysError) else f"nats: {error}")
