"""Where somebody may be sent after signing in: to a path of this service, and nowhere else (no open redirect)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

HOME: Final = "/"
_path: Final = re.compile(r"/(?![/\\])[\x21-\x7e]{0,999}").fullmatch


def own_path(asked: str | None) -> str:
    """Return the path with its query where it is one of ours, else the one that everybody begins at."""
    if asked is None or not _path(asked) or "\\" in asked:
        return HOME
    parts = urlsplit(asked)
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("//"):
        return HOME
    return asked
