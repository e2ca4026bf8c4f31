"""Units by what people write for them: the id, or a name that only one of those below the clerk's unit has."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final, NamedTuple

from events.identifiers import is_unit_id
from services.sheets import folding
from services.sheets.refusals import CellRefusedError

BETWEEN: Final = " | "
"""Between name and id in the lists of a template."""
_SHOWN: Final = 3


class NamedUnit(NamedTuple):
    """A unit that the clerk may name: the one that he works in or one below it."""

    id: str
    name: str


def choice(unit: NamedUnit) -> str:
    """Write a unit as the lists of a template show it."""
    return f"{' '.join(unit.name.split())}{BETWEEN}{unit.id}"


class UnitFinder:
    """The units that may be named, found by id, by name, and by what a template's list shows."""

    def __init__(self, units: Iterable[NamedUnit]) -> None:
        self._units = tuple(units)
        self._ids = {unit.id for unit in self._units}

    @cached_property
    def _exactly(self) -> dict[str, list[str]]:
        return self._by(folding.exact)

    @cached_property
    def _plainly(self) -> dict[str, list[str]]:
        return self._by(folding.words)

    def _by(self, fold: Callable[[str], str]) -> dict[str, list[str]]:
        """List the ids by folded names, when it is first asked for: the units may be 250,000."""
        ids: dict[str, list[str]] = {}
        for unit in self._units:
            ids.setdefault(fold(unit.name), []).append(unit.id)
        return ids

    def find(self, text: str, *, any_id: bool = False) -> str:
        """Find the id of a unit; raises CellRefusedError. With `any_id` an id that isn't among them is taken too."""
        text = text.strip()
        if text in self._ids:
            return text
        last = text.rpartition(BETWEEN.strip())[2].strip() if BETWEEN in text else text.lower()
        if last in self._ids:
            return last
        found = self._exactly.get(folding.exact(text)) or self._plainly.get(folding.words(text)) or []
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(sorted(found)[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
            raise CellRefusedError(
                "ambiguous_unit",
                f"có {len(found)} đơn vị tên như vậy: ghi mã đơn vị ({some})",
                f"{len(found)} units have this name: write the unit's id ({some})",
            )
        if any_id and is_unit_id(last):
            return last
        if any_id:
            raise CellRefusedError(
                "unknown_unit",
                "không có đơn vị tên này trong phạm vi của mình: ghi mã của đơn vị đó (a-z, 0-9, _ và -)",
                "no unit of this name in your part: write that unit's id (a-z, 0-9, _ and -)",
            )
        raise CellRefusedError(
            "unknown_unit",
            "không có đơn vị mã hoặc tên này trong phạm vi của mình: chọn trong danh sách của bảng mẫu, hoặc ghi mã",
            "no unit of this id or name in your part: choose from the list in the template, or write the id",
        )
