"""Whether the process of this container lives, for HEALTHCHECK: exit code 0, or 1 and why.

It asks what the first process of the container listens for, where its settings say; with the standard library alone,
for it is run every few seconds.
"""

import os
import ssl
import sys
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

WITHIN = 4.0
ASKED = {  # which command: the setting of its address, that address by default, the path, whether it may be HTTPS
    "api": ("TONGHOP_HTTP", "127.0.0.1:8080", "/healthz", True),
    "projector": ("TONGHOP_PROJECTOR_HTTP", "127.0.0.1:8081", "/healthz", True),
    "forward": ("TONGHOP_METRICS_HTTP", "127.0.0.1:8082", "/metrics", False),
}
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - what is listened on, not by this


def trouble(words: list[str], environ: dict[str, str]) -> str | None:
    """Say what is wrong with a process that was started with these words; None where nothing is."""
    command = next((word for word in words if word in ASKED), None)
    if command is None:
        return None  # one that works and ends
    setting, default, path, encrypts = ASKED[command]
    host, _, port = (environ.get(setting, "").strip() or default).rpartition(":")
    host = EVERYWHERE.get(host, host)
    if encrypts and environ.get("TONGHOP_HTTP_CERT", "").strip():
        # Its own certificate is made out to the name that others ask it by.
        context = ssl._create_unverified_context()  # noqa: S323, SLF001 - to itself
        connection: HTTPConnection = HTTPSConnection(host.strip("[]"), int(port), timeout=WITHIN, context=context)
    else:
        connection = HTTPConnection(host.strip("[]"), int(port), timeout=WITHIN)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        status = connection.getresponse().status
    except OSError as error:
        return f"{command}, {host}:{port}: {error}"
    finally:
        connection.close()
    return None if status == 200 else f"{command}, {host}:{port}{path}: HTTP {status}"  # noqa: PLR2004


if __name__ == "__main__":
    first = Path("/proc/1/cmdline").read_bytes().decode(errors="replace").split("\0")
    sys.exit(trouble(first, dict(os.environ)))
