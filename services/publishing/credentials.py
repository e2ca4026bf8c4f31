"""A NATS credentials file is looked at before it is used: of a bad one the client reads for ever."""

import binascii
import re
from pathlib import Path
from typing import Final

import nkeys
from nats.aio.client import RawCredentials

from services.publishing.saying import Said

_LONGEST: Final = 64 * 1024
_JWT: Final = re.compile(r"-+BEGIN NATS USER JWT-+\r?\n([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\r?\n")
_SEED: Final = re.compile(r"-+BEGIN USER NKEY SEED-+\r?\n([A-Z2-7]+)\r?\n")


class CredentialsError(ValueError):
    """A credentials file that can't be used; what is `said` names it and says what is wrong."""

    def __init__(self, said: Said) -> None:
        super().__init__(str(said))
        self.said = said


def checked(path: str) -> str | RawCredentials:
    """Return what the client takes for a file that holds a user's JWT and seed; raises CredentialsError.

    That is the path, so that a renewed file is read at the next connection; of a file with the line ends of Windows,
    which the client can't read, the content.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LONGEST)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise CredentialsError(
            Said(
                f"không đọc được tệp --credentials {path!r}", f"can't read the file --credentials {path!r}"
            ).with_detail(said)
        ) from error
    text = content.decode("latin-1")
    if not _JWT.search(text):
        raise _malformed(path, "BEGIN NATS USER JWT")
    seed = _SEED.search(text)
    if not seed or not seed[1].startswith("SU"):
        raise _malformed(path, "BEGIN USER NKEY SEED")
    try:
        nkeys.from_seed(bytearray(seed[1].encode())).wipe()
    except (nkeys.NkeysError, binascii.Error, ValueError) as error:
        raise CredentialsError(
            Said(
                f"khóa bí mật trong tệp --credentials {path!r} bị hỏng, hãy xin cấp lại tệp",
                f"the seed in the file --credentials {path!r} is damaged, have it issued again",
            )
        ) from error
    return RawCredentials(text.replace("\r\n", "\n")) if "\r" in text else path


def _malformed(path: str, missing: str) -> CredentialsError:
    return CredentialsError(
        Said(
            f"tệp --credentials {path!r} không phải tệp .creds của NATS, thiếu phần {missing!r}",
            f"the file --credentials {path!r} is no NATS credentials file, it has no part {missing!r}",
        )
    )
