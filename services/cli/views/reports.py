"""Show a report (contract, section 5) as a table in the terminal, or as CSV."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rich.console import Group
from rich.text import Text

from events.names import harmless
from services.cli.screen import Column, Sheet, named, shown
from services.cli.views.shared import behind
from services.cli.views.spreadsheets import text_cell
from services.cli.words import (
    BASES,
    DIMENSIONS,
    FACETS,
    HIDDEN,
    LEVELS,
    MEASURES,
    day,
    moment,
    number,
    position,
    say,
    word,
)
from services.language import either


class ShownRow(NamedTuple):
    """One line of a report; `keys` are its columns before the values, and a value that is hidden is None.

    `kind` is `row`, `own`, `rest`, `suppressed` (what the hidden values come to) or `total`.
    """

    kind: str
    keys: tuple[str, ...]
    values: Mapping[str, int | None]


def rows_of(report: Mapping[str, Any]) -> tuple[tuple[str, ...], list[ShownRow]]:
    """Name the key columns, and give the rows in the answer's order with the total at the end."""
    names = next((keys for row in report["rows"] if (keys := _keys_of(row))), ("unit", "name", "level"))
    rows = [
        ShownRow(
            next((kind for kind in ("own", "rest", "suppressed") if row.get(kind)), "row"),
            tuple(_key(row, name) for name in names) if _keys_of(row) else ("",) * len(names),
            row["values"],
        )
        for row in report["rows"]
    ]
    return names, [*rows, ShownRow("total", ("",) * len(names), report["total"])]


def _keys_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    if "unit" in row:
        return ("unit", "name", "level")
    if "codes" in row:
        return tuple(row["codes"])
    return tuple(name for name in ("month", "quarter", "year", "code") if name in row)


def _key(row: Mapping[str, Any], name: str) -> str:
    if "codes" in row:
        return str(row["codes"][name])
    return str((row.get("unit") or {}).get("id" if name == "unit" else name) or row.get(name, ""))


def as_csv(report: Mapping[str, Any]) -> str:
    """Write a header and a line a row, the total last; each line names its kind and what the figures reflect.

    A hidden value is empty. Texts are such that no spreadsheet takes them for formulas, and harmless to show.
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
                *(text_cell(harmless(key)) for key in row.keys),
                *(row.values.get(name, 0) for name in measures),
                *(report.get(key) for key in context),
            )
        )
    return text.getvalue()


def as_table(report: Mapping[str, Any], *footnotes: str) -> Group:
    """Lay a report out with its unit, period and basis above, and below the position that it reflects."""
    names, rows = rows_of(report)
    measures = list(report["total"])
    sheet = Sheet(Column(_heading(names), words=True), *(Column(word(MEASURES, name), "right") for name in measures))
    for row in rows[:-1]:
        sheet.add(_label(row, names), *_numbers(row, measures))
    sheet.section()
    sheet.add(total_label(), *_numbers(rows[-1], measures), style="bold")
    notes = (Text(note, style="dim") for note in footnotes)
    return Group(*_above(report), Text(), sheet, Text(), *_below(report), *notes)


def total_label() -> str:
    """Name the line of the total."""
    return either("Tổng cộng", "Total")


def own_label() -> str:
    """Name what belongs to the unit itself and to none below it."""
    return either("trực tiếp", "its own")


def _heading(names: tuple[str, ...]) -> str:
    known = {
        "unit": either("Đơn vị", "Unit"),
        "month": either("Tháng", "Month"),
        "quarter": either("Quý", "Quarter"),
        "year": either("Năm", "Year"),
        "code": either("Trong đó", "Of these"),
    }
    return known.get(names[0]) or " · ".join(word(DIMENSIONS, name) for name in names)


def _label(row: ShownRow, names: tuple[str, ...]) -> Text:
    if row.kind == "rest":
        return Text(either("Còn lại", "The rest"))
    if row.kind == "suppressed":
        return Text(either("Các ô bị ẩn", "Hidden cells"))
    if names[0] == "unit":
        name = named({"id": row.keys[0], "name": row.keys[1]})
        return name.append(f" ({own_label()})", "dim") if row.kind == "own" else name
    if names[0] == "month":
        return Text(either("/".join(reversed(row.keys[0].split("-"))), row.keys[0]))
    return Text(" · ".join(say(FACETS, code) for code in row.keys))


def _numbers(row: ShownRow, measures: list[str]) -> list[str]:
    return [number(row.values.get(name, 0)) for name in measures]


def heading_of(unit: Mapping[str, Any]) -> Text:
    """Write the line above an answer about a unit."""
    return Text.assemble((shown(unit["name"]), "bold"), f"  {shown(unit['id'])}, {say(LEVELS, unit.get('level'))}")


def period(answer: Mapping[str, Any]) -> str:
    """Write the days of an answer."""
    first, last = day(answer["from"]), day(answer["to"])
    return either(f"Từ {first} đến {last}", f"From {first} to {last}")


def _above(report: Mapping[str, Any]) -> Iterator[Text]:
    yield heading_of(report["unit"])
    yield Text(f"{period(report)}, {say(BASES, report['basis'])}")


def _below(report: Mapping[str, Any]) -> Iterator[Text]:
    yield from behind(report)
    if suppressed := report.get("suppressed"):
        yield Text(f"{HIDDEN}  {suppressed['reason']}", style="yellow")
    if few := report.get("not_broken_down"):
        measures = ", ".join(word(MEASURES, name) for name in few["measures"])
        yield Text(f"{measures}: {few['reason']}", style="yellow")
    as_of = f", {moment(report['as_of'])}" if report.get("as_of") else ""
    yield Text(f"{position(report['position'])}{as_of}", style="dim")
    if parked := report.get("parked"):
        see = f"`tonghop parked --unit {report['unit']['id']}`"
        yield Text(
            either(f"Đang chờ: {number(parked)} sự kiện, xem {see}", f"Parked: {number(parked)} events, see {see}"),
            style="yellow",
        )
