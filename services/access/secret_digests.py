"""Secrets that the service hands out once, and the digests by which it knows them again; ids that tell nobody anything.

A secret has 256 bits of its own, so a plain SHA-256 of it can't be guessed backwards; passwords are another matter
(`services/access/passwords.py`).
"""

from __future__ import annotations

import re
import secrets
import string
from hashlib import sha256
from typing import Final

TOKEN: Final = "tonghop_"  # noqa: S105 - what every token begins with
"""By this a token is recognised wherever somebody leaves it lying about."""

_ALPHABET: Final = string.ascii_lowercase + string.digits
_LETTERS: Final = 16
_BYTES: Final = 32
_secret: Final = re.compile(r"[A-Za-z0-9_-]{43}").fullmatch
_id: Final = re.compile(rf"[ast]-[a-z0-9]{{{_LETTERS}}}").fullmatch


def new_id(kind: str) -> str:
    """Make an id: `a-…` of an account, `s-…` of a session, `t-…` of a token (contract, section 1)."""
    return f"{kind}-{''.join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))}"


def is_id(text: str, kind: str) -> bool:
    """Tell whether a text has the form of such an id."""
    return text.startswith(f"{kind}-") and _id(text) is not None


def new_secret(prefix: str = "") -> str:
    """Make a secret of 43 letters after its prefix."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest_of(secret: str, prefix: str = "") -> bytes | None:
    """Return what the database has of a secret; None for a text that can't be one."""
    if not secret.startswith(prefix) or _secret(secret[len(prefix) :]) is None:
        return None
    return sha256(secret.encode()).digest()
