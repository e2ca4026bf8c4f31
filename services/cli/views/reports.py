"""Show a report (contract, section 5) as a table in the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from rich.console import Group
from rich.text import Text

from projections.answers.words.basis_words import BASES
from services.cli.screen import Column, Sheet, named, shown
from services.cli.views.shared import behind
from services.cli.words import (
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
    """One line of a report; `keys` are its columns before the numbers, and a number that is hidden is None.

    `kind` is `row`, `own`, `rest`, `suppressed` (what the hidden values come to) or `total`. `said` is the row of the
    answer, or what it says of the total in the same form.
    """

    kind: str
    keys: tuple[str, ...]
    said: Mapping[str, Any]


class NumberColumn(NamedTuple):
    """A column of numbers: its heading, and where a row has its number."""

    heading: str
    field: str
    path: tuple[str, ...]

    def shown(self, row: ShownRow) -> str:
        """Write the number of a row: HIDDEN where it is hidden, ABSENT where the unit was not there."""
        found = row.said.get(self.field)
        if found is None:
            return HIDDEN if self.field in _SPLITS and row.said.get(_SPLITS[self.field]) is not None else ABSENT
        for part in self.path:
            found = None if found is None else found.get(part, 0)
        return number(found)


ABSENT: Final = "–"
_SPLITS: Final = {"split": "values", "last_year_split": "last_year"}
"""What is split, by the field of its split."""


def rows_of(report: Mapping[str, Any]) -> tuple[tuple[str, ...], list[ShownRow]]:
    """Name the key columns, and give the rows in the answer's order with the total at the end."""
    names = next((keys for row in report["rows"] if (keys := _keys_of(row))), ("unit", "name", "level"))
    rows = [
        ShownRow(
            next((kind for kind in ("own", "rest", "suppressed") if row.get(kind)), "row"),
            tuple(_key(row, name) for name in names) if _keys_of(row) else ("",) * len(names),
            row,
        )
        for row in report["rows"]
    ]
    last_year = report.get("last_year") or {}
    total = {
        "values": report["total"],
        "split": report.get("split"),
        "last_year": last_year.get("total"),
        "change": last_year.get("change"),
        "last_year_split": last_year.get("split"),
    }
    return names, [*rows, ShownRow("total", ("",) * len(names), total)]


def _number_columns(report: Mapping[str, Any]) -> list[NumberColumn]:
    """Name the columns of numbers: of each measure the value, what stands beside it, and those of its split."""
    compares = "last_year" in report
    splits = {"split": report.get("split") or {}}
    if compares:
        splits["last_year_split"] = report["last_year"].get("split") or {}
    found = []
    for measure in report["total"]:
        heading = word(MEASURES, measure)
        found.append(NumberColumn(heading, "values", (measure,)))
        if compares:
            found.append(NumberColumn(f"{heading}\n{either('năm trước', 'last year')}", "last_year", (measure,)))
            found.append(NumberColumn(f"{heading}\n{either('tăng, giảm', 'change')}", "change", (measure,)))
        for field, split in splits.items():
            before = f"{either('năm trước', 'last year')}, " if field == "last_year_split" else ""
            for dimension, codes in (split.get(measure) or {}).items():
                for code, n in codes.items():
                    if n != 0:
                        of = f"{heading}\n{before}{word(DIMENSIONS, dimension)}: {word(FACETS, code)}"
                        found.append(NumberColumn(of, field, (measure, dimension, code)))
    return found


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


def as_table(report: Mapping[str, Any], *footnotes: str) -> Group:
    """Lay a report out with its unit, period and basis above, and below the position that it reflects."""
    names, rows = rows_of(report)
    columns = _number_columns(report)
    sheet = Sheet(Column(_heading(names), words=True), *(Column(each.heading, "right") for each in columns))
    for row in rows[:-1]:
        sheet.add(_label(row, names), *(each.shown(row) for each in columns))
    sheet.section()
    sheet.add(total_label(), *(each.shown(rows[-1]) for each in columns), style="bold")
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
    if last_year := report.get("last_year"):
        yield Text(either("Năm trước: ", "Last year: ") + period(last_year))


def _below(report: Mapping[str, Any]) -> Iterator[Text]:
    yield from behind(report)
    if suppressed := report.get("suppressed"):
        yield Text(f"{HIDDEN}  {suppressed['reason']}", style="yellow")
    if few := report.get("not_broken_down"):
        rows = {name: n for name, n in few.get("rows", {}).items() if name not in few["measures"]}
        of = [word(MEASURES, name) for name in few["measures"]]
        of += [f"{word(MEASURES, name)} ({number(n)} {either('dòng', 'rows')})" for name, n in rows.items()]
        yield Text(f"{', '.join(of)}: {few['reason']}", style="yellow")
    as_of = f", {moment(report['as_of'])}" if report.get("as_of") else ""
    yield Text(f"{position(report['position'])}{as_of}", style="dim")
    if parked := report.get("parked"):
        see = f"`tonghop parked --unit {report['unit']['id']}`"
        yield Text(
            either(f"Đang chờ: {number(parked)} sự kiện, xem {see}", f"Parked: {number(parked)} events, see {see}"),
            style="yellow",
        )
