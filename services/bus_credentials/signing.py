"""Keys of NATS and what they sign: JWTs of version 2, and the file that a client signs in with.

Made by hand: the one library for it on PyPI (nats-jwt 0.2) calls itself not well-tested and in development.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

import nkeys
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

OPERATOR: Final = nkeys.PREFIX_BYTE_OPERATOR
ACCOUNT: Final = nkeys.PREFIX_BYTE_ACCOUNT
USER: Final = nkeys.PREFIX_BYTE_USER

_HEAD: Final = {"typ": "JWT", "alg": "ed25519-nkey"}
_VERSION: Final = 2


class KeyDamagedError(ValueError):
    """A seed or a JWT that can't be read."""


class Key(NamedTuple):
    """A pair of keys, in NATS's way of writing; `seed` is the secret one."""

    public: str
    seed: str

    @classmethod
    def make(cls, kind: int) -> Self:
        """Make a new one of a kind: OPERATOR, ACCOUNT, USER."""
        return cls.of(nkeys.encode_seed(os.urandom(32), kind).decode())

    @classmethod
    def of(cls, seed: str) -> Self:
        """Read one from its seed; KeyDamagedError where it is none."""
        try:
            public: bytes = nkeys.from_seed(bytearray(seed.encode())).public_key
        except (nkeys.NkeysError, ValueError) as error:
            raise KeyDamagedError(str(error)) from error
        return cls(public.decode(), seed)

    def sign(self, subject: str, name: str, claims: Mapping[str, Any], *, at: int, until: int | None = None) -> str:
        """Make the JWT of a public key under a name, issued at a second of the epoch; from `until` on it is void."""
        body: dict[str, Any] = {"iat": at, "iss": self.public, "name": name, "sub": subject}
        if until is not None:
            body["exp"] = until
        body["nats"] = {**claims, "version": _VERSION}
        body["jti"] = _base32(hashlib.sha256(_json(body)).digest())
        signed = f"{_text(_json(_HEAD))}.{_text(_json(body))}"
        return f"{signed}.{self.signature(signed.encode())}"

    def signature(self, data: bytes) -> str:
        """Sign data, in base64 as in a JWT."""
        signature: bytes = nkeys.from_seed(bytearray(self.seed.encode())).sign(data)
        return _text(signature)


def claims_of(jwt: str) -> dict[str, Any]:
    """Read what a JWT says, whoever signed it; KeyDamagedError where it is none."""
    try:
        body = jwt.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, IndexError, RecursionError) as error:
        raise KeyDamagedError(str(error)) from error
    if not isinstance(found, dict):
        raise KeyDamagedError("no claims")
    return found


def signature_holds(jwt: str) -> bool:
    """Tell whether a JWT is signed by whom it names as its issuer; KeyDamagedError where it is none."""
    signed, _, signature = jwt.rpartition(".")
    issuer = claims_of(jwt).get("iss")
    return isinstance(issuer, str) and verified(issuer, signed.encode(), signature)


def verified(public: str, data: bytes, signature: str) -> bool:
    """Tell whether a public key, as NATS writes it, has signed data; the signature is base64 as in a JWT."""
    try:
        key = base64.b32decode(public + "=" * (-len(public) % 8))[1:-2]  # a byte for its kind, two of a checksum
        VerifyKey(key).verify(data, base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    except (ValueError, TypeError, BadSignatureError):
        return False
    return True


def credentials(jwt: str, seed: str) -> str:
    """Write the file of a user, to the letter as NATS's own tools write it: their readers are strict."""
    return f"""\
-----BEGIN NATS USER JWT-----
{jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.
NKEYs are sensitive and should be treated as secrets.

-----BEGIN USER NKEY SEED-----
{seed}
------END USER NKEY SEED------

*************************************************************
"""


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")
