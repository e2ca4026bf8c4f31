"""The bus of `tonghop up` with one user more: a unit that signs in with a credential of its own, as it is shipped."""

from __future__ import annotations

from pathlib import Path

from services import bus_accounts
from services.embedded.bus_users import WithPasswords
from services.embedded.nats import NatsServer
from services.settings import Address


class BusOfUnits(NatsServer):
    """Separate accounts; who has no credential may speak as any unit, and `unit` as itself alone (`url_of(unit)`)."""

    def __init__(self, data_dir: Path, listen: Address, *, log: Path, secrets: Path, unit: str) -> None:
        super().__init__(data_dir, listen, log=log, users=WithPasswords(secrets, bus_accounts.unit(unit)))
