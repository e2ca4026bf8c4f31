"""What is refused, and what to do: a whole sheet, or one cell. Nothing here quotes what a cell says."""

from msgspec import Struct

from events.names import harmless
from projections.bilingual import Bilingual

LONGEST_SHOWN = 60
"""Characters of a column's head that are shown: a head is not meant to be a text."""


class SheetRefused(Struct, frozen=True, tag=True, tag_field="what"):
    """A sheet of which nothing was taken: `reason` is a code for programs, `columns` are the heads that it is about."""

    reason: str
    detail: Bilingual
    columns: tuple[str, ...] = ()


class SheetRefusedError(Exception):
    """A sheet can't be taken; `refused` says why."""

    def __init__(self, reason: str, vietnamese: str, english: str, columns: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.refused = SheetRefused(reason, Bilingual(vietnamese, english), columns)


class CellRefusedError(Exception):
    """A cell doesn't say what its column needs: a code for programs, and for people what to do."""

    def __init__(self, reason: str, vietnamese: str, english: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = Bilingual(vietnamese, english)


def shown(head: str) -> str:
    """Show a head harmlessly and shortly."""
    head = " ".join(head.split())
    return harmless(head if len(head) <= LONGEST_SHOWN else f"{head[:LONGEST_SHOWN]}…")
