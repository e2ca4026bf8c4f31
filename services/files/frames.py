"""The frame in which documents of the Party stand: a dated data file, so that it can be mended without the program."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from events.vocabulary import LEVELS
from services.files.bounds import TemplateError

FOLDER: Final = Path(__file__).with_name("frames")
UNCHECKED: Final = "chưa đối chiếu bản gốc"
"""What a frame is marked with that nobody has held against the original."""
_OLD_SPELLING: Final = re.compile("(?<![Qq])UỶ")

_Text = Annotated[str, Meta(max_length=300)]
_Millimetres = Annotated[float, Meta(ge=5, le=80)]


class Margins(Struct, frozen=True, forbid_unknown_fields=True):
    """The margins of a page of A4, in millimetres."""

    top: _Millimetres
    bottom: _Millimetres
    left: _Millimetres
    right: _Millimetres


class Frame(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands round the text of a document; ``checked`` says that it was held against the original."""

    name: _Text
    source: _Text
    since: dt.date
    checked: bool
    page: Margins
    font: _Text
    size: Annotated[float, Meta(ge=8, le=20)]
    """Points."""
    party: _Text
    number: _Text
    place_and_date: _Text
    title: _Text
    subject: _Text
    """What it is about; `{period}` stands for the days."""
    signatures: Mapping[str, tuple[_Text, _Text]]
    """By the level of the unit: on whose behalf, and who signs."""
    recipients: Annotated[list[_Text], Meta(max_length=20)]

    @property
    def mark(self) -> str:
        """Say which frame it is, and that it is unchecked."""
        return f"{self.name}: {self.source}" + ("" if self.checked else f" ({UNCHECKED})")


def frame_of(text: bytes, name: str) -> Frame:
    """Read a frame. Raises TemplateError, which names the file."""
    try:
        frame: Frame = msgspec.json.decode(text, type=Frame)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TemplateError(f"{name}: {error}") from error
    missing = set(LEVELS) - frame.signatures.keys()
    if missing:
        raise TemplateError(f"{name}: signatures: {', '.join(sorted(missing))}")
    return frame


@cache
def newest_frame() -> bytes:
    """Return the newest of the frames that come with the program, as it is written."""
    return max(FOLDER.glob("*.json")).read_bytes()


def in_capitals(name: str) -> str:
    """Write the name of a body as a head does: ĐẢNG ỦY, not UỶ."""
    return _OLD_SPELLING.sub("ỦY", name.upper())
