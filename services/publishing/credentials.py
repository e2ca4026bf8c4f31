"""A NATS credentials file is looked at before it is used: of a bad one the client reads for ever."""

import binascii
import re
from pathlib import Path
from typing import Final

import nkeys
from nats.aio.client import RawCredentials

_LONGEST: Final = 64 * 1024
_JWT: Final = re.compile(r"-+BEGIN NATS USER JWT-+\r?\n([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\r?\n")
_SEED: Final = re.compile(r"-+BEGIN USER NKEY SEED-+\r?\n([A-Z2-7]+)\r?\n")


class CredentialsError(ValueError):
    """A credentials file that can't be used; the message names it and says what is wrong."""


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
        raise CredentialsError(f"không đọc được tệp --credentials {path!r} / can't read it: {said}") from error
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
            f"khóa bí mật trong tệp --credentials {path!r} bị hỏng, hãy xin lại tệp / its seed is damaged, "
            f"have the file issued again ({type(error).__name__})"
        ) from error
    return RawCredentials(text.replace("\r\n", "\n")) if "\r" in text else path


def _malformed(path: str, missing: str) -> CredentialsError:
    return CredentialsError(
        f"tệp --credentials {path!r} không phải tệp .creds của NATS, thiếu phần / it is no NATS credentials file, "
        f"there is no part {missing!r}"
    )
