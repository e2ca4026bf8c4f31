"""A NATS server with the TLS that deploy/ ships."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.embedded.nats import executable
from tests.attacks.authorities import Pair

TLS = Path(__file__).parents[2] / "deploy/nats/tls.conf"


@contextmanager
def nats_with_tls(folder: Path, pair: Pair, ca: Path, *, verify: bool, users: str = "") -> Iterator[int]:
    """Run a server that shows a certificate, and with `verify` asks clients for one of the authority; give its port."""
    config = folder / f"nats-{pair.certificate.stem}-{verify}.conf"
    config.write_text(f"""
        listen: "127.0.0.1:-1"
        ports_file_dir: "{folder}"
        jetstream {{ store_dir: "{folder}/js-{pair.certificate.stem}-{verify}" }}
        {users}
        {TLS.read_text(encoding="utf-8")}
    """)
    variables = {
        "TONGHOP_TLS_CERT": str(pair.certificate),
        "TONGHOP_TLS_KEY": str(pair.key),
        "TONGHOP_TLS_CA": str(ca),
        "TONGHOP_TLS_VERIFY": str(verify).lower(),
    }
    process = subprocess.Popen([executable(), "-c", config], env=os.environ | variables, stderr=subprocess.DEVNULL)
    try:
        ports = folder / f"nats-server_{process.pid}.ports"
        while not ports.exists() or not ports.read_text().strip():
            assert process.poll() is None
            time.sleep(0.01)
        yield int(json.loads(ports.read_text())["nats"][0].rpartition(":")[2])
    finally:
        process.kill()
        process.wait()
