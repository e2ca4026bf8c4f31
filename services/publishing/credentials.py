"""A NATS credentials file is looked at before it is used: of a bad one the client reads for ever."""

import binascii
import datetime as dt
import re
import time
from pathlib import Path
from typing import Final

import nkeys

from events.identifiers import is_unit_id
from projections.answers.words.vietnamese_format import VIETNAM
from projections.bilingual import Bilingual
from services.bus_credentials.signing import KeyDamagedError, claims_of

INBOX: Final = "_INBOX"
_LONGEST: Final = 64 * 1024
_JWT: Final = re.compile(r"-+BEGIN NATS USER JWT-+\n([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\n")
_SEED: Final = re.compile(r"-+BEGIN USER NKEY SEED-+\n([A-Z2-7]+)\n")


class CredentialsError(ValueError):
    """A credentials file that can't be used; the message, a Bilingual, names it and says what is wrong."""


def usable(path: Path) -> str:
    """Give the JWT of a file that holds a user's JWT and seed in a form that the client can read; CredentialsError."""
    return jwt_and_seed(path)[0]


def jwt_and_seed(path: Path) -> tuple[str, str]:
    """Give the JWT and the seed of such a file; CredentialsError."""
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise CredentialsError(
            Bilingual(
                f"không đọc được tệp --credentials {str(path)!r}", f"can't read the file --credentials {str(path)!r}"
            ).with_detail(said)
        ) from error
    text = content.decode("latin-1")
    if "\r" in text:
        raise CredentialsError(
            Bilingual(
                f"tệp --credentials {str(path)!r} có dấu xuống dòng của Windows, hãy lưu lại với dấu xuống dòng LF",
                f"the file --credentials {str(path)!r} has the line ends of Windows, save it with line feeds alone",
            )
        )
    jwt = _JWT.search(text)
    if not jwt:
        raise _malformed(path, "BEGIN NATS USER JWT")
    seed = _SEED.search(text)
    if not seed or not seed[1].startswith("SU"):
        raise _malformed(path, "BEGIN USER NKEY SEED")
    try:
        nkeys.from_seed(bytearray(seed[1].encode())).wipe()
    except (nkeys.NkeysError, binascii.Error, ValueError) as error:
        raise CredentialsError(
            Bilingual(
                f"khóa bí mật trong tệp --credentials {str(path)!r} bị hỏng, hãy xin cấp lại tệp",
                f"the seed in the file --credentials {str(path)!r} is damaged, have it issued again",
            )
        ) from error
    _require_in_time(path, jwt[1])
    return jwt[1], seed[1]


def _require_in_time(path: Path, jwt: str) -> None:
    """Raise CredentialsError where the credential is over: the server says no more than that it takes none such."""
    try:
        ends = claims_of(jwt).get("exp")
    except KeyDamagedError:  # it is the server's to judge
        return
    if isinstance(ends, int) and ends <= time.time():
        day = dt.datetime.fromtimestamp(ends - 1, VIETNAM).date().isoformat()
        raise CredentialsError(
            Bilingual(
                f"tệp --credentials {str(path)!r} chỉ dùng được đến hết {day}, hãy xin cấp lại",
                f"the file --credentials {str(path)!r} was good until {day}, have another one issued",
            )
        )


def inbox_prefix(jwt: str) -> str:
    """Say where a user hears answers: a unit under a prefix of its own (docs/decisions/0038), others as ever.

    What a unit may is what the key that signed it gives; a user of another operator says itself what it may.
    """
    try:
        claims = claims_of(jwt)
        name, own = claims.get("name"), claims["nats"]
        scoped = "issuer_account" in own and not {"pub", "sub"} & set(own)
    except (KeyDamagedError, KeyError, TypeError):
        return INBOX
    return f"{INBOX}_{name}" if scoped and isinstance(name, str) and is_unit_id(name) else INBOX


def _malformed(path: Path, missing: str) -> CredentialsError:
    return CredentialsError(
        Bilingual(
            f"tệp --credentials {str(path)!r} không phải tệp .creds của NATS, thiếu phần {missing!r}",
            f"the file --credentials {str(path)!r} is no NATS credentials file, it has no part {missing!r}",
        )
    )
