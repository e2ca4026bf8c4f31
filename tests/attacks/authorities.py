"""Certificates for tests over real TLS: an authority of ours, another one, and what each has signed."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path
from typing import NamedTuple

import trustme

HERE = ("localhost", "127.0.0.1", "::1")


class Pair(NamedTuple):
    """The files of a certificate and of its key, in PEM."""

    certificate: Path
    key: Path

    def server_context(self, client_authority: Path | None = None) -> ssl.SSLContext:
        """Make the context of a server that shows it, and with an authority asks for one in return."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if client_authority is not None:
            context.load_verify_locations(client_authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class Authorities:
    """Two authorities: ours, whom the settings name, and one that nobody has heard of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        ours, other = trustme.CA(), trustme.CA()
        self.ca = folder / "ca.pem"
        self.other_ca = folder / "other-ca.pem"
        ours.cert_pem.write_to_path(str(self.ca))
        other.cert_pem.write_to_path(str(self.other_ca))
        self.good = self._pair("good", ours.issue_cert(*HERE))
        self.client = self._pair("client", ours.issue_cert("tonghop@example.org"))
        long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
        self.bad = {
            "another host's name": self._pair("elsewhere", ours.issue_cert("elsewhere.example.org")),
            "an unknown authority": self._pair("unknown", other.issue_cert(*HERE)),
            "an expired certificate": self._pair("expired", ours.issue_cert(*HERE, not_after=long_ago)),
        }
        """What a client may not trust, by what is wrong with it."""
        self.strange_client = self._pair("strange", other.issue_cert("tonghop@example.org"))

    def _pair(self, name: str, leaf: trustme.LeafCert) -> Pair:
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        leaf.private_key_pem.write_to_path(str(pair.key))
        for number, part in enumerate(leaf.cert_chain_pems):
            part.write_to_path(str(pair.certificate), append=number > 0)
        return pair


BAD = ("another host's name", "an unknown authority", "an expired certificate")
