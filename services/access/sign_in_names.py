"""Sign-in names: which may be given, and by what two of them are the same."""

from __future__ import annotations

import unicodedata
from typing import Final

from events.names import fault_of
from projections.bilingual import Bilingual
from services.access.refusals import UnfitError

LONGEST: Final = 200
"""Characters."""


def checked(name: str) -> str:
    """Return a name as it is kept: NFC. Raises UnfitError for one that is empty, long, or has what can't be seen."""
    name = unicodedata.normalize("NFC", name.strip())
    fault = "empty" if not name else fault_of(name)
    if fault is None and (len(name) > LONGEST or any(letter.isspace() for letter in name)):
        fault = f"longer than {LONGEST} characters, or with spaces"
    if fault is not None:
        raise UnfitError(
            "name",
            Bilingual(
                f"tên đăng nhập cần 1-{LONGEST} ký tự nhìn thấy được, không có khoảng trắng",
                f"a sign-in name is 1-{LONGEST} visible characters without spaces ({fault})",
            ),
        )
    return name


def key_of(name: str) -> str:
    """Return by what names are compared: what differs in case or in form alone is one name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())
