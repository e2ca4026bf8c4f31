"""The digest under which a fact keeps its person: the unit and the reference out of that unit's own book.

It finds what else is said of the person, and proves nothing: whoever tells of it compares the references themselves.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

_begun: Final = blake2b(digest_size=8).copy
"""A hash of nothing yet: to copy one takes less than to make one."""


def person_digest(unit: str, reference: str | None) -> int | None:
    """Return 64 bits, signed, of the BLAKE2b of ``unit/reference``; None where no reference is given."""
    if reference is None:
        return None
    person = _begun()
    person.update(f"{unit}/{reference}".encode())
    return int.from_bytes(person.digest(), signed=True)
