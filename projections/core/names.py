"""How a name is folded so that it is found with and without Vietnamese diacritics (contract §5, search)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def fold_name(name: str) -> str:
    """Return the name in lower case without diacritics, words parted by single spaces: ``dang uy khoi``."""
    return " ".join(filter(None, map(_fold_word, name.split())))


@lru_cache(maxsize=10_000)  # the names of a country's units are made of few words
def _fold_word(word: str) -> str:
    plain = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
    return plain.replace("đ", "d").replace("Đ", "d").lower()
