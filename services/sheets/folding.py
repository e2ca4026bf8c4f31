"""Words as they are compared: letters large or small, in whatever normal form, with or without Vietnamese marks."""

import re
import unicodedata
from typing import Final

_DASHES: Final = str.maketrans("‐‑‒–—−", "------")
_APART: Final = re.compile(r"[^\w]+|_+")


def exact(text: str) -> str:
    """Fold the case, the white space, the kind of dash and the normal form; marks stay."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_DASHES).casefold().split())


def plain(text: str) -> str:
    """Fold the marks as well, so that only letters a-z, digits and signs are left of Vietnamese."""
    apart = unicodedata.normalize("NFD", exact(text).replace("đ", "d"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def words(text: str) -> str:
    """Fold like `plain`, and leave the words alone: signs between them are one space."""
    return _APART.sub(" ", plain(text)).strip()
