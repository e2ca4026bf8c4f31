"""A signed position: that the log up to there has this hash, by the holder of an Ed25519 key.

What is signed is the JSON object of all fields but `signature`, in UTF-8, its keys in alphabetical order, without white
space. Keys and signature are base64 of their 32 and 64 bytes (RFC 8032). So anyone can check it without this program.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from msgspec import Meta, Struct

from projections.bilingual import Bilingual
from projections.rules.log.hash_chain import Link

VERSION: Final = 1
LARGEST: Final = 64 * 1024
"""Bytes that a file of a statement or a key may have."""


class AttestingError(Exception):
    """A key or a statement can't be used; the message is for the user."""


class WrongAttestationError(AttestingError):
    """A statement is not what it says: it was altered, or somebody else signed it."""


class Attestation(Struct, frozen=True, forbid_unknown_fields=True):
    """The log `stream` up to `position`, whose message the bus took at `as_of`, has the hash (hexadecimal)."""

    version: int
    stream: str
    position: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    as_of: dt.datetime
    hash: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    signed_at: dt.datetime
    public_key: str
    signature: str = ""


def sign(key: bytes, stream: str, link: Link, as_of: dt.datetime, signed_at: dt.datetime) -> Attestation:
    """Sign a link with a private key (PEM, without a password); raises AttestingError."""
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AttestingError(
            Bilingual(
                "Không đọc được khóa riêng (PEM, không mật khẩu)",
                "Not a private key (PEM, without a password)",
                after=f": {error}",
            )
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise AttestingError(Bilingual("Khóa phải là Ed25519.", "The key is no Ed25519 key."))
    public = _base64(private.public_key().public_bytes_raw())
    unsigned = Attestation(VERSION, stream, link.position, as_of, link.hash.hex(), signed_at, public)
    return msgspec.structs.replace(unsigned, signature=_base64(private.sign(signed_bytes(unsigned))))


def read(text: bytes) -> Attestation:
    """Read a statement and check its signature by the key that it carries.

    Whose key that is has to be known from elsewhere: `require_key`.
    Raises AttestingError, and WrongAttestationError for an altered one.
    """
    try:
        statement = msgspec.json.decode(text, type=Attestation)
    except (msgspec.DecodeError, RecursionError) as error:
        raise AttestingError(
            Bilingual("Đây không phải bản xác nhận", "Not a signed position", after=f": {error}")
        ) from error
    if statement.version != VERSION:
        raise AttestingError(
            Bilingual(
                f"Phiên bản {statement.version} chưa được biết.", f"Version {statement.version} is not known here."
            )
        )
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(statement.public_key, validate=True))
        public.verify(base64.b64decode(statement.signature, validate=True), signed_bytes(statement))
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise WrongAttestationError(
            Bilingual("Chữ ký SAI: bản xác nhận đã bị sửa.", "The signature is wrong: it was altered.")
        ) from error
    return statement


def require_key(statement: Attestation, key: bytes) -> None:
    """Raise WrongAttestationError unless the statement is signed by the owner of a public key (PEM)."""
    try:
        public = load_pem_public_key(key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AttestingError(
            Bilingual("Không đọc được khóa công khai (PEM)", "Not a public key (PEM)", after=f": {error}")
        ) from error
    if not isinstance(public, Ed25519PublicKey) or _base64(public.public_bytes_raw()) != statement.public_key:
        raise WrongAttestationError(
            Bilingual("Bản xác nhận được ký bằng khóa KHÁC.", "The statement is signed by another key.")
        )


def written(statement: Attestation) -> str:
    """Write a statement as it is kept in a file."""
    return msgspec.json.format(msgspec.json.encode(statement), indent=2).decode()


def signed_bytes(statement: Attestation) -> bytes:
    """Return the bytes that the signature is of."""
    fields = msgspec.structs.asdict(statement)
    del fields["signature"]
    return msgspec.json.encode(fields, order="sorted")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
