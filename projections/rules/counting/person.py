"""The digest under which a fact keeps its person: the unit and the reference out of that unit's own book.

It finds what else is said of the person, and proves nothing: whoever tells of it compares the references themselves.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct
from typing import Final

_number: Final = Struct(">q").unpack


def person_digest(unit: str, reference: str | None) -> int | None:
    """Return 64 bits, signed, of the BLAKE2b of ``unit/reference``; None where no reference is given."""
    if reference is None:
        return None
    found: int = _number(blake2b(f"{unit}/{reference}".encode(), digest_size=8).digest())[0]
    return found
