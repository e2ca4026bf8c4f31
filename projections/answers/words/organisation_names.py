"""The organisation that a committee speaks for: a statement says what the Party organisation did, not its committee."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OF_COMMITTEES: Final[Mapping[str, tuple[str, str]]] = {
    "tỉnh ủy": ("Đảng bộ", "tỉnh"),
    "thành ủy": ("Đảng bộ", "thành phố"),
    "quận ủy": ("Đảng bộ", "quận"),
    "huyện ủy": ("Đảng bộ", "huyện"),
    "thị ủy": ("Đảng bộ", "thị xã"),
    "đảng ủy": ("Đảng bộ", ""),
    "chi ủy": ("Chi bộ", ""),
}
"""The organisation, and the kind of place that its name goes on with."""

_CENTRAL: Final = "ban chấp hành trung ương"
_WHOLE_PARTY: Final = "toàn Đảng"


def organisation(name: str) -> str:
    """Return the name of the organisation, as it stands inside a sentence; a name of none of these stays as it is."""
    words = name.split()
    if _plain(words[:5]) == _CENTRAL:
        return _WHOLE_PARTY
    found = _OF_COMMITTEES.get(_plain(words[:2]))
    if found is None:
        return name
    kind, place = found
    rest = words[2:]
    if place and _plain(rest[: len(place.split())]) != place:
        rest = [place, *rest]
    return " ".join((kind, *rest))


def _plain(words: list[str]) -> str:
    """Join words in small letters, with the tone mark of “ủy” where today's spelling has it."""
    return " ".join(words).lower().replace("uỷ", "ủy")
