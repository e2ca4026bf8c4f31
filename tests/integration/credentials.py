"""A NATS server with an operator, and the credentials file of a unit, made as an administrator makes them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nkeys
from nkeys import PREFIX_BYTE_ACCOUNT, PREFIX_BYTE_OPERATOR, PREFIX_BYTE_USER

from tests.servers import configured_nats


class Signer:
    """A key of a kind, and what it signs."""

    def __init__(self, kind: int) -> None:
        self.seed = nkeys.encode_seed(os.urandom(32), kind)
        self._pair = nkeys.from_seed(bytearray(self.seed))
        self.public = self._pair.public_key.decode()

    def sign(self, subject: str, name: str, claims: dict[str, Any]) -> str:
        """Make a JWT, version 2."""
        body: dict[str, Any] = {
            "iat": int(time.time()),
            "iss": self.public,
            "name": name,
            "sub": subject,
            "nats": claims | {"version": 2},
        }
        digest = hashlib.sha256(json.dumps(body).encode()).digest()
        body["jti"] = base64.b32encode(digest).decode().rstrip("=")
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        signed = ".".join(_text(json.dumps(part).encode()) for part in (head, body))
        return f"{signed}.{_text(self._pair.sign(signed.encode()))}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@contextmanager
def operated(folder: Path, unit: str) -> Iterator[tuple[str, str]]:
    """Run a server that lets in whom an operator's account has signed; give its address and a unit's credentials."""
    operator, account, system = (Signer(kind) for kind in (PREFIX_BYTE_OPERATOR, *[PREFIX_BYTE_ACCOUNT] * 2))
    unlimited = dict.fromkeys(("subs", "data", "payload", "conn", "leaf", "imports", "exports"), -1)
    limits = unlimited | {"wildcards": True, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
    accounts = {one.public: operator.sign(one.public, "A", {"type": "account", "limits": limits}) for one in (account,)}
    accounts[system.public] = operator.sign(system.public, "SYS", {"type": "account", "limits": unlimited})
    preload = "\n".join(f"{public}: {jwt}" for public, jwt in accounts.items())
    text = f"""
        listen: "127.0.0.1:-1"
        ports_file_dir: "{folder}"
        jetstream {{ store_dir: "{folder}/js" }}
        operator: {operator.sign(operator.public, "O", {"type": "operator"})}
        system_account: {system.public}
        resolver: MEMORY
        resolver_preload: {{ {preload} }}
    """
    with configured_nats(folder / "operated.conf", text) as (address, _):
        yield f"nats://{address}", credentials(account, unit)


def credentials(account: Signer, unit: str) -> str:
    """Write the credentials of a unit, as `nsc` does."""
    user = Signer(PREFIX_BYTE_USER)
    claims = {"type": "user", "subs": -1, "data": -1, "payload": -1, "pub": {}, "sub": {}}
    return (
        f"-----BEGIN NATS USER JWT-----\n{account.sign(user.public, unit, claims)}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n------END USER NKEY SEED------\n"
    )
