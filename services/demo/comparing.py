"""Two reports of one unit and period, on both bases, in one table."""

from collections.abc import Mapping
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from services.cli.reports import Row, rows_of
from services.cli.words import MEASURES, number

_NONE: Final = "–"


def side_by_side(was: Mapping[str, Any], now: Mapping[str, Any]) -> Table:
    """Lay out both reports' rows by child, each measure as it was and as it is now, the unit's own and the total last.

    A unit that has no row on one of the bases has a dash there.
    """
    measures = list(was["total"])
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("Đơn vị", overflow="fold")
    for name in measures:
        for basis in ("khi đó", "hiện nay"):
            table.add_column(f"{MEASURES.get(name, name)}\n{basis}", justify="right")
    then, today = rows_of(was)[1], rows_of(now)[1]
    children = {row.keys: row for row in (*then[:-2], *today[:-2])}
    for keys, row in children.items():
        table.add_row(_label(row), *_numbers(measures, _of(keys, then[:-2]), _of(keys, today[:-2])))
    table.add_row(_label(then[-2], " (trực tiếp / own)"), *_numbers(measures, then[-2], today[-2]))
    table.add_section()
    table.add_row("Tổng cộng / total", *_numbers(measures, then[-1], today[-1]), style="bold")
    return table


def _of(keys: tuple[str, ...], rows: list[Row]) -> Row | None:
    return next((row for row in rows if row.keys == keys), None)


def _label(row: Row, note: str = "") -> Text:
    return Text.assemble(row.keys[1], " ", (row.keys[0] + note, "dim"))


def _numbers(measures: list[str], was: Row | None, now: Row | None) -> list[str]:
    return [_NONE if row is None else number(row.values[name]) for name in measures for row in (was, now)]
