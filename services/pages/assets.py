"""Files that every page may load: named by what is in them, so that a browser keeps them for ever."""

from __future__ import annotations

import gzip
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Final, NamedTuple

KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/speculationrules+json",
    "svg": "image/svg+xml",
}
STYLE: Final = "style.css"
ICON: Final = "icon.svg"
PATH: Final = "/static"


class Asset(NamedTuple):
    """A file: its kind, as it is, and compressed."""

    media_type: str
    body: bytes
    compressed: bytes


@cache
def assets() -> dict[str, Asset]:
    """Read all of them once, by the names under which they are served; screens add to the one style sheet."""
    folder = files("services.pages").joinpath("assets")
    of_screens = folder.joinpath("screens")
    screens = sorted(of_screens.iterdir(), key=lambda each: each.name) if of_screens.is_dir() else []
    found: dict[str, Asset] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        stem, _, suffix = file.name.rpartition(".")
        if suffix not in KINDS:
            continue
        parts = [file, *(each for each in screens if each.name.endswith(".css"))] if file.name == STYLE else [file]
        body = b"\n".join(each.read_bytes() for each in parts)
        digest = blake2b(body, digest_size=6).hexdigest()
        found[f"{stem}.{digest}.{suffix}"] = Asset(KINDS[suffix], body, gzip.compress(body, mtime=0))
    return found


@cache
def address(name: str) -> str:
    """Return where a file is served. Raises LookupError where there is none."""
    stem, _, suffix = name.rpartition(".")
    for each in assets():
        if each.startswith(f"{stem}.") and each.endswith(f".{suffix}") and each.count(".") == name.count(".") + 1:
            return f"{PATH}/{each}"
    raise LookupError(name)
