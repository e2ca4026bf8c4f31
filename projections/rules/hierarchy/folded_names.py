"""How a name is folded so that it is found with and without Vietnamese diacritics (contract §5, search)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from events.names import without_unseen

# The Icelandic letter looks like the Vietnamese one, and is what many keyboards and old encodings give for it.
_BARRED: Final = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ɖ": "d", "Ɖ": "d"})
_BLANK: Final = "\u2800"  # a Braille cell without a dot


def fold_name(name: str) -> str:
    """Return the name in lower case without diacritics, words parted by single spaces: ``dang uy khoi``.

    What can't be seen is passed over: it parts no words and belongs to none (contract §1, Names).
    """
    seen = name if name.isascii() and name.isprintable() else without_unseen(name)
    return " ".join(filter(None, map(_fold_word, seen.split())))


@lru_cache(maxsize=10_000)  # the names of a country's units are made of few words
def _fold_word(word: str) -> str:
    # Compatibility forms too: a full-width or mathematical letter looks like the plain one.
    letters = unicodedata.normalize("NFKD", word).translate(_BARRED)
    return "".join(each for each in letters if not unicodedata.combining(each) and each != _BLANK).strip().lower()
