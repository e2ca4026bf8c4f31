"""Which keys of a bus are meant, and how what they sign takes effect on its servers."""
# ruff: noqa: PLC0415

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from projections.bilingual import Bilingual
from services import shutting_out
from services.bus_credentials.files import KeysError
from services.cli.client import service_file
from services.cli.errors import CommandError
from services.embedded.bus_users import KEYS
from services.language import chosen, either
from services.settings import Settings
from services.up.folder import Folder

if TYPE_CHECKING:
    from services.bus_credentials.accounts import Signed
    from services.bus_credentials.keys import Keys

CONFIGURATION: Final = "signed.conf"
STORE: Final = "$TONGHOP_ACCOUNTS"
"""Where a server keeps the accounts that it is handed: a variable of its environment."""


class KeyPlace(NamedTuple):
    """A folder of keys, the file with who is shut out beside them, and the service whose folder it is, if any."""

    keys: Path
    shut_out: Path
    data_dir: Path | None = None


def find(keys: Path | None, settings: Settings, data_dir: Path) -> KeyPlace:
    """Find the keys: as given, as TONGHOP_CREDENTIAL_KEYS says, or in the service's data folder."""
    found = keys or (Path(settings.credential_keys) if settings.credential_keys else None)
    if found is None:
        return KeyPlace(data_dir / "secrets" / KEYS, data_dir / "nats" / shutting_out.FILE, data_dir)
    return KeyPlace(found, Path(settings.shut_out_file) if settings.shut_out_file else found / shutting_out.FILE)


def opened(place: KeyPlace) -> Keys:
    """Give the keys of a place. Raises KeysError."""
    from services.bus_credentials.keys import Keys

    return Keys.found(place.keys)


def of_a_bus(place: KeyPlace) -> None:
    """Raise KeysError where the keys are those of a leaf: what is asked for is done at its hub."""
    from services.bus_credentials import hub

    if hub.known(place.keys):
        raise KeysError(
            Bilingual(
                "đây là khóa của một trạm: việc này làm ở trung tâm",
                "these are the keys of a leaf: this is done at its hub",
                before=f"{place.keys}: ",
            )
        )


def take_effect(place: KeyPlace, settings: Settings, by: str) -> str:
    """Sign the accounts anew where they have changed, hand them to every server, and say to how many.

    A service that does not run takes them when it starts. Raises KeysError, ShutOutError.
    """
    from services.bus_credentials import accounts
    from services.bus_credentials.handing import hand

    keys = opened(place)
    signed = accounts.sign(keys, [one.publisher for one in shutting_out.read(place.shut_out)])
    written(place, keys, signed)
    if place.data_dir is not None:
        service = service_file(place.data_dir)
        if service.get("access") != "required":
            return either(
                "Dịch vụ không chạy: có hiệu lực khi khởi động.", "No service runs: it takes effect when it starts."
            )
        settings = Folder(place.data_dir).signed_in(settings.without_tls(), service, "reader")
    servers = asyncio.run(hand(settings, keys, signed, by=by))
    return either(
        f"Đã có hiệu lực trên {servers} máy chủ NATS.", f"It has taken effect on {servers} server(s) of NATS."
    )


def equipped(place: KeyPlace, keys: Keys, users: Iterable[str], *, by: str) -> tuple[Path, Path]:
    """Give users of the service their files beside its keys, and write the configuration: the folder, and the file.

    Raises KeysError, ShutOutError.
    """
    from services.bus_credentials import accounts, files, issuing

    own = place.keys / "service"
    files.folder_for_the_owner(own)
    issuing.ensure(keys, {user: own / f"{user}.creds" for user in users}, by=by)
    shutting_out.make(place.shut_out)
    signed = accounts.sign(keys, [one.publisher for one in shutting_out.read(place.shut_out)])
    return own, written(place, keys, signed)


def written(place: KeyPlace, keys: Keys, signed: Signed) -> Path:
    """Write the part of a server's configuration that knows the accounts, beside the keys, and say where."""
    from services.bus_credentials import accounts, files

    file = place.keys / CONFIGURATION
    files.write(file, accounts.configuration(keys, signed, STORE))
    return file


@contextmanager
def plainly() -> Iterator[None]:
    """Tell what can't be done with the keys."""
    try:
        yield
    except KeysError as error:
        raise CommandError(chosen(error)) from error
    except shutting_out.ShutOutError as error:
        raise CommandError(str(error)) from error
