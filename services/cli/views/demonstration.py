"""Two reports of one unit and period, on both bases, in one table."""

from collections.abc import Mapping
from typing import Any, Final

from rich.text import Text

from services.cli.screen import Column, Sheet, named
from services.cli.views.reports import ShownRow, own_label, rows_of, total_label
from services.cli.words import MEASURES, number, word
from services.language import either

_NONE: Final = "–"


def side_by_side(was: Mapping[str, Any], now: Mapping[str, Any]) -> Sheet:
    """Lay out both reports' rows by child, each measure as it was and as it is now, the unit's own and the total last.

    A unit that has no row on one of the bases has a dash there.
    """
    measures = list(was["total"])
    bases = (either("khi đó", "then"), either("hiện nay", "today"))
    columns = (Column(f"{word(MEASURES, name)}\n{basis}", "right") for name in measures for basis in bases)
    sheet = Sheet(Column(either("Đơn vị", "Unit"), words=True), *columns)
    then, today = rows_of(was)[1], rows_of(now)[1]
    children = {row.keys: row for row in (*then[:-2], *today[:-2])}
    for keys, row in children.items():
        sheet.add(_label(row), *_numbers(measures, _of(keys, then[:-2]), _of(keys, today[:-2])))
    sheet.add(_label(then[-2], f" ({own_label()})"), *_numbers(measures, then[-2], today[-2]))
    sheet.section()
    sheet.add(total_label(), *_numbers(measures, then[-1], today[-1]), style="bold")
    return sheet


def _of(keys: tuple[str, ...], rows: list[ShownRow]) -> ShownRow | None:
    return next((row for row in rows if row.keys == keys), None)


def _label(row: ShownRow, note: str = "") -> Text:
    return named({"id": row.keys[0], "name": row.keys[1]}).append(note, "dim")


def _numbers(measures: list[str], was: ShownRow | None, now: ShownRow | None) -> list[str]:
    return [_NONE if row is None else number(row.said["values"][name]) for name in measures for row in (was, now)]
