"""A NATS server with the TLS that deploy/ ships."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.attacks.authorities import Pair
from tests.servers import configured_nats

TLS = Path(__file__).parents[2] / "deploy/nats/tls.conf"


@contextmanager
def nats_with_tls(folder: Path, pair: Pair, ca: Path, *, verify: bool, users: str = "") -> Iterator[int]:
    """Run a server that shows a certificate, and with `verify` asks clients for one of the authority; give its port."""
    text = f"""
        listen: "127.0.0.1:-1"
        ports_file_dir: "{folder}"
        jetstream {{ store_dir: "{folder}/js-{pair.certificate.stem}-{verify}" }}
        {users}
        {TLS.read_text(encoding="utf-8")}
    """
    variables = {
        "TONGHOP_TLS_CERT": str(pair.certificate),
        "TONGHOP_TLS_KEY": str(pair.key),
        "TONGHOP_TLS_CA": str(ca),
        "TONGHOP_TLS_VERIFY": str(verify).lower(),
    }
    config = folder / f"nats-{pair.certificate.stem}-{verify}.conf"
    with configured_nats(config, text, variables) as (address, _):
        yield int(address.rpartition(":")[2])
