"""The bus with signed accounts as `tonghop credential` makes it, on a real server, with a credential for each user."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from services import bus_accounts
from services.bus_credentials import accounts, handing, issuing
from services.bus_credentials.keys import Keys
from services.bus_credentials.signing import claims_of
from services.embedded.bus_users import SERVICES
from services.log.configuration import stream_config
from services.settings import Settings
from tests import servers
from tests.attacks.guarded import Guarded

ALL_UNITS = "all-units"
"""Whoever stands for the systems of all units in a test: the owner of a machine on which `tonghop up` runs."""


@dataclass(kw_only=True)
class Signed(Guarded):
    """A running server whose users have credentials in a folder; a unit that has none is issued one when it comes."""

    keys: Keys

    def file(self, user: str) -> Path:
        """Give a user's credentials file."""
        file = self.keys.folder.parent / f"{user}.creds"
        if not file.exists():
            kind = user if user in SERVICES else bus_accounts.ANYBODY if user == ALL_UNITS else bus_accounts.UNIT
            (made,) = issuing.issue(self.keys, kind, [user], until=None, by="a test")
            file.write_text(made.text)
        return file

    def how(self, user: str) -> dict[str, Any]:
        return {"servers": f"nats://{self.address}", "user_credentials": str(self.file(user))}

    def is_unit(self, user: str) -> bool:
        return user not in {*SERVICES, ALL_UNITS}

    def signed_in(self, settings: Settings, user: str) -> Settings:
        return replace(settings, nats_url=f"nats://{self.address}", nats_credentials=self.file(user))

    def violation(self, user: str, what: str, subject: str) -> str:
        account = self.keys.identities.signing[user].account if user in SERVICES else bus_accounts.UNITS
        key = self.keys.identities.accounts[account]
        return f'"{key}/{account}/jwt:{_key_of(self.file(user))}" - {what} Violation - Subject "{subject}"'

    async def add_log(self) -> None:
        """Make the log, as the service's operator."""
        async with self.client("operator") as operator:
            await operator.jetstream().add_stream(stream_config(Settings()))

    async def hand(self, *shut_out: str) -> int:
        """Sign what has changed, and hand it to the server, as the commands do."""
        signed = accounts.sign(self.keys, shut_out)
        return await handing.hand(self.signed_in(Settings(), "reader"), self.keys, signed, by="a test")


def _key_of(file: Path) -> str:
    return str(claims_of(file.read_text().splitlines()[1])["sub"])


@contextmanager
def signed(folder: Path, text: str | None = None) -> Iterator[Signed]:
    """Run a server with signed accounts, its keys beside it; `text` is a configuration other than that of the keys."""
    keys = accounts.make(folder / "keys", anybody=True)
    part = accounts.configuration(keys, accounts.sign(keys, []), "$TONGHOP_ACCOUNTS")
    text = (
        text
        or f"""
        server_name: tonghop
        listen: "127.0.0.1:-1"
        ports_file_dir: "{folder}"
        jetstream {{ store_dir: "{folder}/js" }}
        {part}
    """
    )
    for stale in folder.glob("*.ports"):
        stale.unlink()
    config = folder / "nats.conf"
    with servers.configured_nats(config, text, {"TONGHOP_ACCOUNTS": str(folder / "accounts")}) as (address, pid):
        yield Signed(address, folder / "nats.log", pid, keys=keys)


@contextmanager
def signed_somewhere() -> Iterator[Signed]:
    """Run one in a folder of its own."""
    with servers.short_folder() as folder, signed(folder) as server:
        yield server


@asynccontextmanager
async def signed_with_a_log() -> AsyncIterator[Signed]:
    """Run one in a folder of its own, and make the log on it."""
    with signed_somewhere() as server:
        await server.add_log()
        yield server
