"""Telling the relays to cut a machine off, and to mend it: by a socket in the folder of the cluster."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from deploy.cluster.loopback.relaying import CONTROL


def tell(run: Path, line: str) -> str:
    """Say a line to the relays of a cluster and return the answer. Raises OSError where they don't run."""
    folder = os.open(run, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as told:
            told.settimeout(10)
            told.connect(f"/proc/self/fd/{folder}/{CONTROL}")  # its own path may be too long for a socket
            told.sendall(f"{line}\n".encode())
            answer = b""
            while part := told.recv(4096):
                answer += part
    finally:
        os.close(folder)
    return answer.decode().strip()
