"""Show a report (contract, section 5) as a table in the terminal, or as CSV."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.cli.words import BASES, FACETS, HIDDEN, LEVELS, MEASURES, day, moment, number, say

_PIPED_WIDTH = 160


def console(*, stderr: bool = False) -> Console:
    """Make a console that keeps tables whole where they are piped into a file."""
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=_PIPED_WIDTH)


class Row(NamedTuple):
    """One line of a report; `keys` are its columns before the values, and a value that is hidden is None.

    `kind` is `row`, `own`, `rest`, `suppressed` (what the hidden values come to) or `total`.
    """

    kind: str
    keys: tuple[str, ...]
    values: Mapping[str, int | None]


def rows_of(report: Mapping[str, Any]) -> tuple[tuple[str, ...], list[Row]]:
    """Name the key columns, and give the rows in the answer's order with the total at the end."""
    names = next((keys for row in report["rows"] if (keys := _keys_of(row))), ("unit", "name", "level"))
    rows = [
        Row(
            next((kind for kind in ("own", "rest", "suppressed") if row.get(kind)), "row"),
            tuple(_key(row, name) for name in names) if _keys_of(row) else ("",) * len(names),
            row["values"],
        )
        for row in report["rows"]
    ]
    return names, [*rows, Row("total", ("",) * len(names), report["total"])]


def _keys_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    if "unit" in row:
        return ("unit", "name", "level")
    if "codes" in row:
        return tuple(row["codes"])
    return tuple(name for name in ("month", "year", "code") if name in row)


def _key(row: Mapping[str, Any], name: str) -> str:
    if "codes" in row:
        return str(row["codes"][name])
    return str((row.get("unit") or {}).get("id" if name == "unit" else name) or row.get(name, ""))


def as_csv(report: Mapping[str, Any]) -> str:
    """Write a header and a line a row, the total last; each line names its kind and what the figures reflect.

    A hidden value is empty.
    """
    names, rows = rows_of(report)
    measures = list(report["total"])
    context = ("from", "to", "basis", "position", "as_of")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("kind", *names, *measures, *context))
    for row in rows:
        writer.writerow(
            (
                row.kind,
                *row.keys,
                *(row.values.get(name, 0) for name in measures),
                *(report.get(key) for key in context),
            )
        )
    return text.getvalue()


def as_table(report: Mapping[str, Any], *footnotes: str) -> Group:
    """Lay a report out with its unit, period and basis above, and below the position that it reflects."""
    names, rows = rows_of(report)
    measures = list(report["total"])
    table = Table(title_justify="left", show_edge=False, pad_edge=False)
    table.add_column(_HEADINGS.get(names[0], "Trong đó"), overflow="fold")
    for name in measures:
        table.add_column(MEASURES.get(name, name), justify="right", no_wrap=True)
    for row in rows[:-1]:
        table.add_row(_label(row, names), *_numbers(row, measures))
    table.add_section()
    table.add_row("Tổng cộng / total", *_numbers(rows[-1], measures), style="bold")
    return Group(
        *_above(report), Text(), table, Text(), *_below(report), *(Text(note, style="dim") for note in footnotes)
    )


_HEADINGS = {"unit": "Đơn vị", "month": "Tháng", "year": "Năm"}


def _label(row: Row, names: tuple[str, ...]) -> str:
    if row.kind == "rest":
        return "Còn lại / rest"
    if row.kind == "suppressed":
        return "Các ô bị ẩn / suppressed"
    if names[0] == "unit":
        name = f"{escape(row.keys[1])} [dim]{escape(row.keys[0])}[/]"
        return f"{name} [dim](trực tiếp / own)[/]" if row.kind == "own" else name
    if names[0] == "month":
        return "/".join(reversed(row.keys[0].split("-")))
    return escape(" · ".join(say(FACETS, code) for code in row.keys))


def _numbers(row: Row, measures: list[str]) -> list[str]:
    return [number(row.values.get(name, 0)) for name in measures]


def _above(report: Mapping[str, Any]) -> Iterator[Text]:
    unit = report["unit"]
    yield Text.assemble((unit["name"], "bold"), f"  {unit['id']}, {say(LEVELS, unit.get('level'))}")
    yield Text(f"Từ {day(report['from'])} đến {day(report['to'])}, {say(BASES, report['basis'])}")


def _below(report: Mapping[str, Any]) -> Iterator[Text]:
    if suppressed := report.get("suppressed"):
        yield Text(f"{HIDDEN}  {suppressed['reason']}", style="yellow")
    as_of = f", {moment(report['as_of'])}" if report.get("as_of") else ""
    yield Text(f"Vị trí trong nhật ký / position {report['position']}{as_of}", style="dim")
    if parked := report.get("parked"):
        yield Text(f"Đang chờ / parked: {number(parked)} sự kiện, xem `tonghop status`", style="yellow")
