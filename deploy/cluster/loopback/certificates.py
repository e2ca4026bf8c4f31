"""Two authorities and what they sign, made at the first start: of the service, and of the database machines alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import trustme

from services.embedded.secrets import write_secret

_NAMES: Final = ("localhost", "127.0.0.1", "::1")


class Pair(NamedTuple):
    """A certificate and its key, in PEM."""

    certificate: Path
    key: Path


class Certificates:
    """What a cluster on loopback shows of itself, in two folders: what is public, and the keys.

    `ca` has signed the servers that the service uses (NATS, PostgreSQL, API) and the service as their client.
    `database_ca` has signed etcd and Patroni: whoever has a certificate of the first is still nobody to those.
    """

    def __init__(self, public: Path, keys: Path) -> None:
        self.ca = public / "ca.pem"
        self.database_ca = public / "database-ca.pem"
        self.server = Pair(public / "server.pem", keys / "server.key")
        self.client = Pair(public / "client.pem", keys / "client.key")
        self.database = Pair(public / "database.pem", keys / "database.key")

    def make(self) -> None:
        """Make them where they are missing: all anew, as the keys of the authorities are kept nowhere."""
        pairs = (self.server, self.client, self.database)
        if all(file.exists() for file in (self.ca, self.database_ca, *(file for pair in pairs for file in pair))):
            return
        ours, databases = trustme.CA(key_type=trustme.KeyType.ECDSA), trustme.CA(key_type=trustme.KeyType.ECDSA)
        ours.cert_pem.write_to_path(str(self.ca))
        databases.cert_pem.write_to_path(str(self.database_ca))
        for pair, authority in ((self.server, ours), (self.client, ours), (self.database, databases)):
            leaf = authority.issue_cert(*_NAMES, key_type=trustme.KeyType.ECDSA)
            write_secret(pair.key, leaf.private_key_pem.bytes().decode("ascii"))
            pair.certificate.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
