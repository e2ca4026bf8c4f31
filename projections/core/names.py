"""How a name is folded so that it is found with and without Vietnamese diacritics (contract §5, search)."""

from __future__ import annotations

import unicodedata


def fold_name(name: str) -> str:
    """Return the name in lower case without diacritics, words parted by single spaces: ``dang uy khoi``."""
    plain = "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))
    return " ".join(plain.replace("đ", "d").replace("Đ", "d").lower().split())
