"""Names in the order of the Vietnamese alphabet, whatever the database or the machine knows of it.

Word by word: letters first (a ă â … d đ e ê …), then tones (ngang, huyền, hỏi, ngã, sắc, nặng), then capitals. Numbers
within names are in the order of their values, so that Chi bộ 4 stands before Chi bộ 12.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

_LETTERS: Final = {letter: place for place, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
_TONES: Final = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
"""By their combining signs; none is 0."""
_part: Final = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
_OTHER: Final = len(_LETTERS)

_Word: TypeAlias = tuple[int, tuple[int, ...], tuple[int, ...]]
OrderKey: TypeAlias = tuple[tuple[_Word, ...], str]


class WithName(Protocol):
    """What has a name, and an id."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """Its name."""


def order_key(name: str) -> OrderKey:
    """Return what a name is sorted by."""
    return tuple(_word(part) for part in _part.findall(unicodedata.normalize("NFC", name))), name


def by_name(of: WithName) -> tuple[OrderKey, str]:
    """Return what something is sorted by: its name, and where several are called the same, their ids."""
    return order_key(of.name), of.id


def _word(part: str) -> _Word:
    """Return a sign, a number or a word, in this order."""
    if part.isdecimal():
        return 1, (int(part[:300]),), ()
    if not part[0].isalpha():
        return 0, tuple(map(ord, part)), ()
    letters, tones = zip(*map(_letter, part.lower()), strict=True)
    return 2, letters, (max(tones),)  # a word has one tone, over whichever of its letters it is written: hòa, hoà


@lru_cache(4096)
def _letter(letter: str) -> tuple[int, int]:
    decomposed = unicodedata.normalize("NFD", letter)
    tone = next((_TONES[sign] for sign in decomposed if sign in _TONES), 0)
    bare = unicodedata.normalize("NFC", "".join(sign for sign in decomposed if sign not in _TONES))
    return _LETTERS.get(bare, _OTHER + ord(bare[0])), tone
