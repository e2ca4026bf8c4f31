"""A NATS credentials file is looked at before it is used: of a bad one the client reads for ever."""

import binascii
import re
from pathlib import Path
from typing import Final

import nkeys

from projections.bilingual import Bilingual

_LONGEST: Final = 64 * 1024
_JWT: Final = re.compile(r"-+BEGIN NATS USER JWT-+\n([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\n")
_SEED: Final = re.compile(r"-+BEGIN USER NKEY SEED-+\n([A-Z2-7]+)\n")


class CredentialsError(ValueError):
    """A credentials file that can't be used; the message, a Bilingual, names it and says what is wrong."""


def require_usable(path: Path) -> None:
    """Raise CredentialsError unless the file holds a user's JWT and seed, in a form that the client can read."""
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
    if not _JWT.search(text):
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


def _malformed(path: Path, missing: str) -> CredentialsError:
    return CredentialsError(
        Bilingual(
            f"tệp --credentials {str(path)!r} không phải tệp .creds của NATS, thiếu phần {missing!r}",
            f"the file --credentials {str(path)!r} is no NATS credentials file, it has no part {missing!r}",
        )
    )
